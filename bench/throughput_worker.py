"""Gives a discount for each input line: the bot, which prints the request's id, or a bare loop, its seconds.

`python -m bench.throughput_worker ours|aiohttp|httpx <customers> <batch> <wide>`, with the bot's settings in
the environment. First it prints its port, or 0.
"""

import asyncio
import gc
import os
import sys
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Final

import aiohttp
import httpx
import uvloop
from httpx_aiohttp import HttpxAiohttpClient

from bench import constants
from bench.fixtures import approved
from bench.workload import Workload, made_up
from bot.app import run_bot
from bot.config.log_setup import set_up_logs
from bot.config.policy_file import load_policy
from bot.config.settings import Settings
from bot.dintero.connection import CONNECTIONS
from bot.domain.ids import CustomerId, RequestId
from sandbox.dintero.catalogue import SEED_RULE

TOKEN: Final = {"Authorization": "Bearer bench"}
LOOK: Final = 0.05
"""Seconds between two checks for the rules."""

Give = Callable[[list[CustomerId]], Awaitable[float | RequestId]]


async def main(give: str, plan: Workload) -> None:
    """Give once per line; the ids are prepared."""
    settings = Settings.read(os.environ)
    set_up_logs(level=settings.log_level, secrets=settings.secrets)
    async with GIVERS[give](settings, plan) as (giver, port):
        gc.collect()
        gc.freeze()  # as `discount-bot run` does
        print(port, flush=True)  # noqa: T201 - how the parent learns it
        while await asyncio.to_thread(sys.stdin.readline):
            print(await giver(await asyncio.to_thread(made_up, plan.customers)), flush=True)  # noqa: T201


@asynccontextmanager
async def by_the_bot(settings: Settings, plan: Workload) -> AsyncIterator[tuple[Give, int]]:
    """Give with a whole bot."""
    async with run_bot(settings, load_policy(settings.policy_file)) as running:
        while (rule := running.catalog.known(SEED_RULE)) is None:  # type: ignore[arg-type]  # noqa: ASYNC110 - the book tells nobody
            await asyncio.sleep(LOOK)

        async def give(customers: list[CustomerId]) -> RequestId:
            request = await approved(running.repository, rule, customers, plan)
            customers.clear()  # freeing a million texts takes time that is not part of the giving
            running.background.wake()
            return request

        yield give, running.port


@asynccontextmanager
async def by_aiohttp(settings: Settings, plan: Workload) -> AsyncIterator[tuple[Give, int]]:
    """Send the same batches with aiohttp alone, with a token and without records."""
    connector = aiohttp.TCPConnector(limit=CONNECTIONS)
    async with aiohttp.ClientSession(connector=connector, headers=TOKEN) as http:

        async def post(body: dict[str, object]) -> None:
            async with http.post(_url(settings), json=body) as answer:
                answer.raise_for_status()
                await answer.json()

        yield _loop(plan, post), 0


@asynccontextmanager
async def by_httpx(settings: Settings, plan: Workload) -> AsyncIterator[tuple[Give, int]]:
    """Send them with httpx and the bot's transport."""
    async with HttpxAiohttpClient(
        limits=httpx.Limits(max_connections=CONNECTIONS), headers=TOKEN, timeout=None
    ) as http:

        async def post(body: dict[str, object]) -> None:
            answer = await http.post(_url(settings), json=body)
            answer.raise_for_status().json()

        yield _loop(plan, post), 0


def _url(settings: Settings) -> str:
    return f"{settings.dintero_api_url}/accounts/{constants.ACCOUNT}/discounts/rules/{SEED_RULE}/customers"


def _loop(plan: Workload, post: Callable[[dict[str, object]], Awaitable[None]]) -> Give:
    async def send(batches: Iterator[list[CustomerId]], key: str) -> None:
        for batch in batches:
            await post({"customers": batch, "offering_constraint_id": key})

    async def give(customers: list[CustomerId]) -> float:
        batches = (customers[at : at + plan.batch] for at in range(0, len(customers), plan.batch))
        start = time.monotonic()
        await asyncio.gather(*(send(batches, str(uuid.uuid4())) for _ in range(plan.wide)))
        return time.monotonic() - start

    return give


GIVERS: Final = {"ours": by_the_bot, "aiohttp": by_aiohttp, "httpx": by_httpx}

if __name__ == "__main__":
    uvloop.run(main(sys.argv[1], Workload.read(sys.argv[2:])))
