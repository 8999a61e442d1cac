"""Requests that people see in Slack and the database does not know: what people are told of them."""

from bot.domain.ids import ChannelId, RequestId, ShortId
from bot.domain.policy.policy import Refusal, RefusalReason
from bot.domain.ports import Clock, Repository
from bot.domain.requests.audit_entries import Action
from bot.domain.requests.person import Person
from bot.services.access import AccessControl, audit_refusals


async def unknown_request(
    repository: Repository, request: RequestId | ShortId, channel: ChannelId | None = None
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
