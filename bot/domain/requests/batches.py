"""Cutting customers into batches, halving a refused one, and adding up what came of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from bot.domain.ids import CustomerId

MOST_OUTCOMES: Final = 64
"""Of so many batches that end together the outcomes are written together."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A customer whom Dintero refused, alone in a call, and its reason."""

    customer: CustomerId
    why: str


@dataclass(frozen=True, slots=True)
class BatchOutcome:
    """What came of one batch: whoever is named nowhere here was given the discount."""

    portion: int
    batch: int
    size: int
    refused: tuple[Refused, ...] = ()
    unknown: tuple[CustomerId, ...] = ()
    not_tried: tuple[CustomerId, ...] = ()

    @property
    def given(self) -> int:
        """How many customers Dintero accepted."""
        return self.size - len(self.refused) - len(self.unknown) - len(self.not_tried)

    @property
    def settled(self) -> bool:
        """Whether nothing of it is left to do."""
        return not self.unknown and not self.not_tried


@dataclass(frozen=True, slots=True)
class Portion:
    """One row of customers, taken up to be given to. `again`: it was before, so that any of its batches may have gone out."""

    customers: tuple[CustomerId, ...]
    again: bool


@dataclass(frozen=True, slots=True)
class Unsettled:
    """Who has neither been given it nor been refused, in the order they were asked for."""

    unknown: tuple[CustomerId, ...] = ()
    not_tried: tuple[CustomerId, ...] = ()


class Outcome(StrEnum):
    """How it ended for a customer who was not given the discount."""

    REFUSED = "refused"
    UNKNOWN = "unknown"
    NOT_TRIED = "not tried"


@dataclass(frozen=True, slots=True)
class NotGiven:
    """A customer who was not given the discount. `row` is the place in the list as it was asked for, from 1; `why` is Dintero's reason."""

    row: int
    customer: CustomerId
    outcome: Outcome
    why: str = ""


@dataclass(frozen=True, slots=True)
class PackedOutcomes:
    """A portion with somebody who was not given it, as the books have it: unpacked only where nobody waits for that.

    `row` is the place of its first customer, from 1; `outcomes` are portion, batch, size and ends of what came of its batches.
    """

    row: int
    batch_size: int
    started: bool
    ids: bytes
    outcomes: tuple[tuple[int, int, int, bytes | None], ...]


@dataclass(frozen=True, slots=True)
class Tally:
    """The four ends of a request's customers; they always add up to `asked`."""

    asked: int
    given: int = 0
    refused: int = 0
    unknown: int = 0

    @property
    def not_tried(self) -> int:
        """Whoever has none of the other three ends."""
        return self.asked - self.given - self.refused - self.unknown

    @property
    def left(self) -> int:
        """Whoever could still be given it by continuing."""
        return self.unknown + self.not_tried


def too_many_refused(refused: int, asked: int) -> bool:
    """Say whether looking for single refused ids stops: more than a tenth of the request and more than 20."""
    return refused > 20 and refused * 10 > asked  # noqa: PLR2004 - both bounds are in the design


def halves(customers: Sequence[CustomerId]) -> tuple[Sequence[CustomerId], Sequence[CustomerId]]:
    """Cut a refused batch of at least two in the middle."""
    middle = (len(customers) + 1) // 2
    return customers[:middle], customers[middle:]


def even_pieces(customers: Sequence[CustomerId], most: int) -> list[Sequence[CustomerId]]:
    """Cut a batch into as few pieces as have at most so many, all of about one size."""
    number = -(-len(customers) // most)
    size = -(-len(customers) // number)
    return [customers[at : at + size] for at in range(0, len(customers), size)]
