"""Asking for consent again: a yes to something else than what is here now does not count."""

from dataclasses import replace
from datetime import datetime
from typing import Final

from bot.domain.policy.policy import AppliedTier, ChannelPolicy
from bot.domain.ports import UnitOfWork
from bot.domain.requests.deadlines import initial_deadlines
from bot.domain.requests.notification import NotificationType
from bot.domain.requests.request import Event, PauseState, Request, transition
from bot.domain.rules.rule import Rule
from bot.services.announcements import notifications_for

HAPPENED: Final = {
    Event.RULE_CHANGED: NotificationType.RULE_CHANGED,
    Event.CONSENT_VOID: NotificationType.CONSENT_VOID,
}


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
    """Let a request wait in a new round, in which no yes of an earlier one counts, for a yes to the rule as it is now."""
    request = replace(unit.request, stop=None, note="")
    waiting = transition(
        request,
        event,
        rule=rule,
        approvals=approvals,
        tier=tier,
        round=request.round + 1,
        rule_before=request.rule if event is Event.RULE_CHANGED else None,
        pausing=PauseState.NO,
        **initial_deadlines(policy, now),
    )
    await unit.save(waiting)
    said = notifications_for(waiting, HAPPENED[event], now, note=note)
    await unit.enqueue(*(replace(notification, facts={"round": str(waiting.round)}) for notification in said))


async def into_next_round(unit: UnitOfWork, request: Request) -> Request:
    """Keep a request in its next round, with the yeses of the present one."""
    votes = await unit.votes()
    following = replace(request, round=unit.request.round + 1)
    await unit.save(following)
    for approval in votes:
        await unit.vote(replace(approval, round=following.round))
    return following
