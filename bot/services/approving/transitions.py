"""Moves a request to its next state under its row lock, and enqueues what people are told of it."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final

from bot.domain.ids import UserId
from bot.domain.policy.policy import Policy, Refusal, RefusalReason
from bot.domain.requests.deadlines import SOON, held_facts, held_until, is_expired
from bot.domain.requests.notification import NotificationType
from bot.domain.requests.person import Person
from bot.domain.requests.request import Event, Request, State, transition
from bot.domain.unit_of_work import UnitOfWork
from bot.services.announcements import notifications_for
from bot.services.approving.reapproval import into_next_round

DECIDED: Final = frozenset({State.APPROVED, State.REJECTED, State.CANCELLED})
"""The states in which a request is because of one person's decision."""


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
        held = held_until(policy.channels.get(request.channel), now)
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
    return late_for(request, State.EXPIRED) if is_expired(request, now) else None


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
