"""Asking for a discount: the draft, what is wrong with it, the review, and the request that comes of it."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from bot.domain.customers.parsing import RESERVED, CustomerList
from bot.domain.customers.uploads import MOST_ODD, AmbiguousFile, FileRead
from bot.domain.ids import ChannelId, OnceKey, RequestId, RuleId
from bot.domain.policy.budget import BudgetUse
from bot.domain.policy.policy import ChannelPolicy, Decision, DecisionOutcome, Refusal, RefusalReason
from bot.domain.ports import BackgroundTasks, Clock, FileReader, Repository, UnitOfWork
from bot.domain.requests import authorization
from bot.domain.requests.audit_entries import Action, audit_refusal, audit_refusals, refused
from bot.domain.requests.deadlines import held_facts, held_until, initial_deadlines
from bot.domain.requests.notification import ChannelKind, Notification, NotificationType
from bot.domain.requests.person import Person
from bot.domain.requests.request import (
    Event,
    FormInput,
    Request,
    State,
    idempotency_key,
    new_reading,
    new_request_id,
    new_short_id,
    transition,
)
from bot.domain.requests.views import Field, FieldError, Form, Review
from bot.domain.rules.rule import Availability, Rule, cost, usable
from bot.errors import DinteroError, DirectoryUnavailable, RuleNotFound, ShortIdConflict
from bot.services.access import AccessControl, Electorate
from bot.services.drafting.recipients import Recipients, resolve_recipients, with_columns
from bot.services.drafting.rule_catalog import RuleCatalog
from bot.services.drafting.validation import (
    as_faults,
    customers_of,
    faults_of_files,
    faults_of_ids,
    faults_of_key,
    faults_of_reserved,
)
from bot.services.remainder import no_remainder, nobody_chosen, remainder_of
from bot.services.review import current_budget_use, current_prior_grants, review_of, usable_now

FIRST_READ: Final = 2.0
"""Seconds that a search waits for the first reading of the rules: Slack takes an answer for 3."""
BATCHES_PER_PORTION: Final = 8
"""Measured: a durable step for 8 calls' worth of customers costs next to nothing, a step for each call halves the speed."""


@dataclass(frozen=True, slots=True)
class _Draft:
    """A draft with all that is needed to judge it."""

    request: Request
    form_input: FormInput
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


class DraftService:
    """What a requester does, from the empty form to the request that stands in the channel."""

    def __init__(
        self,
        *,
        repository: Repository,
        access: AccessControl,
        catalog: RuleCatalog,
        file_reader: FileReader,
        clock: Clock,
        background: BackgroundTasks,
        account: str,
    ) -> None:
        self._repository = repository
        self._file_reader = file_reader
        self._access = access
        self._catalog = catalog
        self._clock = clock
        self._background = background
        self._account = account

    def channel_policy(self, who: Person, channel: ChannelId) -> ChannelPolicy | Refusal:
        """Say from memory whether anything can be asked for here; meant for the ack."""
        return self._access.allowed_channel(who, channel)

    def prefill(self, rule: str, customers: Sequence[str], *, quoted: bool) -> FormInput:
        """Part what stood in the command into a rule and customers, one a line; a name without quotes may be of several words."""
        words = [rule, *customers]
        many = 1 if quoted else self._catalog.words_of_name(words)
        return FormInput(rule=" ".join(words[:many]), customers="\n".join(words[many:]))

    async def open_draft(
        self, who: Person, channel: ChannelId, form_input: FormInput, *, rest_of: RequestId | None = None
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
                await self._repository.open_draft(draft, form_input)
            except ShortIdConflict:
                continue
            return draft

    async def create_remainder(self, of: RequestId, who: Person, channel: ChannelId) -> Request | Refusal:
        """Open a draft for whom an ended request left out, for anybody who may ask in its channel by now."""
        first = await self._repository.find(of)
        if (
            first is None
            or first.state is State.DRAFT
            or first.channel != channel
            or first.account != self._account
        ):
            return Refusal(RefusalReason.UNKNOWN_REQUEST, of)
        admitted = await self._access.may_request(who, channel)
        if isinstance(admitted, Refusal):
            return await audit_refusal(self._repository, admitted, Action.ASK, first, who) or admitted
        if refusal := await no_remainder(self._repository, first):
            return refusal
        form_input = FormInput(
            reason=first.reason, refused_too=(await self._repository.tally(first.id)).left == 0
        )
        return await self.open_draft(who, channel, _typed_of_rest(first, form_input), rest_of=first.id)

    async def form(self, draft: RequestId, who: Person) -> Form | Refusal:
        """Draw the form up for whoever may ask here, once the card could be posted."""
        found = await self._draft(draft, who)
        if isinstance(found, Refusal):
            return found
        admitted, no_post = await self._admitted(who, found.request.channel)
        if isinstance(admitted, Refusal):
            return await audit_refusal(self._repository, admitted, Action.ASK, found.request, who) or admitted
        return no_post or await self._form(found)

    async def redraw(self, draft: RequestId, who: Person, form_input: FormInput) -> Form | Refusal:
        """Keep what was typed and draw the form again with it."""
        found = await self._keep(draft, who, form_input)
        return found if isinstance(found, Refusal) else await self._form(found)

    async def save_input(
        self, draft: RequestId, who: Person, form_input: FormInput
    ) -> tuple[FieldError, ...] | Refusal:
        """Keep what was typed, and tell all faults that can be told from memory; meant for the ack."""
        found = await self._keep(draft, who, form_input)
        if isinstance(found, Refusal):
            return found
        if found.first:  # of a rest little is typed; all else is looked at for the review
            nobody = await nobody_chosen(self._repository, found.first, form_input)
            missing = (
                Refusal(RefusalReason.REASON_MISSING)
                if found.policy.require_reason and not form_input.reason.strip()
                else None
            )
            return tuple(
                FieldError(field, no)
                for field, no in ((Field.REFUSED, nobody), (Field.REASON, missing))
                if no
            )
        rule = self._catalog.known(RuleId(form_input.rule)) if form_input.rule else None
        customers = customers_of(form_input)
        faults = (*faults_of_ids(customers), *self._faults_of_reserved(found), *faults_of_key(form_input))
        plain = self._judge_plain(found, rule, customers)
        later = {
            *([RefusalReason.NO_RULE] if form_input.rule and rule is None else []),
            *([RefusalReason.NO_CUSTOMERS] if form_input.files else []),
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
            await audit_refusal(self._repository, not_let_in, Action.ASK, found.request, who)
            return await self._form(found, as_faults((not_let_in,), but=()))
        if not found.form_input.rule:
            return await self._form(found, (FieldError(Field.RULE, Refusal(RefusalReason.NO_RULE)),))
        looked_up = await self._rule_and_electorate(found, who)
        if isinstance(looked_up, Refusal):
            return await self._form(found, (FieldError(Field.RULE, looked_up),))
        rule, electorate = looked_up
        reading = new_reading() if found.form_input.files else ""
        keep = partial(self._repository.keep_piece, draft, reading)
        recipients = await resolve_recipients(
            found.form_input,
            of=found.request,
            file_reader=self._file_reader,
            repository=self._repository,
            portion=found.portion,
            rest_of=found.first,
            keep=keep,
        )
        faults = (*recipients.faults, *self._faults_of_reserved(found), *faults_of_key(found.form_input))
        request = replace(_filled_in(found, rule, recipients), files=reading)
        budget_use = await current_budget_use(request, found.policy, self._repository, self._clock)
        decision = self._decide(request, found.policy, electorate, budget_use)
        await audit_refusals(self._repository, decision.refusals, Action.ASK, request, who)
        faults = (*faults, *as_faults(decision.refusals, but=faults))
        if faults:
            return await self._form(found, faults, recipients.read_result.unclear)
        return await self._keep_review(request, decision, recipients, found.policy, budget_use)

    async def _rule_and_electorate(self, found: _Draft, who: Person) -> tuple[Rule, Electorate] | Refusal:
        """Read the rule and who may approve, both at once."""
        try:
            return await asyncio.gather(
                self._catalog.fresh(RuleId(found.form_input.rule)),
                self._access.electorate(found.policy, who.id),
            )
        except DirectoryUnavailable as error:
            return Refusal(RefusalReason.LOOKUP_FAILED, str(error))
        except RuleNotFound:
            return Refusal(RefusalReason.RULE_GONE, found.form_input.rule)
        except DinteroError as error:
            return Refusal(RefusalReason.RULE_UNREADABLE, str(error))

    async def ask(self, draft: RequestId, who: Person) -> Request | Refusal:
        """Turn a reviewed draft into a request; asked twice, it answers the same request."""
        found = await self._repository.find(draft)
        if found is None or found.requester != who.id:
            return Refusal(RefusalReason.UNKNOWN_REQUEST)
        admitted, no_post = await self._admitted(who, found.channel)
        if isinstance(admitted, Refusal):
            return await audit_refusal(self._repository, admitted, Action.ASK, found, who) or admitted
        if no_post:
            return no_post
        try:
            electorate = await self._access.electorate(admitted, who.id)
        except DirectoryUnavailable as error:
            return Refusal(RefusalReason.LOOKUP_FAILED, str(error))
        budget_use = await current_budget_use(found, admitted, self._repository, self._clock)
        async with self._repository.unit_of_work_to_submit(draft) as unit:
            if unit is None:
                return Refusal(RefusalReason.UNKNOWN_REQUEST)
            asked = await self._ask(unit, admitted, electorate, budget_use)
        self._background.wake()
        return asked

    async def reopen_form(self, draft: RequestId, who: Person, refusal: Refusal) -> Form | Refusal:
        """Draw the form again with all that was typed, and why it was not asked for; the refusal itself where it is no draft any more."""
        found = await self._draft(draft, who)
        return (
            refusal if isinstance(found, Refusal) else await self._form(found, as_faults((refusal,), but=()))
        )

    async def unreadable_rows(
        self, draft: RequestId, who: Person
    ) -> tuple[Request, tuple[FileRead, ...]] | Refusal:
        """Read a draft's files once more for the rows that gave no id; nothing of them is kept, so that nothing has to be forgotten."""
        found = await self._draft(draft, who)
        if isinstance(found, Refusal):
            return found
        read_result = await self._file_reader.read(
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
        """Search the rules that the draft's channel may give; nothing for whoever did not open the draft."""
        found = await self._draft(draft, who)
        if isinstance(found, Refusal):
            return []
        await self._catalog.first_read(FIRST_READ)
        return self._catalog.search(text, allowed=found.policy, at=self._clock.now())

    async def find_rule(
        self, text: str, who: Person, channel: ChannelId
    ) -> tuple[Rule, Availability] | list[Rule] | Refusal:
        """Find the rule that a person means, freshly read with its statistics; several where it could be several."""
        policy = await self._access.may_use_channel(who, channel)
        if isinstance(policy, Refusal):
            return policy
        await self._catalog.first_read(FIRST_READ)
        found = self._catalog.by_words(text, allowed=policy)
        if not isinstance(found, Rule):
            return found or self._no_such_rule(text)
        try:
            rule = await self._catalog.fresh(found.id)
        except RuleNotFound:
            return Refusal(RefusalReason.RULE_GONE, text)
        except DinteroError as error:
            return Refusal(RefusalReason.RULE_UNREADABLE, str(error))
        return rule, usable(rule, self._clock.now())

    def _no_such_rule(self, text: str) -> Refusal:
        """Say why a rule is not shown: not allowed here, not read yet, or not there at all."""
        if isinstance(elsewhere := self._catalog.by_words(text), Rule):
            return Refusal(RefusalReason.RULE_NOT_ALLOWED, elsewhere.title)
        if not self._catalog.ready:
            return Refusal(
                RefusalReason.RULE_UNREADABLE, str(self._catalog.failed or "its rules are still being read")
            )
        return Refusal(RefusalReason.NO_RULE, text)

    async def _admitted(
        self, who: Person, channel: ChannelId
    ) -> tuple[ChannelPolicy | Refusal, Refusal | None]:
        """Look whether this person may ask here, and whether the card could be posted."""
        admitted, no_post = await asyncio.gather(
            self._access.may_request(who, channel), self._access.can_post(channel)
        )
        return admitted, no_post

    async def _draft(self, draft: RequestId, who: Person) -> _Draft | Refusal:
        request, form_input = await asyncio.gather(
            self._repository.find(draft), self._repository.load_input(draft)
        )
        if request is None or form_input is None or request.requester != who.id or request.team != who.team:
            return Refusal(RefusalReason.UNKNOWN_REQUEST)
        if request.state is not State.DRAFT:
            return Refusal(RefusalReason.WRONG_STATE, request.state)
        policy = self._access.allowed_channel(who, request.channel)
        if isinstance(policy, Refusal):
            return policy
        if request.rest_of is None:
            return _Draft(request, form_input, policy)
        first = await self._repository.find(request.rest_of)
        if first is None:
            return Refusal(RefusalReason.UNKNOWN_REQUEST, request.rest_of)
        return await no_remainder(self._repository, first) or _Draft(
            request, _typed_of_rest(first, form_input), policy, first
        )

    async def _keep(self, draft: RequestId, who: Person, form_input: FormInput) -> _Draft | Refusal:
        found = await self._draft(draft, who)
        if isinstance(found, Refusal):
            return found
        form_input = (
            _typed_of_rest(found.first, form_input)
            if found.first
            else with_columns(form_input, found.form_input)
        )
        await self._repository.save_input(draft, form_input)
        return replace(found, form_input=form_input)

    async def _form(
        self, found: _Draft, faults: tuple[FieldError, ...] = (), unclear: tuple[AmbiguousFile, ...] = ()
    ) -> Form:
        if found.form_input.rule:
            await self._catalog.first_read(FIRST_READ)
        chosen = (
            self._catalog.by_words(found.form_input.rule, allowed=found.policy)
            if found.form_input.rule
            else None
        )
        pause, remainder = await self._repository.pause(), await remainder_of(self._repository, found.request)
        rule = chosen if isinstance(chosen, Rule) else None
        return Form(found.request, found.form_input, found.policy, rule, faults, pause, remainder, unclear)

    def _faults_of_reserved(self, found: _Draft) -> tuple[FieldError, ...]:
        if found.first and found.first.reserved and not found.policy.reserved:
            return (FieldError(Field.RESERVED, Refusal(RefusalReason.RESERVED_ID)),)
        return faults_of_reserved(found.form_input, found.policy)

    def _judge_plain(self, found: _Draft, rule: Rule | None, customers: CustomerList) -> tuple[Refusal, ...]:
        """Judge what does not depend on who people are."""
        reserved = customers.ids[:1] != () and customers.ids[0] in RESERVED
        return authorization.violations(
            found.policy,
            rule=rule,
            usable=usable(rule, self._clock.now()) if rule else None,
            cost=cost(rule, len(customers.ids)) if rule and not reserved else None,
            customers=len(customers.ids),
            reason=found.form_input.reason,
            reserved=reserved,
        )

    def _decide(
        self, request: Request, policy: ChannelPolicy, electorate: Electorate, budget_use: BudgetUse | None
    ) -> Decision:
        if request.rule is None:
            return Decision(DecisionOutcome.REFUSED, refusals=(Refusal(RefusalReason.NO_RULE),))
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
            budget_use=budget_use,
        )

    async def _keep_review(
        self,
        request: Request,
        decision: Decision,
        recipients: Recipients,
        policy: ChannelPolicy,
        budget_use: BudgetUse | None,
    ) -> Review | Refusal:
        request = replace(request, approvals=decision.approvals, tier=decision.tier)
        async with self._repository.unit_of_work(request.id) as unit:
            if unit is None:
                return Refusal(RefusalReason.UNKNOWN_REQUEST)
            if unit.request.state is not State.DRAFT:
                return Refusal(RefusalReason.WRONG_STATE, unit.request.state, (unit.request.requester,))
            await unit.save(request)
            await unit.put_packed(recipients.everybody)
        prior_grants = await current_prior_grants(request, policy, self._repository, self._clock)
        pause, now_usable = await self._repository.pause(), usable_now(request, self._clock)
        return review_of(
            request,
            policy,
            decision,
            now_usable=now_usable,
            spaced=recipients.spaced,
            budget_use=budget_use,
            prior_grants=prior_grants,
            pause=pause,
            remainder=await remainder_of(self._repository, request),
            file_summary=recipients.file_summary,
        )

    async def _ask(
        self, unit: UnitOfWork, policy: ChannelPolicy, electorate: Electorate, budget_use: BudgetUse | None
    ) -> Request | Refusal:
        request = unit.request
        if request.state is not State.DRAFT:
            return request
        decision = self._decide(request, policy, electorate, budget_use)
        if decision.refusals:
            unit.audit(refused(request, decision.refusals, Action.ASK, request.requester))
            return decision.refusals[0]
        if (decision.approvals, decision.tier) != (request.approvals, request.tier):
            return Refusal(RefusalReason.CHANGED)
        now = self._clock.now()
        event = Event.ASKED if decision.outcome is DecisionOutcome.WAITS else Event.ASKED_AT_ONCE
        times = (
            initial_deadlines(policy, now)
            if event is Event.ASKED
            else {"give_after": held_until(policy, now)}
        )
        asked = transition(request, event, asked_at=now, **times)
        await unit.save(asked)
        await unit.forget_other_files()
        await unit.enqueue(
            Notification(
                kind=ChannelKind.CARD, happened=NotificationType.ASKED, at=now, by=request.requester
            ),
            Notification(
                kind=ChannelKind.LINE,
                happened=NotificationType.ASKED,
                at=now,
                by=request.requester,
                facts=held_facts(asked),
            ),
        )
        return asked


def _typed_of_rest(first: Request, form_input: FormInput) -> FormInput:
    """Keep of what was typed only the reason, and whether the refused shall be among them.

    Rule, customers and key of a rest are those of the books, whatever a payload holds.
    """
    return FormInput(
        rule=first.rule.id if first.rule else "", reason=form_input.reason, refused_too=form_input.refused_too
    )


def _filled_in(found: _Draft, rule: Rule, recipients: Recipients) -> Request:
    key = found.form_input.once_key.strip()
    return replace(
        found.request,
        rule=rule,
        customers=recipients.everybody.count,
        repeated=recipients.repeated,
        customers_digest=recipients.everybody.digest,
        first_customer=next(iter(recipients.everybody.first), ""),
        last_customer=recipients.everybody.last,
        reason=found.form_input.reason.strip(),
        once_key=found.first.once_key
        if found.first
        else OnceKey(key)
        if key
        else idempotency_key(found.request.id),
        own_key=found.first.own_key if found.first else bool(key),
        batch_size=found.policy.batch_size,
        batches_per_portion=found.batches_per_portion,
        concurrency=found.policy.concurrency,
    )
