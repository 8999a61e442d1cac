"""Re-approval: an approval of anything but the present rule and terms does not count."""

from dataclasses import replace
from datetime import datetime

from bot.domain.policy.policy import AppliedTier, ChannelPolicy
from bot.domain.ports import UnitOfWork
from bot.domain.requests.deadlines import initial_deadlines
from bot.domain.requests.notification import NotificationType
from bot.domain.requests.request import Event, PauseState, Request, transition
from bot.domain.rules.rule import Rule
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
        told_of_pause=False,
        **initial_deadlines(policy, now),
    )
    await unit.save(waiting)
    facts = {"round": str(waiting.round)}
    await unit.enqueue(
        *notifications_for(waiting, NotificationType(event.value), now, note=note, facts=facts)
    )


async def into_next_round(unit: UnitOfWork, request: Request) -> Request:
    """Save a request in its next round, and carry the approvals of the present round into it."""
    votes = await unit.votes()
    following = replace(request, round=unit.request.round + 1)
    await unit.save(following)
    for approval in votes:
        await unit.vote(replace(approval, round=following.round))
    return following
