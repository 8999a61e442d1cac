"""From a reviewed draft to a request: filling it in, judging it, and submitting it."""

from dataclasses import dataclass, replace
from datetime import datetime

from bot.domain.ids import OnceKey
from bot.domain.policy.budget import Asked, BudgetUse
from bot.domain.policy.policy import AskedBefore, ChannelPolicy, Decision, Refusal, RefusalReason
from bot.domain.ports import Clock, Repository
from bot.domain.requests.audit_entries import Action, refused
from bot.domain.requests.authorization import Electorate, decide
from bot.domain.requests.notification import NotificationType
from bot.domain.requests.prior_grants import PriorGrants
from bot.domain.requests.request import (
    KEY_PREFIX,
    NO_KEY,
    Event,
    FormInput,
    Request,
    State,
    is_bots_key,
    new_once_key,
    salted,
    transition,
)
from bot.domain.rules.rule import Availability, Rule, usable
from bot.domain.unit_of_work import UnitOfWork
from bot.errors import DirectoryUnavailable
from bot.services.access import AccessControl
from bot.services.announcements import held_facts, notifications_for
from bot.services.drafting.recipients import Draft, Recipients
from bot.services.review import asked_before, repeats_since, tier_window


@dataclass(frozen=True, slots=True)
class Voters:
    """Who could approve a request, and what was asked for before it: in all, and by its requester."""

    electorate: Electorate
    asked: tuple[Asked, ...]
    earlier: AskedBefore

    def decide(
        self,
        request: Request,
        policy: ChannelPolicy,
        availability: Availability | None,
        budget_use: BudgetUse | None,
    ) -> Decision:
        """Decide by the policy."""
        return decide(request, policy, self.electorate, availability, budget_use, self.earlier)


async def find_voters(
    draft: Request, policy: ChannelPolicy, repository: Repository, access: AccessControl, now: datetime
) -> Voters | Refusal:
    """Look up who could approve, and what the requester asked for before."""
    asked = await asked_before(draft, policy, repository, now)
    try:
        electorate = await access.electorate(policy, draft.requester)
        return Voters(electorate, asked, await access.sum_asked(draft.requester, asked))
    except DirectoryUnavailable as error:
        return Refusal(RefusalReason.LOOKUP_FAILED, str(error))


async def submit(
    unit: UnitOfWork,
    policy: ChannelPolicy,
    voters: Voters,
    budget_use: BudgetUse | None,
    prior_grants: PriorGrants,
    access: AccessControl,
    clock: Clock,
) -> Request | Refusal | None:
    """Submit a draft; None if another request came since the searches for prior grants and for the tier."""
    request, now = unit.request, clock.now()
    if request.state is not State.DRAFT:
        return request
    if refusal := access.check_account(request):
        return refusal
    if request.own_key and not request.rest_of and is_bots_key(request.once_key):
        return Refusal(RefusalReason.BAD_ONCE_KEY, KEY_PREFIX)  # reviewed by release 0.1.0
    if policy.repeat_days and await unit.has_newer(prior_grants.among, repeats_since(policy, clock)):
        return None
    window = tier_window(request, policy, now)
    if window and await unit.asked_between(*window) != voters.asked:
        return None
    now_usable = usable(request.rule, now) if request.rule else None
    decision = voters.decide(request, policy, now_usable, budget_use)
    if decision.refusals:
        unit.audit(refused(request, decision.refusals, Action.ASK, request.requester))
        return decision.refusals[0]
    if (decision.approvals, decision.tier) != (request.approvals, request.tier):
        return Refusal(RefusalReason.CHANGED)
    if decision.approvals:
        asked = transition(request, Event.ASKED, asked_at=now, **policy.initial_deadlines(now))
    else:
        give_after = policy.held_until(now)
        asked = transition(request, Event.ASKED_AT_ONCE, asked_at=now, give_after=give_after)
    await unit.save(asked)
    await unit.forget_other_files()
    await unit.enqueue(
        *notifications_for(asked, NotificationType.ASKED, now, by=request.requester, facts=held_facts(asked))
    )
    return asked


def remainder_input(first: Request, form_input: FormInput) -> FormInput:
    """Take the rule from the first request, and no key: it has that of the first request."""
    rule = first.rule.id if first.rule else ""
    return replace(form_input, rule=rule, once_key="", reserved="", more=False, new_key=False)


def _secret_key(draft: Request) -> OnceKey:
    """Return the key that was made for a draft, or make one.

    Release 0.1.0 made the key from the request's id, which Slack shows: such a draft gets another one.
    """
    known = draft.own_key or draft.once_key in {NO_KEY, f"{KEY_PREFIX}{draft.id}"}
    return new_once_key() if known else draft.once_key


def filled_in(found: Draft, rule: Rule, recipients: Recipients) -> Request:
    """Fill a draft in with all that its review shows, but for the decision."""
    key, first, everybody = found.form_input.once_key.strip(), found.first, recipients.everybody
    own_key = OnceKey(key) if key else _secret_key(found.request)
    return replace(
        found.request,
        rule=rule,
        customers=everybody.count,
        repeated=recipients.typed.repeated + recipients.read_result.repeated,
        customers_digest=salted(everybody.digest, found.request.customers_digest),
        first_customer=next(iter(everybody.first), ""),
        last_customer=everybody.last,
        reason=found.form_input.reason.strip(),
        once_key=first.once_key if first else own_key,
        own_key=first.own_key if first else bool(key),
        batch_size=found.policy.batch_size,
        batches_per_portion=found.batches_per_portion,
        concurrency=found.policy.concurrency,
        files=recipients.reading,
    )
