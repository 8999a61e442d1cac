"""How much *Add customers* takes at once, as a gateway before Dintero may limit it: none of it is documented."""

from collections import deque
from dataclasses import dataclass, field
from math import ceil

from sandbox.dintero.faults import Fault


@dataclass(slots=True)
class Limits:
    """Whatever is set here is refused beyond it, the account's calls counted together; nothing is set to begin with."""

    largest: int | None = None
    """Customers of one call: 413 above."""
    unsaid: bool = False
    """Whether too many customers are answered with a 400, as if something was wrong with them."""
    calls: int | None = None
    """Calls within `per` seconds: 429 above, with how many seconds to wait."""
    per: float = 1.0
    turned_away: int = 0
    _went: deque[float] = field(default_factory=deque)

    def look(self, customers: int, now: float) -> Fault | None:
        """Say what is wrong with a call to so many customers that has come now, by any clock in seconds."""
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
