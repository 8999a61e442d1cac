"""Time from the start of a giving to done, against a bare loop and the ideal."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from bench import constants, db_probe, raw_http
from bench.databases import SQLITE, postgres
from bench.metrics import Figure, as_fast, median
from bench.processes import PATIENCE, Broken, Child, begin, process, stand_ins, told
from bench.workload import LATENCY, Workload

LOOPS: Final = {"aiohttp": "bare aiohttp loop", "httpx": "bare httpx loop"}
IDEAL: Final = "batches ÷ lanes × latency"
LOOK: Final = 0.003
"""Seconds between two reads of the database; none before the ideal time."""


@dataclass(frozen=True, slots=True)
class Line:
    """A list, its number of runs and replicas, and its target shares of the bare loops and the ideal."""

    plan: Workload
    times: int
    on_postgres: tuple[int, ...] = ()
    bare: Mapping[str, float] = field(default_factory=dict)
    ideal: float | None = None


@dataclass(frozen=True, slots=True)
class Setting:
    """The setting of a run."""

    name: str
    database_url: str
    replicas: int = 1


async def measure(folder: Path, lines: Sequence[Line]) -> list[Figure]:
    """Measure each list on each database, bot and bare loop in turns."""
    figures: list[Figure] = []
    async with AsyncExitStack() as stack:
        slack, dintero = await stack.enter_async_context(stand_ins(folder, latency=LATENCY))
        server = (
            stack.enter_context(postgres(folder / "postgres")).url
            if any(line.on_postgres for line in lines)
            else ""
        )
        for line in lines:
            on = [
                Setting("SQLite", SQLITE),
                *(_on_postgres(server, replicas) for replicas in line.on_postgres),
            ]
            for setting in on:
                figures += await _compare(folder, line, setting, slack, dintero)
    return figures


def _on_postgres(url: str, replicas: int) -> Setting:
    return Setting("PostgreSQL" if replicas == 1 else f"{replicas} replicas on PostgreSQL", url, replicas)


async def _compare(folder: Path, line: Line, on: Setting, slack: int, dintero: int) -> list[Figure]:
    took: dict[str, list[float]] = {who: [] for who in (*line.bare, "ours")}
    settings = constants.settings(slack=slack, dintero=dintero, database_url=on.database_url)
    async with AsyncExitStack() as stack:
        children: dict[str, Child] = {}
        for who in (*line.bare, *["ours"] * on.replicas):
            # the newest replica takes the request: an older one, the leader, gives
            children[who], _port = await stack.enter_async_context(giver(who, line.plan, folder, settings))
        look = stack.enter_context(db_probe.opened(on.database_url, str(folder / "discount-bot.db")))
        for turn in range(line.times + 1):
            for who, child in children.items():
                seconds = await give(child, line.plan, look if who == "ours" else None)
                await all_received(dintero, line.plan.customers)
                took[who] += [seconds] if turn else []  # the first warms up
    what, ours_took = f"{line.plan}, {on.name}", median(took["ours"])
    found = [
        as_fast(what, ours_took, median(took[loop]), against=LOOPS[loop], at_least=share)
        for loop, share in line.bare.items()
    ]
    if line.ideal is not None:
        ideal = line.plan.ideal
        found.append(as_fast(what, ours_took, ideal, against=IDEAL, at_least=line.ideal))
        found += [
            as_fast(f"{LOOPS[loop]}, {line.plan.wide} wide", median(took[loop]), ideal, against=IDEAL)
            for loop in line.bare
        ]
    return found


@asynccontextmanager
async def giver(
    who: str, plan: Workload, folder: Path, settings: dict[str, str]
) -> AsyncIterator[tuple[Child, int]]:
    """Start a worker; yield it with its port."""
    (folder / "policy.toml").write_text(constants.POLICY)
    async with process(
        "bench.throughput_worker", who, *plan.arguments(), folder=folder, settings=settings
    ) as child:
        yield child, int(await told(child))


async def give(child: Child, plan: Workload, look: db_probe.Look | None) -> float:
    """Let a worker give once; return the seconds."""
    answer = await begin(child)
    if look is None:
        return float(answer)
    await asyncio.sleep(plan.ideal)
    try:
        async with asyncio.timeout(PATIENCE):
            while (seconds := db_probe.took(look, answer)) is None:  # noqa: ASYNC110 - a database tells it
                await asyncio.sleep(LOOK)
    except TimeoutError:
        raise Broken(f"not done within {PATIENCE:.0f} s: {look(answer)}") from None
    return seconds


async def all_received(dintero: int, customers: int) -> None:
    """Check that every customer came.

    Raises:
        Broken: some did not.
    """
    received = json.loads(await raw_http.get(dintero, "/bench/received"))
    if received["customers"] != customers:
        raise Broken(f"Dintero got {received['customers']:,} of {customers:,} customers")
