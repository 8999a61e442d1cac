"""The real clock, the event loop's, and how to notice that a clock was put back."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Final

NEVER: Final = datetime.min.replace(tzinfo=UTC)
FOREVER: Final = datetime.max.replace(tzinfo=UTC)


class SystemClock:
    """The port `Clock`, by the machine's clock, or after a sync by the database's, if it has one.

    So all processes on a database share a time. Between two syncs it goes by the machine's monotonic clock,
    which nobody sets.
    """

    def __init__(self, ticks: Callable[[], float] = time.monotonic) -> None:
        self._ticks = ticks
        self._began: datetime | None = None
        """The database's time at tick 0; None if it has no clock, or before the first sync."""

    def now(self) -> datetime:
        """Return the time, aware, in UTC."""
        return self._began + timedelta(seconds=self._ticks()) if self._began else datetime.now(UTC)

    async def sync(self, read_time: Callable[[], Awaitable[datetime | None]]) -> None:
        """Read the database's time; an answer within the time that it took changes nothing."""
        asked_at = self._ticks()
        answer = await read_time()
        uncertainty = (self._ticks() - asked_at) / 2
        if answer is None:
            return
        began = answer - timedelta(seconds=asked_at + uncertainty)
        if self._began is None or abs(began - self._began) > timedelta(seconds=uncertainty):
            self._began = began


def loop_time() -> float:
    """Read the event loop's clock, by which waits and calls are scheduled."""
    return asyncio.get_running_loop().time()


class PutBackDetector:
    """Notices that a clock was put back. A wait for a time then ends: it may be hours away."""

    def __init__(self) -> None:
        self._latest: datetime | None = None

    def was_put_back(self, now: datetime) -> bool:
        """Tell whether the clock shows less than at the last look."""
        before, self._latest = self._latest, now
        return before is not None and now < before
