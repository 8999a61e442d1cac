"""A storm: a real bot, people at work, and trouble, for so many seconds; then the calm, and the comparison."""

import asyncio
import random
import socket
from collections import Counter
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from bot.giving.request import State
from bot.giving.tiers import Tier
from bot.sandbox.slack import SignedHttp
from bot.store.books import SqlBooks, open_books
from bot.tryout.shop import POLICY, SUPPORT, Shop, open_shop, with_channel
from chaos.holding import Comparison, compare
from chaos.people import People
from chaos.trouble import Trouble
from tests.journeys.killer import Killer
from tests.journeys.process import BotProcess, a_process

OPEN: Final = (State.WAITING, State.APPROVED, State.GIVING, State.STOPPED)
LATER: Final = datetime.max.replace(tzinfo=UTC)
WITH_KILLS: Final = 0.75
"""In this part of a storm the bot is killed; in the rest it meets the other trouble alive, and has what the kills left behind to do."""
CALM: Final = 240.0
"""Seconds within which everything has to come to its end once nothing goes wrong any more; longer than the outbox ever waits to try again
after a storm's few failures."""
STORMY: Final = with_channel(
    replace(POLICY, channels=dict(POLICY.channels)),
    SUPPORT,
    batch_size=50,
    concurrency=4,
    max_customers=5_000,
    max_amount=None,
    allow_unpriced=False,
    repeat_days=0,
    tiers=(Tier(approvals=2, above_customers=100),),
)


@dataclass(frozen=True, slots=True)
class Result:
    """What one storm was, and what came of it."""

    kills: int
    did: Counter[str]
    comparison: Comparison
    log: str


async def storm(folder: Path, url: str, *, seed: int, seconds: float, ask_every: float = 1.5, kill_every: float = 4.0) -> Result:
    """Let it storm, wait until all is told, stop the bot, and compare everything."""
    chance = random.Random(seed)  # noqa: S311 - the same schedule for the same seed
    async with open_shop() as shop, open_books(url) as books, _a_bot(shop, folder, url) as process:
        killer = Killer(shop, process, [])
        people = People(shop, books, random.Random(chance.random()))  # noqa: S311
        trouble = Trouble(shop, killer, random.Random(chance.random()))  # noqa: S311
        await process.start()
        await process.ready()
        at_work = asyncio.ensure_future(people.at_work(ask_every))
        await _for(seconds * WITH_KILLS, trouble.go_on(kill_every))
        trouble.no_more_kills()
        await _for(seconds * (1 - WITH_KILLS), trouble.go_on_without_kills())
        await trouble.over()
        people.calm = True
        ended = await _all_is_told(books, at_work)
        at_work.cancel()
        with suppress(asyncio.CancelledError):
            await at_work
        code = await process.stop()
        result = await compare(shop, books, url, STORMY)
        faults = (*result.faults, *ended, *([f"the bot ended with {code}"] if code else []))
        did = people.did + trouble.made + Counter({"calls to Dintero that gave or tried to": len(shop.dintero.ledger.calls)})
        return Result(killer.done + killer.struck, did, replace(result, faults=faults), process.log)


@asynccontextmanager
async def _a_bot(shop: Shop, folder: Path, url: str) -> AsyncIterator[BotProcess]:
    """Prepare a bot that is found at the same port after every start."""
    port = _free_port()
    line = SignedHttp(f"http://127.0.0.1:{port}/slack/events", shop.slack.credentials.signing_secret)
    async with a_process(shop, folder, url, policy=STORMY, PORT=str(port), DINTERO_TIMEOUT="1") as process:
        shop.slack.line = line
        try:
            yield process
        finally:
            await line.close()


async def _for(seconds: float, trouble: Coroutine[Any, Any, None]) -> None:
    """Let trouble go on for so long."""
    task = asyncio.ensure_future(trouble)
    done, _ = await asyncio.wait({task}, timeout=seconds)
    for ended in done:
        ended.result()
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def _all_is_told(books: SqlBooks, at_work: asyncio.Future[None]) -> list[str]:
    """Wait until every request has ended and the outbox is empty; say what has not."""
    until = asyncio.get_running_loop().time() + CALM
    while asyncio.get_running_loop().time() < until:
        if at_work.done():
            at_work.result()
        left = await books.in_state(*OPEN)
        if not left and not await books.unsaid(LATER, limit=1):
            return []
        await asyncio.sleep(0.2)
    return [f"after {CALM:g} s of calm, {len(await books.in_state(*OPEN))} requests are open, or not all is said"]


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
