"""The rest of a request: whom it left unknown or not tried, to be asked for again under the same once-only key.

Whom Dintero refused is not among them: as they are, they would be refused again, and somebody would approve them in
vain. They stand with the reason in the list of those who were not given it; corrected, they are asked for like any others.
"""

from dataclasses import dataclass

from bot.giving.batches import Tally
from bot.giving.before import Earlier
from bot.giving.ids import CustomerId
from bot.giving.policy import Reason, Refusal
from bot.giving.ports import Books
from bot.giving.request import Request, State


@dataclass(frozen=True, slots=True)
class Rest:
    """Whose rest is asked for, how many it left out, and which other requests ask or asked for them."""

    first: Earlier
    also: tuple[Earlier, ...] = ()


def can_ask_again(request: Request, tally: Tally) -> bool:
    """Say whether a request has a rest: it ended after giving had begun, left somebody out, and still knows whom."""
    return request.ended and request.started_at is not None and request.purged_at is None and tally.left > 0


async def no_rest(books: Books, request: Request) -> Refusal | None:
    """Say why nothing of a request can be asked for again."""
    if request.purged_at:
        return Refusal(Reason.PURGED, request.short)
    if not request.ended:
        return Refusal(Reason.WRONG_STATE, request.state)
    return None if can_ask_again(request, await books.tally(request.id)) else Refusal(Reason.NOBODY_LEFT, request.short)


async def first_of(books: Books, request: Request) -> Earlier | None:
    """Read the request whose rest this one asks for, and how many it left out; None where it asks for no rest."""
    first = await books.find(request.rest_of) if request.rest_of else None
    return _as_earlier(first, (await books.tally(first.id)).left) if first else None


async def rest_of(books: Books, request: Request) -> Rest | None:
    """Read whose rest a request asks for; None where it asks for no rest."""
    first = await first_of(books, request)
    if first is None:
        return None
    others = [other for other in await books.rests_of(first.id) if other.id != request.id and _counts(other)]
    return Rest(first, tuple(_as_earlier(other, other.customers) for other in others))


async def customers_left(books: Books, first: Request) -> tuple[CustomerId, ...]:
    """Read whom a request left out, in the order they were asked for; refused ones are not among them."""
    found: list[CustomerId] = []
    async for portion in books.rest(first.id):
        found += portion
    return tuple(found)


def _counts(request: Request) -> bool:
    """Say whether it may yet give, or may have given, something."""
    return not request.ended or request.state is State.DONE or request.started_at is not None


def _as_earlier(request: Request, customers: int) -> Earlier:
    return Earlier(request.id, request.short, request.channel, request.card_ts, customers)
