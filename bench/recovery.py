"""The cost of a kill -9 during a giving: repeated batches, and the pause until calls resume."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench import db_probe, raw_http
from bench.databases import SQLITE, postgres
from bench.fixtures import approved, read_rule
from bench.metrics import Figure, pieces, within
from bench.processes import PATIENCE, Child, bot_process, stand_ins
from bench.throughput import all_received
from bench.workload import LATENCY, Workload, made_up
from bot.database.repositories.repository import open_repository
from bot.domain.ids import RequestId

AGAIN: Final = 24
STARTED_AGAIN: Final = 3.0
TAKEN_OVER: Final = 5.0
LOOK: Final = 0.02
ON_ITS_WAY: Final = 0.1
"""Seconds after a kill in which calls of the dead process may arrive."""


@dataclass(frozen=True, slots=True)
class Stage:
    """The fakes and the database of a kill."""

    folder: Path
    slack: int
    dintero: int
    database_url: str

    def bot(self) -> AbstractAsyncContextManager[tuple[Child, int]]:
        """Start a bot."""
        return bot_process(
            self.folder, slack=self.slack, dintero=self.dintero, database_url=self.database_url
        )


@dataclass(frozen=True, slots=True)
class Call:
    """A call: its time, and whether all its customers had come before."""

    at: float
    again: bool


async def measure(folder: Path, *, plan: Workload, kills: int, on_postgres: bool) -> list[Figure]:
    """Kill the only process several times; then, on PostgreSQL, the one of two that gives."""
    async with AsyncExitStack() as stack:
        slack, dintero = await stack.enter_async_context(stand_ins(folder, latency=LATENCY))
        alone = Stage(folder, slack, dintero, SQLITE)
        figures = await _started_again(alone, plan, kills)
        if on_postgres:
            url = stack.enter_context(postgres(folder / "postgres")).url
            figures += await _taken_over(Stage(folder, slack, dintero, url), plan)
    return figures


async def _started_again(stage: Stage, plan: Workload, kills: int) -> list[Figure]:
    async with _list_to_give(stage, plan) as request:
        killed: list[float] = []
        for number in range(kills + 1):
            async with stage.bot() as (child, _):
                if number == kills:
                    await _done(stage, request)
                else:
                    killed.append(await _kill(stage, child, calls=plan.calls * (number + 1) // (kills + 1)))
        pauses, again = _after(killed, await _calls(stage))
    what = f"kill -9, {plan.wide} wide, {plan.batch} a call, the worst of {kills}"
    return [
        within(f"{what}: batches sent again", max(again), AGAIN, unit=pieces),
        within(f"{what}: to the first call of the one that is started", max(pauses), STARTED_AGAIN),
    ]


async def _taken_over(stage: Stage, plan: Workload) -> list[Figure]:
    async with _list_to_give(stage, plan) as request, AsyncExitStack() as stack:
        bots = [await stack.enter_async_context(stage.bot()) for _ in range(2)]
        killed = [await _kill(stage, bots[0][0], calls=plan.calls // 2)]
        await _done(stage, request)
        pauses, again = _after(killed, await _calls(stage))
    what = f"kill -9 of one of two replicas, {plan.wide} wide"
    return [
        within(f"{what}: batches sent again", max(again), AGAIN, unit=pieces),
        within(f"{what}: to the first call of the other", max(pauses), TAKEN_OVER),
    ]


@asynccontextmanager
async def _list_to_give(stage: Stage, plan: Workload) -> AsyncIterator[RequestId]:
    """Save a list for a bot that is not started; in the end every customer must have come."""
    url = stage.database_url.replace("sqlite:///", f"sqlite:///{stage.folder}/")
    rule = await read_rule(stage.dintero)
    async with open_repository(url) as repository:
        request = await approved(repository, rule, made_up(plan.customers), plan)
    yield request
    await all_received(stage.dintero, plan.customers)


async def _kill(stage: Stage, child: Child, *, calls: int) -> float:
    """Kill a process after a number of calls; return the time."""
    async with asyncio.timeout(PATIENCE):
        while int(await raw_http.get(stage.dintero, "/bench/count")) < calls:  # noqa: ASYNC110 - another process tells it
            await asyncio.sleep(LOOK)
    child.kill()
    killed = time.monotonic()
    await child.wait()
    return killed


async def _done(stage: Stage, request: RequestId) -> None:
    with db_probe.opened(stage.database_url, str(stage.folder / "discount-bot.db")) as look:
        async with asyncio.timeout(PATIENCE * 2):
            while db_probe.took(look, request) is None:  # noqa: ASYNC110 - a database tells it
                await asyncio.sleep(LOOK)


async def _calls(stage: Stage) -> list[Call]:
    return [Call(at, again) for at, again in json.loads(await raw_http.get(stage.dintero, "/bench/calls"))]


def _after(killed: list[float], calls: list[Call]) -> tuple[list[float], list[int]]:
    """Return each kill's pause and its number of repeated calls."""
    pauses, again = [], []
    for at, until in zip(killed, [*killed[1:], float("inf")], strict=True):
        later = [call for call in calls if at + ON_ITS_WAY < call.at <= until + ON_ITS_WAY]
        pauses.append(min(call.at for call in later) - at)
        again.append(sum(call.again for call in later))
    return pauses, again
