"""Repeated work ends when it is closed, also where a cancellation is lost."""

import asyncio
from collections.abc import Awaitable, Callable

from structlog.testing import capture_logs

from bot.background.repeating import Repeater
from bot.errors import DatabaseUnavailable

LONG = 3_600


def counted() -> tuple[asyncio.Queue[None], Callable[[], Awaitable[None]]]:
    """Make work that puts something into a queue at each turn."""
    turns = asyncio.Queue[None]()

    async def work() -> None:
        turns.put_nowait(None)

    return turns, work


async def test_work_is_repeated_at_intervals_and_sooner_on_an_alarm() -> None:
    repeater, now = Repeater(), asyncio.Event()
    (often, count_often), (seldom, count_seldom) = counted(), counted()
    repeating = {
        asyncio.create_task(repeater.repeat(0.001, count_often)),
        asyncio.create_task(repeater.repeat(LONG, count_seldom, now)),
    }
    async with asyncio.timeout(30):
        await seldom.get()
        for _ in range(10):
            await often.get()
        assert seldom.empty()
        now.set()
        await seldom.get()
        repeater.close()
        await asyncio.wait(repeating)


async def test_failed_work_is_repeated() -> None:
    repeater, turns = Repeater(), asyncio.Queue[None]()

    async def work() -> None:
        turns.put_nowait(None)
        raise OSError("no luck")

    repeating = asyncio.create_task(repeater.repeat(0.001, work))
    async with asyncio.timeout(30):
        for _ in range(3):
            await turns.get()
        repeater.close()
        await repeating


async def test_a_swallowed_cancellation_does_not_keep_the_program_from_closing() -> None:
    """`asyncio.wait_for` does so before Python 3.12, in psycopg's pool for example."""
    repeater, begun = Repeater(), asyncio.Event()

    async def work() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            return

    repeating = asyncio.create_task(repeater.repeat(LONG, work))
    async with asyncio.timeout(30):
        await begun.wait()
        repeater.close()
        repeating.cancel()
        await asyncio.wait({repeating})
    assert not repeating.cancelled()


async def test_work_that_is_closed_before_its_first_turn_never_begins() -> None:
    repeater = Repeater()
    turns, work = counted()
    repeater.close()
    await repeater.repeat(LONG, work)
    assert turns.empty()


async def test_an_outage_is_looked_at_again_soon_and_a_fault_is_logged_once() -> None:
    repeater, turns = Repeater(), asyncio.Queue[None]()
    failures = iter([DatabaseUnavailable("away"), KeyError("a fault"), KeyError("a fault")])

    async def work() -> None:
        turns.put_nowait(None)
        raise next(failures)

    alarm = asyncio.Event()
    with capture_logs() as logs:
        repeating = asyncio.create_task(repeater.repeat(LONG, work, alarm))
        async with asyncio.timeout(30):
            for _ in range(2):
                await turns.get()
            alarm.set()
            await turns.get()
            repeater.close()
            await repeating
    assert [line["log_level"] for line in logs] == ["debug", "error"]
