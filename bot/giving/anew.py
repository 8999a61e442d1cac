"""Asking for consent again: a yes to something else than what is here now does not count."""

from dataclasses import replace
from datetime import datetime, timedelta

from bot.giving.notices import Happened
from bot.giving.policy import ChannelPolicy
from bot.giving.ports import Page
from bot.giving.request import Event, moved
from bot.giving.rewards import Rule
from bot.giving.telling import tellings

HAPPENED = {Event.RULE_CHANGED: Happened.RULE_CHANGED, Event.CONSENT_VOID: Happened.CONSENT_VOID}


async def ask_anew(page: Page, event: Event, policy: ChannelPolicy, now: datetime, *, rule: Rule, approvals: int, note: str = "") -> None:
    """Let a request wait in a new round, in which no yes of an earlier one counts, for a yes to the rule as it is now."""
    request = replace(page.request, stop=None, note="")
    waiting = moved(
        request,
        event,
        rule=rule,
        approvals=approvals,
        round=request.round + 1,
        expires_at=now + timedelta(hours=policy.expires_hours),
    )
    await page.keep(waiting)
    await page.say(*tellings(waiting, HAPPENED[event], now, note=note))
