"""A circuit breaker: after some failures in a row no call goes out, except for one probe at a time.

No library fits: purgatory lets all calls through after one wait of fixed length and goes by the wall clock,
pybreaker has no asyncio, and aiobreaker is not maintained.
"""

from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from bot.errors import DinteroError, RateLimitedError, TransientError

MAX_FAILURES_IN_A_ROW: Final = 5
"""More than one cut connection or lost process of Dintero causes; the first round has 8 calls."""

Answer = TypeVar("Answer")


class BreakerOpenError(Exception):
    """No call went out. `retry_after`: seconds until a probe may go out; None while one is under way."""

    def __init__(self, retry_after: float | None) -> None:
        super().__init__()
        self.retry_after = retry_after


class CircuitBreaker:
    """Opens after failures in a row; then the waits before each probe grow from `first` to `longest` seconds.

    Each change of state begins a new generation. The end of a call of an older generation changes nothing.
    `changed` is called with True when the breaker closes, and with False each time that it opens.
    """

    def __init__(
        self, *, first: float, longest: float, now: Callable[[], float], changed: Callable[[bool], None]
    ) -> None:
        self._first = first
        self._longest = longest
        self._now = now
        self._changed = changed
        self._generation = 0
        self._failures = 0
        self._wait = 0.0
        self._probe_at = 0.0
        self._probing = False
        self.closed = True

    async def call(self, make: Callable[[], Awaitable[Answer]]) -> Answer:
        """Make a call and learn from its end; raises BreakerOpenError if nothing went out."""
        generation = self._enter()
        try:
            answer = await make()
        except DinteroError as error:
            down = isinstance(error, TransientError) and not isinstance(error, RateLimitedError)
            self._learn(generation, down=down)
            raise
        except BaseException:  # cancelled, or not sent at all: the next call may probe
            self._probing = self._probing and generation != self._generation
            raise
        self._learn(generation, down=False)
        return answer

    def _enter(self) -> int:
        if not self.closed:
            if self._probing:
                raise BreakerOpenError(None)
            if (seconds := self._probe_at - self._now()) > 0:
                raise BreakerOpenError(seconds)
            self._probing = True
            self._generation += 1
        return self._generation

    def _learn(self, generation: int, *, down: bool) -> None:
        if generation != self._generation:
            return
        self._failures = self._failures + 1 if down else 0
        if down and (self._probing or self._failures >= MAX_FAILURES_IN_A_ROW):
            self._wait = min(2 * self._wait, self._longest) if self._probing else self._first
            self._probe_at = self._now() + self._wait
            self._move(closed=False)
        elif self._probing:
            self._move(closed=True)

    def _move(self, *, closed: bool) -> None:
        self.closed, self._probing, self._failures = closed, False, 0
        self._generation += 1
        self._changed(closed)
