"""Latency of acks while a million customers are given a discount, against idle bare Bolt."""

import asyncio
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final

from bench import constants, db_probe, raw_http
from bench.ack_latency import connected
from bench.databases import SQLITE
from bench.metrics import Figure, percentile, shorter
from bench.payloads import commands
from bench.processes import bare_bolt, begin, stand_ins
from bench.throughput import LOOK, all_received, giver
from bench.workload import LATENCY, Workload

EVERY: Final = 0.020
"""Seconds between two commands, acked or not."""
AT_MOST: Final = 1.5
LONGEST: Final = 20.0
"""Seconds of commands at most."""

Timed = tuple[float, float]
"""When a command was due, and the time until its ack."""


async def measure(folder: Path, *, plan: Workload, times: int, idle: float) -> list[Figure]:
    """Give several times, and use the acks of commands due during a giving."""
    async with AsyncExitStack() as stack:
        slack, dintero = await stack.enter_async_context(stand_ins(folder, latency=LATENCY))
        bare = await stack.enter_async_context(bare_bolt(folder, slack))
        settings = constants.settings(slack=slack, dintero=dintero, database_url=SQLITE)
        child, port = await stack.enter_async_context(giver("ours", plan, folder, settings))
        look = stack.enter_context(db_probe.opened(SQLITE, str(folder / "discount-bot.db")))
        to_bare, to_ours = [
            (await stack.enter_async_context(connected(where, 1))).lines[0] for where in (bare, port)
        ]
        theirs, ours = await _paced(to_bare, "bare", for_seconds=idle), list[float]()
        await _paced(to_ours, "warm-up", for_seconds=min(idle, 1.0))
        for number in range(times):
            request = await begin(child)
            asking = asyncio.create_task(_paced(to_ours, f"ours {number}", for_seconds=LONGEST))
            began, ended = await _span(look, request, plan)
            asking.cancel()
            ours += [took for due, took in await asking if began <= due <= ended]
            await all_received(dintero, plan.customers)
    return _figures(ours, [took for _, took in theirs], plan)


def _figures(ours: Sequence[float], bare: Sequence[float], plan: Workload) -> list[Figure]:
    what = f"ack of /discount add while {plan.customers:,} are given, {plan.wide} wide"
    return [
        shorter(
            f"{what}, p{share * 100:.0f}",
            percentile(ours, share),
            percentile(bare, share),
            against="bare Bolt, empty handler, idle",
            at_most=at_most,
        )
        for share, at_most in ((0.5, None), (0.99, AT_MOST))
    ]


async def _paced(line: raw_http.Line, series: str, *, for_seconds: float) -> list[Timed]:
    """Send commands at a fixed pace, timed from when each was due."""
    first, found = time.monotonic(), list[Timed]()
    try:
        for number, (_, request) in enumerate(commands(int(for_seconds / EVERY), series=series)):
            due = first + number * EVERY
            await asyncio.sleep(max(due - time.monotonic(), 0))
            await line.ask(request)
            found.append((due, time.monotonic() - due))
    except asyncio.CancelledError:
        return found
    return found


async def _span(look: db_probe.Look, request: str, plan: Workload) -> Timed:
    """Wait for the end of a giving; return its start and end by the machine's clock."""
    await asyncio.sleep(plan.ideal)
    while (took := db_probe.took(look, request)) is None:  # noqa: ASYNC110 - a database tells it
        await asyncio.sleep(LOOK)
    ended = time.monotonic()
    return ended - took, ended
