"""Gives a request batch by batch: several batches in flight, and never twice to a customer."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from bot.clock import NEVER
from bot.coalescing import Coalescer
from bot.domain.ids import CustomerId, Fence
from bot.domain.policy.policy import RefusalReason
from bot.domain.ports import Clock, DinteroApi, Repository
from bot.domain.requests.authorization import UNUSABLE, drift
from bot.domain.requests.batches import MOST_OUTCOMES, BatchOutcome
from bot.domain.requests.request import Request, StopReason, digest, is_digest_of, rule_of
from bot.domain.rules.rule import Rule, binding, usable
from bot.domain.unit_of_work import UnitOfWork
from bot.errors import DinteroError, OtherAccountError, RunInterrupted
from bot.giving.bisection import (
    Batch,
    BatchBisection,
    NotWantedError,
    PartialOutcome,
    RefusedCount,
    RuleChangedError,
    rest_of,
    without_answer,
)
from bot.giving.outage_notice import OutageNotifier
from bot.giving.retry import RetryPolicy
from bot.giving.scheduler import CallRunner, CallScheduler, CallState, RequestQueue

RULE_CHECK_INTERVAL: Final = timedelta(minutes=1)
"""After this long without an answer, the rule is read before the next call."""


@dataclass(slots=True)
class GivingRun:
    """One request as this process gives it, with at most `concurrency` batches in flight.

    Every write carries the fence, so that it counts for nothing once another process has claimed the request.
    `check_lease` is awaited before each call and post, and raises LeaseLost once this process may not give.
    """

    request: Request
    repository: Repository
    dintero: DinteroApi
    fence: Fence
    check_lease: Callable[[], Awaitable[None]]
    retry_policy: RetryPolicy
    closing: asyncio.Event
    clock: Clock
    scheduler: CallScheduler
    until: datetime
    """When the approvals are too old for anything more to be given."""
    is_rule_compared: bool = True
    """Whether the rule was just compared with the approved one; else it is before the first call."""
    _continues: bool = field(init=False, default=True)
    _rechecks: int = field(init=False, default=0)
    """Rechecks asked for, and how many of them the database has answered."""
    _rechecked: int = field(init=False, default=0)
    _rechecking: asyncio.Lock = field(init=False, default_factory=asyncio.Lock)
    _rule: Rule = field(init=False)
    _answer: Rule | None = field(init=False, default=None)
    _saved_answer: Rule | None = field(init=False, default=None)
    _drift: StopReason | None = field(init=False, default=None)
    _compared_at: datetime = field(init=False)
    _queue: RequestQueue = field(init=False)
    _call_runner: CallRunner = field(init=False)
    _refused_count: RefusedCount = field(init=False)
    _outcomes: Coalescer[BatchOutcome, bool] = field(init=False)
    _in_flight: asyncio.Semaphore = field(init=False)
    _unwritten: asyncio.Semaphore = field(init=False)
    """Bounds the batches in flight, and those whose outcome is being written, to twice as many."""
    _row_hashes: tuple[str, ...] | None = field(init=False, default=None)
    """The hashes of the rows of customers, once they were compared with what people approved."""
    _reading: asyncio.Lock = field(init=False, default_factory=asyncio.Lock)

    def __post_init__(self) -> None:
        """Connect the parts."""
        self._rule = rule_of(self.request)
        self._in_flight = asyncio.Semaphore(self.request.concurrency)
        self._unwritten = asyncio.Semaphore(2 * self.request.concurrency)
        self._outcomes = Coalescer(self._record, most=MOST_OUTCOMES)
        self._compared_at = self.clock.now() if self.is_rule_compared else NEVER
        self._queue = RequestQueue(self.scheduler)
        outage_notifier = OutageNotifier(
            self._leased_unit_of_work,
            self.clock,
            self.retry_policy.told,
            posted=self.request.waits_since is not None,
        )
        self._call_runner = CallRunner(
            self.scheduler, self.retry_policy, outage_notifier, self._check_wanted, self._queue
        )
        self._refused_count = RefusedCount(self.request, partial(self.repository.tally, self.request.id))

    def recheck(self) -> None:
        """Let no call out before the database says that the giving continues; waiting calls ask at once."""
        self._rechecks += 1
        self._queue.recheck()

    async def portion(self, number: int) -> None:
        """Give to one row of customers whose outcome is not settled; a repeat does only the rest.

        The next portion is read once all batches of this one are out, so that no call waits for the database.
        A cancelled portion ends the run. Raises RunInterrupted if the program is closing, or lost the lease.
        """
        if not self._continues:
            return
        batches: list[asyncio.Task[None]] = []
        try:
            async with self._reading:
                if self.closing.is_set():
                    raise RunInterrupted
                for batch in await self._read_portion(number):
                    await self._unwritten.acquire()
                    batches.append(asyncio.create_task(self._give(batch)))
            results = await asyncio.gather(*batches, return_exceptions=True)
        finally:
            for task in batches:
                task.cancel()
        if (answer := self._answer) is not None and answer is not self._saved_answer:
            # what the answer has besides the rule's terms may name customers
            terms = replace(answer, unknown=binding(answer.unknown))
            await self.repository.answered(self.request.id, terms, fence=self.fence)
            self._saved_answer = answer
        for result in results:
            if result:
                raise result

    async def _read_portion(self, number: int) -> list[Batch]:
        """Start a row of customers, and cut its rest into batches; none if the giving does not continue."""
        if self._row_hashes is None:
            self._row_hashes = await self._verified_rows()
        portion = (
            await self.repository.start_portion(self.request.id, number, fence=self.fence)
            if self._continues
            else None
        )
        if portion and self._row_hashes[number : number + 1] != (portion.row_hash,):
            await self._stop_for_changes()
        if portion is None or not self._continues:
            self._continues = False
            return []
        known = await self.repository.outcomes(self.request.id, number) if portion.again else ()
        outcomes = {outcome.batch: outcome for outcome in known}
        size = self.request.batch_size
        batches = [
            rest_of(
                number,
                at // size,
                portion.customers[at : at + size],
                outcomes.get(at // size),
                started=portion.again,
            )
            for at in range(0, len(portion.customers), size)
        ]
        return [batch for batch in batches if batch.customers]

    async def _verified_rows(self) -> tuple[str, ...]:
        """Hash all customers, once a run, and compare request and customers with what people approved."""
        request, hashes = self.request, await self.repository.hash_rows(self.request.id)
        votes = await self.repository.votes(request.id, request.round) if request.approvals else ()
        agreed = sum(vote.digest == digest(request) for vote in votes)
        if agreed < request.approvals or not is_digest_of(request.customers_digest, hashes.digest):
            await self._stop_for_changes()
        return hashes.rows

    async def _stop_for_changes(self) -> None:
        self._continues = False
        note = RefusalReason.DATABASE_CHANGED
        await self.repository.request_stop(self.request.id, StopReason.POLICY, note, fence=self.fence)

    async def _give(self, batch: Batch) -> None:
        """Make a batch's calls; its outcome is written while the next batch has the slot.

        A cancel takes effect by `recheck`; one that another process took shows in the next written outcome.
        """
        try:
            async with self._in_flight:
                outcome = await self._give_rest(batch)
            if not await self._outcomes.submit(batch.outcome(outcome)):
                self._continues = False
        finally:
            self._unwritten.release()

    async def _give_rest(self, batch: Batch) -> PartialOutcome:
        if self.closing.is_set():
            raise RunInterrupted
        continues = await self._may_continue()
        if continues and batch.again:
            # From now on "not tried", as an earlier round wrote it, would be a guess.
            continues = await self._outcomes.submit(batch.outcome(PartialOutcome(unknown=batch.customers)))
        if not continues:
            return without_answer(batch.customers, batch.maybe_given)
        bisection = BatchBisection(batch, self._send, self.scheduler.size_limit, self._refused_count)
        outcome = await bisection.run()
        if bisection.over:
            self._continues = False
            self._queue.recheck()
        if bisection.stop:
            await self.repository.request_stop(
                self.request.id, bisection.stop, bisection.note, fence=self.fence
            )
        return outcome

    async def _record(self, outcomes: Sequence[BatchOutcome]) -> list[bool]:
        """Write the outcomes of batches that ended together; the giving continues for all or for none."""
        continues = await self.repository.record_outcomes(
            self.request.id, *outcomes, at=self.clock.now(), fence=self.fence
        )
        return [continues] * len(outcomes)

    async def _may_continue(self) -> bool:
        """Ask the database after a recheck; of all who wait, one asks. Old approvals end it."""
        if self._continues and self.clock.now() >= self.until:
            stop, why = StopReason.POLICY, RefusalReason.APPROVAL_OLD
            await self.repository.request_stop(self.request.id, stop, why, fence=self.fence)
            self._continues = False
        while self._continues and self._rechecked < self._rechecks:
            async with self._rechecking:
                if self._rechecked < (rechecks := self._rechecks):
                    may = await self.repository.may_continue(self.request.id)
                    self._continues = may and self._continues
                    self._rechecked = rechecks
        return self._continues

    async def _check_wanted(self, ask: bool) -> None:  # noqa: FBT001 - of `CallRunner.check_wanted`
        self._rechecks += ask
        if self.closing.is_set():
            raise RunInterrupted
        if not await self._may_continue():
            raise NotWantedError

    async def _send(self, customers: Sequence[CustomerId], call_state: CallState) -> StopReason | None:
        """Make one call, repeated under the same idempotency key, and compare the rule in its answer."""
        return self._compare(await self._call_runner.call(partial(self._add, customers), call_state))

    async def _add(self, customers: Sequence[CustomerId]) -> Rule:
        # abs: after the clock was put back, nobody knows how long ago the last answer came
        if abs(self.clock.now() - self._compared_at) >= RULE_CHECK_INTERVAL:
            with suppress(DinteroError):  # the call itself meets the same error
                if stop := self._compare(await self.dintero.rule(self._rule.id)):
                    raise RuleChangedError(stop)
        await self.check_lease()
        if self.request.account != self.dintero.account:
            raise OtherAccountError(RefusalReason.OTHER_ACCOUNT)
        return await self.dintero.add_customers(self._rule.id, customers, once=self.request.once_key)

    def _compare(self, answer: Rule) -> StopReason | None:
        """Compare the rule in an answer with the approved one; the same answer only with the time."""
        self._compared_at = self.clock.now()
        if answer is not self._answer:
            self._drift = drift(self._rule, answer, self.clock.now())
            self._answer = answer
        return self._drift or UNUSABLE.get(usable(answer, self.clock.now()))

    @asynccontextmanager
    async def _leased_unit_of_work(self) -> AsyncIterator[UnitOfWork | None]:
        """Open the request while the lease lasts: a process that was suspended would post a stale outage."""
        await self.check_lease()
        async with self.repository.unit_of_work(self.request.id) as unit:
            yield unit
