"""The deadlines of a request: hold, reminders, escalation and expiry; and who may approve it."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from bot.domain.ids import UserId
from bot.domain.policy.policy import ChannelPolicy
from bot.domain.requests.notification import HELD_UNTIL
from bot.domain.requests.request import Request, State

NEVER: Final = datetime.min.replace(tzinfo=UTC)
FOREVER: Final = datetime.max.replace(tzinfo=UTC)
SOON: Final = timedelta(minutes=1)
"""After an approval the result comes so soon; if not, the requester hears of the approval meanwhile."""
REMINDERS: Final = 3
"""At one, two and four times `remind_minutes` after the request."""


def initial_deadlines(policy: ChannelPolicy, now: datetime) -> dict[str, Any]:
    """Set the deadlines of a request that starts to wait; each round starts with new ones."""
    remind = timedelta(minutes=policy.remind_minutes) if policy.remind_minutes else None
    return {
        "expires_at": now + timedelta(hours=policy.expires_hours),
        "remind_at": now + remind if remind else None,
        "reminded": 0,
        "escalate_at": now + timedelta(hours=policy.expires_hours / 2) if policy.escalate_to else None,
        "escalated_to": (),
        "give_after": None,
    }


def held_until(policy: ChannelPolicy | None, now: datetime) -> datetime | None:
    """Return the end of the hold of a request approved now, if it has one."""
    return now + timedelta(minutes=policy.hold_minutes) if policy and policy.hold_minutes else None


def held_facts(request: Request) -> dict[str, str]:
    """Record the end of the hold in a notification: the hold may be over when it is delivered."""
    return {HELD_UNTIL: request.give_after.isoformat()} if request.give_after else {}


def is_held(request: Request, now: datetime) -> bool:
    """Check whether an approved request is still on hold."""
    return request.state is State.APPROVED and request.give_after is not None and now < request.give_after


def is_expired(request: Request, now: datetime) -> bool:
    """Check whether a waiting request has expired."""
    return request.expires_at is not None and request.expires_at <= now


def reminded(request: Request, every: timedelta, now: datetime) -> Request:
    """Move a request past all reminders that are due: after an outage, one reminder is sent for all."""
    at, over = request.remind_at, request.reminded
    while at is not None and at <= now:
        at, over = at + every * 2**over, over + 1
        if over >= REMINDERS:
            at = None
    return replace(request, remind_at=at, reminded=over)


def approval_ends(policy: ChannelPolicy, approved_at: datetime) -> datetime:
    """Return when an approval is too old to count."""
    return approved_at + timedelta(hours=policy.expires_hours)


def approvers_of(policy: ChannelPolicy | None, request: Request) -> tuple[str, ...]:
    """Return who may approve this request now: the channel's approvers and those it was escalated to.

    A person who has left `escalate_to` no longer counts; one added after the escalation was not asked. In a
    channel without a policy nobody may.
    """
    if policy is None:
        return ()
    escalated = (who for who in request.escalated_to if who in policy.escalate_to)
    return tuple(dict.fromkeys([*policy.approvers, *escalated]))


def pending_approvers(
    names: Iterable[str], request: Request, agreed: Iterable[UserId] = ()
) -> tuple[str, ...]:
    """Leave out the requester and everybody who has approved."""
    done = {request.requester, *agreed}
    return tuple(name for name in names if name not in done)
