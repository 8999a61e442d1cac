"""Consent: the number of approvals, tiers, and the digest that every approval is bound to."""

import asyncio
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from bot.domain.ids import RequestId
from bot.domain.policy.policy import (
    AppliedTier,
    Refusal,
    RefusalReason,
    Tier,
    TierTrigger,
    applied,
)
from bot.domain.requests.notification import ChannelKind, Notification, NotificationType
from bot.domain.requests.person import AccountKind as Account
from bot.domain.requests.request import Request, State, StopReason, digest
from bot.domain.requests.views import ApprovalView, Form, Review
from bot.domain.rules.rule import Cost, Reward
from tests.support.service_fixture import (
    ANN,
    BO,
    CHIEF,
    CLEO,
    DI,
    LEADS,
    PERCENT,
    POLICY,
    QUICK,
    SPAR,
    SUPPORT,
    Office,
    allowing,
    person,
)

OVER_TWO = Tier(approvals=2, above_customers=2)
DEAR = Tier(approvals=3, above_amount=50_000)


def lines(said: list[Notification]) -> list[NotificationType]:
    return [notification.happened for notification in said if notification.kind is ChannelKind.LINE]


async def refusal(office: Office, **typed: Any) -> Refusal:
    """Submit a request that is refused, and return the refusal."""
    judged = await office.drafts.review(await office.draft(**typed), person(ANN))
    assert isinstance(judged, Form)
    return judged.faults[0].refusal


# n people


@pytest.mark.parametrize("number", [2, 3])
async def test_the_policy_says_how_many_different_people_approve(either_office: Office, number: int) -> None:
    office = either_office.under(allowing(approvals=number, approvers=(BO, CLEO, DI, CHIEF)))
    asked = await office.ask()
    assert asked.approvals == number
    for who in (BO, CLEO, DI)[: number - 1]:
        answer = await office.approve(asked, who)
        assert isinstance(answer, Request)
        assert answer.state is State.WAITING
        assert await office.approve(asked, who) == Refusal(RefusalReason.ALREADY_VOTED)
    assert await office.approvals.still_needed(asked) == 1
    last = await office.approve(asked, CHIEF)
    assert isinstance(last, Request)
    assert (last.state, last.decided_by) == (State.APPROVED, CHIEF)


async def test_every_approval_is_a_thread_line_with_its_number_and_digest(office: Office) -> None:
    office.under(allowing(approvals=2))
    asked = await office.ask()
    await office.unsaid()
    await office.approve(asked, BO)
    first = await office.unsaid()
    assert [(notification.kind, notification.happened, notification.by) for notification in first] == [
        (ChannelKind.CARD, NotificationType.AGREED, BO),
        (ChannelKind.LINE, NotificationType.AGREED, BO),
    ]
    assert asked.rule
    assert first[1].facts == {"yeses": "1", "approvals": "2"}
    await office.approve(asked, CLEO)
    second = await office.unsaid()
    assert lines(second) == [NotificationType.APPROVED]
    assert second[1].facts["yeses"] == "2"


async def test_one_rejection_ends_a_request_despite_approvals(office: Office) -> None:
    office.under(allowing(approvals=3, approvers=(BO, CLEO, CHIEF)))
    asked = await office.ask()
    await office.approve(asked, BO)
    await office.approve(asked, CLEO)
    rejected = await office.decisions.reject(asked.id, person(CHIEF), "no")
    assert isinstance(rejected, Request)
    assert rejected.state is State.REJECTED
    assert isinstance(await office.approve(asked, CHIEF), Refusal)
    assert await office.preflight.begin(asked.id) is None


async def test_of_simultaneous_approvals_one_is_the_last_and_none_counts_twice(
    either_office: Office,
) -> None:
    office = either_office.under(allowing(approvals=3, approvers=(BO, CLEO, DI, CHIEF)))
    for _ in range(5):
        asked = await office.ask()
        answers = await asyncio.gather(*(office.approve(asked, who) for who in (BO, CLEO, DI, CHIEF) * 2))
        assert sum(isinstance(answer, Request) and answer.state is State.WAITING for answer in answers) == 2
        now, votes = await office.now(asked.id), await office.repository.votes(asked.id, 1)
        assert now.state is State.APPROVED
        assert len({approval.by for approval in votes}) == len(votes) == 3
        assert votes[-1].by == now.decided_by
        told = [
            notification
            for notification in await office.unsaid()
            if notification.kind is ChannelKind.LINE and notification.happened is not NotificationType.ASKED
        ]
        assert [notification.facts["yeses"] for notification in told] == ["1", "2", "3"]


@pytest.mark.parametrize("kind", [Account.DEACTIVATED, Account.GUEST, Account.BOT, Account.STRANGER])
async def test_a_request_with_too_few_possible_approvers_is_refused(office: Office, kind: Account) -> None:
    office.under(allowing(approvals=3))
    assert isinstance(await office.drafts.review(await office.draft(), person(ANN)), Review)
    assert await refusal_of(office, BO) == Refusal(RefusalReason.NO_APPROVER, "2/3")
    office.town.kinds[CLEO] = kind
    assert await refusal(office) == Refusal(RefusalReason.NO_APPROVER, "2/3")
    office.town.groups[LEADS] = set()
    assert await refusal(office) == Refusal(RefusalReason.NO_APPROVER, "1/3")


async def refusal_of(office: Office, who: Any) -> Refusal:
    judged = await office.drafts.review(await office.draft(who), person(who))
    assert isinstance(judged, Form)
    return judged.faults[0].refusal


async def test_an_approver_who_left_after_the_review_does_not_count(office: Office) -> None:
    office.under(allowing(approvals=2, approvers=(BO, CLEO)))
    draft = await office.draft()
    await office.drafts.review(draft, person(ANN))
    office.town.kinds[BO] = Account.DEACTIVATED
    assert await office.submit(draft, person(ANN)) == Refusal(RefusalReason.NO_APPROVER, "1/2")


async def test_nothing_is_submitted_while_look_ups_fail(office: Office) -> None:
    draft = await office.draft()
    await office.drafts.review(draft, person(ANN))
    office.town.away = True
    answer = await office.submit(draft, person(ANN))
    assert isinstance(answer, Refusal)
    assert answer.reason is RefusalReason.LOOKUP_FAILED


# tiers


@pytest.mark.parametrize(
    ("customers", "each", "found"),
    [
        (2, 10, None),
        (3, 10, AppliedTier(2, TierTrigger.CUSTOMERS, 2)),
        (1, 50_000, None),
        (1, 50_001, AppliedTier(3, TierTrigger.AMOUNT, 50_000)),
        (3, 50_000, AppliedTier(3, TierTrigger.AMOUNT, 50_000)),
        (1, None, AppliedTier(3, TierTrigger.UNPRICED, 50_000)),
    ],
)
def test_the_strictest_tier_applies_above_its_bound(
    customers: int, each: int | None, found: AppliedTier | None
) -> None:
    price = None if each is None else Cost(each, customers, None)
    assert applied((OVER_TWO, DEAR), customers=customers, cost=price) == found
    assert applied((DEAR, OVER_TWO), customers=customers, cost=price) == found


def test_either_bound_of_one_tier_is_enough() -> None:
    both = Tier(approvals=2, above_customers=2, above_amount=30)
    assert applied((both,), customers=3, cost=Cost(1, 3, None)) == AppliedTier(2, TierTrigger.CUSTOMERS, 2)
    assert applied((both,), customers=1, cost=Cost(31, 1, None)) == AppliedTier(2, TierTrigger.AMOUNT, 30)
    assert applied((OVER_TWO,), customers=1, cost=None) is None


async def test_review_request_and_approval_show_the_tier(either_office: Office) -> None:
    office = either_office.under(allowing(tiers=(OVER_TWO,)))
    small = await office.ask(customers="a\nb")
    assert (small.approvals, small.tier) == (1, None)
    draft = await office.draft(customers="a\nb\nc")
    review = await office.drafts.review(draft, person(ANN))
    assert isinstance(review, Review)
    tier = AppliedTier(2, TierTrigger.CUSTOMERS, 2)
    assert (review.request.approvals, review.request.tier) == (2, tier)
    big = await office.submit(draft, person(ANN))
    assert isinstance(big, Request)
    assert (big.approvals, big.tier) == (2, tier)
    shown = await office.approvals.open(big.id, person(BO), SUPPORT)
    assert isinstance(shown, ApprovalView)
    assert shown.review.request.tier == tier
    assert shown.review.digest == review.digest


async def test_a_tier_asks_for_approval_where_smaller_requests_need_none(office: Office) -> None:
    quick = replace(POLICY.channels[QUICK], tiers=(OVER_TWO,), approvers=(BO, CLEO))
    office.under(replace(POLICY, channels={QUICK: quick}))
    assert (await office.ask(channel=QUICK, customers="a\nb")).state is State.APPROVED
    office.under(replace(POLICY, channels={QUICK: replace(quick, max_amount=None)}))
    assert (await office.ask(channel=QUICK, customers="a\nb\nc")).state is State.WAITING


async def test_too_few_approvers_for_the_tier_is_a_refusal(office: Office) -> None:
    office.under(allowing(tiers=(replace(OVER_TWO, approvals=4),)))
    assert await refusal(office, customers="a\nb\nc") == Refusal(RefusalReason.NO_APPROVER, "3/4")
    assert isinstance(await office.ask(), Request)


async def test_a_tier_added_after_the_review_is_shown_first(office: Office) -> None:
    draft = await office.draft(customers="a\nb\nc")
    await office.drafts.review(draft, person(ANN))
    office.under(allowing(tiers=(Tier(approvals=1, above_customers=2),)))
    assert await office.submit(draft, person(ANN)) == Refusal(RefusalReason.CHANGED)


# a policy that changed


async def approved(office: Office, **typed: Any) -> RequestId:
    """Make a request that needs two approvals, and give both."""
    asked = await office.ask(**typed)
    for who in (BO, CLEO)[: asked.approvals]:
        await office.approve(asked, who)
    assert (await office.now(asked.id)).state is State.APPROVED
    return asked.id


async def test_a_stricter_tier_applies_to_approved_requests(office: Office) -> None:
    request = await approved(office, customers="a\nb\nc")
    office.under(allowing(tiers=(OVER_TWO,)))
    assert await office.preflight.begin(request) is None
    waiting = await office.now(request)
    assert (waiting.state, waiting.round, waiting.approvals) == (State.WAITING, 2, 2)
    assert waiting.tier == AppliedTier(2, TierTrigger.CUSTOMERS, 2)
    await office.approve(waiting, BO)
    await office.approve(waiting, CLEO)
    assert await office.preflight.begin(request)


async def test_a_looser_tier_does_not_apply_to_approved_requests(office: Office) -> None:
    office.under(allowing(tiers=(OVER_TWO,)))
    asked = await office.ask(customers="a\nb\nc")
    office.under(allowing())
    await office.approve(asked, BO)
    assert (await office.now(asked.id)).state is State.WAITING
    await office.approve(asked, CLEO)
    office.town.groups[LEADS] = {CLEO}
    assert await office.preflight.begin(asked.id) is None
    waiting = await office.now(asked.id)
    assert (waiting.state, waiting.approvals, waiting.tier) == (State.WAITING, 2, asked.tier)


async def test_a_rule_that_became_dearer_falls_under_the_dearer_tier(office: Office) -> None:
    office.under(allowing(tiers=(DEAR,), approvers=(BO, CLEO, DI)))
    request = await approved(office)
    office.shelf.change(SPAR, reward=Reward(type="discount_amount", value=Decimal(60_000)))
    assert await office.preflight.begin(request) is None
    waiting = await office.now(request)
    assert (waiting.state, waiting.approvals, waiting.tier) == (
        State.WAITING,
        3,
        AppliedTier(3, TierTrigger.AMOUNT, 50_000),
    )


async def test_a_rule_too_dear_for_the_available_approvers_stops(office: Office) -> None:
    office.under(allowing(tiers=(replace(DEAR, approvals=4),)))
    request = await approved(office)
    office.shelf.change(SPAR, reward=Reward(type="discount_amount", value=Decimal(60_000)))
    assert await office.preflight.begin(request) is None
    stopped = await office.now(request)
    assert (stopped.state, stopped.stop, stopped.note) == (
        State.STOPPED,
        StopReason.RULE_CHANGED,
        RefusalReason.NO_APPROVER,
    )


# the digest


async def test_an_approval_of_an_outdated_view_is_refused(office: Office) -> None:
    asked = await office.ask(customers="a\nb")
    assert asked.rule
    seen = digest(asked)
    for changed in (
        {"customers_digest": "of others"},
        {"rule": replace(asked.rule, active=False)},
        {"tier": AppliedTier(1, TierTrigger.CUSTOMERS, 1)},
    ):
        now = await office.put(asked, **changed)
        answer = await office.approvals.approve(asked.id, 1, person(BO), typed="", shown=seen, named=())
        assert answer == Refusal(RefusalReason.CHANGED)
        assert await office.now(asked.id) == now
        await office.put(asked, customers_digest=asked.customers_digest, rule=asked.rule, tier=asked.tier)
    for forged in ("", seen[:8], seen.upper(), "0" * 64):
        assert await office.approvals.approve(
            asked.id, 1, person(BO), typed="", shown=forged, named=()
        ) == Refusal(RefusalReason.CHANGED)
    assert await office.repository.votes(asked.id, 1) == ()
    assert isinstance(
        await office.approvals.approve(asked.id, 1, person(BO), typed="", shown=seen, named=()),
        Request,
    )


async def test_a_digest_in_the_payload_is_compared_and_never_kept(office: Office) -> None:
    asked = await office.ask(rule=PERCENT)
    await office.approve(asked, BO)
    assert asked.rule
    assert [approval.digest for approval in await office.repository.votes(asked.id, 1)] == [digest(asked)]
