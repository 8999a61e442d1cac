"""Schedules all calls of a process to Dintero: its limits are the account's, not a request's.

A process has one `CallScheduler`; each request has a `RequestQueue`, and a `CallRunner` that repeats what may
pass. While all is well a call goes out at once. Waiting calls go out by turns of their requests, so that a
small request never waits for a large one.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from logging import getLogger
from typing import Final, TypeVar

from bot.clock import loop_time
from bot.domain.rules.rule import Rule
from bot.errors import CircuitOpenError, DinteroError, OutcomeUnknownError, RateLimitedError, TransientError
from bot.giving.circuit_breaker import BreakerOpenError, CircuitBreaker
from bot.giving.concurrency_limit import MAX_CONCURRENT_CALLS, BatchSizeLimit, ConcurrencyLimiter
from bot.giving.outage_notice import OutageNotifier
from bot.giving.retry import RetryPolicy

POLL_SECONDS: Final = 2.0
"""How often a waiting call checks whether it is still wanted: another process may have taken a cancel."""
MAX_CONCURRENT_LOOKUPS: Final = 8
"""Beside the calls that give; the client has connections for both."""
TIMER_SLACK_SECONDS: Final = 0.001
"""A timer of the event loop may fire this much too early."""

log = getLogger(__name__)
T = TypeVar("T")
CheckWanted = Callable[[], Awaitable[None]]
"""Awaited when a wait begins, every `POLL_SECONDS`, and on `recheck`; an exception ends the wait."""


class CallScheduler:
    """Decides when this process may call Dintero, from the answers that it gets."""

    def __init__(self, *, first: float, longest: float, most: int = MAX_CONCURRENT_CALLS) -> None:
        self.size_limit = BatchSizeLimit()
        self._first = first
        self._limiter = ConcurrencyLimiter(most)
        self._breaker = CircuitBreaker(
            first=first, longest=longest, now=loop_time, changed=self._breaker_changed
        )
        self._queues: deque[RequestQueue] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._failure: TransientError | None = None
        self._sleeping: list[asyncio.Future[None]] = []
        self._lookups = asyncio.Semaphore(MAX_CONCURRENT_LOOKUPS)

    @property
    def trouble(self) -> TransientError | None:
        """The failure for which Dintero counts as down or must be left alone; None while all is well."""
        return self._failure if self.alone_for > 0 or not self._breaker.closed else None

    @property
    def alone_for(self) -> float:
        """Seconds for which no call may go out."""
        return max(self._limiter.alone_until - loop_time(), 0.0)

    async def send(self, make: Callable[[], Awaitable[T]]) -> T:
        """Make a call in a place that was taken, learn from its end, and free the place."""
        sent, cuts = loop_time(), self._limiter.cuts
        try:
            answer = await self._breaker.call(make)
        except BreakerOpenError as error:
            self._wait_for_probe(error)
            raise
        except TransientError as failure:
            self._failed(failure, loop_time() - sent, cuts)
            raise
        except DinteroError:
            self._limiter.answered(loop_time() - sent, cuts)
            raise
        else:
            self._limiter.answered(loop_time() - sent, cuts)
            return answer
        finally:
            self._release()

    async def lookup(self, make: Callable[[], Awaitable[T]], *, longest: float) -> T:
        """Make a lookup in a place that no batch takes; wait at most `longest` seconds for Dintero.

        Its duration says nothing about batches. A lookup may be the probe of a Dintero that was down. Raises
        CircuitOpenError if nothing went out, since Dintero is left alone.
        """
        async with self._lookups:
            until = loop_time() + longest
            while (wait := self.alone_for) <= until - loop_time():
                await asyncio.sleep(wait)
                try:
                    return await self._breaker.call(make)
                except BreakerOpenError as error:
                    self._wait_for_probe(error)
                except TransientError as failure:
                    self._failed(failure, 0.0, self._limiter.cuts)
                    raise
            last = self._failure or TransientError("waiting before retrying Dintero")
            raise CircuitOpenError(str(last), turned_away=isinstance(last, RateLimitedError))

    def enter(self, queue: "RequestQueue", place: asyncio.Future[None]) -> None:
        """Let a call wait for a place; it gets one at once if one is free."""
        if not queue.waiting:
            self._queues.append(queue)
        queue.waiting.append(place)
        self._admit()

    def leave(self, queue: "RequestQueue", place: asyncio.Future[None]) -> None:
        """Stop waiting, and free the place if it was given in the meantime."""
        if place.done():
            self._release()
            return
        queue.waiting.remove(place)
        if not queue.waiting:
            self._queues.remove(queue)

    async def sleep(self, until: float, rechecked: asyncio.Future[None]) -> bool:
        """Wait until a time, a recheck, or Dintero's recovery; return whether Dintero recovered."""
        recovered = asyncio.get_running_loop().create_future()
        self._sleeping.append(recovered)
        try:
            await asyncio.wait(
                {recovered, rechecked},
                timeout=min(until - loop_time() + TIMER_SLACK_SECONDS, POLL_SECONDS),
                return_when=asyncio.FIRST_COMPLETED,
            )
        finally:
            self._sleeping.remove(recovered)
        return recovered.done()

    def _wait_for_probe(self, error: BreakerOpenError) -> None:
        """Let no call out before the next probe; a probe under way is given as long as the first wait."""
        seconds = self._first if error.retry_after is None else error.retry_after
        self._limiter.leave_alone(loop_time() + max(seconds, TIMER_SLACK_SECONDS))

    def _failed(self, failure: TransientError, took: float, cuts: int) -> None:
        self._failure = failure
        if isinstance(failure, RateLimitedError):
            self._limiter.cut(cuts)
        else:
            self._limiter.failed(took, cuts)
        if failure.retry_after:
            self._limiter.leave_alone(loop_time() + failure.retry_after)

    def _release(self) -> None:
        self._limiter.under_way -= 1
        self._admit()

    def _breaker_changed(self, closed: bool) -> None:  # noqa: FBT001 - of `CircuitBreaker.changed`
        """Begin with one call at a time after an outage, and end all sleeps once Dintero has recovered."""
        if not closed:
            self._limiter.reset()
            return
        for recovered in self._sleeping:
            if not recovered.done():
                recovered.set_result(None)

    def _admit(self) -> None:
        """Give places to waiting calls, one request after the other, now or when Dintero may be called."""
        while self._queues and self._limiter.has_capacity(loop_time()):
            queue = self._queues.popleft()
            queue.waiting.popleft().set_result(None)
            self._limiter.under_way += 1
            if queue.waiting:
                self._queues.append(queue)
        if self._queues and self._timer is None and self.alone_for > 0:
            seconds = self.alone_for + TIMER_SLACK_SECONDS
            self._timer = asyncio.get_running_loop().call_later(seconds, self._on_timer)

    def _on_timer(self) -> None:
        self._timer = None
        self._admit()


class RequestQueue:
    """The calls of one request."""

    def __init__(self, scheduler: CallScheduler) -> None:
        self.waiting: deque[asyncio.Future[None]] = deque()
        self._scheduler = scheduler
        self._rechecked: asyncio.Future[None] | None = None

    def recheck(self) -> None:
        """Let all waiting calls check at once whether they are still wanted."""
        if self._rechecked and not self._rechecked.done():
            self._rechecked.set_result(None)

    async def call(self, make: Callable[[], Awaitable[T]], check_wanted: CheckWanted) -> T:
        """Make a call when it is its turn."""
        while True:
            await self._wait_for_turn(check_wanted)
            try:
                return await self._scheduler.send(make)
            except BreakerOpenError:
                continue

    async def sleep(self, seconds: float, check_wanted: CheckWanted) -> None:
        """Wait before a repeat, at most until Dintero recovers from an outage."""
        until, recovered = loop_time() + seconds, False
        while loop_time() < until and not recovered:
            rechecked = self._next_recheck()
            await check_wanted()
            recovered = await self._scheduler.sleep(until, rechecked)

    async def _wait_for_turn(self, check_wanted: CheckWanted) -> None:
        place = asyncio.get_running_loop().create_future()
        self._scheduler.enter(self, place)
        try:
            while not place.done():
                rechecked = self._next_recheck()
                await check_wanted()
                await asyncio.wait(
                    {place, rechecked}, timeout=POLL_SECONDS, return_when=asyncio.FIRST_COMPLETED
                )
        except BaseException:
            self._scheduler.leave(self, place)
            raise

    def _next_recheck(self) -> asyncio.Future[None]:
        if self._rechecked is None or self._rechecked.done():
            self._rechecked = asyncio.get_running_loop().create_future()
        return self._rechecked


@dataclass(slots=True)
class CallState:
    """What is known about the attempts of one call.

    `maybe`: it may have been carried out, although no answer says so. `until`: when we give up, by the loop's
    clock; set once Dintero fails or must be left alone.
    """

    maybe: bool = False
    until: float | None = None


@dataclass(slots=True)
class CallRunner:
    """Makes a request's calls. `check_wanted` raises to end a wait; with True it asks the database."""

    scheduler: CallScheduler
    retry_policy: RetryPolicy
    outage_notifier: OutageNotifier
    check_wanted: Callable[[bool], Awaitable[None]]
    queue: RequestQueue
    _asked_at: float = field(init=False, default=0.0)

    async def call(self, make: Callable[[], Awaitable[Rule]], call_state: CallState) -> Rule:
        """Make one call, repeated while its failure may pass.

        Raises:
            CircuitOpenError: Dintero has been left alone for as long as the retry policy waits.
            DinteroError: the last answer.
        """
        policy = self.retry_policy
        attempt = 0
        while True:
            attempt += 1
            try:
                return await self._send(make, call_state)
            except TransientError as failure:
                if attempt == 1:
                    call_state.until = loop_time() + policy.total
                late = call_state.until is not None and loop_time() >= call_state.until
                if late or attempt >= policy.attempts or not policy.repeats(failure):
                    raise
                seconds = policy.wait(attempt)
                log.debug("a call to Dintero is repeated in %.1f s: %s", seconds, failure)
            await self.queue.sleep(seconds, partial(self._check, call_state))
            await self.check_wanted(True)

    async def _send(self, make: Callable[[], Awaitable[Rule]], call_state: CallState) -> Rule:
        sent_at = 0.0

        async def send() -> Rule:
            nonlocal sent_at
            sent_at = loop_time()
            return await make()

        try:
            answer = await self.queue.call(send, partial(self._check, call_state))
        except CircuitOpenError:
            raise
        except TransientError as failure:
            call_state.maybe = call_state.maybe or isinstance(failure, OutcomeUnknownError)
            await self.outage_notifier.failed(failure, since=sent_at)
            raise
        await self.outage_notifier.answered()
        return answer

    async def _check(self, call_state: CallState) -> None:
        """Check, while a call waits, whether it is still wanted and how long Dintero has been left alone."""
        now = loop_time()
        ask = now - self._asked_at >= POLL_SECONDS
        if ask:
            self._asked_at = now
        await self.check_wanted(ask)
        if trouble := self.scheduler.trouble:
            call_state.until = call_state.until or now + self.retry_policy.total
            if now >= call_state.until or self.scheduler.alone_for > self.retry_policy.total:
                raise CircuitOpenError(str(trouble), turned_away=isinstance(trouble, RateLimitedError))
            await self.outage_notifier.failed(trouble)
