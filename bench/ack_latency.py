"""Ack latency of `/discount add`, draft saved, against bare Bolt: alone, in bursts, without a pause."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from bench import raw_http
from bench.metrics import Figure, percentile, shorter, within
from bench.payloads import commands
from bench.processes import Broken, both_servers

BARE: Final = "bare Bolt, empty handler"
TRIGGER_LIVES: Final = 3.0
"""Seconds a trigger lives, by Slack's documentation."""
WARM_UP: Final = 200
LOOK: Final = 0.002
"""Seconds between two checks for open forms."""


@dataclass(frozen=True, slots=True)
class Load:
    """A number of commands, connections and turns, which the two servers take alternately.

    Within a turn each connection sends its next command once the last is acked; `p50` and `p99` are the
    shares of bare Bolt's times that are allowed.
    """

    name: str
    count: int
    at_once: int
    turns: int
    p50: float | None = None
    p99: float | None = None


@dataclass(slots=True)
class Server:
    """A server, its open connections, and the wait for each command."""

    lines: Sequence[raw_http.Line]
    sent: dict[str, float] = field(default_factory=dict)
    times: list[float] = field(default_factory=list)


async def measure(folder: Path, loads: Sequence[Load]) -> list[Figure]:
    """Measure the acks; every command must open its form."""
    async with both_servers(folder) as (slack, bare, ours):
        opened = 0
        figures = []
        for load in (Load("warm-up", WARM_UP, 10, 2), *loads):
            async with connected(bare, load.at_once) as to_bare, connected(ours, load.at_once) as to_ours:
                await _compare(to_bare, to_ours, load, slack, opened)
            opened += load.count
            figures.append(_figures(to_bare, to_ours, load, await _opened(slack)))
        return [figure for found in figures[1:] for figure in found]


@asynccontextmanager
async def connected(port: int, at_once: int) -> AsyncIterator[Server]:
    """Open connections, and use each once: servers close those that send nothing."""
    async with AsyncExitStack() as stack:
        lines = [await stack.enter_async_context(raw_http.line_to(port)) for _ in range(at_once)]
        for line in lines:
            with suppress(ValueError):  # bare Bolt has no such page
                await line.ask(raw_http.question("/healthz"))
        yield Server(lines)


async def _compare(bare: Server, ours: Server, load: Load, slack: int, before: int) -> None:
    """Measure both in turns, so that other load on the machine hits both."""
    each = load.count // load.turns
    for turn in range(load.turns):
        await take_turn(bare, each, f"bare, {load.name}, {turn}")
        await take_turn(ours, each, f"ours, {load.name}, {turn}")
        await forms_opened(slack, before + each * (turn + 1))


async def take_turn(server: Server, count: int, series: str) -> None:
    """Send commands over all connections."""
    waiting = iter(commands(count, series=series))
    await asyncio.gather(*(_one_by_one(server, line, waiting) for line in server.lines))


async def _one_by_one(server: Server, line: raw_http.Line, waiting: Iterator[tuple[str, bytes]]) -> None:
    for trigger, request in waiting:
        server.sent[trigger] = start = time.monotonic()
        await line.ask(request)
        server.times.append(time.monotonic() - start)


async def forms_opened(slack: int, count: int) -> None:
    """Wait for the forms, so that none is built in the other's turn.

    Raises:
        Broken: they never open.
    """
    try:
        async with asyncio.timeout(30):
            while int(await raw_http.get(slack, "/bench/count")) < count:  # noqa: ASYNC110 - another process tells it
                await asyncio.sleep(LOOK)
    except TimeoutError:
        raise Broken("not every command opened its form") from None


async def _opened(slack: int) -> dict[str, float]:
    found: dict[str, float] = json.loads(await raw_http.get(slack, "/bench/opened"))
    return found


def _figures(bare: Server, ours: Server, load: Load, opened: dict[str, float]) -> list[Figure]:
    forms = [opened[trigger] - sent for trigger, sent in ours.sent.items()]
    return [
        *(
            shorter(
                f"ack of /discount add, {load.name}, p{share * 100:.0f}",
                percentile(ours.times, share),
                percentile(bare.times, share),
                against=BARE,
                at_most=at_most,
            )
            for share, at_most in ((0.5, load.p50), (0.99, load.p99))
        ),
        within(f"its form opened, {load.name}, p99", percentile(forms, 0.99), TRIGGER_LIVES),
    ]
