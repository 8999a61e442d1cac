"""The try-out's time: the real one, until somebody at the keyboard lets some of it pass."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta


class PassingClock:
    """The port `Clock`, a while ahead of the machine's own."""

    def __init__(self) -> None:
        self._ahead = timedelta()

    def now(self) -> datetime:
        """Tell the time, aware, in UTC."""
        return datetime.now(UTC) + self._ahead

    def pass_by(self, while_: timedelta, look: Callable[[], None]) -> None:
        """Let a while pass at once; `look` is told so that nobody waits for the next look at what is due."""
        self._ahead += while_
        look()
