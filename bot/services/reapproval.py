"""Asking for consent again: a yes to something else than what is here now does not count."""

from dataclasses import replace
from datetime import datetime
from typing import Final

from bot.domain.policy.policy import ChannelPolicy
from bot.domain.policy.tiers import Applied
from bot.domain.ports import Page
from bot.domain.requests.deadlines import times_of
from bot.domain.requests.notification import Happened
from bot.domain.requests.request import Event, Pausing, Request, moved
from bot.domain.rules.rule import Rule
from bot.services.announcements import tellings

HAPPENED: Final = {Event.RULE_CHANGED: Happened.RULE_CHANGED, Event.CONSENT_VOID: Happened.CONSENT_VOID}


async def ask_anew(
    page: Page,
    event: Event,
    policy: ChannelPolicy,
    now: datetime,
    *,
    rule: Rule,
    approvals: int,
    tier: Applied | None,
    note: str = "",
) -> None:
    """Let a request wait in a new round, in which no yes of an earlier one counts, for a yes to the rule as it is now."""
    request = replace(page.request, stop=None, note="")
    waiting = moved(
        request,
        event,
        rule=rule,
        approvals=approvals,
        tier=tier,
        round=request.round + 1,
        rule_before=request.rule if event is Event.RULE_CHANGED else None,
        pausing=Pausing.NO,
        **times_of(policy, now),
    )
    await page.keep(waiting)
    said = tellings(waiting, HAPPENED[event], now, note=note)
    await page.say(*(replace(notice, facts={"round": str(waiting.round)}) for notice in said))


async def into_next_round(page: Page, request: Request) -> Request:
    """Keep a request in its next round, with the yeses of the present one."""
    votes = await page.votes()
    following = replace(request, round=page.request.round + 1)
    await page.keep(following)
    for vote in votes:
        await page.vote(replace(vote, round=following.round))
    return following
