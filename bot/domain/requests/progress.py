"""Rate and ETA of a run, from its tallies of the last minute."""

from collections import deque
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from bot.domain.ids import RequestId
from bot.domain.requests.batches import Tally
from bot.domain.requests.pause import PauseState
from bot.domain.requests.request import Request, State

SOON: Final = timedelta(seconds=3)
"""A run shows no progress before that, and no rate is computed over less."""
WINDOW: Final = timedelta(seconds=60)
"""The rate is computed over this window: older figures say little about Dintero now."""
FORESEEN: Final = timedelta(days=7)
"""No ETA is shown beyond this."""


@dataclass(frozen=True, slots=True)
class Progress:
    """The rate and ETA of a run; None before there are enough tallies."""

    a_second: float | None = None
    """Customers given or refused per second."""
    done_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ProgressTracker:
    """Keeps the recent tallies of each run of this process, in memory only."""

    now: Callable[[], datetime]
    _seen: dict[RequestId, deque[tuple[datetime, int]]] = field(default_factory=dict)

    def note(self, request: RequestId, tally: Tally) -> None:
        """Add a run's tally; a clock that went back clears the earlier ones."""
        now, seen = self.now(), self._seen.setdefault(request, deque())
        if seen and now < seen[-1][0]:
            seen.clear()
        while len(seen) > 1 and now - seen[1][0] >= WINDOW:
            seen.popleft()
        seen.append((now, tally.given + tally.refused))

    def keep(self, giving: Collection[RequestId]) -> None:
        """Forget all other runs."""
        for request in self._seen.keys() - giving:
            del self._seen[request]

    def of(self, request: Request, tally: Tally) -> Progress | None:
        """Return a run's progress; None if it has just started, is being stopped, or is no run."""
        if (
            request.state is not State.GIVING
            or request.cancel_asked_by
            or request.pausing is not PauseState.NO
        ):
            return None
        now, seen = self.now(), self._seen.get(request.id)
        times = (request.started_at, *(at for at, _ in seen or ()))
        if not any(at is not None and at <= now - SOON for at in times):
            return None
        if not seen:
            return Progress()
        at, settled = seen[0]
        passed, done = (now - at).total_seconds(), tally.given + tally.refused - settled
        if passed < SOON.total_seconds() or done <= 0:
            return Progress()
        left = timedelta(seconds=min(tally.left * passed / done, 2 * FORESEEN.total_seconds()))
        return Progress(done / passed, now + left if left <= FORESEEN else None)
