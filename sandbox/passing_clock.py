"""The sandbox's clock: real time plus what the visitor lets pass."""

from datetime import UTC, datetime, timedelta


class PassingClock:
    """A `Clock` ahead of the machine's."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def now(self) -> datetime:
        """The current time in UTC."""
        return datetime.now(UTC) + self.ahead

    def pass_by(self, while_: timedelta) -> None:
        """Let time pass at once."""
        self.ahead += while_
