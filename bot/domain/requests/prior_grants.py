"""Earlier requests for the same customers: grants of the rule, and the remainder of a request."""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from bot.domain.ids import ChannelId, RequestId, ShortId
from bot.domain.requests.batches import Tally
from bot.domain.requests.lost import LostRequest
from bot.domain.requests.request import Request

MARK_CHARACTERS: Final = 8


def _mark(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()[:MARK_CHARACTERS]


@dataclass(frozen=True, slots=True)
class PriorRequest:
    """An earlier request with the same rule, and how many of the same customers it was for."""

    id: RequestId
    short: ShortId
    channel: ChannelId
    card_ts: str | None
    customers: int
    refused: int = 0
    """For a remainder: how many of these Dintero had refused."""
    unknown: int = 0
    """How many of these may have been given it: no answer says so."""
    open: bool = False
    """Whether it has not ended: it waits, is held or stopped, or is being given."""
    asked_at: datetime | None = None
    begun: bool = False
    """Whether it has started to give."""
    is_hidden: bool = False
    """Whether the reader may not see it: it is counted, and nothing names it."""

    @property
    def mark(self) -> str:
        """A mark that tells requests apart, and shows nothing of them to a person who may not see them."""
        return _mark(self.id)


@dataclass(frozen=True, slots=True)
class PriorGrants:
    """Requests that gave, may have given or will give the rule to the same customers, newest first.

    `customers` are distinct. `more`: the search stopped early.
    """

    customers: int = 0
    by: tuple[PriorRequest, ...] = ()
    more: bool = False
    among: frozenset[RequestId] = field(default=frozenset(), compare=False)
    """All requests of the rule that were there at the time of the search."""
    lost: tuple[LostRequest, ...] = ()
    """Requests that may have given the rule to anybody: a restored backup lacks them."""

    @property
    def marks(self) -> tuple[str, ...]:
        """A mark of each request, and one of all lost ones together: what a form remembers to have shown."""
        return (*(each.mark for each in self.by), *([self.lost_mark] if self.lost else []))

    @property
    def lost_mark(self) -> str:
        """A mark of all lost ones together."""
        return _mark(" ".join(sorted(each.short for each in self.lost)))

    def lost_after(self, at: datetime | None, *, now: datetime) -> bool:
        """Tell whether the bot has found that it lacks requests since a person decided on ours."""
        return any(at and each.noted_at and at < each.noted_at <= now for each in self.lost)

    def begun_after(self, at: datetime | None, *, now: datetime) -> tuple[PriorRequest, ...]:
        """Find those that were asked for after a person decided on ours, and began before it.

        One that was asked for later than now came before the clock was put back: that person was shown it.
        """
        return tuple(
            each for each in self.by if at and each.begun and each.asked_at and at < each.asked_at <= now
        )


NEVER: Final = PriorGrants()


@dataclass(frozen=True, slots=True)
class KeyUse:
    """How the idempotency key of a request was used before, by other requests of the same rule.

    `given` of its customers had it before, so the request gives them nothing more; `maybe` others may have.
    `forgotten`: one that used it is purged, so nobody knows who had it. `more`: the search stopped early.
    """

    given: int = 0
    maybe: int = 0
    by: tuple[PriorRequest, ...] = ()
    forgotten: bool = False
    more: bool = False


@dataclass(frozen=True, slots=True)
class Remainder:
    """The customers that an ended request left, and the other requests for them.

    `left` are unknown or not tried; `refused` were refused by Dintero and are included on demand only.
    """

    first: PriorRequest
    also: tuple[PriorRequest, ...] = ()
    left: int = 0
    refused: int = 0
    given: int = 0
    """How many have the discount from it."""


def can_ask_again(request: Request, tally: Tally) -> bool:
    """Check whether a request has a remainder: it started and ended, has customers left and is not purged."""
    return (
        request.ended
        and request.started_at is not None
        and request.purged_at is None
        and tally.given < tally.asked
    )
