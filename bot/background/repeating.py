"""Repeats work at intervals, or sooner when something happened."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

import structlog

from bot.outages import is_outage, log_failure

RETRY_SECONDS: Final = 1.0
"""How soon work is repeated that failed for an outage."""

log = structlog.get_logger()


class Repeater:
    """Repeats several pieces of work until it is closed.

    Closing wakes them all: a cancellation alone may be lost in a library that uses `asyncio.wait_for`, which
    swallows one that comes together with its result (before Python 3.12).
    """

    def __init__(self) -> None:
        self._closed = False
        self._alarms: list[asyncio.Event] = []

    async def repeat(
        self, seconds: float, work: Callable[[], Awaitable[object]], now: asyncio.Event | None = None
    ) -> None:
        """Repeat work after so many seconds, sooner when `now` is set or in an outage.

        A failure is logged once, until another one follows or the work succeeds.
        """
        alarm, logged = now or asyncio.Event(), ""
        self._alarms.append(alarm)
        while not self._closed:
            alarm.clear()
            failure = await _failure_of(work)
            if failure and repr(failure) != logged:
                log_failure(log, "background work failed", failure)
            logged = repr(failure) if failure else ""
            if self._closed:  # the work may have cleared its alarm itself
                return
            with suppress(TimeoutError):
                is_away = failure is not None and is_outage(failure)
                async with asyncio.timeout(min(seconds, RETRY_SECONDS) if is_away else seconds):
                    await alarm.wait()

    def close(self) -> None:
        """Let all work end after its current turn."""
        self._closed = True
        for alarm in self._alarms:
            alarm.set()


async def _failure_of(work: Callable[[], Awaitable[object]]) -> Exception | None:
    try:
        await work()
    except Exception as error:  # noqa: BLE001 - the next turn may succeed
        return error
    return None
