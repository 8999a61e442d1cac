"""The real clock."""

from datetime import UTC, datetime


class SystemClock:
    """The port `Clock`, by the machine's own clock."""

    def now(self) -> datetime:
        """Tell the time, aware, in UTC."""
        return datetime.now(UTC)
