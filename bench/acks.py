"""How soon `/discount add` is acked with its draft written, one at a time and fifty at once, against bare Bolt."""

import asyncio
import json
import time
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from bench import wire
from bench.figures import Figure, percentile, shorter, within
from bench.payloads import commands
from bench.processes import Broken, bare_bolt, real_bot, stand_in_dintero, stand_in_slack

BARE: Final = "bare Bolt, empty handler"
TRIGGER_LIVES: Final = 3.0
"""Seconds; Slack's documented limit for opening a form."""
WARM_UP: Final = 200


@dataclass(frozen=True, slots=True)
class Load:
    """How many commands, so many at once, cut into turns that the two servers take one after the other."""

    count: int
    at_once: int
    turns: int


@dataclass(slots=True)
class Server:
    """What answers, and how long each command waited for it."""

    port: int
    sent: dict[str, float] = field(default_factory=dict)
    times: list[float] = field(default_factory=list)


async def measure(folder: Path, loads: Sequence[Load]) -> list[Figure]:
    """Measure the acks; every command must have opened its form in the end."""
    async with AsyncExitStack() as stack:
        slack = await stack.enter_async_context(stand_in_slack(folder))
        dintero = await stack.enter_async_context(stand_in_dintero(folder))
        bare = await stack.enter_async_context(bare_bolt(folder, slack))
        ours = await stack.enter_async_context(real_bot(folder, slack=slack, dintero=dintero))
        for server in (bare, ours):
            await turn(Server(server), Load(WARM_UP, loads[0].at_once, 1), "warm")
        opened = WARM_UP
        figures = []
        for load in loads:
            pair = await _compare(Server(bare), Server(ours), load, slack, opened)
            opened += load.count
            figures += _figures(*pair, load, await _opened(slack))
        return figures


async def _compare(bare: Server, ours: Server, load: Load, slack: int, before: int) -> tuple[Server, Server]:
    """Let both take turns, so that whatever else the machine does hits both alike."""
    for turn in range(load.turns):
        await turn(bare, load, f"bare.{load.at_once}.{turn}")
        await turn(ours, load, f"ours.{load.at_once}.{turn}")
        await opened_forms(slack, before + load.count // load.turns * (turn + 1))
    return bare, ours


async def turn(server: Server, load: Load, series: str) -> None:
    """Send one turn's commands over as many connections as there are at once, each as soon as the one before it is acked."""
    waiting = iter(commands(load.count // load.turns, series=series))
    await asyncio.gather(*(_one_by_one(server, waiting) for _ in range(load.at_once)))


async def _one_by_one(server: Server, waiting: Iterator[tuple[str, bytes]]) -> None:
    async with wire.line_to(server.port) as line:
        for trigger, request in waiting:
            server.sent[trigger] = start = time.monotonic()
            await line.ask(request)
            server.times.append(time.monotonic() - start)


async def opened_forms(slack: int, opened: int) -> None:
    """Wait until every form stands open, so that none is drawn in the other's turn."""
    try:
        async with asyncio.timeout(30):
            while int(await wire.get(slack, "/bench/count")) < opened:
                await asyncio.sleep(0.01)
    except TimeoutError:
        raise Broken("not every command opened its form") from None


async def _opened(slack: int) -> dict[str, float]:
    found: dict[str, float] = json.loads(await wire.get(slack, "/bench/opened"))
    return found


def _figures(bare: Server, ours: Server, load: Load, opened: dict[str, float]) -> list[Figure]:
    forms = [opened[trigger] - sent for trigger, sent in ours.sent.items()]
    name = f"{load.at_once} at once"
    return [
        shorter(f"ack of /discount add, {name}, p50", *_both(ours, bare, 0.5), against=BARE, at_most=0.25 if load.at_once == 1 else None),
        shorter(f"ack of /discount add, {name}, p99", *_both(ours, bare, 0.99), against=BARE, at_most=1.0),
        within(f"until its form is opened, {name}, p99", percentile(forms, 0.99), TRIGGER_LIVES),
    ]


def _both(ours: Server, bare: Server, share: float) -> tuple[float, float]:
    return percentile(ours.times, share), percentile(bare.times, share)
