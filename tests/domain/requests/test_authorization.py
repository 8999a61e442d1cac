from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.ids import ChannelId, GroupId, RequestId, RuleId, ShortId, TeamId, UserId
from bot.domain.policy.policy import ChannelPolicy, Decision, Policy, Refusal, RefusalReason
from bot.domain.requests.authorization import (
    Membership,
    check_full_member,
    decide,
    eligible_approvers,
    group_ids,
    may_approve,
    may_cancel,
    may_request,
    may_see,
    violations,
)
from bot.domain.requests.person import AccountKind, Profile
from bot.domain.requests.request import Request, State
from bot.domain.rules.rule import Availability, Reward, Rule, cost

ADMIN, ANN, BO, CY, DI = (UserId(user) for user in ("UADMIN", "UANN", "UBO", "WCY", "UDI"))
LEADS, SUPPORT = GroupId("SLEADS"), GroupId("SSUPPORT")
GROUPS: Membership = {LEADS: frozenset({BO, CY}), SUPPORT: frozenset({ANN})}
CHANNEL = ChannelPolicy(
    id=ChannelId("C1"),
    rules=frozenset({"r1"}),
    requesters=(SUPPORT, DI),
    approvers=(LEADS,),
    max_customers=500,
    max_amount=5_000_000,
)
POLICY = Policy(currency="NOK", timezone="Europe/Oslo", admins=(ADMIN,), channels={CHANNEL.id: CHANNEL})
RULE = Rule(id=RuleId("r1"), reward=Reward(type="discount_amount", value=Decimal(10000)))
PERCENT = replace(RULE, reward=Reward(type="discount_percent", value=Decimal(10)))
REQUEST = Request(
    id=RequestId("8f14"),
    short=ShortId("R-22222"),
    team=TeamId("T1"),
    account="T11112222",
    channel=CHANNEL.id,
    requester=ANN,
    created_at=datetime(2025, 3, 1, tzinfo=UTC),
    state=State.WAITING,
)


def member(user: UserId, kind: AccountKind = AccountKind.MEMBER) -> Profile:
    return Profile(user, kind)


def decided(channel: ChannelPolicy = CHANNEL, **changes: Any) -> Decision:
    """Decide on 10 × 100.00 for Ann, with some values changed."""
    usable, groups = changes.pop("usable", Availability.NOW), changes.pop("groups", GROUPS)
    request = replace(REQUEST, **{"rule": RULE, "customers": 10, **changes})
    return decide(request, channel, (groups, frozenset()), usable)


def reasons(decision: Decision) -> list[RefusalReason]:
    return [refusal.reason for refusal in decision.refusals]


# people


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (AccountKind.GUEST, RefusalReason.GUEST),
        (AccountKind.BOT, RefusalReason.BOT),
        (AccountKind.DEACTIVATED, RefusalReason.DEACTIVATED),
        (AccountKind.STRANGER, RefusalReason.STRANGER),
    ],
)
def test_only_a_full_member_may_do_anything_on_any_path(kind: AccountKind, reason: RefusalReason) -> None:
    everybody = replace(CHANNEL, requesters=("*", BO), approvers=(BO,))
    policy = replace(POLICY, channels={CHANNEL.id: everybody})
    bo, refusal = member(BO, kind), Refusal(reason, BO)
    own = replace(REQUEST, requester=BO)
    assert check_full_member(bo) == refusal
    assert may_request(everybody, bo, GROUPS) == refusal
    assert may_approve(everybody, bo, GROUPS, requester=ANN) == refusal
    assert may_cancel(policy, bo, GROUPS, own) == refusal
    assert may_see(policy, bo, GROUPS, own, channel=CHANNEL.id) == refusal


def test_a_full_member_is_not_refused() -> None:
    assert check_full_member(member(ANN)) is None


def test_every_kind_of_account_but_a_member_has_a_reason() -> None:
    assert [kind for kind in AccountKind if check_full_member(member(ANN, kind)) is None] == [
        AccountKind.MEMBER
    ]


def test_user_groups_differ_from_people_and_from_everybody() -> None:
    assert group_ids(("*", "U1", "S1", "W1", "S2")) == ("S1", "S2")


@pytest.mark.parametrize(
    ("requesters", "user", "may"),
    [
        ((SUPPORT,), ANN, True),
        ((SUPPORT,), BO, False),
        ((DI,), DI, True),
        ((DI,), ANN, False),
        (("*",), BO, True),
        ((), ANN, False),
        ((DI,), ADMIN, False),
        (("SEMPTY",), ANN, False),
    ],
)
def test_only_requesters_may_ask(requesters: tuple[str, ...], user: UserId, *, may: bool) -> None:
    refusal = may_request(replace(CHANNEL, requesters=requesters), member(user), GROUPS)
    assert refusal == (None if may else Refusal(RefusalReason.NOT_A_REQUESTER, "C1"))


@pytest.mark.parametrize(
    ("approvers", "user", "may"),
    [
        ((LEADS,), BO, True),
        ((LEADS,), DI, False),
        ((DI,), DI, True),
        ((CY,), CY, True),
        ((DI,), BO, False),
        ((), BO, False),
        (("*",), BO, False),
        ((LEADS,), ADMIN, False),
        ((ADMIN,), ADMIN, True),
    ],
)
def test_only_approvers_may_approve_and_admins_only_if_listed(
    approvers: tuple[str, ...], user: UserId, *, may: bool
) -> None:
    refusal = may_approve(replace(CHANNEL, approvers=approvers), member(user), GROUPS, requester=ANN)
    assert refusal == (None if may else Refusal(RefusalReason.NOT_AN_APPROVER, "C1", approvers))


def test_the_current_group_members_count() -> None:
    assert may_approve(CHANNEL, member(BO), {LEADS: frozenset({CY})}, requester=ANN) is not None
    assert may_approve(CHANNEL, member(BO), {}, requester=ANN) is not None


users = st.sampled_from([ADMIN, ANN, BO, CY, DI])
listed = st.lists(st.one_of(users, st.sampled_from(["*", LEADS, SUPPORT, "SGONE", ""])), max_size=6).map(
    tuple
)
memberships = st.dictionaries(st.sampled_from([LEADS, SUPPORT]), st.frozensets(users))
channels = st.builds(
    ChannelPolicy,
    id=st.sampled_from([ChannelId("C1"), ChannelId("C2")]),
    rules=st.frozensets(st.sampled_from(["*", "r1", "r2"])),
    requesters=listed,
    approvers=listed,
    max_customers=st.integers(0, 20),
    max_amount=st.one_of(st.none(), st.integers(0, 300_000)),
    allow_unpriced=st.booleans(),
    require_reason=st.booleans(),
    approvals=st.integers(0, 3),
)


@given(channels, users, st.sampled_from(AccountKind), memberships)
def test_nobody_approves_their_own_request_under_any_policy(
    channel: ChannelPolicy, user: UserId, kind: AccountKind, groups: Membership
) -> None:
    refusal = may_approve(channel, member(user, kind), groups, requester=user)
    assert refusal == Refusal(RefusalReason.OWN_REQUEST, user, channel.approvers)
    assert user not in eligible_approvers(channel, groups, user)


@given(channels, users, users, memberships)
def test_eligible_approvers_are_exactly_those_who_may_approve(
    channel: ChannelPolicy, user: UserId, requester: UserId, groups: Membership
) -> None:
    may = may_approve(channel, member(user), groups, requester=requester) is None
    assert may == (user in eligible_approvers(channel, groups, requester))


@given(channels, users, memberships, st.lists(users))
def test_a_person_listed_nowhere_may_do_nothing(
    channel: ChannelPolicy, user: UserId, groups: Membership, admins: list[UserId]
) -> None:
    groups = {group: members - {user} for group, members in groups.items()}
    bare = replace(
        channel,
        requesters=tuple(entry for entry in channel.requesters if entry not in {user, "*"}),
        approvers=tuple(entry for entry in channel.approvers if entry != user),
    )
    others = tuple(admin for admin in admins if admin != user)
    policy = replace(POLICY, admins=others, channels={CHANNEL.id: bare})
    request = replace(REQUEST, requester=UserId("USOMEBODY"), state=State.APPROVED)
    elsewhere = ChannelId("C9")
    assert may_request(bare, member(user), groups) is not None
    assert may_approve(bare, member(user), groups, requester=request.requester) is not None
    assert may_cancel(policy, member(user), groups, request) is not None
    assert may_see(policy, member(user), groups, request, channel=elsewhere) is not None


# an existing request


@pytest.mark.parametrize("state", [state for state in State if state is not State.WAITING])
@pytest.mark.parametrize(("user", "may"), [(ANN, True), (ADMIN, True), (BO, True), (DI, False)])
def test_requester_approvers_and_admins_may_cancel_an_approved_request(
    state: State, user: UserId, *, may: bool
) -> None:
    refusal = may_cancel(POLICY, member(user), GROUPS, replace(REQUEST, state=state))
    assert refusal == (None if may else Refusal(RefusalReason.NOT_YOURS, "R-22222", (ANN, LEADS)))


@pytest.mark.parametrize(("user", "may"), [(ANN, True), (ADMIN, True), (BO, False), (DI, False)])
def test_only_requester_and_admins_may_cancel_a_waiting_request(user: UserId, *, may: bool) -> None:
    refusal = may_cancel(POLICY, member(user), GROUPS, REQUEST)
    assert refusal == (None if may else Refusal(RefusalReason.NOT_YOURS, "R-22222", (ANN,)))


@pytest.mark.parametrize("user", [ANN, ADMIN, BO, DI])
def test_everybody_may_see_a_request_in_its_channel(user: UserId) -> None:
    assert may_see(POLICY, member(user), GROUPS, REQUEST, channel=CHANNEL.id) is None


@pytest.mark.parametrize(("user", "may"), [(ANN, True), (ADMIN, True), (BO, True), (DI, False)])
def test_elsewhere_only_requester_approvers_and_admins_may_see_it(user: UserId, *, may: bool) -> None:
    refusal = may_see(POLICY, member(user), GROUPS, REQUEST, channel=ChannelId("C2"))
    assert refusal == (None if may else Refusal(RefusalReason.NOT_YOURS, "R-22222", (ANN, LEADS)))


def test_a_draft_is_unknown_to_all_but_its_requester() -> None:
    draft = replace(REQUEST, state=State.DRAFT)
    for user, unknown in ((ANN, False), (ADMIN, True), (BO, True)):
        refusal = may_see(POLICY, member(user), GROUPS, draft, channel=CHANNEL.id)
        assert refusal == (Refusal(RefusalReason.UNKNOWN_REQUEST, "R-22222") if unknown else None)


# the request itself; every key of the policy has a test that fails when the key is ignored


def test_a_request_waits_for_as_many_approvals_as_the_policy_needs() -> None:
    assert decided() == Decision(1)
    assert decided(replace(CHANNEL, approvals=2)) == Decision(2)


def test_without_approvals_it_starts_at_once_even_without_approvers() -> None:
    assert decided(replace(CHANNEL, approvals=0, approvers=())) == Decision(0)


def test_only_rules_that_the_channel_lists_are_allowed() -> None:
    other = replace(RULE, id=RuleId("r2"))
    assert decided(rule=other).refusals == (Refusal(RefusalReason.RULE_NOT_ALLOWED, "r2"),)
    assert decided(replace(CHANNEL, rules=frozenset({"*"})), rule=other) == Decision(1)


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        (Availability.NOW, None),
        (Availability.SCHEDULED, None),
        (Availability.EXPIRED, RefusalReason.RULE_EXPIRED),
        (Availability.INACTIVE, RefusalReason.RULE_INACTIVE),
        (Availability.DELETED, RefusalReason.RULE_GONE),
        (None, RefusalReason.RULE_UNREADABLE),
    ],
)
def test_an_unusable_rule_is_refused_and_a_scheduled_one_is_not(
    state: Availability | None, reason: RefusalReason | None
) -> None:
    assert decided(usable=state).refusals == ((Refusal(reason, "r1"),) if reason else ())


def test_a_missing_choice_differs_from_a_deleted_rule() -> None:
    assert reasons(decided(rule=None, usable=None)) == [RefusalReason.NO_RULE]
    assert reasons(decided(rule=None, usable=Availability.DELETED)) == [RefusalReason.RULE_GONE]


def test_max_customers_limits_the_customers() -> None:
    cheap = replace(CHANNEL, max_amount=None)
    assert decided(cheap, customers=500) == Decision(1)
    assert decided(cheap, customers=501).refusals == (Refusal(RefusalReason.TOO_MANY_CUSTOMERS, "501/500"),)
    assert reasons(decided(customers=0)) == [RefusalReason.NO_CUSTOMERS]


def test_max_amount_limits_the_cost_of_one_use_by_everybody() -> None:
    channel = replace(CHANNEL, max_amount=100_000)
    assert decided(channel, customers=10) == Decision(1)
    assert decided(channel, customers=11).refusals == (Refusal(RefusalReason.TOO_EXPENSIVE, "110000/100000"),)
    assert decided(replace(channel, max_amount=None), customers=11) == Decision(1)
    assert reasons(decided(replace(channel, max_amount=0), customers=1)) == [RefusalReason.TOO_EXPENSIVE]


def test_allow_unpriced_permits_unpriced_rules_despite_an_amount_limit() -> None:
    assert decided(rule=PERCENT).refusals == (Refusal(RefusalReason.UNPRICED, "discount_percent"),)
    assert decided(replace(CHANNEL, allow_unpriced=True), rule=PERCENT) == Decision(1)
    assert decided(replace(CHANNEL, max_amount=None), rule=PERCENT) == Decision(1)
    assert reasons(decided(replace(CHANNEL, allow_unpriced=True, max_amount=1))) == [
        RefusalReason.TOO_EXPENSIVE
    ]


def test_require_reason_rejects_blank_text() -> None:
    strict = replace(CHANNEL, require_reason=True)
    assert reasons(decided(strict, reason=" \n")) == [RefusalReason.REASON_MISSING]
    assert decided(strict, reason="birthday") == Decision(1)
    assert decided(reason="") == Decision(1)


def test_there_must_be_enough_approvers_besides_the_requester() -> None:
    assert reasons(decided(replace(CHANNEL, approvers=(ANN, SUPPORT)))) == [RefusalReason.NO_APPROVER]
    assert decided(replace(CHANNEL, approvers=(ANN, DI))) == Decision(1)
    assert decided(replace(CHANNEL, approvals=3)).refusals == (Refusal(RefusalReason.NO_APPROVER, "2/3"),)
    assert reasons(decided(groups={})) == [RefusalReason.NO_APPROVER]


def test_all_violations_are_returned_at_once() -> None:
    channel = replace(
        CHANNEL, rules=frozenset({"r9"}), max_customers=1, max_amount=1, require_reason=True, approvers=()
    )
    decision = decided(channel, usable=Availability.EXPIRED)
    assert reasons(decision) == [
        RefusalReason.RULE_NOT_ALLOWED,
        RefusalReason.RULE_EXPIRED,
        RefusalReason.TOO_MANY_CUSTOMERS,
        RefusalReason.TOO_EXPENSIVE,
        RefusalReason.REASON_MISSING,
        RefusalReason.NO_APPROVER,
    ]


@given(
    channels,
    st.sampled_from([RULE, PERCENT, None]),
    st.sampled_from([*Availability, None]),
    st.integers(0, 25),
    st.text(max_size=2),
    memberships,
)
def test_a_request_without_refusal_is_within_every_bound(
    channel: ChannelPolicy,
    rule: Rule | None,
    state: Availability | None,
    customers: int,
    reason: str,
    groups: Membership,
) -> None:
    decision = decided(channel, rule=rule, usable=state, customers=customers, reason=reason, groups=groups)
    if decision.refusals:
        return
    assert rule is not None
    assert channel.may_give(rule.id)
    assert state in {Availability.NOW, Availability.SCHEDULED}
    assert 1 <= customers <= channel.max_customers
    assert reason.strip() or not channel.require_reason
    price = cost(rule, customers)
    assert channel.max_amount is None or (
        price.total <= channel.max_amount if price else channel.allow_unpriced
    )
    assert decision.approvals == channel.approvals
    assert len(eligible_approvers(channel, groups, ANN)) >= channel.approvals


@given(
    channels,
    st.sampled_from([RULE, PERCENT, None]),
    st.sampled_from([*Availability, None]),
    st.integers(0, 25),
    memberships,
)
def test_every_violation_is_a_refusal_of_the_decision_too(
    channel: ChannelPolicy, rule: Rule | None, state: Availability | None, customers: int, groups: Membership
) -> None:
    early = violations(replace(REQUEST, rule=rule, customers=customers), channel, state)
    late = decided(channel, rule=rule, usable=state, customers=customers, groups=groups).refusals
    assert tuple(refusal for refusal in late if refusal.reason is not RefusalReason.NO_APPROVER) == early
