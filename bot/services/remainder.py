"""The rest of a request: whom it left unknown or not tried, to be asked for again under the same once-only key.

Whom Dintero refused is among them only where that is chosen, or nobody else is left: as they are, they may well be refused again.
They stand with the reason in the list of those who were not given it.
"""

from dataclasses import replace

from bot.domain.ids import CustomerId
from bot.domain.policy.policy import Refusal, RefusalReason
from bot.domain.ports import Repository
from bot.domain.requests.batches import Outcome
from bot.domain.requests.prior_grants import PriorRequest, Remainder, can_ask_again
from bot.domain.requests.request import FormInput, Request, State


async def no_remainder(repository: Repository, request: Request) -> Refusal | None:
    """Say why nothing of a request can be asked for again."""
    if request.purged_at:
        return Refusal(RefusalReason.PURGED, request.short)
    if not request.ended:
        return Refusal(RefusalReason.WRONG_STATE, request.state)
    return (
        None
        if can_ask_again(request, await repository.tally(request.id))
        else Refusal(RefusalReason.NOBODY_LEFT, request.short)
    )


async def nobody_chosen(repository: Repository, first: Request, form_input: FormInput) -> Refusal | None:
    """Say whether nobody would be asked for: none but refused ones are left, and they were not chosen."""
    nobody = not form_input.refused_too and (await repository.tally(first.id)).left == 0
    return Refusal(RefusalReason.ONLY_REFUSED, first.short) if nobody else None


async def first_of(repository: Repository, request: Request) -> PriorRequest | None:
    """Read the request whose rest this one asks for, and how many of it; None where it asks for no rest."""
    first = await repository.find(request.rest_of) if request.rest_of else None
    if first is None:
        return None
    form_input, tally = await repository.load_input(request.id), await repository.tally(first.id)
    refused = tally.refused if form_input and form_input.refused_too else 0
    return replace(_as_earlier(first, tally.left + refused), refused=refused)


async def remainder_of(repository: Repository, request: Request) -> Remainder | None:
    """Read whose rest a request asks for; None where it asks for no rest."""
    first = await first_of(repository, request)
    if first is None:
        return None
    others = [
        other
        for other in await repository.remainders_of(first.id)
        if other.id != request.id and _counts(other)
    ]
    tally = await repository.tally(first.id)
    return Remainder(
        first, tuple(_as_earlier(other, other.customers) for other in others), tally.left, tally.refused
    )


async def customers_left(
    repository: Repository, first: Request, *, refused_too: bool = False
) -> tuple[CustomerId, ...]:
    """Read whom a request left out, in the order they were asked for, with those whom Dintero refused or without."""
    found: list[CustomerId] = []
    async for portion in repository.not_given(first.id):
        found += [one.customer for one in portion if refused_too or one.outcome is not Outcome.REFUSED]
    return tuple(found)


def _counts(request: Request) -> bool:
    """Say whether it may yet give, or may have given, something."""
    return not request.ended or request.state is State.DONE or request.started_at is not None


def _as_earlier(request: Request, customers: int) -> PriorRequest:
    return PriorRequest(request.id, request.short, request.channel, request.card_ts, customers)


async def origin_of(repository: Repository, request: Request) -> Request | None:
    """Find the request whose files its customers stand in, while they are kept; None where they were typed."""
    found: Request | None = request
    while found and not found.files and found.rest_of:
        found = await repository.find(found.rest_of)
    return found if found and found.files and found.purged_at is None else None
