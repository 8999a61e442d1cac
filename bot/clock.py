"""The real clocks."""

import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta


class SystemClock:
    """The port `Clock`, by the machine's own clock."""

    def now(self) -> datetime:
        """Tell the time, aware, in UTC."""
        return datetime.now(UTC)


class SharedClock:
    """The port `Clock`, by the database's clock where it has one, so that all who work on one database go by the same time.

    Nobody who asks waits for the database: from one look to the next it goes on by the machine's monotonic clock, which nobody sets.
    """

    def __init__(self, ticks: Callable[[], float] = time.monotonic) -> None:
        self._ticks = ticks
        self._began: datetime | None = None
        """What the database's time was at tick 0; None where it has none to tell, or was not asked yet."""

    def now(self) -> datetime:
        """Tell the time, aware, in UTC."""
        return self._began + timedelta(seconds=self._ticks()) if self._began else datetime.now(UTC)

    async def sync(self, ask: Callable[[], Awaitable[datetime | None]]) -> None:
        """Ask for the time; an answer that this clock would be right by, given how long it took, changes nothing."""
        asked = self._ticks()
        told = await ask()
        unsure = (self._ticks() - asked) / 2
        if told is None:
            return
        began = told - timedelta(seconds=asked + unsure)
        if self._began is None or abs(began - self._began) > timedelta(seconds=unsure):
            self._began = began
