"""The day's requests: time, workspace and customers, from a seed, with an exact total."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Final

HOUR: Final = 3600.0
OPENS: Final = 8 * HOUR
BUSIEST: Final = 11 * HOUR
CLOSES: Final = 18 * HOUR
SPREAD: Final = 2.8
"""Standard deviation of the log sizes: half of all requests have tens, one in a hundred tens of thousands."""
LARGEST: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Asked:
    """A request."""

    workspace: int
    at: float
    """Seconds since midnight when the form opens."""
    customers: int


def a_day(*, workspaces: int, requests: int, customers: int, seed: int) -> list[Asked]:
    """Make the requests of a day."""
    random = Random(seed)  # noqa: S311 - a simulation's
    sizes = _sizes(random, requests, customers)
    return sorted(
        (
            Asked(random.randrange(workspaces), random.triangular(OPENS, CLOSES, BUSIEST), size)
            for size in sizes
        ),
        key=lambda one: one.at,
    )


def _sizes(random: Random, requests: int, customers: int) -> list[int]:
    """Draw sizes and scale them to the total."""
    drawn = [random.lognormvariate(0, SPREAD) for _ in range(requests)]
    low, high = 0.0, float(customers)
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if sum(_cut(drawn, middle)) <= customers else (low, middle)
    sizes = _cut(drawn, low)
    left, at = customers - sum(sizes), 0
    while left > 0:  # what rounding left
        more = min(left, LARGEST - sizes[at % requests])
        sizes[at % requests] += more
        left, at = left - more, at + 1
    return sizes


def _cut(drawn: Sequence[float], stretch: float) -> list[int]:
    return [min(max(int(size * stretch), 1), LARGEST) for size in drawn]
