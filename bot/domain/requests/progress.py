"""How far a giving is and how fast it goes, by what the books added up to over the last minute; knows no words."""

from collections import deque
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from bot.domain.ids import RequestId
from bot.domain.requests.batches import Tally
from bot.domain.requests.request import PauseState, Request, State

SOON: Final = timedelta(seconds=3)
"""What is over within that shows no progress; and over less nothing is reckoned."""
WINDOW: Final = timedelta(seconds=60)
"""Over so long the pace is reckoned: what Dintero did before tells nothing of what it does now."""
FORESEEN: Final = timedelta(days=7)
"""Further ahead no end is foretold."""


@dataclass(frozen=True, slots=True)
class Progress:
    """What can be said of a giving under way; neither figure is there before there is something to reckon with."""

    a_second: float | None = None
    """Customers, given or refused."""
    done_at: datetime | None = None


class ProgressTracker:
    """Remembers how far each giving of this process was lately; it may be lost, and is never written down."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._seen: dict[RequestId, deque[tuple[datetime, int]]] = {}

    def note(self, request: RequestId, tally: Tally) -> None:
        """Note how far a giving is by now. A clock that was put back makes all that was noted worthless."""
        now, seen = self._now(), self._seen.setdefault(request, deque())
        if seen and now < seen[-1][0]:
            seen.clear()
        while len(seen) > 1 and now - seen[1][0] >= WINDOW:
            seen.popleft()
        seen.append((now, _settled(tally)))

    def keep(self, giving: Collection[RequestId]) -> None:
        """Forget all others."""
        for request in self._seen.keys() - giving:
            del self._seen[request]

    def of(self, request: Request, tally: Tally) -> Progress | None:
        """Say how a giving gets on; None where there is nothing to show: it has just begun, is held up, or is none."""
        if (
            request.state is not State.GIVING
            or request.cancel_asked_by
            or request.pausing is not PauseState.NO
        ):
            return None
        now, seen = self._now(), self._seen.get(request.id) or ()
        begun = [
            at for at in (request.started_at, *(at for at, _ in seen)) if at is not None and at <= now - SOON
        ]
        return _reckoned(now, seen, tally) if begun else None


def _reckoned(now: datetime, seen: Collection[tuple[datetime, int]], tally: Tally) -> Progress:
    """Reckon with the oldest note that is old enough."""
    for at, settled in seen:
        passed, done = (now - at).total_seconds(), _settled(tally) - settled
        if passed < SOON.total_seconds() or done <= 0:
            break
        left = timedelta(
            seconds=min((tally.asked - _settled(tally)) * passed / done, 2 * FORESEEN.total_seconds())
        )
        return Progress(done / passed, now + left if left <= FORESEEN else None)
    return Progress()


def _settled(tally: Tally) -> int:
    return tally.given + tally.refused
