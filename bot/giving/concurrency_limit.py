"""How many calls may be under way to Dintero at once, and from when on; knows neither requests nor clocks: seconds are handed in."""

from bisect import bisect_left, insort
from collections import deque
from math import inf
from statistics import median
from typing import Final

MOST: Final = 96
"""Calls under way at once, of all requests together: what the client's 128 connections carry, with some left for the questions between."""
ANSWERS: Final = 31
"""So many of the last answers say what is usual: few enough that a Dintero that has become slower for good is soon taken for usual."""
ENOUGH: Final = 8
"""Before so many answers nothing is usual yet."""
SLOWER: Final = 3.0
"""An answer that takes three times as long as usual is slow: batches of one size differ by less, and a queue in Dintero by more."""
MARGIN: Final = 0.25
"""Seconds above the usual that are never slow: of answers within some ms, the network and a busy machine of ours explain as much."""


class ConcurrencyLimiter:
    """Additive up, multiplicative down: one more call for each round of good answers, half as many after a 429 or a slow answer.

    Begins at the most, so that nobody waits while all is well; what a single request may do is its own limit.
    """

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._width = float(most)
        self._took: deque[float] = deque(maxlen=ANSWERS)
        self._sorted: list[float] = []
        self.under_way = 0
        self.cuts = 0
        """How often it was cut: a call that went out before the last cut tells nothing of how things are since."""
        self.alone_until = -inf
        """Dintero asked to be left alone until then."""

    @property
    def width(self) -> int:
        """How many calls may be under way."""
        return int(self._width)

    def has_capacity(self, now: float) -> bool:
        """Say whether one more call may go out."""
        return self.under_way < self.width and now >= self.alone_until

    def answered(self, took: float, cuts: int) -> None:
        """Hear of an answer that took so long, to a call that went out after so many cuts."""
        if self._slow(took):
            self.cut(cuts)
        elif cuts == self.cuts:
            self._width = min(self._most, self._width + 1 / self._width)
        if len(self._took) == ANSWERS:
            del self._sorted[bisect_left(self._sorted, self._took[0])]
        self._took.append(took)
        insort(self._sorted, took)

    def failed(self, took: float, cuts: int) -> None:
        """Hear of a call without a usable answer: one that hung is as good a sign as a slow answer, and tells nothing of what is usual."""
        if self._slow(took):
            self.cut(cuts)

    def cut(self, cuts: int) -> None:
        """Let half as many calls out as were under way, once for all that went out after so many cuts."""
        if cuts == self.cuts:
            self._width = max(1.0, min(self._width, self.under_way) / 2)
            self.cuts += 1

    def reset(self) -> None:
        """Let one call out at a time, until there are answers again."""
        self._width = 1.0
        self.cuts += 1

    def leave_alone(self, until: float) -> None:
        """Let nothing out before then; what was asked for earlier is never shortened."""
        self.alone_until = max(self.alone_until, until)

    def _slow(self, took: float) -> bool:
        if len(self._sorted) < ENOUGH:
            return False
        usual = median(self._sorted)
        return took > SLOWER * usual and took > usual + MARGIN
