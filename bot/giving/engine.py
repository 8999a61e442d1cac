"""Gives batch by batch, finds the refused, settles the unknown, never twice; knows nothing of what keeps it going over restarts."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from bot.coalescing import Coalescer
from bot.domain.ids import CustomerId
from bot.domain.ports import Clock, DinteroApi
from bot.domain.requests.authorization import UNUSABLE, drift
from bot.domain.requests.batches import (
    MOST_OUTCOMES,
    BatchOutcome,
    Refused,
    Tally,
    even_pieces,
    halves,
    too_many_refused,
)
from bot.domain.requests.request import Request, StopReason
from bot.domain.rules.rule import Rule, usable
from bot.errors import (
    BatchRejectedError,
    BatchTooLargeError,
    CircuitOpenError,
    DinteroError,
    RateLimitedError,
    RuleNotFound,
    RunInterrupted,
    ScopeMissing,
    TransientError,
)
from bot.giving.batch_size import BatchSizeLearner
from bot.giving.batch_slots import BatchSlots
from bot.giving.calls import CallRunner, CallState
from bot.giving.lease import DeliveryRepository
from bot.giving.outage_notice import OutageNotifier
from bot.giving.retry import RetryPolicy
from bot.giving.scheduler import CallScheduler

COMPARED: Final = timedelta(minutes=1)
"""So long an answer counts for how the rule stands; before a call after a longer silence it is looked at."""


class _NotWanted(Exception):
    """Somebody cancelled, or another batch met a reason to stop, while this one was being repeated."""


class _Changed(_NotWanted):
    """The rule is not any more what was agreed to; nothing was sent."""

    def __init__(self, stop: StopReason) -> None:
        self.stop = stop


@dataclass(frozen=True, slots=True)
class _Ends:
    """What came of some customers; whoever is named nowhere was given the discount."""

    refused: tuple[Refused, ...] = ()
    unknown: tuple[CustomerId, ...] = ()
    not_tried: tuple[CustomerId, ...] = ()

    def __add__(self, other: "_Ends") -> "_Ends":
        return _Ends(
            self.refused + other.refused, self.unknown + other.unknown, self.not_tried + other.not_tried
        )


@dataclass(frozen=True, slots=True)
class _Batch:
    """What is left to do of a batch, and what is known of it.

    `before` are those whom a call of an earlier process or round, unanswered, may have given it; `again` tells that an earlier round
    wrote an outcome.
    """

    portion: int
    number: int
    size: int
    customers: tuple[CustomerId, ...]
    refused: tuple[Refused, ...]
    before: frozenset[CustomerId]
    again: bool

    @property
    def place(self) -> tuple[int, int]:
        """Where it stands among the request's batches."""
        return self.portion, self.number

    def outcome(self, ends: _Ends) -> BatchOutcome:
        """Say what came of it, whatever came of it before included."""
        return BatchOutcome(
            self.portion, self.number, self.size, self.refused + ends.refused, ends.unknown, ends.not_tried
        )


@dataclass(slots=True)
class _Calls:
    """The calls for one batch. `tries` are those of the present call; `too_large`: a call was, and none has gone through since."""

    batch: _Batch
    call_state: CallState = field(default_factory=CallState)
    too_large: bool = False
    over: bool = False
    stop: StopReason | None = None
    note: str = ""

    def end(self, error: Exception) -> None:
        """Make no more calls for this batch."""
        self.over = True
        if isinstance(error, _Changed):
            self.stop = error.stop
        if isinstance(error, DinteroError):
            self.stop, self.note = stop_reason(error), str(error)

    def leave(self, customers: Sequence[CustomerId]) -> _Ends:
        """Leave customers as they are: unknown, where this call or one before it may have given it to them, else not tried."""
        return _left(customers, frozenset(customers) if self.call_state.maybe else self.batch.before)


@dataclass(slots=True)
class GivingRun:
    """One request while this process gives it: at most `concurrency` batches in flight, whatever calls `portion`."""

    request: Request
    rule: Rule
    repository: DeliveryRepository
    dintero: DinteroApi
    retry_policy: RetryPolicy
    closing: asyncio.Event
    clock: Clock
    scheduler: CallScheduler
    _goes_on: bool = field(init=False, default=True)
    _asked: int = field(init=False, default=0)
    """How often somebody said that the books may have changed their mind, and up to which of these they were looked at."""
    _looked: int = field(init=False, default=0)
    _before: Tally | None = field(init=False, default=None)
    """How an earlier process or round left it; looked up once anybody is refused at all, and before they are counted."""
    _looking: asyncio.Lock = field(init=False, default_factory=asyncio.Lock)
    _answer: Rule | None = field(init=False, default=None)
    _kept: Rule | None = field(init=False, default=None)
    """The answer that the books have; most batches are answered alike."""
    _changed: StopReason | None = field(init=False, default=None)
    _compared_at: datetime = field(init=False)
    _looking_again: asyncio.Lock = field(init=False, default_factory=asyncio.Lock)
    _call_runner: CallRunner = field(init=False)
    _size_learner: BatchSizeLearner = field(init=False)
    _outcomes: Coalescer[BatchOutcome, bool] = field(init=False)
    _slots: BatchSlots = field(init=False)
    _taking_up: asyncio.Lock = field(init=False, default_factory=asyncio.Lock)
    _found: Counter[tuple[int, int]] = field(init=False, default_factory=Counter)
    """How many were found since, by batch: one that has to be done again counts once."""

    def __post_init__(self) -> None:
        """Make the slots, one for each batch that may be in flight, and what else hangs on the request."""
        self._slots = BatchSlots(self.request.concurrency)
        self._outcomes = Coalescer(self._settle, most=MOST_OUTCOMES)
        self._compared_at = self.clock.now()
        outage_notifier = OutageNotifier(
            self.request, self.repository, self.clock, told_after=self.retry_policy.told
        )
        self._call_runner = CallRunner(self.scheduler, self.retry_policy, outage_notifier, self._still_wanted)
        self._size_learner = BatchSizeLearner(
            self.scheduler.size_limit, self.request, self.repository, self.clock
        )

    def recheck(self) -> None:
        """Let nothing more out before the books were asked whether the giving goes on: somebody may have cancelled it.

        Whoever waits looks at once, for that and for whether the program is closing.
        """
        self._asked += 1
        self._call_runner.line.stir()

    async def portion(self, number: int) -> None:
        """Give to one row of customers, but for those whose end is settled; done again, it does only what is left.

        Raises:
            Interrupted: the program is closing, or another process gives it, before all of it went out.
        """
        if not self._goes_on:
            return
        batches = await self._next(number)
        try:
            ends = await asyncio.gather(*map(self._in_turn, batches), return_exceptions=True)
        finally:
            self._slots.leave(batch.place for batch in batches)
        if (answer := self._answer) is not None and answer is not self._kept:
            await self.repository.answered(self.request.id, answer)
            self._kept = answer
        for end in ends:
            if end:
                raise end

    async def _next(self, number: int) -> list[_Batch]:
        """Take a row of customers up once all of those before are out: reading them shall keep no call waiting."""
        async with self._taking_up:
            await self._slots.all_out()
            if self.closing.is_set():
                raise RunInterrupted
            batches = await self._left(number) if self._goes_on else []
            self._slots.line_up(batch.place for batch in batches)
            return batches

    async def _left(self, number: int) -> list[_Batch]:
        """Take a row of customers up, and say what is left to do of it; nothing where the giving does not go on."""
        taken, _ = await asyncio.gather(
            self.repository.start_portion(self.request.id, number), self._size_learner.know()
        )
        if taken is None:
            self._goes_on = False
            return []
        size = self.request.batch_size
        cut = [taken.customers[at : at + size] for at in range(0, len(taken.customers), size)]
        outcomes = await self.repository.outcomes(self.request.id, number) if taken.again else ()
        settled = {outcome.batch: outcome for outcome in outcomes}
        batches = (_batch(number, at, cut[at], settled.get(at), noted=taken.again) for at in range(len(cut)))
        return [batch for batch in batches if batch.customers]

    async def _in_turn(self, batch: _Batch) -> None:
        """Make a batch's calls in a slot, and write what came of it when the next one has the slot: calls never wait for the disk.

        A cancel is heard at once by `recheck`, and by what the books answer to the next outcome where another process took it:
        what has gone out by then is given.
        """
        async with self._slots.turn(batch.place) as slot:
            async with slot:
                if self.closing.is_set():
                    raise RunInterrupted
                goes = await self._still_goes_on() and await self._let_go(batch)
                ends = await self._give(batch) if goes else _left(batch.customers, batch.before)
            if not await self._outcomes.submit(batch.outcome(ends)):
                self._goes_on = False

    async def _settle(self, outcomes: Sequence[BatchOutcome]) -> list[bool]:
        """Write the outcomes of batches that ended together; the giving goes on for all of them or for none."""
        return [await self.repository.record_outcomes(self.request.id, *outcomes)] * len(outcomes)

    async def _still_goes_on(self) -> bool:
        """Look into the books where somebody has asked for it; of all who want to know, one looks."""
        while self._goes_on and self._looked < self._asked:
            async with self._looking_again:
                if self._looked < (asked := self._asked):
                    self._goes_on = await self.repository.may_continue(self.request.id) and self._goes_on
                    self._looked = asked
        return self._goes_on

    async def _let_go(self, batch: _Batch) -> bool:
        """Note that a batch may go out which an earlier round left with an outcome: from now on "not tried" would be a guess."""
        if not batch.again:
            return True
        return await self._outcomes.submit(batch.outcome(_Ends(unknown=batch.customers)))

    async def _give(self, batch: _Batch) -> _Ends:
        calls = _Calls(batch)
        self._found.pop(batch.place, None)
        ends = await self._halving(batch.customers, calls)
        if calls.over:
            self._goes_on = False
            self._call_runner.line.stir()
        if calls.stop:
            await self.repository.request_stop(self.request.id, calls.stop, calls.note)
        return ends

    async def _halving(self, customers: Sequence[CustomerId], calls: _Calls) -> _Ends:
        """Give to all at once; where that is refused whole, to each half, until the refused stand alone.

        At most 1 + 2·⌈log2 n⌉ calls a refused customer of n, repeats not counted. Where very many are refused, the rest is left; but not
        those who may have been given it: for them this is the only way to find out.
        """
        calls.call_state = CallState()
        if (largest := self.scheduler.size_limit.largest) and len(customers) > largest:
            return await self._each(even_pieces(customers, largest), calls)
        if not calls.over:
            try:
                await self._call(customers, calls)
            except BatchRejectedError as error:
                # Whatever an unanswered try of this very call did: had it been carried out, its repeat would not be refused.
                calls.call_state = CallState()
                calls.too_large = isinstance(error, BatchTooLargeError)
                return await self._halve(customers, calls, str(error))
            except (DinteroError, _NotWanted) as error:
                calls.end(error)
            else:
                if calls.too_large:
                    calls.too_large = False
                    await self._size_learner.learn(len(customers))
                return _Ends()
        return calls.leave(customers)

    async def _halve(self, customers: Sequence[CustomerId], calls: _Calls, why: str) -> _Ends:
        if calls.too_large and len(customers) > 1:
            return await self._each(halves(customers), calls)
        before = await self._left_by_others()
        if len(customers) == 1:
            calls.too_large = False
            self._found[calls.batch.place] += 1
            return _Ends(refused=(Refused(customers[0], why),))
        hopeless = too_many_refused(before.refused + self._found.total(), self.request.customers)
        if hopeless and calls.batch.before.isdisjoint(customers):
            return calls.leave(customers)
        ends = await self._each(halves(customers), calls)
        if ends == _Ends():
            await self._size_learner.disproved(len(customers))
        return ends

    async def _each(self, pieces: Sequence[Sequence[CustomerId]], calls: _Calls) -> _Ends:
        ends = _Ends()
        for piece in pieces:
            ends += await self._halving(piece, calls)
        return ends

    async def _left_by_others(self) -> Tally:
        async with self._looking:
            if self._before is None:
                self._before = await self.repository.tally(self.request.id)
            return self._before

    async def _call(self, customers: Sequence[CustomerId], calls: _Calls) -> None:
        """Make one call, repeated under the same key while its failure may pass."""
        calls.call_state = CallState()
        if stop := self._drift(await self._call_runner.call(partial(self._add, customers), calls.call_state)):
            calls.over, calls.stop = True, stop

    async def _add(self, customers: Sequence[CustomerId]) -> Rule:
        if (
            abs(self.clock.now() - self._compared_at) >= COMPARED
        ):  # a clock that was put back tells nothing of how long it was
            await self._look_at_rule()
        return await self.dintero.add_customers(self.rule.id, customers, once=self.request.once_key)

    async def _look_at_rule(self) -> None:
        """See to it that nothing goes out of a rule that has changed in a silence; what cannot be read, the call itself will meet."""
        with suppress(DinteroError):
            if stop := self._drift(await self.dintero.rule(self.rule.id)):
                raise _Changed(stop)

    def _drift(self, answer: Rule) -> StopReason | None:
        """Compare the rule that an answer carries with what was agreed to: whoever got it by this call has it, nobody else shall.

        The same answer is compared once, but for its end, which may come while it is given.
        """
        self._compared_at = self.clock.now()
        if answer is not self._answer:
            self._changed = drift(self.rule, answer, self.clock.now())
            self._answer = answer
        return self._changed or UNUSABLE.get(usable(answer, self.clock.now()))

    async def _still_wanted(self, look: bool) -> None:  # noqa: FBT001 - of `CallRunner.wanted`
        self._asked += look
        if self.closing.is_set():
            raise RunInterrupted
        if not await self._still_goes_on():
            raise _NotWanted


def stop_reason(error: DinteroError) -> StopReason:
    """Say why giving stops after this answer."""
    match error:
        case RateLimitedError() | CircuitOpenError(turned_away=True):
            return StopReason.BUSY
        case TransientError():
            return StopReason.UNKNOWN_FOR_GOOD
        case RuleNotFound():
            return StopReason.RULE_GONE
        case ScopeMissing():
            return StopReason.SCOPE_MISSING
        case _:
            return StopReason.TOKEN_REFUSED


def _left(customers: Sequence[CustomerId], maybe: frozenset[CustomerId]) -> _Ends:
    """Say of customers without an answer whether that is unknown or not tried."""
    unknown = tuple(customer for customer in customers if customer in maybe)
    return _Ends(
        unknown=unknown, not_tried=tuple(customer for customer in customers if customer not in maybe)
    )


def _batch(
    portion: int, number: int, customers: Sequence[CustomerId], settled: BatchOutcome | None, *, noted: bool
) -> _Batch:
    """Say what is left of a batch: all of it, or what an earlier round could not settle."""
    if settled is None:
        before = frozenset(customers) if noted else frozenset[CustomerId]()
        return _Batch(portion, number, len(customers), tuple(customers), (), before, again=False)
    left = frozenset(settled.unknown + settled.not_tried)
    undone = tuple(customer for customer in customers if customer in left)
    return _Batch(
        portion, number, len(customers), undone, settled.refused, frozenset(settled.unknown), again=True
    )
