"""The texts of tiers, approvals, budgets and prior grants."""

from dataclasses import replace

import pytest

from bot.domain.ids import ChannelId, RequestId, ShortId
from bot.domain.policy.budget import BudgetUse
from bot.domain.policy.policy import AppliedTier, RefusalReason, TierTrigger
from bot.domain.requests.notification import NotificationType
from bot.domain.requests.prior_grants import PriorGrants, PriorRequest
from bot.domain.requests.request import State
from bot.slack.messages import card, confirmations, notices
from bot.slack.rendering import earlier_requests, request_facts
from tests.support import samples
from tests.support.samples import LOOK, NOW, REQUEST, VOTE

DIGEST = "0123456789abcdef" * 4


@pytest.mark.parametrize(
    ("applied", "expected"),
    [
        (AppliedTier(2, TierTrigger.CUSTOMERS, 100), "*Needs 2 approvals* because it's over 100 customers."),
        (
            AppliedTier(3, TierTrigger.AMOUNT, 1_000_000),
            "*Needs 3 approvals* because it's over NOK\xa010,000.",
        ),
        (AppliedTier(1, TierTrigger.CUSTOMERS, 1), "*Needs 1 approval* because it's over 1 customer."),
        (
            AppliedTier(2, TierTrigger.UNPRICED, 100),
            "*Needs 2 approvals* because its cost can't be calculated.",
        ),
    ],
)
def test_a_tier_says_why_it_applies(applied: AppliedTier, expected: str) -> None:
    assert request_facts.tier(applied, LOOK) == [expected]
    drawn = card.build(samples.snapshot(State.WAITING, tier=applied), LOOK).blocks
    assert [block for block in drawn if expected.rstrip(".") in block.get("text", {}).get("text", "")]


def test_without_a_tier_there_is_no_line() -> None:
    assert request_facts.tier(None, LOOK) == []


def approval_text(happened: NotificationType, number: int, of: int) -> str:
    snapshot = replace(samples.snapshot(State.WAITING, approvals=of), votes=(VOTE,) * number)
    facts = {"yeses": str(number), "approvals": str(of), "digest": DIGEST}  # of an older version
    return notices.thread(replace(samples.notification(happened), facts=facts), snapshot, LOOK).text


def test_each_approval_has_its_number_and_no_digest() -> None:
    agreed, approved = NotificationType.AGREED, NotificationType.APPROVED
    assert approval_text(agreed, 1, 2) == "✅ <@U0BOSS> approved (1 of 2)."
    assert approval_text(approved, 2, 2) == "✅ <@U0BOSS> approved (2 of 2). Sending to Dintero."
    assert approval_text(approved, 1, 1) == "✅ <@U0BOSS> approved."


@pytest.mark.parametrize(
    ("left", "expected"), [(1, "1 more approval."), (2, "2 more approvals."), (0, "1 more approval.")]
)
def test_an_approver_reads_how_many_approvals_are_missing(left: int, expected: str) -> None:
    answer = confirmations.approved(REQUEST, LOOK, left)
    assert answer.text == f"*R-7K2QF* needs {expected}"


def test_a_requester_without_access_reads_who_to_ask() -> None:
    snapshot = samples.snapshot(State.WAITING)
    void = samples.notification(NotificationType.CONSENT_VOID, note=RefusalReason.REQUESTER_LEFT)
    assert notices.thread(void, snapshot, LOOK).text == (
        "⚠️ <@U0ANN> can't request discounts here any more, so nobody can approve this. Reject or cancel it."
    )
    direct = notices.direct(void, snapshot, LOOK, link="").text
    assert "*You can't request in <#C0SUPPORT> any more*, so the approval no longer counts." in direct
    assert "Ask <@U0ADMIN>, or it will expire." in direct


def test_a_budget_says_how_much_of_the_rest_is_used() -> None:
    budget_use = BudgetUse(customers=2, amount=20_000, left_customers=5, left_amount=None, until=NOW)
    assert request_facts.budget(budget_use, LOOK) == [
        "*Budget:* uses 2 of the 5 customers left until 23 Nov 2026."
    ]
    both = replace(budget_use, left_amount=25_000)
    assert request_facts.budget(both, LOOK) == [
        "*Budget:* uses 2 of the 5 customers and NOK\xa0200 of the NOK\xa0250 left until 23 Nov 2026."
    ]
    assert (
        "*Over budget:* 5 customers left" in request_facts.budget(replace(budget_use, customers=6), LOOK)[0]
    )
    assert request_facts.budget(None, LOOK) == []


def test_prior_grants_name_their_requests_with_links() -> None:
    one = PriorRequest(RequestId("1"), ShortId("R-22222"), ChannelId("C1"), "1.0", 3)
    two = replace(one, id=RequestId("2"), short=ShortId("R-33333"), customers=1)
    lines = earlier_requests.before(PriorGrants(4, (one, two)), {RequestId("1"): "https://slack/x|y"}, 7)
    assert lines == [
        (
            "⚠️ 4 of these customers got this discount in the last 7 days"
            " (<https://slack/x%7Cy|R-22222>: 3 and R-33333: 1)."
        )
    ]
    assert "At least 4" in earlier_requests.before(PriorGrants(4, (one,), more=True), {}, 7)[0]
    assert earlier_requests.before(PriorGrants(3, (one,)), {}, 7) == [
        "⚠️ 3 of these customers got this discount in the last 7 days (R-22222)."
    ]
    assert earlier_requests.before(PriorGrants(), {}, 7) == []
