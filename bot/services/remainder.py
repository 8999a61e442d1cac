"""The rest of a request: whom it left unknown or not tried, to be asked for again under the same once-only key.

Whom Dintero refused is among them only where that is chosen, or nobody else is left: as they are, they may well be refused again.
They stand with the reason in the list of those who were not given it.
"""

from dataclasses import replace

from bot.domain.ids import CustomerId
from bot.domain.policy.policy import Reason, Refusal
from bot.domain.ports import Books
from bot.domain.requests.batches import End
from bot.domain.requests.prior_grants import Earlier
from bot.domain.requests.remainder import Rest, can_ask_again
from bot.domain.requests.request import Request, State, Typed


async def no_rest(books: Books, request: Request) -> Refusal | None:
    """Say why nothing of a request can be asked for again."""
    if request.purged_at:
        return Refusal(Reason.PURGED, request.short)
    if not request.ended:
        return Refusal(Reason.WRONG_STATE, request.state)
    return (
        None
        if can_ask_again(request, await books.tally(request.id))
        else Refusal(Reason.NOBODY_LEFT, request.short)
    )


async def nobody_chosen(books: Books, first: Request, typed: Typed) -> Refusal | None:
    """Say whether nobody would be asked for: none but refused ones are left, and they were not chosen."""
    nobody = not typed.refused_too and (await books.tally(first.id)).left == 0
    return Refusal(Reason.ONLY_REFUSED, first.short) if nobody else None


async def first_of(books: Books, request: Request) -> Earlier | None:
    """Read the request whose rest this one asks for, and how many of it; None where it asks for no rest."""
    first = await books.find(request.rest_of) if request.rest_of else None
    if first is None:
        return None
    typed, tally = await books.typed(request.id), await books.tally(first.id)
    refused = tally.refused if typed and typed.refused_too else 0
    return replace(_as_earlier(first, tally.left + refused), refused=refused)


async def rest_of(books: Books, request: Request) -> Rest | None:
    """Read whose rest a request asks for; None where it asks for no rest."""
    first = await first_of(books, request)
    if first is None:
        return None
    others = [other for other in await books.rests_of(first.id) if other.id != request.id and _counts(other)]
    tally = await books.tally(first.id)
    return Rest(
        first, tuple(_as_earlier(other, other.customers) for other in others), tally.left, tally.refused
    )


async def customers_left(
    books: Books, first: Request, *, refused_too: bool = False
) -> tuple[CustomerId, ...]:
    """Read whom a request left out, in the order they were asked for, with those whom Dintero refused or without."""
    found: list[CustomerId] = []
    async for portion in books.not_given(first.id):
        found += [one.customer for one in portion if refused_too or one.end is not End.REFUSED]
    return tuple(found)


def _counts(request: Request) -> bool:
    """Say whether it may yet give, or may have given, something."""
    return not request.ended or request.state is State.DONE or request.started_at is not None


def _as_earlier(request: Request, customers: int) -> Earlier:
    return Earlier(request.id, request.short, request.channel, request.card_ts, customers)


async def origin_of(books: Books, request: Request) -> Request | None:
    """Find the request whose files its customers stand in, while they are kept; None where they were typed."""
    found: Request | None = request
    while found and not found.files and found.rest_of:
        found = await books.find(found.rest_of)
    return found if found and found.files and found.purged_at is None else None
