"""Batches of customers, their outcomes, and the tally of a request."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from bot.domain.ids import CustomerId

MOST_OUTCOMES: Final = 64
"""Outcomes written in one statement, at most."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A customer refused by Dintero in a call of its own, and Dintero's reason."""

    customer: CustomerId
    why: str


@dataclass(frozen=True, slots=True)
class BatchOutcome:
    """The outcome of one batch; customers not listed here received the discount."""

    portion: int
    batch: int
    size: int
    refused: tuple[Refused, ...] = ()
    unknown: tuple[CustomerId, ...] = ()
    not_tried: tuple[CustomerId, ...] = ()

    @property
    def given(self) -> int:
        """Number of customers accepted by Dintero."""
        return self.size - len(self.refused) - len(self.unknown) - len(self.not_tried)


@dataclass(frozen=True, slots=True)
class Portion:
    """A row of customers that the run starts; with `again`, its batches may have been sent before."""

    customers: tuple[CustomerId, ...]
    again: bool
    row_hash: str = field(default="", compare=False)
    """The hash of the packed row that they were read from."""


@dataclass(frozen=True, slots=True)
class Unsettled:
    """The customers neither given nor refused, in the order of the request."""

    unknown: tuple[CustomerId, ...] = ()
    not_tried: tuple[CustomerId, ...] = ()


class Outcome(StrEnum):
    """Outcome for a customer who did not get the discount."""

    REFUSED = "refused"
    UNKNOWN = "unconfirmed"
    NOT_TRIED = "not sent"


@dataclass(frozen=True, slots=True)
class NotGiven:
    """A customer who did not get the discount: place in the request (from 1), and Dintero's reason."""

    row: int
    customer: CustomerId
    outcome: Outcome
    why: str = ""


@dataclass(frozen=True, slots=True)
class PackedOutcomes:
    """A portion with undelivered customers, still packed, to be unpacked outside the event loop.

    `row` is its first customer's place (from 1); each outcome is portion, batch, size and packed outcomes.
    """

    row: int
    batch_size: int
    started: bool
    ids: bytes
    outcomes: tuple[tuple[int, int, int, bytes | None], ...]


@dataclass(frozen=True, slots=True)
class Tally:
    """The four outcomes of a request's customers; they always add up to `asked`."""

    asked: int
    given: int = 0
    refused: int = 0
    unknown: int = 0
    had_before: int = field(default=0, compare=False)
    """Of those given: how many had it before, under the same idempotency key, and got nothing more."""
    maybe_before: int = field(default=0, compare=False)
    """Of those given: how many others may have had it before."""

    @property
    def newly_given(self) -> int:
        """Customers who got it from this request, or who may have had it before."""
        return self.given - min(self.had_before, self.given)

    @property
    def not_tried(self) -> int:
        """Customers with none of the other three outcomes."""
        return self.asked - self.given - self.refused - self.unknown

    @property
    def counts(self) -> dict[str, int]:
        """The four outcomes by their names."""
        return {name: getattr(self, name) for name in ("given", "refused", "unknown", "not_tried")}

    @property
    def left(self) -> int:
        """Customers who could still get it if the request continues."""
        return self.unknown + self.not_tried


@dataclass(frozen=True, slots=True)
class Verification:
    """Unknown customers confirmed in the first `refs` entries of Dintero's list of holders.

    `whole`: the list was read to its end, or all were found. `failed` says why it could not be read. With
    neither, the list is too long.
    """

    at: datetime
    unknown: int
    there: int = 0
    refs: int = 0
    whole: bool = False
    failed: str = ""


@dataclass(frozen=True, slots=True)
class HolderSearch:
    """A verification, and the unknown customers that it confirmed."""

    verification: Verification
    confirmed: frozenset[CustomerId] = frozenset()


def too_many_refused(refused: int, asked: int) -> bool:
    """Stop the search for single refused ids above a tenth of the request and above 20."""
    return refused > 20 and refused * 10 > asked  # noqa: PLR2004 - both bounds are in the design


def halves(customers: Sequence[CustomerId]) -> tuple[Sequence[CustomerId], Sequence[CustomerId]]:
    """Split a refused batch of at least two in the middle."""
    middle = (len(customers) + 1) // 2
    return customers[:middle], customers[middle:]


def even_pieces(customers: Sequence[CustomerId], most: int) -> list[Sequence[CustomerId]]:
    """Split a batch into the fewest pieces of at most `most`, all of about one size."""
    number = -(-len(customers) // most)
    size = -(-len(customers) // number)
    return [customers[at : at + size] for at in range(0, len(customers), size)]
