"""The desk: every click on a request that was asked for, each one short transaction under the request's row lock."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from typing import Final

from bot.domain.ids import ChannelId, CustomerId, RequestId, ShortId, UserId
from bot.domain.policy.policy import Decision, Outcome, Reason, Refusal
from bot.domain.ports import Books, Clock, Jobs, Page
from bot.domain.requests import audit_entries, authorization
from bot.domain.requests.audit_entries import Act, noted, refused, shown
from bot.domain.requests.deadlines import held_facts, held_until, is_held
from bot.domain.requests.notification import Happened, Story
from bot.domain.requests.person import Person
from bot.domain.requests.progress import Paces
from bot.domain.requests.request import Event, Request, State, Vote, digest, move, moved
from bot.domain.requests.views import Consideration
from bot.domain.rules.rule import Usable
from bot.domain.rules.terms import terms_of
from bot.services.access import Door
from bot.services.announcements import see_to_card, tellings
from bot.services.customer_lists import Roster, roster_of, send_list
from bot.services.pausing import Pauses
from bot.services.remainder import rest_of
from bot.services.reminders import Reminding
from bot.services.review import budget_use, given_before, review_of, usable_now
from bot.services.snapshots import story_of

COUNT_ABOVE: Final = 50
"""With more customers than this, or with no price, an approver types their number to confirm."""
SHOWN_BY_STATUS: Final = 10

HAPPENED: Final = {
    Event.LAST_APPROVAL: Happened.APPROVED,
    Event.REJECTED: Happened.REJECTED,
    Event.CANCELLED: Happened.CANCELLED,
    Event.EXPIRED: Happened.EXPIRED,
    Event.CONTINUED: Happened.CONTINUED,
    Event.ENDED_HERE: Happened.ENDED_HERE,
}
AGREED: Final = frozenset({State.APPROVED, State.GIVING, State.STOPPED, State.DONE})
DID_IT: Final = {Event.REJECTED: State.REJECTED, Event.CANCELLED: State.CANCELLED}
LONGEST_NUMBER: Final = 12
"""Digits; whatever is longer is no number of customers."""


class Desk:
    """What can be done to a request that was asked for, and by whom."""

    def __init__(
        self, *, books: Books, door: Door, clock: Clock, jobs: Jobs, paces: Paces | None = None
    ) -> None:
        self._books = books
        self._paces = paces
        self._door = door
        self._clock = clock
        self._jobs = jobs
        self.pauses = Pauses(books=books, door=door, clock=clock, jobs=jobs)
        self.reminding = Reminding(books=books, door=door, clock=clock)

    async def look(self, request: RequestId | ShortId, who: Person, channel: ChannelId) -> Story | Refusal:
        """Show a request to whoever may see it from this channel; its card is seen to where somebody still needs it."""
        found = await self._find(request)
        if found is None or found.state is State.DRAFT:
            return Refusal(Reason.UNKNOWN_REQUEST, request)
        if refusal := await self._door.seer(who, channel, found):
            return refusal
        if not found.ended:
            await see_to_card(self._books, found.id, self._clock)
            self._jobs.wake()
        return await self._told(found)

    async def recent(self, who: Person, channel: ChannelId) -> tuple[Story, ...] | Refusal:
        """Show a channel's own latest requests."""
        policy = await self._door.member(who, channel)
        if isinstance(policy, Refusal):
            return policy
        found = await self._books.recent(channel, limit=SHOWN_BY_STATUS)
        return tuple([await self._told(request) for request in found])

    async def _told(self, request: Request) -> Story:
        return await story_of(self._books, request, self._door.policy, paces=self._paces)

    async def consider(
        self, request: RequestId, who: Person, channel: ChannelId | None
    ) -> Consideration | Refusal:
        """Show an approver what a yes would be for; that they were shown it stands in the audit."""
        considered = await self._considered(request, who, channel, Act.APPROVE)
        if isinstance(considered, Consideration):
            await self._books.record(shown(considered.review.request, who.id))
        return considered

    async def _considered(
        self, request: RequestId, who: Person, channel: ChannelId | None, act: Act
    ) -> Consideration | Refusal:
        found = await self._clicked(request, channel)
        if isinstance(found, Refusal):
            return found
        refusal = await self._door.approver(who, found) or self._not_waiting(found)
        if refusal is None and act is Act.APPROVE:
            refusal = self._forbidden(found) or await self._door.asker(found)
        if refusal:
            return await noted(self._books, refusal, act, found, who) or refusal
        policy = self._door.policy.channels[found.channel]
        decision = Decision(Outcome.WAITS, found.approvals, tier=found.tier)
        spaced = await self._spaced(found)
        use = await budget_use(found, policy, self._books, self._clock)
        before = await given_before(found, policy, self._books, self._clock)
        rest, usable = await rest_of(self._books, found), usable_now(found, self._clock)
        review = review_of(
            found, policy, decision, now_usable=usable, spaced=spaced, use=use, before=before, rest=rest
        )
        story = await story_of(self._books, found, self._door.policy)
        return Consideration(replace(review, pause=story.pause), story, count=needs_count(found))

    async def miscounted(self, request: RequestId, typed: str) -> Refusal | None:
        """Say whether what was typed to confirm, the number of customers or the rule's name, is wrong; meant for the ack."""
        found = await self._find(request)
        if found is not None and found.reserved and not _named(found, typed):
            return Refusal(Reason.WRONG_NAME)
        if found is None or not needs_count(found) or _number(typed) == found.customers:
            return None
        return Refusal(Reason.WRONG_COUNT, str(found.customers))

    async def approve(
        self, request: RequestId, round_: int, who: Person, *, typed: str, shown: str
    ) -> Request | Refusal:
        """Say yes to exactly what was shown in this round; the last yes that is needed starts the giving.

        `shown` is the digest that the modal was drawn for: where it is not the one of what the books hold now, the yes is not taken.
        """
        found = await self._clicked(request, None)
        if isinstance(found, Refusal):
            return found
        unfit = await self._door.approver(who, found) or await self._left(found)
        refusal = await noted(self._books, unfit, Act.APPROVE, found, who) or await self.miscounted(
            request, typed
        )
        if refusal:
            return refusal
        async with self._page(request) as page:
            return (
                await self._vote(page, round_, who.id, shown)
                if page
                else Refusal(Reason.UNKNOWN_REQUEST, request)
            )

    async def still_needed(self, request: Request) -> int:
        """Count how many more people have to agree, for whoever has just said yes."""
        return max(request.approvals - len(await self._books.votes(request.id, request.round)), 0)

    async def reject(self, request: RequestId, who: Person, why: str) -> Request | Refusal:
        """Say no, for good."""
        found = await self._clicked(request, None)
        if isinstance(found, Refusal):
            return found
        refusal = await noted(self._books, await self._door.approver(who, found), Act.REJECT, found, who)
        return refusal or await self._change(request, Event.REJECTED, who.id, note=why)

    async def rejectable(self, request: RequestId, who: Person, channel: ChannelId | None) -> Story | Refusal:
        """Show an approver what a no would be for."""
        considered = await self._considered(request, who, channel, Act.REJECT)
        return considered if isinstance(considered, Refusal) else considered.story

    async def cancel(
        self,
        request: RequestId | ShortId,
        who: Person,
        channel: ChannelId | None,
        *,
        typed_in: ChannelId | None = None,
    ) -> Request | Refusal:
        """Take a request back; while it is being given, the batches in flight end first.

        While it is held, anybody may who is in its channel: who presses its button there, or types the command there.
        """
        found = await self._clicked(request, channel)
        if isinstance(found, Refusal):
            return found
        refusal = await self._door.canceller(who, found)
        if refusal is None:
            return await self._change(found.id, Event.CANCELLED, who.id)
        if found.channel not in {channel, typed_in} or not (
            is_held(found, self._clock.now()) or _cancelled_by(found, who.id)
        ):
            return await noted(self._books, refusal, Act.CANCEL, found, who) or refusal
        refusal = await noted(
            self._books, await self._door.seer(who, found.channel, found), Act.CANCEL, found, who
        )
        return refusal or await self._change(found.id, Event.CANCELLED, who.id, only_held=True)

    async def give_now(self, request: RequestId, who: Person, channel: ChannelId | None) -> Request | Refusal:
        """End the hold of an approved request, for an admin; whatever else has to be met before it is given is looked at as ever."""
        found = await self._clicked(request, channel)
        if isinstance(found, Refusal):
            return found
        refusal = await self._door.admin(who)
        if refusal:
            return refusal
        async with self._page(request) as page:
            if page is None:
                return Refusal(Reason.UNKNOWN_REQUEST, request)
            now = self._clock.now()
            if not is_held(page.request, now):
                return Refusal(Reason.NOT_HELD)
            hurried = replace(page.request, give_after=None)
            await page.keep(hurried)
            page.note(audit_entries.hurried(hurried, who.id))
            await page.say(*tellings(hurried, Happened.HURRIED, now, by=who.id))
            return hurried

    async def customers(
        self, request: RequestId, who: Person, channel: ChannelId | None, page: int
    ) -> Roster | Refusal:
        """Show requester, approvers and admins who the customers are; each look stands in the audit."""
        found = await self._clicked(request, channel)
        return (
            found
            if isinstance(found, Refusal)
            else await roster_of(self._books, self._door, found, who, page)
        )

    async def send_list(
        self, request: RequestId, who: Person, channel: ChannelId | None
    ) -> Request | Refusal:
        """Send requester, approvers or admins the list of those who were not given it; that they have it stands in the audit."""
        found = await self._clicked(request, channel)
        sent = (
            found
            if isinstance(found, Refusal)
            else await send_list(self._books, self._door, self._clock, found, who)
        )
        self._jobs.wake()
        return sent

    async def carry_on(self, request: RequestId, who: Person, channel: ChannelId | None) -> Request | Refusal:
        """Continue a stopped request in a new round, under the same once-only key."""
        return await self._resolve(request, who, channel, Event.CONTINUED)

    async def end_here(self, request: RequestId, who: Person, channel: ChannelId | None) -> Request | Refusal:
        """Leave a stopped request as it is."""
        return await self._resolve(request, who, channel, Event.ENDED_HERE)

    async def expire_overdue(self) -> int:
        """End every waiting request whose time is over, and say how many."""
        overdue = await self._books.overdue(self._clock.now())
        for request in overdue:
            await self._change(request, Event.EXPIRED, None)
        return len(overdue)

    @asynccontextmanager
    async def _page(self, request: RequestId) -> AsyncIterator[Page | None]:
        """Open a request's page; once it is committed, whoever gives and says things looks at it."""
        async with self._books.page(request) as page:
            yield page
        self._jobs.wake()

    async def _spaced(self, request: Request) -> tuple[CustomerId, ...]:
        """Find the ids with a space inside, among the first row of customers: what is typed into a form is no more."""
        return tuple(
            customer
            for customer in await self._books.customers(request.id, 0)
            if any(map(str.isspace, customer))
        )

    async def _find(self, request: RequestId | ShortId) -> Request | None:
        if request.startswith("R-"):
            return await self._books.find_short(ShortId(request))
        return await self._books.find(RequestId(request))

    async def _clicked(self, request: RequestId | ShortId, channel: ChannelId | None) -> Request | Refusal:
        """Find the request behind a button; one of another channel's card is none at all."""
        found = await self._find(request)
        if found is None or found.state is State.DRAFT or channel not in {None, found.channel}:
            return Refusal(Reason.UNKNOWN_REQUEST, request)
        return found

    def _not_waiting(self, request: Request) -> Refusal | None:
        if request.state is not State.WAITING:
            return _first_was(request)
        return Refusal(Reason.WRONG_STATE, State.EXPIRED) if _over(request, self._clock.now()) else None

    async def _left(self, request: Request) -> Refusal | None:
        """Say of a request that waits whether its requester has left; of any other the answer tells how it stands."""
        return None if self._not_waiting(request) else await self._door.asker(request)

    def _forbidden(self, request: Request) -> Refusal | None:
        """Say what the policy has against a request by now: a yes to it would come to nothing."""
        found = authorization.refusals(
            self._door.policy.channels[request.channel],
            rule=request.rule,
            usable=Usable.NOW,
            cost=request.price,
            customers=request.customers,
            reason=request.reason,
            reserved=request.reserved,
            admins=self._door.policy.admins,
        )
        return found[0] if found else None

    async def _vote(self, page: Page, round_: int, by: UserId, shown: str) -> Request | Refusal:
        request, now = page.request, self._clock.now()
        if request.state is State.WAITING and _over(request, now):
            await self._expire(page, now)
            return Refusal(Reason.WRONG_STATE, State.EXPIRED)
        if (
            request.state in AGREED
            and request.round == round_
            and by in {vote.by for vote in await page.votes()}
        ):
            return request  # the same yes, delivered again
        if request.state is not State.WAITING:
            return _first_was(request)
        if request.round != round_ or request.rule is None:
            return Refusal(Reason.CHANGED)
        if by == request.requester:
            return Refusal(Reason.OWN_REQUEST)
        if forbidden := self._forbidden(request):
            page.note(refused(request, [forbidden], Act.APPROVE, by))
            return forbidden
        vote = Vote(request.id, request.round, by, now, digest(request, terms_of(request.rule)))
        if vote.digest != shown:
            return Refusal(Reason.CHANGED)
        if not await page.vote(vote):
            return Refusal(Reason.ALREADY_VOTED)
        yeses = sum(each.digest == vote.digest for each in await page.votes())
        facts = {"yeses": str(yeses), "approvals": str(request.approvals), "digest": vote.digest}
        if yeses < request.approvals:
            await page.say(*tellings(request, Happened.AGREED, now, by=by, facts=facts))
            return request
        return await self._move(page, Event.LAST_APPROVAL, by, now, facts=facts)

    async def _change(
        self, request: RequestId, event: Event, by: UserId | None, *, note: str = "", only_held: bool = False
    ) -> Request | Refusal:
        async with self._page(request) as page:
            if page is None:
                return Refusal(Reason.UNKNOWN_REQUEST, request)
            now = self._clock.now()
            if only_held and not (is_held(page.request, now) or (by and _cancelled_by(page.request, by))):
                return Refusal(Reason.NOT_HELD)
            if event is Event.REJECTED and page.request.requester == by:
                return Refusal(Reason.OWN_REQUEST)
            if event is Event.CANCELLED and page.request.state is State.GIVING:
                return await self._ask_to_cancel(page, by, now)
            if by and page.request.decided_by == by and page.request.state is DID_IT.get(event):
                return page.request  # the same click, delivered again
            if page.request.state is State.WAITING and _over(page.request, now):
                expired = await self._expire(page, now)
                return expired if event is Event.EXPIRED else Refusal(Reason.WRONG_STATE, State.EXPIRED)
            if move(page.request, event) is None or event is Event.EXPIRED:
                return _first_was(page.request)
            return await self._move(page, event, by, now, note=note)

    async def _expire(self, page: Page, now: datetime) -> Request:
        return await self._move(page, Event.EXPIRED, None, now)

    async def _move(
        self,
        page: Page,
        event: Event,
        by: UserId | None,
        now: datetime,
        *,
        note: str = "",
        facts: Mapping[str, str] | None = None,
    ) -> Request:
        """Move the request on, and put into the outbox what there is to say of it."""
        request = moved(page.request, event, decided_by=by, decided_at=now, note=note)
        if request.ended:
            request = replace(request, ended_at=now)
        if event is Event.LAST_APPROVAL:
            request = replace(
                request, give_after=held_until(self._door.policy.channels.get(request.channel), now)
            )
        await page.keep(request)
        notify = self._door.policy.notify_of(request.channel)
        known = {**(facts or {}), **held_facts(request)}
        await page.say(*tellings(request, HAPPENED[event], now, by=by, note=note, notify=notify, facts=known))
        return request

    async def _ask_to_cancel(self, page: Page, by: UserId | None, now: datetime) -> Request | Refusal:
        if page.request.cancel_asked_by:
            return Refusal(Reason.WRONG_STATE, Event.CANCEL_ASKED, (page.request.cancel_asked_by,))
        cancelling = moved(page.request, Event.CANCEL_ASKED, cancel_asked_by=by)
        await page.keep(cancelling)
        await page.say(*tellings(cancelling, Happened.CANCEL_ASKED, now, by=by))
        return cancelling

    async def _resolve(
        self, request: RequestId, who: Person, channel: ChannelId | None, event: Event
    ) -> Request | Refusal:
        found = await self._clicked(request, channel)
        if isinstance(found, Refusal):
            return found
        act = Act.CONTINUE if event is Event.CONTINUED else Act.END_HERE
        refusal = await noted(self._books, await self._door.canceller(who, found), act, found, who)
        if refusal:
            return refusal
        async with self._page(request) as page:
            if page is None or move(page.request, event) is None:
                return _first_was(page.request) if page else Refusal(Reason.UNKNOWN_REQUEST, request)
            return (
                await self._next_round(page, who.id)
                if event is Event.CONTINUED
                else await self._end(page, who.id)
            )

    async def _next_round(self, page: Page, by: UserId) -> Request:
        """Go on in a new round, into which the yeses are carried: nothing of what they were for has changed."""
        votes, now = await page.votes(), self._clock.now()
        page.request = replace(page.request, stop=None, round=page.request.round + 1, give_after=None)
        continued = await self._move(page, Event.CONTINUED, by, now)
        for vote in votes:
            await page.vote(replace(vote, round=continued.round))
        return continued

    async def _end(self, page: Page, by: UserId) -> Request:
        return await self._move(page, Event.ENDED_HERE, by, self._clock.now(), note=page.request.note)


def needs_count(request: Request) -> bool:
    """Say whether an approver has to type the number of customers."""
    return not request.reserved and (request.customers > COUNT_ABOVE or request.price is None)


def _named(request: Request, typed: str) -> bool:
    """Say whether the rule's name was typed, in any case and with any spaces."""
    title = request.rule.title if request.rule else ""
    return bool(typed.strip()) and typed.casefold().split() == title.casefold().split()


def _over(request: Request, now: datetime) -> bool:
    return request.expires_at is not None and request.expires_at <= now


def _cancelled_by(request: Request, by: UserId) -> bool:
    return request.state is State.CANCELLED and request.decided_by == by


def _first_was(request: Request) -> Refusal:
    """Tell who was first, and where the request stands now; where it waits, nobody was."""
    first = request.decided_by if request.state is not State.WAITING else None
    return Refusal(Reason.WRONG_STATE, request.state, (first,) if first else ())


def _number(typed: str) -> int | None:
    """Read "1 000", "1,000" and "1.000" as people write them."""
    digits = "".join(typed.split()).replace(",", "").replace(".", "")
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= LONGEST_NUMBER else None
