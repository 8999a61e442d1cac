"""Undocumented limits on *Add customers*, as a gateway before Dintero might set them."""

from collections import deque
from dataclasses import dataclass, field
from math import ceil

from sandbox.dintero.faults import Fault


@dataclass(slots=True)
class Limits:
    """Limits on the account's calls together; none is set at first."""

    largest: int | None = None
    """Customers of one call: 413 above."""
    unsaid: bool = False
    """Whether too many customers get a 400, as if a customer were wrong."""
    calls: int | None = None
    """Calls within `per` seconds: 429 above, with the seconds to wait."""
    per: float = 1.0
    turned_away: int = 0
    _went: deque[float] = field(default_factory=deque)

    def look(self, customers: int, now: float) -> Fault | None:
        """Find the limit that a call breaks; `now` is in seconds of any clock."""
        if self.largest is not None and customers > self.largest:
            return (
                Fault.error(400, "Validation failed")
                if self.unsaid
                else Fault.answer(413, "<html><body>Too large</body></html>")
            )
        return self._rate(now)

    def _rate(self, now: float) -> Fault | None:
        if self.calls is None:
            return None
        while self._went and now - self._went[0] >= self.per:
            self._went.popleft()
        if len(self._went) < self.calls:
            self._went.append(now)
            return None
        self.turned_away += 1
        return Fault.busy(ceil(self.per - (now - self._went[0])))
