"""The form of `/discount add`: stray, forged and repeated payloads, and input that survives failures."""

import copy
from typing import Any

import pytest

from bot.domain.requests.request import State
from sandbox.slack.state.faults import Fault
from sandbox.slack.state.workspace import Json
from tests.support.cancelling import cancel
from tests.support.slack_fixture import ELSEWHERE, SEED, SPAR, Stand, open_stand

NO_DRAFTS = ["", "nonsense", "8f14e45f-ea1b-4b6f-9e2c-000000000000", "R-22222", "💥" * 500]


async def submitted(stand: Stand, customers: str = "a\nb") -> Json:
    """Submit a good form, and return its payload."""
    form = await stand.form()
    await form.fill({"Rule": SPAR, "Customer IDs": customers, "Reason": "why"})
    await form.submit()
    await stand.errands.done()
    return copy.deepcopy(stand.last("view_submission").payload)


def shown(body: Json) -> str:
    return str(body.get("view", {}).get("blocks"))


@pytest.mark.parametrize("metadata", NO_DRAFTS)
async def test_a_form_without_a_draft_is_answered_and_does_nothing(stand: Stand, metadata: str) -> None:
    payload = await submitted(stand)
    payload["view"]["private_metadata"] = metadata
    ack = await stand.shop.slack.deliver("interactive", payload)
    assert ack.status == 200
    assert ack.body["response_action"] == "update"
    assert "can't find this request" in shown(ack.body)


@pytest.mark.parametrize("callback", ["form", "review"])
async def test_nobody_submits_another_persons_form(stand: Stand, callback: str) -> None:
    review = await stand.review("a")
    if callback == "review":
        await review.submit()
        await stand.shop.ann.is_done()
        await stand.review("b")
    payload = copy.deepcopy(stand.last("view_submission").payload)
    draft = (await stand.repository.in_state(State.DRAFT))[0]
    payload["view"]["private_metadata"] = draft.id
    payload["user"] = {**payload["user"], "id": stand.shop.bo.id}
    before = await stand.repository.load_input(draft.id), await stand.repository.find(draft.id)
    ack = await stand.shop.slack.deliver("interactive", payload)
    await stand.errands.done()
    assert ack.status == 200
    assert (await stand.repository.load_input(draft.id), await stand.repository.find(draft.id)) == before


@pytest.mark.parametrize("kind", ["view_submission", "block_suggestion"])
async def test_another_workspace_gets_nothing_from_a_form(stand: Stand, kind: str) -> None:
    payload = await submitted(stand)
    draft = (await stand.repository.in_state(State.DRAFT))[0]
    if kind == "block_suggestion":
        payload = copy.deepcopy(stand.last(kind).payload)
    payload["user"] = {**payload["user"], "team_id": ELSEWHERE}
    payload["team"] = {"id": ELSEWHERE, "domain": "elsewhere"}
    before = await stand.repository.load_input(draft.id)
    ack = await stand.shop.slack.deliver("interactive", payload)
    if kind == "block_suggestion":
        assert ack.body == {"options": []}
    else:
        assert "can't find this request" in shown(ack.body)
    assert await stand.repository.load_input(draft.id) == before


async def test_the_persons_own_team_decides_not_the_payloads(stand: Stand) -> None:
    payload = await submitted(stand)
    payload["user"] = {**payload["user"], "team_id": ELSEWHERE}
    assert payload["team"]["id"] == stand.shop.slack.team
    ack = await stand.shop.slack.deliver("interactive", payload)
    assert "can't find this request" in shown(ack.body)


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"rule:0": {}},
        {"rule:0": {"discount_add_rule": {"selected_option": None}}},
        {"stray": {"x": {"value": "1"}}},
    ],
)
async def test_an_empty_form_is_answered_with_its_faults(stand: Stand, values: Any) -> None:
    payload = await submitted(stand)
    payload["view"]["state"]["values"] = values
    ack = await stand.shop.slack.deliver("interactive", payload)
    assert ack.body["response_action"] == "errors"
    assert sorted(block.partition(":")[0] for block in ack.body["errors"]) == ["customers", "rule"]


async def test_a_form_delivered_twice_draws_one_review(stand: Stand) -> None:
    payload = await submitted(stand)
    await stand.shop.slack.deliver("interactive", payload)
    await stand.errands.done()
    review = await stand.shop.ann.sees_view(submit="Request approval")
    await review.submit()
    await stand.errands.done()
    assert (await stand.request()).customers == 2


async def test_a_form_delivered_again_after_submission_changes_nothing(stand: Stand) -> None:
    await stand.ask("a")
    form = next(each for each in stand.shop.slack.deliveries if each.payload.get("type") == "view_submission")
    before = await stand.request()
    ack = await stand.shop.slack.deliver_again(form)
    await stand.errands.done()
    assert "counts once" in shown(ack.body)
    assert await stand.request() == before


async def test_a_review_delivered_again_after_the_decision_does_not_say_it_waits(stand: Stand) -> None:
    card = await stand.ask("a")
    submission = stand.last("view_submission")
    await cancel(stand.shop.ann, card)
    await stand.errands.done()
    ack = await stand.shop.slack.deliver_again(submission)
    await stand.errands.done()
    assert "counts once" in shown(ack.body)
    assert (await stand.request()).state is State.CANCELLED


async def test_more_pressed_twice_keeps_what_was_typed(stand: Stand) -> None:
    form = await stand.form()
    await form.fill({"Rule": SPAR, "Customer IDs": "a\nb", "Reason": "why"})
    await form.press("More options")
    more = await stand.shop.ann.sees_view(label="Campaign key")
    await stand.shop.slack.deliver_again()
    await stand.errands.done()
    assert more.values["Customer IDs"] == "a\nb"
    assert more.values["Reason"] == "why"


@pytest.mark.parametrize("metadata", NO_DRAFTS)
async def test_a_rule_search_without_a_draft_offers_nothing(stand: Stand, metadata: str) -> None:
    form = await stand.form()
    await form.options("Rule", "spar")
    payload = copy.deepcopy(stand.last("block_suggestion").payload)
    payload["view"]["private_metadata"] = metadata
    assert (await stand.shop.slack.deliver("interactive", payload)).body == {"options": []}


@pytest.mark.parametrize("typed", ["", " ", "spar", SEED, "ÆØÅ", "*", "\\", "%", "x" * 3000, "💥"])
async def test_any_text_in_the_rule_search_is_answered(stand: Stand, typed: str) -> None:
    form = await stand.form()
    await form.options("Rule", "")
    payload = copy.deepcopy(stand.last("block_suggestion").payload)
    ack = await stand.shop.slack.deliver("interactive", {**payload, "value": typed})
    assert ack.status == 200
    assert len(ack.body["options"]) <= 100


# what fails


async def test_a_failure_of_ours_is_reported_in_the_form_which_keeps_its_input(stand: Stand) -> None:
    form = await stand.form()
    await form.fill({"Rule": SPAR, "Customer IDs": "a\nb"})
    await stand.lose_the_table()
    stand.clock.pass_by(minutes=11)  # the draft is no longer remembered
    errors = (await form.submit()).errors
    assert "(error " in errors["Rule"]
    assert form.values["Customer IDs"] == "a\nb"
    ack = await stand.shop.slack.deliver("interactive", stand.last("block_suggestion").payload)
    (option,) = ack.body["options"]
    assert "Something went wrong" in option["text"]["text"]
    await stand.find_the_table()
    assert not (await form.submit()).errors
    await stand.shop.ann.sees_view(submit="Request approval")


async def test_a_failure_during_submission_is_reported_and_submits_nothing(stand: Stand) -> None:
    review = await stand.review("a")
    await stand.lose_the_table()
    await review.submit()
    await stand.shop.ann.sees_view(text="(error ")
    await stand.find_the_table()
    assert await stand.drafts() == 1
    assert not stand.shop.slack.messages(stand.shop.support)


@pytest.mark.parametrize(
    "fault",
    [Fault.SERVER_ERROR, Fault.SERVER_ERROR_AFTER, Fault.CUT_BEFORE, Fault.CUT_AFTER, Fault.RATE_LIMITED],
)
async def test_a_review_that_slack_fails_to_draw_is_drawn_again(stand: Stand, fault: Fault) -> None:
    form = await stand.form()
    await form.fill({"Rule": SPAR, "Customer IDs": "a"})
    stand.shop.slack.faults.plan("views.update", fault, times=2)
    await form.submit()
    await stand.shop.ann.sees_view(submit="Request approval")
    await stand.errands.done()
    assert not stand.shop.ann.direct.messages


async def test_if_slack_never_draws_it_a_direct_message_tells_the_truth(stand: Stand) -> None:
    stand.shop.slack.faults.plan("views.update", Fault.REFUSED, times=99, error="invalid_arguments")
    form = await stand.form()
    await form.fill({"Rule": SPAR, "Customer IDs": "a"})
    await form.submit()
    await stand.shop.ann.sees("/discount status", stand.shop.ann.direct)
    assert await stand.drafts() == 1


@pytest.mark.parametrize("closes", [False, True])
async def test_a_review_outlasts_an_outage_of_slack(sqlite_url: str, *, closes: bool) -> None:
    async with open_stand(sqlite_url, patience=0.1) as stand:
        ann, slack = stand.shop.ann, stand.shop.slack
        form = await stand.form()
        await form.fill({"Rule": SPAR, "Customer IDs": "a"})
        for method in ("views.update", "conversations.open"):  # longer than the patience of both
            slack.faults.plan(method, Fault.SERVER_ERROR, times=8)
        await form.submit()
        loading = await ann.sees_view(lambda top: "One moment" in top.text)
        if closes:
            await loading.close()
            await ann.sees("/discount add", ann.direct)
        else:
            await ann.sees_view(submit="Request approval")
        await stand.errands.done()
        assert form.is_open


async def test_a_confirmation_outlasts_an_outage_of_slack(sqlite_url: str) -> None:
    async with open_stand(sqlite_url, patience=0.1) as stand:
        review = await stand.review("a")
        for method in ("chat.postEphemeral", "conversations.open"):
            stand.shop.slack.faults.plan(method, Fault.SERVER_ERROR, times=8)
        await review.submit()
        await stand.shop.ann.sees((await stand.request()).short, stand.shop.ann.direct)
