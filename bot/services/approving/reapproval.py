"""Re-approval: an approval of anything but the present rule and terms does not count."""

from dataclasses import replace
from datetime import datetime

from bot.domain.ids import UserId
from bot.domain.policy.policy import AppliedTier, ChannelPolicy
from bot.domain.requests.notification import APPROVALS_VOID, ChannelKind, NotificationType
from bot.domain.requests.pause import PauseState
from bot.domain.requests.request import Event, Request, transition
from bot.domain.rules.rule import Rule, terms_of
from bot.domain.unit_of_work import UnitOfWork
from bot.services.announcements import notifications_for


async def require_reapproval(
    unit: UnitOfWork,
    event: Event,
    policy: ChannelPolicy,
    now: datetime,
    *,
    rule: Rule,
    approvals: int,
    tier: AppliedTier | None,
    note: str = "",
) -> None:
    """Make a request wait for approval of the present rule, in a new round without the earlier approvals."""
    waiting = transition(
        unit.request,
        event,
        stop=None,
        note="",
        rule=rule,
        approvals=approvals,
        tier=tier,
        round=unit.request.round + 1,
        rule_before=unit.request.rule if event is Event.RULE_CHANGED else None,
        pausing=PauseState.NO,
        **policy.initial_deadlines(now),
    )
    await unit.save(waiting)
    facts = {"round": str(waiting.round)}
    await unit.enqueue(
        *notifications_for(waiting, NotificationType(event.value), now, note=note, facts=facts)
    )


async def approve_changed_rule(
    unit: UnitOfWork, changed: Request, policy: ChannelPolicy, now: datetime, *, by: UserId
) -> bool:
    """Carry a waiting request to its changed rule, in a new round without the earlier approvals.

    Return False, and change nothing, if the stored rule is not the one that the changed one came from.
    """
    stored = unit.request
    if stored.rule is None or changed.rule_before is None or changed.rule is None:
        return False
    if terms_of(stored.rule) != terms_of(changed.rule_before):
        return False
    had_approvals = bool(await unit.votes())
    deadlines = policy.initial_deadlines(now)
    if stored.escalated_to:  # the approver may be one of them
        deadlines |= {"escalate_at": None, "escalated_to": stored.escalated_to}
    waiting = replace(
        stored,
        rule=changed.rule,
        rule_before=stored.rule,
        approvals=changed.approvals,
        tier=changed.tier,
        round=stored.round + 1,
        **deadlines,
    )
    await unit.save(waiting)
    facts = {"round": str(waiting.round), APPROVALS_VOID: "yes" if had_approvals else "no"}
    happened = NotificationType.RULE_CHANGED
    told = notifications_for(waiting, happened, now, by=by, facts=facts)
    await unit.enqueue(*(each for each in told if each.kind is not ChannelKind.DIRECT))
    return True


async def into_next_round(unit: UnitOfWork, request: Request) -> Request:
    """Save a request in its next round, and carry the approvals of the present round into it."""
    votes = await unit.votes()
    following = replace(request, round=unit.request.round + 1)
    await unit.save(following)
    for approval in votes:
        await unit.vote(replace(approval, round=following.round))
    return following
