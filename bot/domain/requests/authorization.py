"""Authorization: who may do what, what the policy says about a request, and whether its rule has drifted."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final

from bot.domain.ids import ChannelId, GroupId, UserId
from bot.domain.policy.budget import BudgetUse
from bot.domain.policy.policy import (
    ANY,
    FOR_ANYBODY,
    NOTHING,
    AppliedTier,
    AskedBefore,
    ChannelPolicy,
    Decision,
    Forbidden,
    Place,
    Policy,
    Refusal,
    RefusalReason,
    applied,
)
from bot.domain.requests.person import AccountKind, Profile
from bot.domain.requests.request import Request, State, StopReason
from bot.domain.rules.rule import Availability, Rule, terms_of
from bot.domain.rules.rule import usable as availability_of

Membership = Mapping[GroupId, frozenset[UserId]]
"""The members of the policy's user groups; a missing group has no members."""
Electorate = tuple[Membership, frozenset[UserId]]
"""The members of the approver groups, and the listed approvers who are no full members."""

UNUSABLE: Final = {
    Availability.DELETED: StopReason.RULE_GONE,
    Availability.INACTIVE: StopReason.RULE_INACTIVE,
    Availability.EXPIRED: StopReason.RULE_EXPIRED,
}
"""Why a rule cannot be given; `RefusalReason` has the same values."""


# people


def ids_of(profile: Profile) -> frozenset[UserId]:
    """Return all known ids of an account: one or two."""
    return frozenset({profile.id, profile.asked_as or profile.id})


def is_same(one: Profile, other: Profile) -> bool:
    """Check whether two profiles are of one person: they share an id."""
    return not ids_of(one).isdisjoint(ids_of(other))


def check_full_member(profile: Profile) -> Refusal | None:
    """Check that a person is a full member of the workspace: nobody else may do anything."""
    if profile.kind is AccountKind.MEMBER:
        return None
    return Refusal(RefusalReason(profile.kind), profile.id)  # the other kinds have the same values


def group_ids(listed: Sequence[str]) -> tuple[GroupId, ...]:
    """Return the user groups in a policy's list, whose members must be known before a decision."""
    return tuple(GroupId(entry) for entry in listed if entry.startswith("S"))


def empty_groups(groups: Membership) -> tuple[str, ...]:
    """Return the groups without members: Slack has deleted or disabled them, or nobody is left."""
    return tuple(group for group, members in groups.items() if not members)


def may_request(channel: ChannelPolicy, profile: Profile, groups: Membership) -> Refusal | None:
    """Check that a person may ask for a discount in this channel; an admin has no special right to."""
    refusal = check_full_member(profile)
    if refusal or ANY in channel.requesters or _is_among(profile, _members(channel.requesters, groups)):
        return refusal
    return Refusal(RefusalReason.NOT_A_REQUESTER, channel.id)


def may_approve(
    channel: ChannelPolicy, profile: Profile, groups: Membership, *, requester: UserId
) -> Refusal | None:
    """Check that a person may approve or reject a request; nobody may approve their own.

    Admins may only if they are listed as approvers. "*" is no approver: nobody could tell who is asked.
    """
    if requester in ids_of(profile):
        return Refusal(RefusalReason.OWN_REQUEST, requester, channel.approvers)
    refusal = check_full_member(profile)
    if refusal or _is_among(profile, _members(channel.approvers, groups)):
        return refusal
    return Refusal(RefusalReason.NOT_AN_APPROVER, channel.id, channel.approvers)


def eligible_approvers(
    channel: ChannelPolicy, groups: Membership, requester: UserId, out: Collection[UserId] = ()
) -> frozenset[UserId]:
    """Return who could approve this person's request; `out` are approvers who are no full members."""
    return _members(channel.approvers, groups) - {requester, *out}


def may_administer(policy: Policy, profile: Profile, groups: Membership) -> Refusal | None:  # noqa: ARG001 - a rule
    """Check that a person is one of the policy's admins."""
    return None if _is_among(profile, policy.admins) else Refusal(RefusalReason.NOT_AN_ADMIN)


def listed_requesters(channel: ChannelPolicy, groups: Membership) -> frozenset[UserId] | None:
    """Return who may request in a channel; None if any full member may."""
    return None if ANY in channel.requesters else _members(channel.requesters, groups)


def approvers_of(policy: ChannelPolicy | None, request: Request) -> tuple[str, ...]:
    """Return who may approve this request now: the channel's approvers and those it was escalated to.

    A person who has left `escalate_to` no longer counts; one added after the escalation was not asked. In a
    channel without a policy nobody may.
    """
    if policy is None:
        return ()
    escalated = (who for who in request.escalated_to if who in policy.escalate_to)
    return tuple(dict.fromkeys([*policy.approvers, *escalated]))


def pending_approvers(
    names: Iterable[str], request: Request, agreed: Iterable[UserId] = ()
) -> tuple[str, ...]:
    """Leave out the requester and everybody who has approved."""
    done = {request.requester, *agreed}
    return tuple(name for name in names if name not in done)


# an existing request; `MOVES` decides whether its state allows the action


def may_cancel(policy: Policy, profile: Profile, groups: Membership, request: Request) -> Refusal | None:
    """Check that a person may cancel a request, or continue or end a stopped one.

    The requester, admins and approvers may. Approvers reject a waiting request instead, with a reason.
    """
    approvers = approvers_of(policy.channels.get(request.channel), request)
    if request.state is State.WAITING:
        rejects = _is_among(profile, _members(approvers, groups))
        forbidden, approvers = Forbidden.CANCEL_NOT_REJECT if rejects else Forbidden.CANCEL, ()
    elif request.state is State.STOPPED:
        forbidden = Forbidden.RESOLVE
    else:
        held = request.state is State.APPROVED and request.give_after is not None
        forbidden = Forbidden.CANCEL_ELSEWHERE if held else Forbidden.CANCEL
    return _may_handle(approvers, policy, profile, groups, request, forbidden)


def may_see(
    policy: Policy, profile: Profile, groups: Membership, request: Request, *, channel: ChannelId
) -> Refusal | None:
    """Check that a person in `channel` may see a request; a draft is visible to its requester only."""
    if request.state is State.DRAFT and request.requester not in ids_of(profile):
        return Refusal(RefusalReason.UNKNOWN_REQUEST, request.short)
    if channel == request.channel:
        return check_full_member(profile)
    approvers = approvers_of(policy.channels.get(request.channel), request)
    return _may_handle(approvers, policy, profile, groups, request, Forbidden.SEE_ELSEWHERE)


def may_list(policy: Policy, profile: Profile, groups: Membership, request: Request) -> Refusal | None:
    """Check that a person may see the customers: the requester, approvers and admins may."""
    approvers = approvers_of(policy.channels.get(request.channel), request)
    return _may_handle(approvers, policy, profile, groups, request, Forbidden.SEE_CUSTOMERS)


def _may_handle(
    approvers: Sequence[str],
    policy: Policy,
    profile: Profile,
    groups: Membership,
    request: Request,
    forbidden: Forbidden,
) -> Refusal | None:
    refusal = check_full_member(profile)
    if refusal or _is_among(profile, {request.requester, *policy.admins, *_members(approvers, groups)}):
        return refusal
    who = tuple(dict.fromkeys([request.requester, *approvers]))
    places = (Place(request.channel),) if forbidden is Forbidden.CANCEL_ELSEWHERE else ()
    return Refusal(RefusalReason.NOT_YOURS, request.short, who, elsewhere=places, forbidden=forbidden)


# the request itself


def decide(
    request: Request,
    channel: ChannelPolicy,
    electorate: Electorate,
    usable: Availability | None,
    budget_use: BudgetUse | None = None,
    earlier: AskedBefore = NOTHING,
) -> Decision:
    """Decide whether a request starts at once, waits for approvals or is refused, with all refusals."""
    approvals, tier = required_approvals(request, channel, earlier)
    groups, out = electorate
    found = [*violations(request, channel, usable), *about_budget(budget_use)]
    approvers = len(eligible_approvers(channel, groups, request.requester, out))
    if approvers < approvals:
        nobody = approvers == 0 and request.requester not in _members(channel.approvers, groups)
        detail = f"{approvers}/{approvals}{f'/{FOR_ANYBODY}' if nobody else ''}"
        found.append(Refusal(RefusalReason.NO_APPROVER, detail, empty=empty_groups(groups)))
    return Decision(approvals, tuple(found), tier)


def required_approvals(
    request: Request, channel: ChannelPolicy, earlier: AskedBefore = NOTHING
) -> tuple[int, AppliedTier | None]:
    """Return the number of approvals, and the tier that applies, if any."""
    tier = applied(
        channel.tiers,
        customers=request.customers,
        cost=request.price,
        reserved=request.reserved,
        earlier=earlier,
    )
    return max(channel.approvals, tier.approvals if tier else 0), tier


def violations(request: Request, channel: ChannelPolicy, usable: Availability | None) -> tuple[Refusal, ...]:
    """Find all violations of the policy that do not depend on group members or the budget.

    `usable` is None before a rule is chosen, or if it could not be read; for a rule that Dintero no longer
    has, the request's rule is None and `usable` is `DELETED`. A detail such as "501/500" is the requested and
    the allowed value.
    """
    customers = request.customers
    found = [*about_rule(channel, request.rule, usable)]
    if customers < 1:
        found.append(Refusal(RefusalReason.NO_CUSTOMERS))
    if customers > channel.max_customers:
        found.append(Refusal(RefusalReason.TOO_MANY_CUSTOMERS, f"{customers}/{channel.max_customers}"))
    if request.reserved and not channel.reserved:
        found.append(Refusal(RefusalReason.RESERVED_ID))
    elif request.reserved and channel.budget is not None:
        found.append(Refusal(RefusalReason.RESERVED_BUDGET))
    found.extend(_about_cost(channel, request))
    if channel.require_reason and not request.reason.strip():
        found.append(Refusal(RefusalReason.REASON_MISSING))
    return tuple(found)


def about_budget(budget_use: BudgetUse | None) -> Iterator[Refusal]:
    """Find what exceeds the channel's budget; the detail is "requested/left"."""
    if budget_use and budget_use.too_many:
        yield Refusal(RefusalReason.BUDGET_CUSTOMERS, f"{budget_use.customers}/{budget_use.left_customers}")
    if budget_use and budget_use.too_much:
        yield Refusal(RefusalReason.BUDGET_AMOUNT, f"{budget_use.amount}/{budget_use.left_amount}")


def drift(agreed: Rule, now_is: Rule, at: datetime) -> StopReason | None:
    """Return why an approved rule must not be given now: it is unusable, or its terms have changed."""
    unusable = UNUSABLE.get(availability_of(now_is, at))
    if unusable:
        return unusable
    return None if terms_of(now_is) == terms_of(agreed) else StopReason.RULE_CHANGED


def about_rule(channel: ChannelPolicy, rule: Rule | None, usable: Availability | None) -> Iterator[Refusal]:
    """Find why a rule cannot be given from a channel, if so; the detail is its title."""
    if rule is None:
        yield Refusal(RefusalReason.NO_RULE if usable is None else RefusalReason.RULE_GONE)
        return
    if not channel.may_give(rule.id):
        yield Refusal(RefusalReason.RULE_NOT_ALLOWED, rule.title)
    if usable is None:
        yield Refusal(RefusalReason.RULE_UNREADABLE, rule.title)
    elif usable in UNUSABLE:
        at = rule.requirement.purchase_to
        yield Refusal(RefusalReason(UNUSABLE[usable]), rule.title, at=at)


def _about_cost(channel: ChannelPolicy, request: Request) -> Iterator[Refusal]:
    limit, price = channel.max_amount, request.price
    if request.rule is None:
        return
    if price is None:
        limited = limit is not None or (channel.budget is not None and channel.budget.amount is not None)
        if limited and not channel.allow_unpriced:
            yield Refusal(RefusalReason.UNPRICED, request.rule.reward.type)
    elif limit is not None and price.total > limit:
        yield Refusal(RefusalReason.TOO_EXPENSIVE, f"{price.total}/{limit}")


def _is_among(profile: Profile, people: Collection[UserId]) -> bool:
    return not ids_of(profile).isdisjoint(people)


def _members(listed: Sequence[str], groups: Membership) -> frozenset[UserId]:
    users = (UserId(entry) for entry in listed if entry[:1] in {"U", "W"})
    members = (member for group in group_ids(listed) for member in groups.get(group, ()))
    return frozenset([*users, *members])
