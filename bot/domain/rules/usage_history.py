"""How often a rule was used and given over time, as far as the bot knows.

Dintero has only totals of a rule, so the bot writes down one of them a day. What it gave itself it knows.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import accumulate
from typing import Final

HISTORY_DAYS: Final = 90
"""How long the totals are kept, and how far a history reaches back."""
FEWEST_POINTS: Final = 3
"""Two points are no history."""
MOST_POINTS: Final = 12
"""As many as a phone can show with their dates."""


@dataclass(frozen=True, slots=True)
class UsageSample:
    """How often all customers together had used a rule by a day."""

    day: date
    used: int


@dataclass(frozen=True, slots=True)
class DailyGrants:
    """How many customers the bot gave a rule to on a day."""

    day: date
    given: int


@dataclass(frozen=True, slots=True)
class UsagePoint:
    """What was given and used from the first day of a history until this day; `used` is None if unknown."""

    day: date
    given: int
    used: int | None


def usage_history(samples: Sequence[UsageSample], grants: Sequence[DailyGrants]) -> tuple[UsagePoint, ...]:
    """Add up what was given and used since the first sample; empty if that is no history.

    On a day without a sample the last one counts on, since the total is not known to have changed. Without
    samples it is the history of what was given.
    """
    used = {sample.day: sample.used for sample in sorted(samples, key=lambda one: one.day)}
    first = min(used, default=date.min)
    given = dict.fromkeys(sorted({*used, *(one.day for one in grants if one.day >= first)}), 0)
    for one in grants:
        if one.day >= first:
            given[one.day] += one.given
    base = next(iter(used.values()), 0)
    points, known = [], base
    for day, total in zip(given, accumulate(given.values()), strict=True):
        known = used.get(day, known)
        points.append(UsagePoint(day, total, max(known - base, 0) if used else None))
    if len(points) < FEWEST_POINTS or not (points[-1].given or points[-1].used):
        return ()
    return _thinned(points)


def _thinned(points: Sequence[UsagePoint]) -> tuple[UsagePoint, ...]:
    """Keep the first and the last point, and some at even distances between them."""
    if len(points) <= MOST_POINTS:
        return tuple(points)
    last = len(points) - 1
    return tuple(points[round(at * last / (MOST_POINTS - 1))] for at in range(MOST_POINTS))
