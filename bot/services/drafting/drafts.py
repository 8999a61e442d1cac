"""The draft of a request: opening it, saving the form, the review, and submitting it."""

import asyncio
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from bot.domain.customers.uploads import MOST_ODD, AmbiguousFile, FileRead
from bot.domain.ids import ChannelId, RequestId, RuleId, ShortId
from bot.domain.policy.policy import ChannelPolicy, Refusal, RefusalReason
from bot.domain.ports import BackgroundTasks, FileReader
from bot.domain.requests.audit_entries import Action
from bot.domain.requests.authorization import about_rule
from bot.domain.requests.person import Person
from bot.domain.requests.prior_grants import NEVER
from bot.domain.requests.request import FormInput, Request, State, digest, rule_of
from bot.domain.requests.views import Field, FieldError, Form, Review
from bot.domain.rules.rule import Availability, Rule, usable
from bot.services.access import audit_refusals
from bot.services.drafting.opening import DraftOpener
from bot.services.drafting.recipients import (
    MAX_KEPT_BYTES,
    Draft,
    NoRoomError,
    Reading,
    Recipients,
    resolve_recipients,
    with_columns,
)
from bot.services.drafting.submission import Voters, filled_in, find_voters, remainder_input, submit
from bot.services.drafting.validation import (
    as_faults,
    faults_of_files,
    faults_of_form,
    faults_of_key,
    faults_of_reserved,
    with_places,
)
from bot.services.requests import unknown_request
from bot.services.results.remainder import no_remainder, only_refused_left, remainder_of
from bot.services.review import current_budget_use, current_prior_grants, load_review, unseen_repeats

GROUPED: Final = re.compile(r"^[-+]?\d{1,3}(?:\n\d{2,3})+(?:[.,]\d+)?(?=,?$)", re.MULTILINE)
"""Words that are probably one number, such as 1 234 567: kept together, they are refused and not guessed."""
RECENT: Final = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftService(DraftOpener):
    """Everything that a requester does, from the empty form to the submitted request."""

    file_reader: FileReader
    background: BackgroundTasks
    most_kept_bytes: int = MAX_KEPT_BYTES

    def prefill(
        self, rule: str, customers: Sequence[str], *, quoted: bool, allowed: ChannelPolicy | None = None
    ) -> FormInput:
        """Split a command's words into a rule and customers; an unquoted name may have several words.

        If a word may belong to the name or be a customer, all words go into the rule's field, which asks.
        """
        typed = [rule, *customers]
        words = [rule if quoted else rule.removesuffix(","), *(one.removesuffix(",") for one in customers)]
        many = 1 if quoted else self.catalog.words_of_name(words, allowed=allowed)
        if many is None:
            return FormInput(rule=" ".join(words))
        lines = GROUPED.sub(lambda number: number[0].replace("\n", " "), "\n".join(typed[many:]))
        customers = "\n".join(line.removesuffix(",") for line in lines.split("\n"))
        return FormInput(rule=" ".join(words[:many]), customers=customers)

    async def ask_again(self, draft: RequestId, of: str, who: Person) -> Form | Refusal:
        """Load a form for those remaining customers of a request who are on its list in a draft."""
        found, first = await self._draft(draft, who), await self.repository.find_short(ShortId(of))
        if isinstance(found, Refusal):
            return found
        if first is None:
            return await unknown_request(self.repository, ShortId(of))
        channel, listed = found.request.channel, found.form_input
        remainder = await self.create_remainder(first.id, who, channel, listed=listed)
        return remainder if isinstance(remainder, Refusal) else await self.form(remainder.id, who)

    async def form(self, draft: RequestId, who: Person, *, offer: bool = False) -> Form | Refusal:
        """Load the form for a person who may request here; it may `offer` an unfinished draft."""
        found = await self._draft(draft, who)
        if isinstance(found, Refusal):
            return found
        if refusal := await self._admit(who, found.request):
            return refusal
        form = await self._form(found)
        return replace(form, unfinished=await self.unfinished(who, found.request.channel)) if offer else form

    async def redraw(self, draft: RequestId, who: Person, form_input: FormInput) -> Form | Refusal:
        """Save the input, and load the form with it."""
        found = await self._save(draft, who, form_input)
        return found if isinstance(found, Refusal) else await self._form(found)

    async def save_input(
        self, draft: RequestId, who: Person, form_input: FormInput
    ) -> tuple[FieldError, ...] | Refusal:
        """Save the input, and find all faults that memory can tell; fast enough for the ack."""
        found = await self._save(draft, who, form_input)
        if isinstance(found, Refusal):
            return found
        if found.first:  # people type little for a remainder; the review checks all else
            refused = await only_refused_left(self.repository, found.first, form_input)
            needs_reason = found.policy.require_reason and not form_input.reason.strip()
            missing = Refusal(RefusalReason.REASON_MISSING) if needs_reason else None
            return as_faults(tuple(filter(None, (refused, missing))))
        rule = self.catalog.known(RuleId(form_input.rule)) if form_input.rule else None
        faults = faults_of_form(found.form_input, found.request, found.policy, rule, self.clock.now())
        return await with_places(faults, self.access, who, found.form_input, found.request, rule)

    async def review(self, draft: RequestId, who: Person) -> Review | Form | Refusal:
        """Read rule, people and files, judge the draft, and store what the review shows."""
        found = await self._draft(draft, who)
        if isinstance(found, Refusal):
            return found
        looked_up = await self._look_up(found, who)
        if isinstance(looked_up, Refusal):
            return await self._form(found, as_faults((looked_up,)))
        reading = Reading(
            self.repository, found.request, self.clock.now() - timedelta(days=1), self.most_kept_bytes
        )
        try:
            reviewed = await self._review(found, who, *looked_up, reading)
        except NoRoomError:
            return await self._form(found, as_faults((Refusal(RefusalReason.NO_ROOM),)))
        finally:
            await reading.end()
        is_outdated = isinstance(reviewed, Refusal) and reviewed.reason is RefusalReason.CHANGED
        return await self.review(draft, who) if is_outdated else reviewed  # a newer click came

    async def _review(
        self, found: Draft, who: Person, rule: Rule, voters: Voters, reading: Reading
    ) -> Review | Form | Refusal:
        policy = found.policy
        recipients = await resolve_recipients(found, self.file_reader, reading)
        request = filled_in(found, rule, recipients)
        budget_use = await current_budget_use(request, policy, self.repository, self.clock)
        now = self.clock.now()
        decision = voters.decide(request, policy, usable(rule, now), budget_use)
        await audit_refusals(self.repository, decision.refusals, Action.ASK, request, who)
        form_input = found.form_input
        if found.first and found.first.reserved:
            form_input = replace(form_input, reserved=found.first.first_customer)
        faults = (*recipients.faults, *faults_of_reserved(form_input, policy), *faults_of_key(form_input))
        refusals = await self.access.with_places(decision.refusals, who, request)
        if faults := (*faults, *as_faults(refusals, faults)):
            return await self._form(found, faults, recipients.read_result.unclear)
        lists_of = tuple(sorted({of for file in recipients.files_read for of in file.request.split()}))
        if lists_of and not (form_input.new_key or found.first):
            own_list = Refusal(RefusalReason.OWN_LIST, ", ".join(lists_of))
            return await self._form(found, (FieldError(Field.FILE, own_list),), lists_of=lists_of)
        request = replace(request, approvals=decision.approvals, tier=decision.tier)
        if refusal := await self._store(request, recipients, found):
            return refusal
        reading.is_stored = True
        review = await load_review(
            self.repository, self.clock, self.access, request, policy, who=who, budget_use=budget_use
        )
        return replace(review, input_mark=found.form_input.mark)

    async def ask(
        self, draft: RequestId, who: Person, *, shown: str, named: Collection[str], input_mark: str = ""
    ) -> Request | Refusal:
        """Submit a reviewed draft; submitting it twice returns the same request.

        `shown` is the digest of what the review showed, `named` the requests for the same customers in it.
        A review of other input than the form has now is stale: `input_mark` is its mark, empty if the
        review is of a release without marks.
        """
        found = await self.repository.find(draft)
        if found is None or found.requester != who.id:
            return Refusal(RefusalReason.UNKNOWN_REQUEST)
        if refusal := await self._admit(who, found):
            return refusal
        policy = self.access.policy.channels[found.channel]
        budget_use = await current_budget_use(found, policy, self.repository, self.clock)
        asked: Request | Refusal | None = None
        while asked is None:
            voters = await self._voters(found, policy)
            if isinstance(voters, Refusal):
                return voters
            prior_grants = NEVER
            if found.state is State.DRAFT:
                prior_grants = await current_prior_grants(found, policy, self.repository, self.clock)
            if refusal := unseen_repeats(prior_grants, named):
                return refusal
            async with self.repository.unit_of_work_to_submit(draft) as unit:
                if unit is None:
                    return Refusal(RefusalReason.UNKNOWN_REQUEST)
                if unit.request.state is State.DRAFT:
                    newest = (await unit.form_input()).mark
                    if digest(unit.request) != shown or (input_mark or newest) != newest:
                        return Refusal(RefusalReason.CHANGED)
                asked = await submit(unit, policy, voters, budget_use, prior_grants, self.access, self.clock)
        self._recent.pop(draft, None)
        self.background.wake()
        return asked

    async def reopen_form(self, draft: RequestId, who: Person, refusal: Refusal) -> Form | Refusal:
        """Load the form with the reason why it was not submitted; the reason alone if it is no draft now."""
        found = await self._draft(draft, who)
        return refusal if isinstance(found, Refusal) else await self._form(found, as_faults((refusal,)))

    async def rule(self, draft: RequestId, who: Person) -> Rule | Refusal:
        """Return the rule of a reviewed draft, to its requester."""
        found = await self._draft(draft, who)
        return found if isinstance(found, Refusal) else rule_of(found.request)

    async def unreadable_rows(
        self, draft: RequestId, who: Person
    ) -> tuple[Request, tuple[FileRead, ...]] | Refusal:
        """Read a draft's files again for the rows without an id; nothing is stored, so no purge is needed."""
        found = await self._draft(draft, who)
        if isinstance(found, Refusal):
            return found
        read_result = await self.file_reader.read(
            found.form_input.files,
            (),
            by=who.id,
            channel=found.request.channel,
            portion=found.portion,
            told=MOST_ODD,
        )
        faults = faults_of_files(read_result)
        return faults[0].refusal if faults else (found.request, read_result.files)

    async def find_rules(self, draft: RequestId, who: Person, text: str) -> list[tuple[Rule, Availability]]:
        """Search the rules that the draft's channel may give; its requester alone gets an answer.

        Requester and channel of a draft never change, so a recent copy will do. All else reads the row.
        """
        now = self.clock.now()
        request, read_at = self._recent.get(draft, (None, now))
        if request is None or not timedelta() <= now - read_at < RECENT:
            found = await self._draft(draft, who)
            request = None if isinstance(found, Refusal) else found.request
        if request is None or request.requester != who.id:
            return []
        policy = await self.access.may_use_channel(who, request.channel)
        if isinstance(policy, Refusal):
            return []
        await self.catalog.first_read()
        return self.catalog.search(text, allowed=policy, at=now)

    async def find_rule(
        self, text: str, who: Person, channel: ChannelId
    ) -> tuple[Rule, Availability] | list[Rule] | Refusal:
        """Find the rule that a person means, freshly read; several if that is unclear or without a text."""
        policy = await self.access.readable_rules(who, channel)
        if isinstance(policy, Refusal):
            return policy
        if not text:
            await self.catalog.first_read()
            return [rule for rule, _ in self.catalog.search("", allowed=policy, at=self.clock.now())]
        found = await self.catalog.find(text, allowed=policy)
        return (found, usable(found, self.clock.now())) if isinstance(found, Rule) else found

    async def _admit(self, who: Person, request: Request) -> Refusal | None:
        """Check that this person may request here, and that the bot can post the card."""
        refusal, no_post = await asyncio.gather(
            self.access.may_request(who, request.channel), self.access.can_post(request.channel)
        )
        if refusal:
            await audit_refusals(self.repository, [refusal], Action.ASK, request, who)
        return refusal or no_post

    async def _look_up(self, found: Draft, who: Person) -> tuple[Rule, Voters] | Refusal:
        """Read the rule, who could approve and what tiers count, for a person who may request here."""
        if not found.form_input.rule:
            return await self._admit(who, found.request) or Refusal(RefusalReason.NO_RULE)
        refusal, rule, voters = await asyncio.gather(
            self._admit(who, found.request),
            self.catalog.read(RuleId(found.form_input.rule), found.rule_title),
            self._voters(found.request, found.policy),
        )
        if refusal:
            return refusal
        if isinstance(voters, Refusal):
            return voters
        return rule if isinstance(rule, Refusal) else (rule, voters)

    async def _store(self, request: Request, recipients: Recipients, found: Draft) -> Refusal | None:
        """Store a reviewed draft and its customers, unless it was submitted or changed meanwhile."""
        async with self.repository.unit_of_work(request.id) as unit:
            if unit is None:
                return Refusal(RefusalReason.UNKNOWN_REQUEST)
            if unit.request.state is not State.DRAFT:
                return Refusal(RefusalReason.WRONG_STATE, unit.request.state, name=unit.request.short)
            form_input = await unit.form_input()
            if found.form_input != (remainder_input(found.first, form_input) if found.first else form_input):
                return Refusal(RefusalReason.CHANGED)
            await unit.forget_reading(unit.request.files)
            await unit.save(request)
            await unit.put_packed(recipients.everybody)
            await unit.put_files_read(recipients.files_read)
        return None

    async def _voters(self, draft: Request, policy: ChannelPolicy) -> Voters | Refusal:
        return await find_voters(draft, policy, self.repository, self.access, self.clock.now())

    async def _draft(self, draft: RequestId, who: Person) -> Draft | Refusal:
        request, form_input = await asyncio.gather(
            self.repository.find(draft), self.repository.load_input(draft)
        )
        self._recent.pop(draft, None)
        if request is None or form_input is None or request.requester != who.id:
            return Refusal(RefusalReason.UNKNOWN_REQUEST)
        policy = await self.access.allowed_channel(who, request.channel)
        if isinstance(policy, Refusal) and policy.reason is RefusalReason.STRANGER:
            return Refusal(RefusalReason.UNKNOWN_REQUEST)
        if request.state is not State.DRAFT:
            return Refusal(RefusalReason.WRONG_STATE, request.state, name=request.short)
        if isinstance(policy, Refusal):
            return policy
        if refusal := self.access.check_account(request):
            return refusal
        self._remember(request)
        if request.rest_of is None:
            return Draft(request, form_input, policy)
        first = await self.repository.find(request.rest_of)
        if first is None:
            return Refusal(RefusalReason.UNKNOWN_REQUEST, request.rest_of)
        found = Draft(request, remainder_input(first, form_input), policy, first)
        return await no_remainder(self.repository, first) or found

    async def _save(self, draft: RequestId, who: Person, form_input: FormInput) -> Draft | Refusal:
        found = await self._draft(draft, who)
        if isinstance(found, Refusal):
            return found
        if found.first:  # only the reason and the choice of refused customers come from the form
            form_input = replace(
                found.form_input, reason=form_input.reason, refused_too=form_input.refused_too
            )
        else:
            same_files = {one.id for one in form_input.files} == {one.id for one in found.form_input.files}
            form_input = with_columns(form_input, found.form_input)
            form_input = replace(form_input, new_key=form_input.new_key and same_files)
        await self.repository.save_input(draft, form_input)
        return replace(found, form_input=form_input)

    async def _form(
        self,
        found: Draft,
        faults: tuple[FieldError, ...] = (),
        unclear: tuple[AmbiguousFile, ...] = (),
        lists_of: tuple[str, ...] = (),
    ) -> Form:
        if found.form_input.rule:
            await self.catalog.first_read()
        chosen = self.catalog.by_words(found.form_input.rule, allowed=found.policy)
        rule = chosen if isinstance(chosen, Rule) else None
        pause, remainder = await self.repository.pause(), await remainder_of(self.repository, found.request)
        return Form(
            found.request,
            found.form_input,
            found.policy,
            rule,
            usable(rule, self.clock.now()) if rule else None,
            len(chosen) if isinstance(chosen, list) else 0,
            self._with_rule_fault(found, rule, faults),
            pause,
            remainder,
            unclear,
            lists_of,
        )

    def _with_rule_fault(
        self, found: Draft, rule: Rule | None, faults: tuple[FieldError, ...]
    ) -> tuple[FieldError, ...]:
        """Add what is wrong with the rule at once, before the review."""
        if any(fault.field is Field.RULE for fault in faults):
            return faults
        typed, anywhere = found.form_input.rule, self.catalog.by_words(found.form_input.rule)
        if rule:
            wrong = list(about_rule(found.policy, rule, usable(rule, self.clock.now())))
        elif isinstance(anywhere, Rule):
            wrong = [Refusal(RefusalReason.RULE_NOT_ALLOWED, anywhere.title)]
        else:
            is_gone = typed and found.rule_title and self.catalog.ready
            wrong = [Refusal(RefusalReason.RULE_GONE, found.rule_title)] if is_gone else []
        return (*(FieldError(Field.RULE, one) for one in wrong), *faults)
