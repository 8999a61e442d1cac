"""Gives one batch: halves what Dintero refuses until each refused customer is alone."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from bot.domain.ids import CustomerId
from bot.domain.requests.batches import BatchOutcome, Refused, Tally, even_pieces, halves, too_many_refused
from bot.domain.requests.request import Request, StopReason
from bot.errors import (
    BatchRejectedError,
    BatchTooLargeError,
    CircuitOpenError,
    DinteroError,
    OtherAccountError,
    RateLimitedError,
    RuleNotFound,
    ScopeMissing,
    TransientError,
)
from bot.giving.concurrency_limit import BatchSizeLimit
from bot.giving.scheduler import CallState


class NotWantedError(Exception):
    """The giving was cancelled or stopped while a call waited."""


class RuleChangedError(NotWantedError):
    """The rule is no longer what people approved; nothing was sent."""

    def __init__(self, stop: StopReason) -> None:
        super().__init__()
        self.stop = stop


@dataclass(frozen=True, slots=True)
class PartialOutcome:
    """The customers of a batch who did not get the discount; all others did."""

    refused: tuple[Refused, ...] = ()
    unknown: tuple[CustomerId, ...] = ()
    not_tried: tuple[CustomerId, ...] = ()

    def __add__(self, other: "PartialOutcome") -> "PartialOutcome":
        """Join the outcomes of two parts of a batch."""
        return PartialOutcome(
            self.refused + other.refused, self.unknown + other.unknown, self.not_tried + other.not_tried
        )


@dataclass(frozen=True, slots=True)
class Batch:
    """The rest of a batch. An unanswered call of an earlier process or round may have given to `maybe_given`.

    `again`: an earlier round wrote an outcome.
    """

    portion: int
    number: int
    size: int
    customers: tuple[CustomerId, ...]
    refused: tuple[Refused, ...]
    maybe_given: frozenset[CustomerId]
    again: bool

    def outcome(self, partial: PartialOutcome) -> BatchOutcome:
        """Join the outcome of the rest with that of earlier rounds."""
        refused = self.refused + partial.refused
        return BatchOutcome(self.portion, self.number, self.size, refused, partial.unknown, partial.not_tried)


def rest_of(
    portion: int, number: int, customers: Sequence[CustomerId], known: BatchOutcome | None, *, started: bool
) -> Batch:
    """Find the rest of a batch: all of it, or the customers that an earlier round could not settle."""
    if known is None:
        maybe = frozenset(customers) if started else frozenset[CustomerId]()
        return Batch(portion, number, len(customers), tuple(customers), (), maybe, again=False)
    left = frozenset(known.unknown + known.not_tried)
    rest = tuple(customer for customer in customers if customer in left)
    return Batch(portion, number, len(customers), rest, known.refused, frozenset(known.unknown), again=True)


def without_answer(customers: Sequence[CustomerId], maybe: frozenset[CustomerId]) -> PartialOutcome:
    """Sort customers without an answer into unknown and not tried."""
    return PartialOutcome(
        unknown=tuple(customer for customer in customers if customer in maybe),
        not_tried=tuple(customer for customer in customers if customer not in maybe),
    )


def stop_reason(error: DinteroError) -> StopReason:
    """Map Dintero's answer to the reason for which giving stops."""
    match error:
        case RateLimitedError() | CircuitOpenError(turned_away=True):
            return StopReason.BUSY
        case TransientError():
            return StopReason.UNKNOWN_FOR_GOOD
        case RuleNotFound():
            return StopReason.RULE_GONE
        case ScopeMissing():
            return StopReason.SCOPE_MISSING
        case OtherAccountError():
            return StopReason.POLICY
        case _:
            return StopReason.TOKEN_REFUSED


@dataclass(slots=True)
class RefusedCount:
    """Counts the refused customers of a request, those of earlier processes and rounds too."""

    request: Request
    read_tally: Callable[[], Awaitable[Tally]]
    found: Counter[tuple[int, int]] = field(default_factory=Counter)
    """By batch: a batch that is given again counts once."""
    _before: Tally | None = None
    _reading: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def too_many(self) -> bool:
        """Check whether to leave the rest; call it before the first refused customer is counted."""
        async with self._reading:
            if self._before is None:
                self._before = await self.read_tally()
        return too_many_refused(self._before.refused + self.found.total(), self.request.customers)


@dataclass(slots=True)
class BatchBisection:
    """The calls for one batch. `send` makes one call and returns why giving must stop after it, if it must.

    `call_state` is that of the present call. `too_large`: a call was, and none has gone through since.
    `over`: no more calls are made, because of `stop` or since the giving is not wanted any more.
    """

    batch: Batch
    send: Callable[[Sequence[CustomerId], CallState], Awaitable[StopReason | None]]
    size_limit: BatchSizeLimit
    refused_count: RefusedCount
    call_state: CallState = field(default_factory=CallState)
    too_large: bool = False
    over: bool = False
    stop: StopReason | None = None
    note: str = ""

    async def run(self) -> PartialOutcome:
        """Give to the whole batch."""
        self.refused_count.found.pop((self.batch.portion, self.batch.number), None)
        return await self._give(self.batch.customers)

    async def _give(self, customers: Sequence[CustomerId]) -> PartialOutcome:
        """Give to all at once, and to each half of what is refused.

        At most 1 + 2·⌈log2 n⌉ calls a refused customer of n, without repeats. If very many are refused, the
        rest is left, except for customers who may have been given it: only a call shows whether they were.
        """
        self.call_state = CallState()
        if (largest := self.size_limit.largest) and len(customers) > largest:
            return await self._give_each(even_pieces(customers, largest))
        if self.over:
            return self._leave(customers)
        try:
            self.stop = await self.send(customers, self.call_state)
            self.over = self.stop is not None
        except BatchRejectedError as error:
            # If an unanswered attempt of this call had been carried out, its repeat would not be refused.
            self.call_state = CallState()
            self.too_large = isinstance(error, BatchTooLargeError)
            return await self._halve(customers, str(error))
        except (DinteroError, NotWantedError) as error:
            self.over = True
            if isinstance(error, RuleChangedError):
                self.stop = error.stop
            if isinstance(error, DinteroError):
                self.stop, self.note = stop_reason(error), str(error)
            return self._leave(customers)
        if self.too_large:
            self.too_large = False
            self.size_limit.learn(len(customers))
        return PartialOutcome()

    async def _halve(self, customers: Sequence[CustomerId], why: str) -> PartialOutcome:
        if self.too_large and len(customers) > 1:
            return await self._give_each(halves(customers))
        too_many = await self.refused_count.too_many()
        if len(customers) == 1:
            self.too_large = False
            self.refused_count.found[self.batch.portion, self.batch.number] += 1
            return PartialOutcome(refused=(Refused(customers[0], why),))
        if too_many and self.batch.maybe_given.isdisjoint(customers):
            return self._leave(customers)
        outcome = await self._give_each(halves(customers))
        full_size = self.size_limit.largest or self.refused_count.request.batch_size
        if outcome == PartialOutcome() and 2 * len(customers) > full_size:
            # Both halves went through. The size may be the reason, but hardly that of less than half a batch.
            self.size_limit.suspect((len(customers) + 1) // 2)
        return outcome

    async def _give_each(self, pieces: Sequence[Sequence[CustomerId]]) -> PartialOutcome:
        outcome = PartialOutcome()
        for piece in pieces:
            outcome += await self._give(piece)
        return outcome

    def _leave(self, customers: Sequence[CustomerId]) -> PartialOutcome:
        """Leave customers as they are: unknown, if this call or an earlier one may have given to them."""
        return without_answer(
            customers, frozenset(customers) if self.call_state.maybe else self.batch.maybe_given
        )
