"""Whose call goes out to Dintero next, over all requests of the process: Dintero's limits are the account's, not a request's.

One `CallScheduler` a process, one `Line` a request. While all is well a call goes out at once, without waiting for anything. Waiting calls go out
by turns of their requests, so that a small request waits for no large one.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from interlock import CircuitOpenError as BreakerOpenError
from interlock import State

from bot.errors import CircuitOpenError, DinteroError, RateLimitedError, TransientError
from bot.giving.batch_size import BatchSizeLimit
from bot.giving.circuit_breaker import circuit
from bot.giving.concurrency_limit import MOST, ConcurrencyLimiter

LOOK: Final = 2.0
"""Seconds after which whoever waits looks whether that is still wanted: another process may have taken a cancel."""

ASIDE: Final = 8
"""Look-ups at once, beside the calls that give; the client's connections carry both."""
TICK: Final = 0.001
"""Seconds: a loop's timers may ring that much too early."""

T = TypeVar("T")
Meanwhile = Callable[[], Awaitable[None]]
"""Awaited at the beginning of a wait, now and then in it, and when it is stirred; what it raises ends the wait."""


class CallScheduler:
    """What this process knows of how much Dintero takes just now; the loop's clock is its clock."""

    def __init__(self, *, first: float, longest: float, most: int = MOST) -> None:
        self.size_limit = BatchSizeLimit()
        self._first = first
        self._limiter = ConcurrencyLimiter(most)
        self._circuit = circuit(first, longest, _now, self._moved)
        self._lines: deque[RequestQueue] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._failure: TransientError | None = None
        self._resting: dict[asyncio.Future[None], None] = {}
        self._aside = asyncio.Semaphore(ASIDE)

    def line(self) -> "RequestQueue":
        """Open a request's line."""
        return RequestQueue(self)

    @property
    def trouble(self) -> TransientError | None:
        """Say what everybody waits for, where it is more than each other: the failure since which Dintero is left alone, or down."""
        return self._failure if self.alone_for > 0 or self._circuit.state is not State.CLOSED else None

    @property
    def alone_for(self) -> float:
        """Say for how many seconds nobody may call."""
        return max(self._limiter.alone_until - _now(), 0.0)

    def try_acquire(self) -> bool:
        """Take a place for a call, where there is one and nobody waits for it."""
        if self._lines or not self._limiter.has_capacity(_now()):
            return False
        self._limiter.under_way += 1
        return True

    async def send(self, make: Callable[[], Awaitable[T]]) -> T:
        """Make a call in a place that was taken, and learn from what comes of it.

        Raises:
            BreakerOpenError: nothing went out; wait for another place.
        """
        sent, cuts = _now(), self._limiter.cuts
        try:
            answer = await self._circuit.call_async(make)
        except BreakerOpenError as shut:
            self._shut(shut)
            raise
        except TransientError as failure:
            self._failed(failure, _now() - sent, cuts)
            raise
        except DinteroError:
            self._limiter.answered(_now() - sent, cuts)
            raise
        else:
            self._limiter.answered(_now() - sent, cuts)
            return answer
        finally:
            self._give_back()

    async def lookup(self, make: Callable[[], Awaitable[T]], *, longest: float) -> T:
        """Make a look-up in one of a few places that no giving takes: it waits for no batch, and at most so long for Dintero's leave.

        How long it takes tells nothing of batches, and is not learnt from; that Dintero is down, or asks to be left alone, is. Where
        Dintero was down, a look is as good as a batch to find out whether it still is.

        Raises:
            CircuitOpenError: nothing went out, since Dintero is left alone.
        """
        async with self._aside:
            until = _now() + longest
            while (wait := self.alone_for) <= until - _now():
                await asyncio.sleep(wait)
                try:
                    return await self._circuit.call_async(make)
                except BreakerOpenError as shut:
                    self._shut(shut)
                except TransientError as failure:
                    self._failed(failure, 0.0, self._limiter.cuts)
                    raise
            raise self._away()

    def _shut(self, shut: BreakerOpenError) -> None:
        """Hear that nobody may call yet; where somebody else is finding out, that takes as long as the first wait."""
        self._limiter.leave_alone(
            _now() + max(self._first if shut.retry_after is None else shut.retry_after, TICK)
        )

    def _away(self) -> CircuitOpenError:
        failure = self._failure or TransientError("Dintero is left alone for now")
        return CircuitOpenError(str(failure), turned_away=isinstance(failure, RateLimitedError))

    def enter(self, line: "RequestQueue", place: asyncio.Future[None]) -> None:
        """Let a call wait for a place."""
        if not line.waiting:
            self._lines.append(line)
        line.waiting.append(place)
        self._admit()

    def leave(self, line: "RequestQueue", place: asyncio.Future[None]) -> None:
        """Give up waiting, or the place that was given meanwhile."""
        if place.done():
            self._give_back()
            return
        line.waiting.remove(place)
        if not line.waiting:
            self._lines.remove(line)

    async def sleep(self, until: float, stirred: asyncio.Future[None]) -> bool:
        """Wait until a moment, until this is stirred, or until Dintero is well again after it was down: answers whether that was it."""
        well = asyncio.get_running_loop().create_future()
        self._resting[well] = None
        try:
            await asyncio.wait(
                {well, stirred}, timeout=min(until - _now() + TICK, LOOK), return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            del self._resting[well]
        return well.done()

    def _failed(self, failure: TransientError, took: float, cuts: int) -> None:
        self._failure = failure
        if isinstance(failure, RateLimitedError):
            self._limiter.cut(cuts)
        else:
            self._limiter.failed(took, cuts)
        if failure.retry_after:
            self._limiter.leave_alone(_now() + failure.retry_after)

    def _give_back(self) -> None:
        self._limiter.under_way -= 1
        self._admit()

    def _moved(self, state: State) -> None:
        """Hear from the circuit: who comes back to a Dintero that was down begins with one call, and everybody may know at once."""
        if state is State.OPEN:
            self._limiter.reset()
        if state is State.CLOSED:
            for resting in self._resting:
                if not resting.done():
                    resting.set_result(None)

    def _admit(self) -> None:
        """Give places to whoever waits, a request after the other, and look again when Dintero may be called again."""
        now = _now()
        while self._lines and self._limiter.has_capacity(now):
            line = self._lines.popleft()
            line.waiting.popleft().set_result(None)
            self._limiter.under_way += 1
            if line.waiting:
                self._lines.append(line)
        if self._lines and self._timer is None and self._limiter.alone_until > now:
            self._timer = asyncio.get_running_loop().call_later(
                self._limiter.alone_until - now + TICK, self._ring
            )

    def _ring(self) -> None:
        self._timer = None
        self._admit()


class RequestQueue:
    """One request's calls."""

    def __init__(self, scheduler: CallScheduler) -> None:
        self.waiting: deque[asyncio.Future[None]] = deque()
        self._scheduler = scheduler
        self._stirred: asyncio.Future[None] | None = None

    def stir(self) -> None:
        """Let everybody who waits here look at once whether that is still wanted."""
        if self._stirred and not self._stirred.done():
            self._stirred.set_result(None)

    async def call(self, make: Callable[[], Awaitable[T]], meanwhile: Meanwhile) -> T:
        """Make a call once it is its turn."""
        while True:
            if not self._scheduler.try_acquire():
                await self._turn(meanwhile)
            try:
                return await self._scheduler.send(make)
            except BreakerOpenError:
                continue

    async def sleep(self, seconds: float, meanwhile: Meanwhile) -> None:
        """Wait before a repeat; shorter, where Dintero was down and is well again."""
        until, well = _now() + seconds, False
        while _now() < until and not well:
            stirred = self._stir()
            await meanwhile()
            well = await self._scheduler.sleep(until, stirred)

    async def _turn(self, meanwhile: Meanwhile) -> None:
        place = asyncio.get_running_loop().create_future()
        self._scheduler.enter(self, place)
        try:
            while not place.done():
                stirred = self._stir()
                await meanwhile()
                await asyncio.wait({place, stirred}, timeout=LOOK, return_when=asyncio.FIRST_COMPLETED)
        except BaseException:
            self._scheduler.leave(self, place)
            raise

    def _stir(self) -> asyncio.Future[None]:
        if self._stirred is None or self._stirred.done():
            self._stirred = asyncio.get_running_loop().create_future()
        return self._stirred


def _now() -> float:
    return asyncio.get_running_loop().time()
