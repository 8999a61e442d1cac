"""The retry policy of a call whose failure may pass."""

import random
from dataclasses import dataclass
from typing import Final

from bot.errors import CircuitOpenError, TransientError

FIRST_WAIT_SECONDS: Final = 0.5
LONGEST_WAIT_SECONDS: Final = 30.0


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How long a call is repeated, in seconds; the waits double, with jitter, up to the longest.

    The thread hears of an outage after `told` seconds without an answer.
    """

    first: float = FIRST_WAIT_SECONDS
    longest: float = LONGEST_WAIT_SECONDS
    total: float = 3600.0
    attempts: int = 1000
    told: float = 10.0

    def repeats(self, error: TransientError) -> bool:
        """Check whether to make a call again; not where Dintero asks for a wait longer than `total`."""
        return not isinstance(error, CircuitOpenError) and (error.retry_after or 0.0) <= self.total

    def wait(self, attempt: int) -> float:
        """Return the seconds after an attempt, counted from 1."""
        doubled = self.first * 2.0 ** min(attempt - 1, 64)
        return min(doubled + random.uniform(0, self.first), self.longest)  # noqa: S311 - no secret
