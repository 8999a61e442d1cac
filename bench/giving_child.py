"""Gives customers a discount each time a line comes in: the bot, which prints the request's id, or a bare loop, which prints the seconds.

`python -m bench.giving_child ours|bare <customers>`, with the bot's settings in the environment.
"""

import asyncio
import os
import sys
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

import httpx
import uvloop
from httpx_aiohttp import HttpxAiohttpClient

from bench import world
from bot.app import Running, bot
from bot.giving.asking import BATCHES_PER_PORTION
from bot.giving.ids import ChannelId, CustomerId, RequestId, TeamId, UserId
from bot.giving.request import Request, State, Typed, derived_key, new_request_id, new_short_id
from bot.logs import set_up_logs
from bot.policy_file import load_policy
from bot.sandbox.dintero.catalogue import SEED_RULE
from bot.settings import Settings

LOOK: Final = 0.05
"""Seconds between two looks whether the rules were read."""

Give = Callable[[list[CustomerId]], Awaitable[float | RequestId]]


async def main(give: str, customers: int) -> None:
    """Give once for each line."""
    settings = Settings.read(os.environ)
    set_up_logs(level=settings.log_level, secrets=settings.secrets)
    async with GIVERS[give](settings) as giver:
        print("ready", flush=True)  # noqa: T201 - how the parent learns it
        while await asyncio.to_thread(sys.stdin.readline):
            print(await giver([CustomerId(str(uuid.uuid4())) for _ in range(customers)]), flush=True)  # noqa: T201


@asynccontextmanager
async def by_the_bot(settings: Settings) -> AsyncIterator[Give]:
    """Let a whole bot do it."""
    async with bot(settings, load_policy(settings.policy_file)) as running:
        while not running.rules.ready:  # noqa: ASYNC110 - the book tells nobody
            await asyncio.sleep(LOOK)

        async def give(customers: list[CustomerId]) -> RequestId:
            request = await _approved(running, customers)
            running.jobs.wake()
            return request

        yield give


async def _approved(running: Running, customers: list[CustomerId]) -> RequestId:
    """Write a request the way that its approval leaves it."""
    now, rule = datetime.now(UTC), running.rules.known(SEED_RULE)  # type: ignore[arg-type]
    draft = Request(
        id=new_request_id(),
        short=new_short_id(),
        team=TeamId(world.TEAM),
        account=world.ACCOUNT,
        channel=ChannelId(world.CHANNEL),
        requester=UserId(world.PEOPLE[0]),
        created_at=now,
    )
    await running.books.open_draft(draft, Typed())
    async with running.books.page(draft.id) as page:
        if page is None:
            raise LookupError(draft.id)
        await page.put_customers(customers, portion=world.BATCH * max(BATCHES_PER_PORTION, world.WIDE))
        await page.keep(
            replace(
                draft,
                state=State.APPROVED,
                rule=rule,
                customers=len(customers),
                once_key=derived_key(draft.id),
                batch_size=world.BATCH,
                batches_per_portion=max(BATCHES_PER_PORTION, world.WIDE),
                concurrency=world.WIDE,
                asked_at=now,
            )
        )
    return draft.id


@asynccontextmanager
async def by_a_bare_loop(settings: Settings) -> AsyncIterator[Give]:
    """Send the same batches as wide, by the same transport, with a token in hand; nothing is remembered."""
    limits = httpx.Limits(max_connections=128, max_keepalive_connections=128)
    headers = {"Authorization": "Bearer bench"}
    async with HttpxAiohttpClient(headers=headers, limits=limits, timeout=30, trust_env=False) as http:
        url = f"{settings.dintero_api_url}/accounts/{world.ACCOUNT}/discounts/rules/{SEED_RULE}/customers"

        async def send(batches: Iterator[list[CustomerId]], key: str) -> None:
            for batch in batches:
                answer = await http.post(url, json={"customers": batch, "offering_constraint_id": key})
                answer.raise_for_status().json()

        async def give(customers: list[CustomerId]) -> float:
            batches = (customers[at : at + world.BATCH] for at in range(0, len(customers), world.BATCH))
            start = time.monotonic()
            await asyncio.gather(*(send(batches, str(uuid.uuid4())) for _ in range(world.WIDE)))
            return time.monotonic() - start

        yield give


GIVERS: Final = {"ours": by_the_bot, "bare": by_a_bare_loop}

if __name__ == "__main__":
    uvloop.run(main(sys.argv[1], int(sys.argv[2])))
