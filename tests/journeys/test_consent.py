"""Two approvals above a size of the digest that both forms and no thread show, and the budget's rest."""

import re

from bot.domain.policy.budget import Budget
from bot.domain.policy.policy import Tier
from sandbox.shop import POLICY, SUPPORT, with_channel
from tests.journeys.conftest import Opens
from tests.journeys.steps import RULE, SEED

TWO_ABOVE_TWO = (Tier(approvals=2, above_customers=2),)


async def test_above_a_size_two_people_approve_the_same_digest(opens: Opens) -> None:
    trip = await opens(policy=with_channel(POLICY, SUPPORT, tiers=TWO_ABOVE_TWO))
    review = await trip.review("a\nb\nc")
    assert "over 2 customers" in review.text
    card = await trip.asked(review)
    assert "Needs 2 approvals from @leads or @Chief." in trip.shop.bo.read(card)
    assert "over 2 customers" in trip.shop.bo.read(card)
    approval = await trip.opens_approval(card)
    assert "0 of 2 approvals so far" in approval.text
    digest = re.search(r"version ([0-9a-f]{8})", approval.text)
    assert digest
    assert "over 2 customers" in approval.text
    await approval.submit()
    answer = await trip.shop.bo.sees_view(lambda view: view.title == "Approved")
    assert "needs 1 more approval" in answer.text
    await trip.shop.slack.until(
        lambda: "Needs 1 more approval from @leads" in trip.shop.bo.read(card) or None
    )
    await trip.shop.bo.press("Approve…", card)
    await trip.shop.bo.is_told("It needs 1 more person.")
    assert not trip.shop.dintero.ledger.calls
    await trip.approve(card, by=trip.shop.cleo)
    await trip.summary("Given to 3 of 3 customers")
    thread = trip.thread(card)
    assert [line for line in thread if "Bo approved (1 of 2)" in line]
    assert [line for line in thread if "Cleo approved (2 of 2)" in line]
    assert digest[1] not in "\n".join(thread)
    assert trip.shop.dintero.ledger.holders(SEED) == {"a": 1, "b": 1, "c": 1}


async def test_the_review_shows_the_budget_left_and_prior_grants(opens: Opens) -> None:
    trip = await opens(policy=with_channel(POLICY, SUPPORT, budget=Budget(days=30, customers=6)))
    card = await trip.ask("a")
    await trip.approve(card)
    await trip.summary("Given to 1 of 1 customers")
    short = (await trip.request(card)).short
    review = await trip.review("a\nb")
    assert "uses 2 of the 5 customers left until " in review.text
    assert "1 of these customers got this discount in the last " in review.text
    assert short in review.text
    second = await trip.asked(review)
    approval = await trip.opens_approval(second)
    assert "uses 2 of the 5 customers left until " in approval.text
    assert short in approval.text
    form = await trip.form(text='add "Spar 100,-" c d e f g h i')
    await form.submit()
    await trip.shop.ann.sees_view(lambda view: "This channel's budget has room for 5 customers" in view.text)


async def test_everyone_is_an_option_behind_more_and_needs_the_rules_name(opens: Opens) -> None:
    trip = await opens(policy=with_channel(POLICY, SUPPORT, reserved=True))
    form = await trip.form()
    assert "Give to everyone instead" not in form.labels
    await form.press("More options")
    form = await trip.shop.ann.sees_view(lambda view: "Give to everyone instead" in view.labels)
    await form.fill({"Rule": RULE, "Give to everyone instead": "*"})
    assert not (await form.submit()).errors
    review = await trip.shop.ann.sees_view(submit="Request approval")
    for words in ("every customer, now and in the future", "it goes to everyone"):
        assert words in review.text
    card = await trip.asked(review)
    assert "for every customer, now and in the future" in trip.shop.bo.read(card)
    for who in (trip.shop.bo, trip.shop.cleo):
        approval = await trip.opens_approval(card, by=who)
        assert "every customer, now and in the future" in approval.text
        await approval.fill({"Rule name": "Spar"})
        assert "doesn't match" in (await approval.submit()).errors["Rule name"]
        await approval.fill({"Rule name": RULE})
        assert not (await approval.submit()).errors
    await trip.summary("Given to 1 of 1 customers")
    assert trip.shop.dintero.ledger.holders(SEED) == {"*": 1}


async def test_the_option_is_hidden_if_the_channel_may_not_use_it(opens: Opens) -> None:
    trip = await opens()
    form = await trip.form()
    await form.press("More options")
    form = await trip.shop.ann.sees_view(lambda view: "Campaign key" in view.labels)
    assert "Give to everyone instead" not in form.labels


async def test_a_request_that_came_after_the_approval_form_is_shown_and_confirmed(opens: Opens) -> None:
    trip = await opens()
    first = await trip.ask("a\nb")
    approval = await trip.opens_approval(first)
    second = await trip.request(await trip.ask("b\nc"))
    await approval.submit()
    again = await trip.shop.bo.sees_view(submit="Approve", text="came in while you had this open")
    assert second.short in again.text
    assert "not finished" in again.text
    assert not trip.shop.dintero.ledger.calls
    await again.submit()
    await trip.summary("Given to 2 of 2 customers")
    assert trip.shop.dintero.ledger.holders(SEED) == {"a": 1, "b": 1}
