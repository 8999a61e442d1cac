"""Finds the request that a person means, or says that a restored backup lacks it, and checks their rights."""

from collections.abc import Awaitable, Callable

from bot.domain.ids import ChannelId, RequestId, ShortId
from bot.domain.policy.policy import Refusal, RefusalReason
from bot.domain.ports import Clock, Repository
from bot.domain.requests.audit_entries import Action
from bot.domain.requests.person import Person
from bot.domain.requests.request import Request, State
from bot.services.access import AccessControl, audit_refusals

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


async def unknown_request(
    repository: Repository, request: AnyId, channel: ChannelId | None = None
) -> Refusal:
    """Say why there is no such request: it may be one that a restored backup lacks."""
    lost = await repository.find_lost(request)
    if lost is None or channel not in {None, lost.channel}:
        return Refusal(RefusalReason.UNKNOWN_REQUEST, request)
    then = int(lost.backup_at.timestamp()) if lost.backup_at else ""
    return Refusal(RefusalReason.LOST_REQUEST, f"{lost.short}/{then}")


async def settle_lost(
    repository: Repository, access: AccessControl, clock: Clock, who: Person
) -> int | Refusal:
    """Note for an admin that they are all settled, so that nobody is warned any more, and count them."""
    if refusal := await access.may_administer(who):
        await audit_refusals(repository, [refusal], Action.SETTLE_LOST, None, who)
        return refusal
    return await repository.settle_lost(who.id, clock.now())
