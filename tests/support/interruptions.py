"""What a giving meets while it goes on: every answer of Dintero, and every way to be interrupted."""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing, contextmanager, suppress

from hypothesis import HealthCheck, settings

from bot.domain.requests.request import Request, StopReason
from sandbox.dintero import Fault, Point, SandboxDintero
from tests.support.engine_fixture import Ground

MAY_PASS = {
    "429": Fault.error(429, "Too many requests"),
    "500 before": Fault.broken(500),
    "502 after": Fault.broken(502, after=True),
    "503 before": Fault.broken(503),
    "504 after": Fault.broken(504, after=True),
    "cut before": Fault.cut(),
    "cut after": Fault.cut(after=True),
    "cut halfway": Fault.cut_halfway(),
    "garbled before": Fault.garbled(),
    "garbled after": Fault.garbled(after=True),
    "no JSON": Fault.no_json(),
    "no rule": Fault.no_rule(),
}
SLOW = {
    "hang before": Fault.hang(),
    "hang after": Fault.hang(after=True),
    "trickle": Fault.trickle(),
}
FINAL = {
    "401": (Fault.unauthorized(), StopReason.TOKEN_REFUSED),
    "403": (Fault.forbidden(), StopReason.SCOPE_MISSING),
    "404": (Fault.not_found(), StopReason.RULE_GONE),
    "429 for good": (Fault.error(429, "Too many requests"), StopReason.BUSY),
}
"""Answers by which surely nothing was given."""

over_one_ground = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    max_examples=40,
    deadline=None,
)


def at(sandbox: SandboxDintero, point: Point, call: int, does: Callable[[], Awaitable[object]]) -> None:
    """Let something happen at a point of the so-many-eth call from now on."""
    counted = len(sandbox.ledger.calls) + call

    async def on_call(where: Point, number: int) -> None:
        if where is point and number == counted:
            await does()

    sandbox.on_call = on_call


def closes(ground: Ground) -> Callable[[], Awaitable[None]]:
    async def close() -> None:
        ground.closing.set()

    return close


async def killed(ground: Ground, request: Request, point: Point, call: int, *, lanes: bool = False) -> None:
    """Give until a point of the so-many-eth call, and no further."""
    last = len(ground.ledger.calls) + call
    await killed_when(ground, request, lambda where, number: where is point and number == last, lanes=lanes)


async def killed_when(
    ground: Ground, request: Request, look: Callable[[Point, int], bool], *, lanes: bool = False
) -> None:
    """Give until a call is at this point, and no further; the call itself goes no further either."""
    reached, over = asyncio.Event(), asyncio.Event()

    async def reach(point: Point, number: int) -> None:
        if look(point, number):
            reached.set()
        if reached.is_set():
            await over.wait()
            raise asyncio.CancelledError

    ground.sandbox.on_call = reach
    giving, met = (
        asyncio.ensure_future(ground.give(request, lanes=lanes)),
        asyncio.ensure_future(reached.wait()),
    )
    await asyncio.wait({giving, met}, return_when=asyncio.FIRST_COMPLETED)
    for task in (giving, met):
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    over.set()
    ground.sandbox.on_call = None
    await _written()


async def _written() -> None:
    """Wait for what is being written for somebody who was cancelled: that goes on."""
    while writes := [
        task
        for task in asyncio.all_tasks()
        if getattr(task.get_coro(), "__qualname__", "").startswith("Coalescer.")
    ]:
        await asyncio.wait(writes)


@contextmanager
def full_disk(url: str) -> Iterator[None]:
    """Let no outcome be written."""
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)) as connection:
        connection.execute(
            "CREATE TRIGGER full BEFORE INSERT ON batches BEGIN SELECT RAISE(FAIL, 'disk is full'); END"
        )
        yield
        connection.execute("DROP TRIGGER full")
