"""What people see of a request before they request or approve it, read from the database."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bot.domain.customers.uploads import Doubt, FileRead
from bot.domain.policy.budget import Asked, Budget, BudgetUse, Grant, use_of
from bot.domain.policy.policy import ChannelPolicy, Refusal, RefusalReason
from bot.domain.ports import Clock, Repository
from bot.domain.requests.authorization import approvers_of, pending_approvers
from bot.domain.requests.person import Person
from bot.domain.requests.prior_grants import NEVER, PriorGrants, PriorRequest
from bot.domain.requests.request import Request, digest, rule_of
from bot.domain.requests.views import Review
from bot.domain.rules.rule import usable
from bot.services.access import AccessControl
from bot.services.results.remainder import remainder_of


async def current_budget_use(
    request: Request, policy: ChannelPolicy, repository: Repository, clock: Clock
) -> BudgetUse | None:
    """Compute what a request uses of its channel's budget, if any; the giving checks again under lock."""
    if policy.budget is None or request.rule is None:
        return None
    now = clock.now()
    since = policy.budget.since(now)
    grants = await repository.grants(request.channel, since, but=request.id)
    before = await repository.given_before(request.id, since)
    return use_by(replace(request, customers=request.customers - before), policy.budget, grants, now)


def use_by(request: Request, budget: Budget, grants: Sequence[Grant], now: datetime) -> BudgetUse:
    """Compute what a request uses of what the other grants leave."""
    return use_of(budget, grants, customers=request.customers, price=request.price, now=now)


def tier_window(request: Request, policy: ChannelPolicy, now: datetime) -> tuple[datetime, datetime] | None:
    """Return from when to when the same person's other requests count; None if each counts alone."""
    if not (policy.tiers and policy.tier_hours):
        return None
    until = request.asked_at or now + timedelta(seconds=1)
    return until - timedelta(hours=policy.tier_hours), until


async def asked_before(
    request: Request, policy: ChannelPolicy, repository: Repository, now: datetime
) -> tuple[Asked, ...]:
    """Read what was asked for in the channel before a request, and may count for its tier."""
    window = tier_window(request, policy, now)
    return await repository.asked_between(request, *window) if window else ()


async def current_prior_grants(
    request: Request, policy: ChannelPolicy, repository: Repository, clock: Clock
) -> PriorGrants:
    """Find the other requests for the same customers, if the channel's policy wants to know.

    Of requests that a restored backup lacks nobody knows the customers: they always count.
    """
    since = repeats_since(policy, clock)
    found = await repository.prior_grants(request, since) if policy.repeat_days else NEVER
    return replace(found, lost=await repository.lost(rule_of(request).id)) if request.rule else found


def unseen_repeats(found: PriorGrants, named: Collection[str]) -> Refusal | None:
    """Refuse what a person decides while there are requests that they were not shown.

    A form names them by their marks, and forms of older versions by their short ids. That is enough: the
    customers of a request never change.
    """
    if found.lost and found.lost_mark not in named:
        return Refusal(RefusalReason.REPEATED_LOST)
    if any({each.mark, each.short}.isdisjoint(named) for each in found.by):
        return Refusal(RefusalReason.REPEATED)
    return None


def repeats_since(policy: ChannelPolicy, clock: Clock) -> datetime:
    """Return the time since which a grant to the same customer counts as repeated."""
    return clock.now() - timedelta(days=policy.repeat_days)


async def load_review(
    repository: Repository,
    clock: Clock,
    access: AccessControl,
    request: Request,
    policy: ChannelPolicy,
    *,
    who: Person,
    budget_use: BudgetUse | None,
) -> Review:
    """Load what a review shows to a person; raises ValueError if the request has no rule yet."""
    now, rule = clock.now(), rule_of(request)
    shows_ids = (
        not request.rest_of or await access.may_see_customers(who, request, repository=repository) is None
    )
    files_read = await repository.files_read(request.id)
    return Review(
        request=request,
        rule=rule,
        usable=usable(rule, now),
        asked_of=pending_approvers(approvers_of(policy, request), request),
        digest=digest(request),
        hold_minutes=policy.hold_minutes,
        repeat_days=policy.repeat_days,
        pause=await repository.pause(),
        budget_use=budget_use,
        prior_grants=await _seen_by(
            who, request, await current_prior_grants(request, policy, repository, clock), access, repository
        ),
        key_use=await repository.key_use(request),
        remainder=await remainder_of(repository, request),
        files_read=files_read if shows_ids else tuple(map(_without_names, files_read)),
        shows_ids=shows_ids,
    )


def _without_names(read: FileRead) -> FileRead:
    """Count those who are skipped, and name none: a list of guesses would tell who was given what."""
    return replace(
        read,
        doubtful=tuple(
            replace(each, first=()) if each.why in {Doubt.NOT_LEFT, Doubt.REFUSED} else each
            for each in read.doubtful
        ),
    )


async def _seen_by(
    who: Person, request: Request, found: PriorGrants, access: AccessControl, repository: Repository
) -> PriorGrants:
    """Hide the requests of other channels that this person may not see."""

    async def is_hidden(each: PriorRequest) -> bool:
        if each.channel == request.channel:
            return False
        other = await repository.find(each.id)
        return other is None or await access.may_view(who, other, request.channel) is not None

    by = [replace(each, is_hidden=await is_hidden(each)) for each in found.by]
    return replace(found, by=tuple(by))
