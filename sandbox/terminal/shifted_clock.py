"""The sandbox's clock: real time plus what the visitor lets pass."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta


class PassingClock:
    """A `Clock` ahead of the machine's."""

    def __init__(self) -> None:
        self._ahead = timedelta()

    def now(self) -> datetime:
        """The current time in UTC."""
        return datetime.now(UTC) + self._ahead

    def pass_by(self, while_: timedelta, look: Callable[[], None]) -> None:
        """Let time pass at once, and call `look` so that due work starts now."""
        self._ahead += while_
        look()
