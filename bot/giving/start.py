"""From approved to giving: policy, people and rule are checked once more before anything is given."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from bot.domain.ids import RequestId
from bot.domain.policy.budget import use_of
from bot.domain.policy.policy import ChannelPolicy, Decision, Reason, Refusal
from bot.domain.policy.tiers import Applied, stricter
from bot.domain.ports import Books, Clock, Page
from bot.domain.requests import authorization
from bot.domain.requests.deadlines import is_held, widened
from bot.domain.requests.notification import STARTS_AFTER, Happened, Kind, Notice
from bot.domain.requests.person import Person
from bot.domain.requests.request import (
    Event,
    Pausing,
    Request,
    State,
    StopReason,
    Vote,
    digest,
    move,
    moved,
    rule_of,
)
from bot.domain.requests.rule_drift import drift
from bot.domain.rules.rule import Rule, Usable
from bot.domain.rules.terms import terms_of
from bot.errors import DinteroError, MayPass, PeopleUnavailable
from bot.giving.engine import stop_reason
from bot.giving.lookups import Looks
from bot.giving.retry import Patience
from bot.services.access import Door
from bot.services.announcements import tellings
from bot.services.pausing import after_stop
from bot.services.reapproval import ask_anew

TOLD_AFTER: Final = timedelta(seconds=Patience().told)
"""Without an answer, before the thread is told, as while it is given."""
TOLD: Final = (Kind.CARD, Kind.LINE)


class Silent(StrEnum):
    """Whose answer the last look needs."""

    DINTERO = "Dintero"
    SLACK = "Slack"


class Verdict(StrEnum):
    """What the last look before giving came to."""

    GO = "go"
    LATER = "later"
    """A look-up failed; the request stays approved and is tried again."""
    STOP = "stop"
    RULE_CHANGED = "rule_changed"
    CONSENT_VOID = "consent_void"
    """A yes no longer counts, or the policy asks for more of them."""


@dataclass(frozen=True, slots=True)
class Look:
    """A verdict with its reason, for the thread."""

    verdict: Verdict
    stop: StopReason | None = None
    note: str = ""
    rule: Rule | None = None
    """The rule as it is now, where it is not what was agreed to."""
    approvals: int = 0
    """How many people have to agree anew."""
    tier: Applied | None = None
    """The tier that asks for so many."""
    silent: Silent | None = None
    """Who did not answer, where that is why it is later."""


class Starting:
    """Starts what was approved, or says why not."""

    def __init__(self, *, books: Books, looks: Looks, door: Door, clock: Clock) -> None:
        self._books = books
        self._looks = looks
        self._door = door
        self._clock = clock
        self._unheard: dict[tuple[RequestId, int], datetime] = {}
        """Since when the looks at a request's round, the last of them included, had no answer."""

    async def begin(self, request: RequestId) -> Request | None:
        """Move an approved request to giving; answer it when there is giving to be done, now or still.

        None where it must not be given, or not yet.
        """
        found = await self._books.find(request)
        if found is None or (found.state is State.GIVING and found.pausing is not Pausing.PARKED):
            return found
        if found.state not in {State.APPROVED, State.GIVING}:
            return None
        since = self._unheard.pop((request, found.round), None)
        ending = found.cancel_asked_by is not None
        if is_held(found, self._clock.now()) or (not ending and await self._books.pause()):
            return None
        look = Look(Verdict.GO) if ending else await self._look(found)
        if look.verdict is Verdict.LATER:
            await self._tell_of_silence(found, look, since or self._clock.now())
            return None
        async with self._books.page(request) as page:
            if page is None or _moved_on(page.request, found) or is_held(page.request, self._clock.now()):
                return None
            if page.request.cancel_asked_by is None and await page.pause():
                return None
            return await self._act(page, look)

    async def _look(self, request: Request) -> Look:
        policy = self._door.policy.channels.get(request.channel)
        if policy is None:
            return _stopped(StopReason.POLICY, "the policy no longer lists this channel")
        try:
            policy = widened(policy, request)
            return await self._people(request, policy) or await self._rule(request, policy)
        except PeopleUnavailable as silence:
            return Look(Verdict.LATER, note=str(silence), silent=Silent.SLACK)
        except MayPass as silence:
            return Look(Verdict.LATER, note=str(silence), silent=Silent.DINTERO)
        except DinteroError as error:
            return _stopped(stop_reason(error), str(error))

    async def _tell_of_silence(self, request: Request, look: Look, since: datetime) -> None:
        """Tell the thread once that an approved request waits to be started, where that was so at the look before too."""
        self._unheard[request.id, request.round] = since
        lasted = abs(self._clock.now() - since)  # a clock that was put back tells nothing of how long it was
        if lasted < TOLD_AFTER or request.waits_since or request.state is not State.APPROVED:
            return
        async with self._books.page(request.id) as page:
            if page is None or _moved_on(page.request, request) or page.request.waits_since:
                return
            await page.keep(replace(page.request, waits_since=since))
            facts = {STARTS_AFTER: str(look.silent)}
            await page.say(
                *(
                    Notice(kind=kind, happened=Happened.WAITING, at=since, note=look.note, facts=facts)
                    for kind in TOLD
                )
            )

    async def _people(self, request: Request, policy: ChannelPolicy) -> Look | None:
        """Judge requester and approvers anew: who has left since does not count."""
        asker = await self._door.asker(request)
        votes = await self._books.votes(request.id, request.round)
        voters = await asyncio.gather(
            *(self._door.approver(Person(vote.by, request.team), request) for vote in votes)
        )
        for refusal in (asker, *voters):
            if refusal and refusal.reason is Reason.LOOKUP_FAILED:
                raise PeopleUnavailable(refusal.detail)
        decision = await self._decision(request, policy)
        if decision.refusals:
            return _stopped(StopReason.POLICY, decision.refusals[0].reason)
        return self._consent(request, votes, voters, decision, asker)

    async def _decision(self, request: Request, policy: ChannelPolicy) -> Decision:
        """Judge a request by what the policy says now."""
        groups, out = await self._door.electorate(policy, request.requester)
        return authorization.decide(
            policy,
            rule=rule_of(request),
            usable=Usable.NOW,
            cost=request.price,
            customers=request.customers,
            reason=request.reason,
            reserved=request.reserved,
            requester=request.requester,
            groups=groups,
            out=out,
            admins=self._door.policy.admins,
        )

    def _consent(
        self,
        request: Request,
        votes: Sequence[Vote],
        voters: Sequence[Refusal | None],
        decision: Decision,
        asker: Refusal | None,
    ) -> Look | None:
        """Count the yeses that still stand: of people who may still say it, to exactly what stands here, asked for by who may still ask."""
        demanded, tier = stricter((request.approvals, request.tier), (decision.approvals, decision.tier))
        shown = digest(request, terms_of(rule_of(request)))
        standing = [
            vote
            for vote, refusal in zip(votes, voters, strict=True)
            if refusal is None and vote.digest == shown
        ]
        if asker is None and len(standing) >= demanded:
            return None
        lost = next((refusal.reason for refusal in (asker, *voters) if refusal), "")
        return Look(Verdict.CONSENT_VOID, note=lost, approvals=demanded, tier=tier)

    async def _rule(self, request: Request, policy: ChannelPolicy) -> Look:
        now_is = await self._looks.rule(rule_of(request).id)
        stop = drift(rule_of(request), now_is, self._clock.now())
        if stop is StopReason.RULE_CHANGED:
            return await self._changed(request, policy, now_is)
        return _stopped(stop) if stop else Look(Verdict.GO)

    async def _changed(self, request: Request, policy: ChannelPolicy, now_rule: Rule) -> Look:
        """Say who has to agree to the rule as it is now: it may have become dearer, and so fall under another tier."""
        decision = await self._decision(replace(request, rule=now_rule), policy)
        if decision.refusals:
            return _stopped(StopReason.RULE_CHANGED, decision.refusals[0].reason)
        demanded, tier = stricter((request.approvals, request.tier), (decision.approvals, decision.tier))
        return Look(
            Verdict.RULE_CHANGED, StopReason.RULE_CHANGED, rule=now_rule, approvals=demanded, tier=tier
        )

    async def _act(self, page: Page, look: Look) -> Request | None:
        now = self._clock.now()
        if page.request.state is State.GIVING and (
            look.verdict is Verdict.GO or page.request.cancel_asked_by
        ):
            return await self._unpark(page, now)
        if look.verdict is Verdict.GO and (refused := await self._beyond_budget(page)):
            look = _stopped(StopReason.BUDGET, refused.reason)
        if look.verdict is Verdict.GO:
            giving = moved(page.request, Event.STARTED, started_at=page.request.started_at or now)
            await page.keep(giving)
            await page.say(*tellings(giving, Happened.STARTED, now))
            return giving
        event = Event.RULE_CHANGED if look.verdict is Verdict.RULE_CHANGED else Event.CONSENT_VOID
        if look.approvals and move(page.request, event):
            await self._ask_again(page, look)
            return None
        stopped = moved(
            page.request,
            Event.STOPPED,
            stop=look.stop or StopReason.POLICY,
            note=look.note,
            pausing=Pausing.NO,
        )
        await page.keep(stopped)
        notify = self._door.policy.notify_of(stopped.channel)
        await page.say(*tellings(stopped, Happened.STOPPED, now, note=look.note, notify=notify))
        await after_stop(page, self._door.policy, now)
        return None

    async def _unpark(self, page: Page, now: datetime) -> Request:
        """Let a giving go on that the pause had caught; one that was cancelled meanwhile runs out at once, and is ended by that."""
        going = replace(page.request, pausing=Pausing.NO, waits_since=None)
        await page.keep(going)
        if not going.cancel_asked_by:
            await page.say(*tellings(going, Happened.RESUMED, now))
        return going

    async def _beyond_budget(self, page: Page) -> Refusal | None:
        """Judge the channel's budget with its row locked: of two that fit alone but not together, the second one waits."""
        request, now = page.request, self._clock.now()
        policy = self._door.policy.channels.get(request.channel)
        if policy is None or policy.budget is None:
            return None
        gave = await page.gave(policy.budget.since(now))
        use = use_of(policy.budget, gave, customers=request.customers, price=request.price, now=now)
        return next(authorization.about_budget(use, self._door.policy.admins), None)

    async def _ask_again(self, page: Page, look: Look) -> None:
        """The yes was for another rule, or does not count any more: wait for a yes to what is here now."""
        event = Event.RULE_CHANGED if look.verdict is Verdict.RULE_CHANGED else Event.CONSENT_VOID
        policy, rule = self._door.policy.channels[page.request.channel], look.rule or rule_of(page.request)
        await ask_anew(
            page,
            event,
            policy,
            self._clock.now(),
            rule=rule,
            approvals=look.approvals,
            tier=look.tier,
            note=look.note,
        )


def _moved_on(now: Request, found: Request) -> bool:
    """Say whether something happened to a request while it was looked at."""
    return (now.state, now.round, now.pausing) != (found.state, found.round, found.pausing)


def _stopped(stop: StopReason, note: str = "") -> Look:
    return Look(Verdict.STOP, stop, note)
