"""Asking for a discount: the draft, what is wrong with it, the review, and the request that comes of it."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from bot.domain.customers.parsing import RESERVED, CustomerList
from bot.domain.customers.uploads import MOST_ODD, FileRead, Unclear
from bot.domain.ids import ChannelId, OnceKey, RequestId, RuleId
from bot.domain.policy.budget import Use
from bot.domain.policy.policy import ChannelPolicy, Decision, Outcome, Reason, Refusal
from bot.domain.ports import Books, Clock, Files, Jobs, Page
from bot.domain.requests import authorization
from bot.domain.requests.audit_entries import Act, note_all, noted, refused
from bot.domain.requests.deadlines import held_facts, held_until, times_of
from bot.domain.requests.notification import Happened, Kind, Notice
from bot.domain.requests.person import Person
from bot.domain.requests.request import (
    Event,
    Request,
    State,
    Typed,
    derived_key,
    moved,
    new_reading,
    new_request_id,
    new_short_id,
)
from bot.domain.requests.views import Fault, Field, Form, Review
from bot.domain.rules.rule import Rule, Usable, cost, usable
from bot.errors import DinteroError, PeopleUnavailable, RuleNotFound, ShortIdTaken
from bot.services.access import Door, Electorate
from bot.services.drafting.recipients import Whom, whom_of, with_columns
from bot.services.drafting.rule_catalog import RuleBook
from bot.services.drafting.validation import (
    as_faults,
    customers_of,
    faults_of_files,
    faults_of_ids,
    faults_of_key,
    faults_of_reserved,
)
from bot.services.remainder import no_rest, nobody_chosen, rest_of
from bot.services.review import budget_use, given_before, review_of, usable_now

FIRST_READ: Final = 2.0
"""Seconds that a search waits for the first reading of the rules: Slack takes an answer for 3."""
BATCHES_PER_PORTION: Final = 8
"""Measured: a durable step for 8 calls' worth of customers costs next to nothing, a step for each call halves the speed."""


@dataclass(frozen=True, slots=True)
class _Draft:
    """A draft with all that is needed to judge it."""

    request: Request
    typed: Typed
    policy: ChannelPolicy
    first: Request | None = None
    """Whose rest is asked for, where it is one's."""

    @property
    def batches_per_portion(self) -> int:
        """Say how many batches go into one row of customers."""
        return max(BATCHES_PER_PORTION, self.policy.concurrency)

    @property
    def portion(self) -> int:
        """Say how many customers go into one row."""
        return self.policy.batch_size * self.batches_per_portion


class Asking:
    """What a requester does, from the empty form to the request that stands in the channel."""

    def __init__(
        self,
        *,
        books: Books,
        door: Door,
        rules: RuleBook,
        files: Files,
        clock: Clock,
        jobs: Jobs,
        account: str,
    ) -> None:
        self._books = books
        self._files = files
        self._door = door
        self._rules = rules
        self._clock = clock
        self._jobs = jobs
        self._account = account

    def listed(self, who: Person, channel: ChannelId) -> ChannelPolicy | Refusal:
        """Say from memory whether anything can be asked for here; meant for the ack."""
        return self._door.channel(who, channel)

    def prefill(self, rule: str, customers: Sequence[str], *, quoted: bool) -> Typed:
        """Part what stood in the command into a rule and customers, one a line; a name without quotes may be of several words."""
        words = [rule, *customers]
        many = 1 if quoted else self._rules.words_of_name(words)
        return Typed(rule=" ".join(words[:many]), customers="\n".join(words[many:]))

    async def open_draft(
        self, who: Person, channel: ChannelId, typed: Typed, *, rest_of: RequestId | None = None
    ) -> Request:
        """Write a draft, with what the command held already typed in."""
        while True:
            draft = Request(
                id=new_request_id(),
                short=new_short_id(),
                team=who.team,
                account=self._account,
                channel=channel,
                requester=who.id,
                created_at=self._clock.now(),
                rest_of=rest_of,
            )
            try:
                await self._books.open_draft(draft, typed)
            except ShortIdTaken:
                continue
            return draft

    async def open_rest(self, of: RequestId, who: Person, channel: ChannelId) -> Request | Refusal:
        """Open a draft for whom an ended request left out, for anybody who may ask in its channel by now."""
        first = await self._books.find(of)
        if (
            first is None
            or first.state is State.DRAFT
            or first.channel != channel
            or first.account != self._account
        ):
            return Refusal(Reason.UNKNOWN_REQUEST, of)
        admitted = await self._door.requester(who, channel)
        if isinstance(admitted, Refusal):
            return await noted(self._books, admitted, Act.ASK, first, who) or admitted
        if refusal := await no_rest(self._books, first):
            return refusal
        typed = Typed(reason=first.reason, refused_too=(await self._books.tally(first.id)).left == 0)
        return await self.open_draft(who, channel, _typed_of_rest(first, typed), rest_of=first.id)

    async def form(self, draft: RequestId, who: Person) -> Form | Refusal:
        """Draw the form up for whoever may ask here, once the card could be posted."""
        found = await self._draft(draft, who)
        if isinstance(found, Refusal):
            return found
        admitted, no_post = await self._admitted(who, found.request.channel)
        if isinstance(admitted, Refusal):
            return await noted(self._books, admitted, Act.ASK, found.request, who) or admitted
        return no_post or await self._form(found)

    async def redraw(self, draft: RequestId, who: Person, typed: Typed) -> Form | Refusal:
        """Keep what was typed and draw the form again with it."""
        found = await self._keep(draft, who, typed)
        return found if isinstance(found, Refusal) else await self._form(found)

    async def fill_in(self, draft: RequestId, who: Person, typed: Typed) -> tuple[Fault, ...] | Refusal:
        """Keep what was typed, and tell all faults that can be told from memory; meant for the ack."""
        found = await self._keep(draft, who, typed)
        if isinstance(found, Refusal):
            return found
        if found.first:  # of a rest little is typed; all else is looked at for the review
            nobody = await nobody_chosen(self._books, found.first, typed)
            missing = (
                Refusal(Reason.REASON_MISSING)
                if found.policy.require_reason and not typed.reason.strip()
                else None
            )
            return tuple(
                Fault(field, no) for field, no in ((Field.REFUSED, nobody), (Field.REASON, missing)) if no
            )
        rule = self._rules.known(RuleId(typed.rule)) if typed.rule else None
        customers = customers_of(typed)
        faults = (*faults_of_ids(customers), *self._faults_of_reserved(found), *faults_of_key(typed))
        plain = self._judge_plain(found, rule, customers)
        later = {
            *([Reason.NO_RULE] if typed.rule and rule is None else []),
            *([Reason.NO_CUSTOMERS] if typed.files else []),
        }
        told = tuple(
            refusal for refusal in plain if refusal.reason not in later
        )  # the review reads rule and files
        return (*faults, *as_faults(told, but=faults))

    async def review(self, draft: RequestId, who: Person) -> Review | Form | Refusal:
        """Judge the draft on a fresh reading of the rule and of who people are, and keep what the review shows."""
        found = await self._draft(draft, who)
        if isinstance(found, Refusal):
            return found
        admitted, no_post = await self._admitted(who, found.request.channel)
        not_let_in = admitted if isinstance(admitted, Refusal) else no_post
        if not_let_in:
            await noted(self._books, not_let_in, Act.ASK, found.request, who)
            return await self._form(found, as_faults((not_let_in,), but=()))
        if not found.typed.rule:
            return await self._form(found, (Fault(Field.RULE, Refusal(Reason.NO_RULE)),))
        looked_up = await self._rule_and_electorate(found, who)
        if isinstance(looked_up, Refusal):
            return await self._form(found, (Fault(Field.RULE, looked_up),))
        rule, electorate = looked_up
        reading = new_reading() if found.typed.files else ""
        keep = partial(self._books.keep_piece, draft, reading)
        whom = await whom_of(
            found.typed,
            of=found.request,
            files=self._files,
            books=self._books,
            portion=found.portion,
            rest_of=found.first,
            keep=keep,
        )
        faults = (*whom.faults, *self._faults_of_reserved(found), *faults_of_key(found.typed))
        request = replace(_filled_in(found, rule, whom), files=reading)
        use = await budget_use(request, found.policy, self._books, self._clock)
        decision = self._decide(request, found.policy, electorate, use)
        await note_all(self._books, decision.refusals, Act.ASK, request, who)
        faults = (*faults, *as_faults(decision.refusals, but=faults))
        if faults:
            return await self._form(found, faults, whom.reading.unclear)
        return await self._keep_review(request, decision, whom, found.policy, use)

    async def _rule_and_electorate(self, found: _Draft, who: Person) -> tuple[Rule, Electorate] | Refusal:
        """Read the rule and who may approve, both at once."""
        try:
            return await asyncio.gather(
                self._rules.fresh(RuleId(found.typed.rule)), self._door.electorate(found.policy, who.id)
            )
        except PeopleUnavailable as error:
            return Refusal(Reason.LOOKUP_FAILED, str(error))
        except RuleNotFound:
            return Refusal(Reason.RULE_GONE, found.typed.rule)
        except DinteroError as error:
            return Refusal(Reason.RULE_UNREADABLE, str(error))

    async def ask(self, draft: RequestId, who: Person) -> Request | Refusal:
        """Turn a reviewed draft into a request; asked twice, it answers the same request."""
        found = await self._books.find(draft)
        if found is None or found.requester != who.id:
            return Refusal(Reason.UNKNOWN_REQUEST)
        admitted, no_post = await self._admitted(who, found.channel)
        if isinstance(admitted, Refusal):
            return await noted(self._books, admitted, Act.ASK, found, who) or admitted
        if no_post:
            return no_post
        try:
            electorate = await self._door.electorate(admitted, who.id)
        except PeopleUnavailable as error:
            return Refusal(Reason.LOOKUP_FAILED, str(error))
        use = await budget_use(found, admitted, self._books, self._clock)
        async with self._books.page_to_ask(draft) as page:
            if page is None:
                return Refusal(Reason.UNKNOWN_REQUEST)
            asked = await self._ask(page, admitted, electorate, use)
        self._jobs.wake()
        return asked

    async def again(self, draft: RequestId, who: Person, refusal: Refusal) -> Form | Refusal:
        """Draw the form again with all that was typed, and why it was not asked for; the refusal itself where it is no draft any more."""
        found = await self._draft(draft, who)
        return (
            refusal if isinstance(found, Refusal) else await self._form(found, as_faults((refusal,), but=()))
        )

    async def odd_rows(self, draft: RequestId, who: Person) -> tuple[Request, tuple[FileRead, ...]] | Refusal:
        """Read a draft's files once more for the rows that gave no id; nothing of them is kept, so that nothing has to be forgotten."""
        found = await self._draft(draft, who)
        if isinstance(found, Refusal):
            return found
        reading = await self._files.read(
            found.typed.files,
            (),
            by=who.id,
            channel=found.request.channel,
            portion=found.portion,
            told=MOST_ODD,
        )
        faults = faults_of_files(reading)
        return faults[0].refusal if faults else (found.request, reading.files)

    async def find_rules(self, draft: RequestId, who: Person, text: str) -> list[tuple[Rule, Usable]]:
        """Search the rules that the draft's channel may give; nothing for whoever did not open the draft."""
        found = await self._draft(draft, who)
        if isinstance(found, Refusal):
            return []
        await self._rules.first_read(FIRST_READ)
        return self._rules.search(text, allowed=found.policy, at=self._clock.now())

    async def look_up(
        self, text: str, who: Person, channel: ChannelId
    ) -> tuple[Rule, Usable] | list[Rule] | Refusal:
        """Find the rule that a person means, freshly read with its statistics; several where it could be several."""
        policy = await self._door.member(who, channel)
        if isinstance(policy, Refusal):
            return policy
        await self._rules.first_read(FIRST_READ)
        found = self._rules.by_words(text, allowed=policy)
        if not isinstance(found, Rule):
            return found or self._no_such_rule(text)
        try:
            rule = await self._rules.fresh(found.id)
        except RuleNotFound:
            return Refusal(Reason.RULE_GONE, text)
        except DinteroError as error:
            return Refusal(Reason.RULE_UNREADABLE, str(error))
        return rule, usable(rule, self._clock.now())

    def _no_such_rule(self, text: str) -> Refusal:
        """Say why a rule is not shown: not allowed here, not read yet, or not there at all."""
        if isinstance(elsewhere := self._rules.by_words(text), Rule):
            return Refusal(Reason.RULE_NOT_ALLOWED, elsewhere.title, self._door.policy.admins)
        if not self._rules.ready:
            return Refusal(
                Reason.RULE_UNREADABLE, str(self._rules.failed or "its rules are still being read")
            )
        return Refusal(Reason.NO_RULE, text)

    async def _admitted(
        self, who: Person, channel: ChannelId
    ) -> tuple[ChannelPolicy | Refusal, Refusal | None]:
        """Look whether this person may ask here, and whether the card could be posted."""
        admitted, no_post = await asyncio.gather(
            self._door.requester(who, channel), self._door.can_post(channel)
        )
        return admitted, no_post

    async def _draft(self, draft: RequestId, who: Person) -> _Draft | Refusal:
        request, typed = await asyncio.gather(self._books.find(draft), self._books.typed(draft))
        if request is None or typed is None or request.requester != who.id or request.team != who.team:
            return Refusal(Reason.UNKNOWN_REQUEST)
        if request.state is not State.DRAFT:
            return Refusal(Reason.WRONG_STATE, request.state)
        policy = self._door.channel(who, request.channel)
        if isinstance(policy, Refusal):
            return policy
        if request.rest_of is None:
            return _Draft(request, typed, policy)
        first = await self._books.find(request.rest_of)
        if first is None:
            return Refusal(Reason.UNKNOWN_REQUEST, request.rest_of)
        return await no_rest(self._books, first) or _Draft(
            request, _typed_of_rest(first, typed), policy, first
        )

    async def _keep(self, draft: RequestId, who: Person, typed: Typed) -> _Draft | Refusal:
        found = await self._draft(draft, who)
        if isinstance(found, Refusal):
            return found
        typed = _typed_of_rest(found.first, typed) if found.first else with_columns(typed, found.typed)
        await self._books.fill_in(draft, typed)
        return replace(found, typed=typed)

    async def _form(
        self, found: _Draft, faults: tuple[Fault, ...] = (), unclear: tuple[Unclear, ...] = ()
    ) -> Form:
        if found.typed.rule:
            await self._rules.first_read(FIRST_READ)
        chosen = self._rules.by_words(found.typed.rule, allowed=found.policy) if found.typed.rule else None
        pause, rest = await self._books.pause(), await rest_of(self._books, found.request)
        rule = chosen if isinstance(chosen, Rule) else None
        return Form(found.request, found.typed, found.policy, rule, faults, pause, rest, unclear)

    def _faults_of_reserved(self, found: _Draft) -> tuple[Fault, ...]:
        if found.first and found.first.reserved and not found.policy.reserved:
            return (Fault(Field.RESERVED, Refusal(Reason.RESERVED_ID, "", self._door.policy.admins)),)
        return faults_of_reserved(found.typed, found.policy, self._door.policy.admins)

    def _judge_plain(self, found: _Draft, rule: Rule | None, customers: CustomerList) -> tuple[Refusal, ...]:
        """Judge what does not depend on who people are."""
        reserved = customers.ids[:1] != () and customers.ids[0] in RESERVED
        return authorization.refusals(
            found.policy,
            rule=rule,
            usable=usable(rule, self._clock.now()) if rule else None,
            cost=cost(rule, len(customers.ids)) if rule and not reserved else None,
            customers=len(customers.ids),
            reason=found.typed.reason,
            reserved=reserved,
            admins=self._door.policy.admins,
        )

    def _decide(
        self, request: Request, policy: ChannelPolicy, electorate: Electorate, use: Use | None
    ) -> Decision:
        if request.rule is None:
            return Decision(Outcome.REFUSED, refusals=(Refusal(Reason.NO_RULE),))
        return authorization.decide(
            policy,
            rule=request.rule,
            usable=usable(request.rule, self._clock.now()),
            cost=request.price,
            customers=request.customers,
            reason=request.reason,
            reserved=request.reserved,
            requester=request.requester,
            groups=electorate[0],
            out=electorate[1],
            use=use,
            admins=self._door.policy.admins,
        )

    async def _keep_review(
        self, request: Request, decision: Decision, whom: Whom, policy: ChannelPolicy, use: Use | None
    ) -> Review | Refusal:
        request = replace(request, approvals=decision.approvals, tier=decision.tier)
        async with self._books.page(request.id) as page:
            if page is None:
                return Refusal(Reason.UNKNOWN_REQUEST)
            if page.request.state is not State.DRAFT:
                return Refusal(Reason.WRONG_STATE, page.request.state, (page.request.requester,))
            await page.keep(request)
            await page.put_packed(whom.everybody)
        before = await given_before(request, policy, self._books, self._clock)
        pause, now_usable = await self._books.pause(), usable_now(request, self._clock)
        return review_of(
            request,
            policy,
            decision,
            now_usable=now_usable,
            spaced=whom.spaced,
            use=use,
            before=before,
            pause=pause,
            rest=await rest_of(self._books, request),
            listed=whom.listed,
        )

    async def _ask(
        self, page: Page, policy: ChannelPolicy, electorate: Electorate, use: Use | None
    ) -> Request | Refusal:
        request = page.request
        if request.state is not State.DRAFT:
            return request
        decision = self._decide(request, policy, electorate, use)
        if decision.refusals:
            page.note(refused(request, decision.refusals, Act.ASK, request.requester))
            return decision.refusals[0]
        if (decision.approvals, decision.tier) != (request.approvals, request.tier):
            return Refusal(Reason.CHANGED)
        now = self._clock.now()
        event = Event.ASKED if decision.outcome is Outcome.WAITS else Event.ASKED_AT_ONCE
        times = times_of(policy, now) if event is Event.ASKED else {"give_after": held_until(policy, now)}
        asked = moved(request, event, asked_at=now, **times)
        await page.keep(asked)
        await page.forget_other_files()
        await page.say(
            Notice(kind=Kind.CARD, happened=Happened.ASKED, at=now, by=request.requester),
            Notice(
                kind=Kind.LINE, happened=Happened.ASKED, at=now, by=request.requester, facts=held_facts(asked)
            ),
        )
        return asked


def _typed_of_rest(first: Request, typed: Typed) -> Typed:
    """Keep of what was typed only the reason, and whether the refused shall be among them.

    Rule, customers and key of a rest are those of the books, whatever a payload holds.
    """
    return Typed(rule=first.rule.id if first.rule else "", reason=typed.reason, refused_too=typed.refused_too)


def _filled_in(found: _Draft, rule: Rule, whom: Whom) -> Request:
    key = found.typed.once_key.strip()
    return replace(
        found.request,
        rule=rule,
        customers=whom.everybody.count,
        repeated=whom.repeated,
        customers_digest=whom.everybody.digest,
        first_customer=next(iter(whom.everybody.first), ""),
        last_customer=whom.everybody.last,
        reason=found.typed.reason.strip(),
        once_key=found.first.once_key
        if found.first
        else OnceKey(key)
        if key
        else derived_key(found.request.id),
        own_key=found.first.own_key if found.first else bool(key),
        batch_size=found.policy.batch_size,
        batches_per_portion=found.batches_per_portion,
        concurrency=found.policy.concurrency,
    )
