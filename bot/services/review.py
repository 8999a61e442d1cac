"""Puts together what is shown of a request before somebody says yes to it; all of it comes from the books."""

from datetime import timedelta

from bot.domain.ids import CustomerId
from bot.domain.policy.budget import Use, use_of
from bot.domain.policy.policy import ChannelPolicy, Decision
from bot.domain.ports import Books, Clock
from bot.domain.requests.deadlines import approvers_of
from bot.domain.requests.pause import Pause
from bot.domain.requests.prior_grants import NEVER, Before
from bot.domain.requests.remainder import Rest
from bot.domain.requests.request import Request, digest
from bot.domain.requests.views import Listed, Review
from bot.domain.rules.rule import Usable, usable
from bot.domain.rules.terms import terms_of


def usable_now(request: Request, clock: Clock) -> Usable:
    """Say whether the request's rule can be given now, as it was when it was read."""
    return usable(request.rule, clock.now()) if request.rule else Usable.DELETED


async def budget_use(request: Request, policy: ChannelPolicy, books: Books, clock: Clock) -> Use | None:
    """Reckon what a request uses of its channel's budget; None where there is none. Nothing is locked: the giving looks again."""
    if policy.budget is None or request.rule is None:
        return None
    now = clock.now()
    gave = await books.gave(request.channel, policy.budget.since(now), but=request.id)
    return use_of(policy.budget, gave, customers=request.customers, price=request.price, now=now)


async def given_before(request: Request, policy: ChannelPolicy, books: Books, clock: Clock) -> Before:
    """Find who of a request's customers were given the same rule within the policy's days: a warning, and no refusal."""
    if policy.repeat_days == 0:
        return NEVER
    return await books.given_before(request, clock.now() - timedelta(days=policy.repeat_days))


def review_of(
    request: Request,
    policy: ChannelPolicy,
    decision: Decision,
    *,
    now_usable: Usable,
    spaced: tuple[CustomerId, ...] = (),
    pause: Pause | None = None,
    use: Use | None = None,
    before: Before = NEVER,
    rest: Rest | None = None,
    listed: Listed | None = None,
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
        use=use,
        before=before,
        rest=rest,
        listed=listed,
    )
