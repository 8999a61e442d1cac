"""Puts together what is shown of a request before somebody says yes to it; all of it comes from the books."""

from bot.giving.answers import Review
from bot.giving.due import approvers_of
from bot.giving.ids import CustomerId
from bot.giving.pauses import Pause
from bot.giving.policy import ChannelPolicy, Decision
from bot.giving.ports import Clock
from bot.giving.request import Request, digest
from bot.giving.rewards import Usable, cost, usable
from bot.giving.terms import terms_of


def usable_now(request: Request, clock: Clock) -> Usable:
    """Say whether the request's rule can be given now, as it was when it was read."""
    return usable(request.rule, clock.now()) if request.rule else Usable.DELETED


def review_of(
    request: Request,
    policy: ChannelPolicy,
    decision: Decision,
    *,
    now_usable: Usable,
    spaced: tuple[CustomerId, ...] = (),
    pause: Pause | None = None,
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
        cost=cost(request.rule, request.customers),
        decision=decision,
        asked_of=tuple(name for name in approvers_of(policy, request) if name != request.requester),
        spaced=spaced,
        digest=digest(request, terms_of(request.rule)),
        hold_minutes=policy.hold_minutes,
        pause=pause,
    )
