"""The remainder: customers left unconfirmed or not sent, for a new request under the same key.

Refused customers are included only if the requester chooses so, or nobody else is left: Dintero may well
refuse them again. The list of customers who were not given the discount has them with the reason.
"""

from dataclasses import replace

from bot.domain.ids import CustomerId
from bot.domain.policy.policy import Refusal, RefusalReason
from bot.domain.ports import Repository
from bot.domain.requests.batches import Outcome
from bot.domain.requests.prior_grants import PriorRequest, Remainder, can_ask_again
from bot.domain.requests.request import FormInput, Request, State


async def no_remainder(repository: Repository, request: Request) -> Refusal | None:
    """Say why a request has no remainder to ask for."""
    if request.purged_at:
        return Refusal(RefusalReason.PURGED, request.short)
    if not request.ended:
        return Refusal(RefusalReason.WRONG_STATE, request.state, name=request.short)
    if can_ask_again(request, await repository.tally(request.id)):
        return None
    return Refusal(RefusalReason.NOBODY_LEFT, request.short)


async def only_refused_left(repository: Repository, first: Request, form_input: FormInput) -> Refusal | None:
    """Refuse a remainder of refused customers alone, unless the requester chose them."""
    if form_input.refused_too or (await repository.tally(first.id)).left:
        return None
    return Refusal(RefusalReason.ONLY_REFUSED, first.short)


async def first_of(repository: Repository, request: Request) -> PriorRequest | None:
    """Read the request whose remainder this one asks for, if any, and how many customers of it."""
    first = await repository.find(request.rest_of) if request.rest_of else None
    if first is None:
        return None
    form_input, tally = await repository.load_input(request.id), await repository.tally(first.id)
    refused = tally.refused if form_input and form_input.refused_too else 0
    return replace(_as_earlier(first, tally.left + refused), refused=refused)


async def remainder_of(repository: Repository, request: Request) -> Remainder | None:
    """Read the remainder that a request asks for, if any."""
    first = await first_of(repository, request)
    if first is None:
        return None
    others = tuple(
        _as_earlier(other, other.customers)
        for other in await repository.remainders_of(first.id)
        if other.id != request.id and (not other.ended or other.state is State.DONE or other.started_at)
    )
    tally = await repository.tally(first.id)
    return Remainder(first, others, tally.left, tally.refused, tally.given)


async def customers_left(repository: Repository, first: Request) -> dict[CustomerId, Outcome]:
    """Read the customers that a request left out, in their order, and what became of each."""
    found: dict[CustomerId, Outcome] = {}
    async for portion in repository.not_given(first.id):
        found |= {one.customer: one.outcome for one in portion}
    return found


def _as_earlier(request: Request, customers: int) -> PriorRequest:
    return PriorRequest(request.id, request.short, request.channel, request.card_ts, customers)


async def first_request(repository: Repository, request: Request) -> Request | None:
    """Find the request that a chain of remainders began with; None if one of them is gone."""
    found: Request | None = request
    while found and found.rest_of:
        found = await repository.find(found.rest_of)
    return found


async def origin_of(repository: Repository, request: Request) -> Request | None:
    """Find the request whose stored files hold the customers; None if people typed them."""
    found: Request | None = request
    while found and not found.files and found.rest_of:
        found = await repository.find(found.rest_of)
    return found if found and found.files and found.purged_at is None else None
