"""Puts together what is shown of a request before somebody says yes to it; all of it comes from the books."""

from datetime import timedelta

from bot.domain.ids import CustomerId
from bot.domain.policy.budget import BudgetUse, use_of
from bot.domain.policy.policy import ChannelPolicy, Decision
from bot.domain.ports import Clock, Repository
from bot.domain.requests.deadlines import approvers_of
from bot.domain.requests.prior_grants import NEVER, PriorGrants, Remainder
from bot.domain.requests.request import Pause, Request, digest
from bot.domain.requests.views import FileSummary, Review
from bot.domain.rules.rule import Availability, usable
from bot.domain.rules.terms import terms_of


def usable_now(request: Request, clock: Clock) -> Availability:
    """Say whether the request's rule can be given now, as it was when it was read."""
    return usable(request.rule, clock.now()) if request.rule else Availability.DELETED


async def current_budget_use(
    request: Request, policy: ChannelPolicy, repository: Repository, clock: Clock
) -> BudgetUse | None:
    """Reckon what a request uses of its channel's budget; None where there is none. Nothing is locked: the giving looks again."""
    if policy.budget is None or request.rule is None:
        return None
    now = clock.now()
    gave = await repository.grants(request.channel, policy.budget.since(now), but=request.id)
    return use_of(policy.budget, gave, customers=request.customers, price=request.price, now=now)


async def current_prior_grants(
    request: Request, policy: ChannelPolicy, repository: Repository, clock: Clock
) -> PriorGrants:
    """Find who of a request's customers were given the same rule within the policy's days: a warning, and no refusal."""
    if policy.repeat_days == 0:
        return NEVER
    return await repository.prior_grants(request, clock.now() - timedelta(days=policy.repeat_days))


def review_of(
    request: Request,
    policy: ChannelPolicy,
    decision: Decision,
    *,
    now_usable: Availability,
    spaced: tuple[CustomerId, ...] = (),
    pause: Pause | None = None,
    budget_use: BudgetUse | None = None,
    prior_grants: PriorGrants = NEVER,
    remainder: Remainder | None = None,
    file_summary: FileSummary | None = None,
) -> Review:
    """Put together what is shown of a request before somebody says yes to it.

    Raises:
        ValueError: the request has no rule yet.
    """
    if request.rule is None:
        raise ValueError(request.id)
    return Review(
        request=request,
        rule=request.rule,
        usable=now_usable,
        cost=request.price,
        decision=decision,
        asked_of=tuple(name for name in approvers_of(policy, request) if name != request.requester),
        spaced=spaced,
        digest=digest(request, terms_of(request.rule)),
        hold_minutes=policy.hold_minutes,
        pause=pause,
        budget_use=budget_use,
        prior_grants=prior_grants,
        remainder=remainder,
        file_summary=file_summary,
    )
