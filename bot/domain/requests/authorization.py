"""What the policy says of a person and of a request: pure decisions over values that the desk has looked up."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Final

from bot.domain.ids import ChannelId, GroupId, UserId
from bot.domain.policy.budget import BudgetUse
from bot.domain.policy.policy import (
    ANY,
    ChannelPolicy,
    Decision,
    DecisionOutcome,
    Policy,
    Refusal,
    RefusalReason,
)
from bot.domain.policy.tiers import AppliedTier, applied
from bot.domain.requests.person import AccountKind, Profile
from bot.domain.requests.request import Request, State
from bot.domain.requests.rule_drift import UNUSABLE
from bot.domain.rules.rule import Availability, Cost, Rule

Membership = Mapping[GroupId, frozenset[UserId]]
"""Who is in the user groups that a policy names; a group that is missing has nobody in it."""

NO_FULL_MEMBER: Final = {
    AccountKind.GUEST: RefusalReason.GUEST,
    AccountKind.BOT: RefusalReason.BOT,
    AccountKind.DEACTIVATED: RefusalReason.DEACTIVATED,
    AccountKind.STRANGER: RefusalReason.STRANGER,
}


# who


def admit_channel(policy: Policy, channel: ChannelId) -> ChannelPolicy | Refusal:
    """Find what a channel may do; one that is not listed may do nothing."""
    return policy.channels.get(channel) or Refusal(RefusalReason.UNLISTED_CHANNEL, channel, policy.admins)


def check_full_member(profile: Profile, policy: Policy) -> Refusal | None:
    """Say why somebody may do nothing at all: only full members of the workspace may."""
    return _full_member(profile, policy.admins)


def group_ids(listed: Sequence[str]) -> tuple[GroupId, ...]:
    """Name the user groups in a policy's list: the desk looks them up before anything is decided."""
    return tuple(GroupId(entry) for entry in listed if entry.startswith("S"))


def may_request(
    channel: ChannelPolicy, profile: Profile, groups: Membership, admins: Sequence[UserId]
) -> Refusal | None:
    """Say why somebody may not ask for a discount in this channel; being an admin is no right to ask."""
    refusal = _full_member(profile, admins)
    if refusal is not None:
        return refusal
    if ANY in channel.requesters or _listed(channel.requesters, profile.id, groups):
        return None
    return Refusal(RefusalReason.NOT_A_REQUESTER, channel.id, tuple(admins))


def may_approve(
    channel: ChannelPolicy,
    profile: Profile,
    groups: Membership,
    *,
    requester: UserId,
    admins: Sequence[UserId],
) -> Refusal | None:
    """Say why somebody may not approve or reject a request; nobody may approve their own, whatever the policy says.

    Admins may only where they are listed as approvers; "*" is no approver, since nobody could tell who is asked.
    """
    if profile.id == requester:
        return Refusal(RefusalReason.OWN_REQUEST, requester, channel.approvers)
    refusal = _full_member(profile, admins)
    if refusal is not None:
        return refusal
    if _listed(channel.approvers, profile.id, groups):
        return None
    return Refusal(RefusalReason.NOT_AN_APPROVER, channel.id, channel.approvers)


def eligible_approvers(
    channel: ChannelPolicy, groups: Membership, requester: UserId, out: Collection[UserId] = ()
) -> frozenset[UserId]:
    """Name everybody who could approve a request of this person, but those of whom it is known that they are no full members."""
    members = (member for group in group_ids(channel.approvers) for member in groups.get(group, ()))
    return frozenset([*_user_ids(channel.approvers), *members]) - {requester, *out}


# an existing request; whether it is in a state for it, `move` says


def may_cancel(
    channel: ChannelPolicy,
    profile: Profile,
    groups: Membership,
    *,
    request: Request,
    admins: Sequence[UserId],
) -> Refusal | None:
    """Say why somebody may not cancel a request, or continue or end a stopped one: requester, admins and approvers may.

    Approvers may not cancel one that waits for them: they reject it, which tells why.
    """
    approvers = () if request.state is State.WAITING else channel.approvers
    return _full_member(profile, admins) or _concerned(approvers, profile.id, groups, request, admins)


def may_see(
    approvers: Sequence[str],
    profile: Profile,
    groups: Membership,
    *,
    channel: ChannelId,
    request: Request,
    admins: Sequence[UserId],
) -> Refusal | None:
    """Say why somebody who asks in `channel` is not told how a request stands; a draft is its requester's alone.

    `approvers` are those of the request's own channel.
    """
    if request.state is State.DRAFT and profile.id != request.requester:
        return Refusal(RefusalReason.UNKNOWN_REQUEST, request.short)
    refusal = _full_member(profile, admins)
    if refusal is not None or channel == request.channel:
        return refusal
    return _concerned(approvers, profile.id, groups, request, admins)


def may_list(
    approvers: Sequence[str],
    profile: Profile,
    groups: Membership,
    *,
    request: Request,
    admins: Sequence[UserId],
) -> Refusal | None:
    """Say why somebody is not shown who the customers are: requester, approvers and admins are, nobody else in the channel."""
    return _full_member(profile, admins) or _concerned(approvers, profile.id, groups, request, admins)


# the request itself


def decide(
    channel: ChannelPolicy,
    *,
    rule: Rule | None,
    usable: Availability | None,
    cost: Cost | None,
    customers: int,
    reason: str,
    requester: UserId,
    groups: Membership,
    out: Collection[UserId] = (),
    budget_use: BudgetUse | None = None,
    reserved: bool = False,
    admins: Sequence[UserId] = (),
) -> Decision:
    """Say whether a request goes, waits for somebody, or is refused, with every refusal at once.

    `out` are those among the approvers who were found to be guests, bots, deactivated or strangers; `use` is what it uses of the
    channel's budget, where there is one; `admins` are whom the refusals name; for the rest see `refusals`.
    """
    approvals, tier = required_approvals(channel, customers=customers, cost=cost, reserved=reserved)
    found = (
        *violations(
            channel,
            rule=rule,
            usable=usable,
            cost=cost,
            customers=customers,
            reason=reason,
            reserved=reserved,
            admins=admins,
        ),
        *about_budget(budget_use, admins),
        *_about_approvers(len(eligible_approvers(channel, groups, requester, out)), approvals, admins),
    )
    if found:
        return Decision(DecisionOutcome.REFUSED, approvals, found, tier)
    return Decision(DecisionOutcome.WAITS if approvals > 0 else DecisionOutcome.GOES, approvals, tier=tier)


def required_approvals(
    channel: ChannelPolicy, *, customers: int, cost: Cost | None, reserved: bool
) -> tuple[int, AppliedTier | None]:
    """Say how many people have to agree, and the tier that asks for more than the channel does otherwise, where one applies."""
    tier = applied(channel.tiers, customers=customers, cost=cost, reserved=reserved)
    return max(channel.approvals, tier.approvals if tier else 0), tier


def violations(
    channel: ChannelPolicy,
    *,
    rule: Rule | None,
    usable: Availability | None,
    cost: Cost | None,
    customers: int,
    reason: str,
    reserved: bool = False,
    admins: Sequence[UserId] = (),
) -> tuple[Refusal, ...]:
    """Find all that the policy has against a request, as far as it can be said without asking who is in which group.

    `rule` and `usable` are None while no rule is chosen; a rule that Dintero no longer has is None and `DELETED`. `cost` is None where
    the reward has no price. `customers` counts each once; `reserved` is for one reserved id, whose cost nobody can say. Details are raw:
    "501/500" is what is asked of what is allowed.
    """
    return (
        *_about_rule(channel, rule, usable, admins),
        *_about_customers(channel, customers, admins),
        *(_about_reserved(channel, admins) if reserved else ()),
        *_about_cost(channel, rule, cost, admins),
        *_about_reason(channel, reason),
    )


def _about_reserved(channel: ChannelPolicy, admins: Sequence[UserId]) -> Iterator[Refusal]:
    if not channel.reserved:
        yield Refusal(RefusalReason.RESERVED_ID, "", tuple(admins))
    elif channel.budget is not None:
        yield Refusal(RefusalReason.RESERVED_BUDGET, "", tuple(admins))


def _about_rule(
    channel: ChannelPolicy, rule: Rule | None, usable: Availability | None, admins: Sequence[UserId]
) -> Iterator[Refusal]:
    if rule is None:
        yield Refusal(RefusalReason.NO_RULE if usable is None else RefusalReason.RULE_GONE)
        return
    if not channel.may_give(rule.id):
        yield Refusal(RefusalReason.RULE_NOT_ALLOWED, rule.id, tuple(admins))
    if usable is None:
        yield Refusal(RefusalReason.RULE_UNREADABLE, rule.id)
    elif usable in UNUSABLE:
        yield Refusal(RefusalReason(UNUSABLE[usable]), rule.id)


def _about_customers(channel: ChannelPolicy, customers: int, admins: Sequence[UserId]) -> Iterator[Refusal]:
    if customers < 1:
        yield Refusal(RefusalReason.NO_CUSTOMERS)
    if customers > channel.max_customers:
        yield Refusal(RefusalReason.TOO_MANY_CUSTOMERS, f"{customers}/{channel.max_customers}", tuple(admins))


def _about_cost(
    channel: ChannelPolicy, rule: Rule | None, cost: Cost | None, admins: Sequence[UserId]
) -> Iterator[Refusal]:
    if rule is None:
        return
    if cost is None:
        limited = channel.max_amount is not None or (
            channel.budget is not None and channel.budget.amount is not None
        )
        if limited and not channel.allow_unpriced:
            yield Refusal(RefusalReason.UNPRICED, rule.reward.type, tuple(admins))
    elif channel.max_amount is not None and cost.total > channel.max_amount:
        yield Refusal(RefusalReason.TOO_EXPENSIVE, f"{cost.total}/{channel.max_amount}", tuple(admins))


def about_budget(budget_use: BudgetUse | None, admins: Sequence[UserId]) -> Iterator[Refusal]:
    """Say what a request asks for beyond what is left of its channel's budget; the detail is "asked/left"."""
    if budget_use and budget_use.too_many:
        yield Refusal(
            RefusalReason.BUDGET_CUSTOMERS,
            f"{budget_use.customers}/{budget_use.left_customers}",
            tuple(admins),
        )
    if budget_use and budget_use.too_much:
        yield Refusal(
            RefusalReason.BUDGET_AMOUNT, f"{budget_use.amount}/{budget_use.left_amount}", tuple(admins)
        )


def _about_reason(channel: ChannelPolicy, reason: str) -> Iterator[Refusal]:
    if channel.require_reason and not reason.strip():
        yield Refusal(RefusalReason.REASON_MISSING)


def _about_approvers(there_are: int, approvals: int, admins: Sequence[UserId]) -> Iterator[Refusal]:
    if there_are < approvals:
        yield Refusal(RefusalReason.NO_APPROVER, f"{there_are}/{approvals}", tuple(admins))


def _full_member(profile: Profile, admins: Sequence[UserId]) -> Refusal | None:
    if profile.kind is AccountKind.MEMBER:
        return None
    return Refusal(NO_FULL_MEMBER[profile.kind], profile.id, tuple(admins))


def _user_ids(listed: Sequence[str]) -> Iterator[UserId]:
    return (UserId(entry) for entry in listed if entry[:1] in {"U", "W"})


def _listed(listed: Sequence[str], user: UserId, groups: Membership) -> bool:
    return user in _user_ids(listed) or any(user in groups.get(group, ()) for group in group_ids(listed))


def _concerned(
    approvers: Sequence[str], user: UserId, groups: Membership, request: Request, admins: Sequence[UserId]
) -> Refusal | None:
    """Let in the requester, admins and these approvers; tell others whom to ask."""
    if user in {request.requester, *admins} or _listed(approvers, user, groups):
        return None
    return Refusal(
        RefusalReason.NOT_YOURS, request.short, tuple(dict.fromkeys([request.requester, *approvers, *admins]))
    )
