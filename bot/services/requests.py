"""Finds the request that a person means, checks their rights, and moves it to its next state."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from bot.domain.ids import ChannelId, RequestId, ShortId, UserId
from bot.domain.policy.policy import Policy, Refusal, RefusalReason
from bot.domain.ports import Clock, Repository
from bot.domain.requests.audit_entries import Action
from bot.domain.requests.notification import NotificationType
from bot.domain.requests.person import Person
from bot.domain.requests.request import Event, Request, State, transition
from bot.domain.unit_of_work import UnitOfWork
from bot.services.access import AccessControl, audit_refusals
from bot.services.announcements import held_facts, notifications_for
from bot.services.approving.reapproval import into_next_round

SOON: Final = timedelta(minutes=1)
"""After an approval the result comes so soon; if not, the requester hears of the approval meanwhile."""
DECIDED: Final = frozenset({State.APPROVED, State.REJECTED, State.CANCELLED})
"""The states in which a request is because of one person's decision."""

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


async def move(
    unit: UnitOfWork,
    event: Event,
    by: UserId | None,
    *,
    policy: Policy,
    now: datetime,
    note: str = "",
    facts: Mapping[str, str] | None = None,
) -> Request:
    """Move the request to its next state, and enqueue its notifications."""
    request = transition(unit.request, event, decided_by=by, decided_at=now, note=note)
    if request.ended:
        request = replace(request, ended_at=now)
    if event is Event.LAST_APPROVAL:
        channel = policy.channels.get(request.channel)
        held = channel.held_until(now) if channel else None
        request = replace(request, give_after=held, remind_at=None if held else now + SOON)
    if event is Event.CONTINUED:  # what people approved is the same, so their approvals stay
        request = await into_next_round(unit, replace(request, stop=None, give_after=None, remind_at=None))
    else:
        await unit.save(request)
    approved = event is Event.LAST_APPROVAL
    happened = NotificationType.APPROVED if approved else NotificationType(event.value)
    facts, notify = {**(facts or {}), **held_facts(request)}, policy.notify_of(request.channel)
    await unit.enqueue(
        *notifications_for(request, happened, now, by=by, note=note, notify=notify, facts=facts)
    )
    return request


def not_waiting(request: Request, who: Person, now: datetime) -> Refusal | None:
    """Refuse a decision on a request that does not wait for one any more."""
    if request.state is not State.WAITING:
        return already_decided(request, who.id)
    return late_for(request, State.EXPIRED) if request.is_expired(now) else None


def already_decided(request: Request, by: UserId | None) -> Refusal:
    """Say where the request is now, and who decided otherwise just before this person.

    `decided_by` is of the last decision. It competed with this one only if the request is where it led:
    its approver is not why a request is done.
    """
    return late_for(request, request.state, request.decided_by if request.state in DECIDED else None, by)


def late_for(request: Request, state: str, first: UserId | None = None, by: UserId | None = None) -> Refusal:
    """Refuse what comes too late; somebody else may have been first."""
    who = (first,) if first and first != by else ()
    return Refusal(RefusalReason.WRONG_STATE, state, who, name=request.short)
