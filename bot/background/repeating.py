"""Repeats work at intervals, or sooner when something happened."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

import structlog

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
        """Repeat work after so many seconds, sooner when `now` is set; a failure is logged."""
        alarm = now or asyncio.Event()
        self._alarms.append(alarm)
        while not self._closed:
            alarm.clear()
            try:
                await work()
            except Exception:
                log.exception("background work failed")
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await alarm.wait()

    def close(self) -> None:
        """Let all work end after its current turn."""
        self._closed = True
        for alarm in self._alarms:
            alarm.set()
