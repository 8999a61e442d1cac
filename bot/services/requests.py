"""Finds the request that a person means, and checks that they may act on it."""

from collections.abc import Awaitable, Callable

from bot.domain.ids import ChannelId, RequestId, ShortId
from bot.domain.policy.policy import Refusal
from bot.domain.ports import Repository
from bot.domain.requests.audit_entries import Action
from bot.domain.requests.person import Person
from bot.domain.requests.request import Request, State
from bot.services.access import audit_refusals
from bot.services.results.lost_requests import unknown_request

AnyId = RequestId | ShortId
May = Callable[[Person, Request], Awaitable[Refusal | None]]


async def find_request(
    repository: Repository, request: AnyId, channel: ChannelId | None = None
) -> Request | Refusal:
    """Find a request; a button of another channel's card finds none."""
    by_short_id = request.startswith("R-")
    found = await (
        repository.find_short(ShortId(request)) if by_short_id else repository.find(RequestId(request))
    )
    if found is None or found.state is State.DRAFT or channel not in {None, found.channel}:
        return await unknown_request(repository, request, channel)
    return found


async def find_allowed(
    repository: Repository,
    request: AnyId,
    who: Person,
    channel: ChannelId | None,
    may: May,
    action: Action | None = None,
) -> Request | Refusal:
    """Find a request and check that this person may act on it; audit a refused action."""
    found = await find_request(repository, request, channel)
    if isinstance(found, Refusal):
        return found
    refusal = await may(who, found)
    if refusal and action:
        await audit_refusals(repository, [refusal], action, found, who)
    return refusal or found
