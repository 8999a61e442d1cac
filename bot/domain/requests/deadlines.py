"""When things are due: the hold, reminders, escalation and expiry of a request, and who may approve it by then; pure."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from bot.domain.ids import UserId
from bot.domain.policy.policy import ChannelPolicy
from bot.domain.requests.request import Request, State

REMINDERS: Final = 3
"""At one, two and four times `remind_minutes` after it was asked, and never more."""


def initial_deadlines(policy: ChannelPolicy, now: datetime) -> dict[str, Any]:
    """Say when a request that waits from now on is reminded of, escalated and over: every round's times start anew."""
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
    """Say until when a request is held whose last yes was said now; None where it is not held."""
    return now + timedelta(minutes=policy.hold_minutes) if policy and policy.hold_minutes else None


def held_facts(request: Request) -> dict[str, str]:
    """Keep with a notice until when the request was held then: it may be held no longer when that is said."""
    return {"held_until": request.give_after.isoformat()} if request.give_after else {}


def is_held(request: Request, now: datetime) -> bool:
    """Say whether a request is approved and must not be given yet."""
    return request.state is State.APPROVED and request.give_after is not None and now < request.give_after


def is_expired(request: Request, now: datetime) -> bool:
    """Say whether a request that waits has waited for too long."""
    return request.expires_at is not None and request.expires_at <= now


def reminded(request: Request, every: timedelta, now: datetime) -> Request:
    """Move a request past every reminder that is due: whoever was away for long is reminded once, and not for each of them."""
    at, over = request.remind_at, request.reminded
    while at is not None and at <= now:
        at, over = at + every * 2**over, over + 1
        if over >= REMINDERS:
            at = None
    return replace(request, remind_at=at, reminded=over)


def approvers_of(policy: ChannelPolicy, request: Request) -> tuple[str, ...]:
    """Name who may approve this request now: the channel's approvers and, once it was escalated to them, those whom it was.

    Whoever has been taken out of `escalate_to` since does not count any more; whoever was added later was not asked.
    """
    escalated = (who for who in request.escalated_to if who in policy.escalate_to)
    return tuple(dict.fromkeys([*policy.approvers, *escalated]))


def with_escalated(policy: ChannelPolicy, request: Request) -> ChannelPolicy:
    """Put those to whom the request was escalated beside its channel's approvers."""
    return replace(policy, approvers=approvers_of(policy, request))


def pending_approvers(names: Iterable[str], request: Request, agreed: Iterable[UserId]) -> tuple[str, ...]:
    """Leave out whoever has said yes already, and the requester."""
    silent = {request.requester, *agreed}
    return tuple(name for name in names if name not in silent)
