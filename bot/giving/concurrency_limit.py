"""The limits that Dintero's answers show: calls at once, and customers in one call."""

from bisect import bisect_left, insort
from collections import deque
from math import inf
from statistics import median
from typing import Final

MAX_CONCURRENT_CALLS: Final = 96
"""Of all requests together: the client has 128 connections, and lookups need some of them."""
ANSWERS_KEPT: Final = 31
"""They show the usual time; few, so that a Dintero that became slower for good is soon usual."""
MIN_ANSWERS: Final = 8
"""Answers that it takes to know the usual time."""
SLOW_FACTOR: Final = 3.0
"""Batches of one size differ by less, and a queue in Dintero adds more."""
SLOW_MARGIN_SECONDS: Final = 0.25
"""Never slow by this much above the usual: network and our own machine explain a difference like that."""
REFUSALS_DISPROVED: Final = 2
"""Refused batches whose halves went through before their size counts as the reason: one may be chance."""


class ConcurrencyLimiter:
    """Additive increase, multiplicative decrease: one more call a round of good answers, half after a 429.

    A slow answer counts as a 429. It begins at the maximum; each request has a limit of its own besides.
    """

    def __init__(self, most: int = MAX_CONCURRENT_CALLS) -> None:
        self._most = most
        self._width = float(most)
        self._seconds: deque[float] = deque(maxlen=ANSWERS_KEPT)
        self._sorted: list[float] = []
        self.under_way = 0
        self.cuts = 0
        """Cuts so far: a call that went out before the last one says nothing about the time since."""
        self.alone_until = -inf
        """Dintero asked for no call before then."""

    @property
    def width(self) -> int:
        """How many calls may be under way."""
        return int(self._width)

    def has_capacity(self, now: float) -> bool:
        """Check whether one more call may go out."""
        return self.under_way < self.width and now >= self.alone_until

    def answered(self, seconds: float, cuts: int) -> None:
        """Learn from an answer to a call that went out after this number of cuts."""
        if self._is_slow(seconds):
            self.cut(cuts)
        elif cuts == self.cuts:
            self._width = min(self._most, self._width + 1 / self._width)
        if len(self._seconds) == ANSWERS_KEPT:
            del self._sorted[bisect_left(self._sorted, self._seconds[0])]
        self._seconds.append(seconds)
        insort(self._sorted, seconds)

    def failed(self, seconds: float, cuts: int) -> None:
        """Learn from a call without a usable answer: one that hung is as good a sign as a slow answer."""
        if self._is_slow(seconds):
            self.cut(cuts)

    def cut(self, cuts: int) -> None:
        """Halve the calls under way, once for all calls that went out after this number of cuts."""
        if cuts == self.cuts:
            self._width = max(1.0, min(self._width, self.under_way) / 2)
            self.cuts += 1

    def reset(self) -> None:
        """Let one call out at a time until there are answers again."""
        self._width = 1.0
        self.cuts += 1

    def leave_alone(self, until: float) -> None:
        """Let no call out before then; an earlier wait is never shortened."""
        self.alone_until = max(self.alone_until, until)

    def _is_slow(self, seconds: float) -> bool:
        if len(self._sorted) < MIN_ANSWERS:
            return False
        usual = median(self._sorted)
        return seconds > SLOW_FACTOR * usual and seconds > usual + SLOW_MARGIN_SECONDS


class BatchSizeLimit:
    """The largest batch, once a larger one was refused for its size. Dintero documents no maximum."""

    def __init__(self) -> None:
        self.largest: int | None = None
        self._suspected: list[int] = []

    def learn(self, size: int) -> None:
        """Note that a batch of this size went through after a larger one was too large."""
        self.largest = min(size, self.largest or size)

    def suspect(self, size: int) -> None:
        """Note that both halves of a refused batch, of this size, went through; learn it the second time."""
        self._suspected.append(size)
        if len(self._suspected) >= REFUSALS_DISPROVED:
            self.learn(min(self._suspected))
