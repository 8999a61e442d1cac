"""Idempotency keys: the bot's own cannot be typed, and what a used key skips is said before and after."""

from typing import Any

import pytest

from bot.domain.policy.policy import Refusal, RefusalReason
from bot.domain.requests.batches import BatchOutcome
from bot.domain.requests.request import KEY_PREFIX, Request, State, StopReason, is_bots_key
from bot.domain.requests.views import ApprovalView, Field, FieldError, Form, Review
from bot.services.snapshots import load_snapshot
from bot.slack.messages import status, summary
from bot.slack.modals import approval, review
from bot.slack.rendering.formatting import Formatter
from tests.support.service_fixture import ANN, BO, CLEO, POLICY, SUPPORT, Office, person

KEY = "stamp-2020"
LOOK = Formatter("NOK", "Europe/Oslo")
THREE = "c-1\nc-2\nc-3"


async def given(office: Office, *, end: bool = True, **typed: Any) -> Request:
    """Ask, approve and give to all, whatever Dintero does with a used key."""
    office.clock.pass_by(seconds=1)
    asked = await office.ask(**{"customers": THREE, "once_key": KEY, **typed})
    await office.approve(asked, BO)
    giving = await office.preflight.begin(asked.id)
    assert giving
    await office.repository.start_portion(asked.id, 0)
    await office.repository.record_outcomes(asked.id, BatchOutcome(0, 0, asked.customers))
    if end:
        await office.completion.finish(asked.id, giving.round)
    return await office.now(asked.id)


async def summed_up(office: Office, request: Request) -> str:
    snapshot = await load_snapshot(office.repository, await office.now(request.id), POLICY)
    drawn = summary.build(snapshot, LOOK)
    return f"{drawn} {status.one(snapshot, LOOK)}"


@pytest.mark.parametrize("key", [f"{KEY_PREFIX}1", "DISCOUNT-BOT-x", f"  {KEY_PREFIX}"])
async def test_a_typed_key_cannot_be_one_of_the_bots(office: Office, key: str) -> None:
    fault = FieldError(Field.ONCE_KEY, Refusal(RefusalReason.BAD_ONCE_KEY, KEY_PREFIX))
    draft = await office.draft(once_key=key)
    form_input = await office.repository.load_input(draft)
    assert form_input
    assert await office.drafts.save_input(draft, person(ANN), form_input) == (fault,)
    judged = await office.drafts.review(draft, person(ANN))
    assert isinstance(judged, Form)
    assert fault in judged.faults


async def test_the_bots_key_is_secret_and_stays_through_reviews_and_own_keys(office: Office) -> None:
    asked = await office.ask()
    assert is_bots_key(asked.once_key)
    assert asked.id not in asked.once_key
    draft = await office.draft(customers="c-9")
    keys = []
    for _ in range(2):
        await office.drafts.review(draft, person(ANN))
        keys.append((await office.now(draft)).once_key)
    assert keys[0] == keys[1] != asked.once_key


async def test_a_draft_with_the_key_of_an_earlier_version_gets_a_secret_one(office: Office) -> None:
    draft = await office.draft()
    await office.put(await office.now(draft), once_key=f"{KEY_PREFIX}{draft}")
    await office.drafts.review(draft, person(ANN))
    assert draft not in (await office.now(draft)).once_key


async def test_a_used_key_is_named_in_review_and_approval_with_whom_it_skips(office: Office) -> None:
    first = await given(office, customers="c-1\nc-2")
    draft = await office.draft(customers=THREE, once_key=KEY)
    shown = await office.drafts.review(draft, person(ANN))
    assert isinstance(shown, Review)
    assert (shown.key_use.given, [each.short for each in shown.key_use.by]) == (2, [first.short])
    asked = await office.submit(draft, person(ANN))
    assert isinstance(asked, Request)
    view = await office.approvals.open(asked.id, person(BO), SUPPORT)
    assert isinstance(view, ApprovalView)
    for drawn in (review.build(shown, LOOK, {}), approval.details(view, LOOK, {})):
        assert f"used before*, by {first.short}.\\n2 of these customers got it under this key" in str(drawn)


async def test_a_key_that_was_used_for_others_or_another_rule_skips_nobody(office: Office) -> None:
    await given(office, customers="d-1")
    await given(office, rule="percent-10", customers=THREE)
    shown = await office.drafts.review(await office.draft(customers=THREE, once_key=KEY), person(ANN))
    assert isinstance(shown, Review)
    assert (shown.key_use.given, shown.key_use.maybe, len(shown.key_use.by)) == (0, 0, 1)
    assert "None of these customers got it under this key." in str(review.build(shown, LOOK, {}))


async def test_given_counts_only_whom_this_request_gave_it(office: Office) -> None:
    await given(office, customers="c-1\nc-2")
    second = await given(office)
    third = await given(office)
    assert "Given to 1 of 3 customers" in await summed_up(office, second)
    assert "2 had it before" in await summed_up(office, second)
    assert "Given to 0 of 3 customers" in await summed_up(office, third)
    assert "given to all 3 customers" not in await summed_up(office, third)


async def test_of_two_at_once_each_says_that_the_other_may_have_given_it(office: Office) -> None:
    asked = [await office.ask(customers=THREE, once_key=KEY) for _ in range(2)]
    for each in asked:
        await office.approve(each, BO)
        await office.put(each, state=State.GIVING, started_at=office.clock.now())
        await office.repository.start_portion(each.id, 0)
        await office.repository.record_outcomes(each.id, BatchOutcome(0, 0, 3))
    for each in asked:
        await office.completion.finish(each.id, 1)
        said = await summed_up(office, each)
        assert "Given to 3 of 3 customers" in said
        assert "3 of them may have had it before" in said


async def test_what_a_stopped_request_gave_under_the_key_counts(office: Office) -> None:
    first = await given(office, end=False)
    await office.repository.request_stop(first.id, StopReason.BUSY, "")
    await office.completion.finish(first.id, 1)
    assert "Given to 0 of 3 customers" in await summed_up(office, await given(office))


async def test_two_remainders_of_one_request_do_not_both_claim_the_same_customers(office: Office) -> None:
    first = await office.ask(customers=THREE)
    await office.approve(first, BO)
    await office.preflight.begin(first.id)
    await office.repository.start_portion(first.id, 0)
    unsent = await office.repository.customers(first.id, 0)
    await office.repository.record_outcomes(first.id, BatchOutcome(0, 0, 3, not_tried=unsent))
    await office.put(first, state=State.CANCELLED, started_at=office.clock.now(), ended_at=office.clock.now())
    said = []
    for _ in range(2):
        draft = await office.drafts.create_remainder(first.id, person(ANN), SUPPORT)
        assert isinstance(draft, Request)
        await office.drafts.review(draft.id, person(ANN))
        asked = await office.submit(draft.id, person(ANN))
        assert isinstance(asked, Request)
        await office.approve(asked, CLEO)
        assert await office.preflight.begin(asked.id)
        await office.repository.start_portion(asked.id, 0)
        await office.repository.record_outcomes(asked.id, BatchOutcome(0, 0, 3))
        await office.completion.finish(asked.id, 1)
        said.append(await summed_up(office, asked))
    assert "Given to 3 of 3 customers" in said[0]
    assert "Given to 0 of 3 customers" in said[1]


async def test_a_key_of_a_purged_request_may_skip_anybody(office: Office) -> None:
    first = await given(office)
    async with office.repository.unit_of_work(first.id) as unit:
        assert unit
        await unit.redact(office.clock.now())
    shown = await office.drafts.review(await office.draft(customers=THREE, once_key=KEY), person(ANN))
    assert isinstance(shown, Review)
    assert "Not all of its customers are known any more." in str(review.build(shown, LOOK, {}))
    assert "3 of them may have had it before" in await summed_up(office, await given(office))
