"""The review on top of the form: Back, a second review, stale and repeated submissions."""

import copy
from typing import Any

from bot.domain.policy.policy import Refusal, RefusalReason
from bot.domain.requests.request import State
from bot.slack.rendering import reasons
from bot.slack.rendering.formatting import Formatter
from sandbox.slack.state.faults import Fault
from sandbox.slack.state.workspace import Json
from sandbox.slack.user.modal import Modal
from tests.support.slack_fixture import SPAR, Stand

REQUEST = "Request approval"
CHANGED = reasons.refusal(Refusal(RefusalReason.CHANGED), Formatter("NOK", "Europe/Oslo"))


async def filled(stand: Stand, customers: str = "a\nb", **others: str) -> Modal:
    """Fill in a form, and open its review."""
    form = await stand.form()
    await form.fill({"Rule": SPAR, "Customer IDs": customers, "Reason": "late parcel", **others})
    assert not (await form.submit()).errors
    return form


async def reviewed(stand: Stand, text: str = "") -> Modal:
    return await stand.shop.ann.sees_view(submit=REQUEST, text=text)


def submission(stand: Stand) -> Json:
    return copy.deepcopy(stand.last("view_submission").payload)


def shown(body: Json) -> str:
    return str(body.get("view", {}).get("blocks"))


# back, and again


async def test_back_returns_to_the_form_with_all_that_was_typed(stand: Stand) -> None:
    form = await filled(stand)
    review = await reviewed(stand)
    await review.close()
    back = stand.shop.ann.view
    assert back
    assert back.submit_label == "Review"
    assert back.values["Customer IDs"] == "a\nb"
    assert back.values["Reason"] == "late parcel"
    assert form.is_open


async def test_the_rules_details_open_on_top_of_the_review(stand: Stand) -> None:
    await filled(stand)
    review = await reviewed(stand)
    await review.press("All rule details")
    await stand.errands.done()
    details = await stand.shop.ann.sees_view("All rule details", text="Spar 100,-")
    await details.close()
    await review.submit()
    await stand.errands.done()
    assert (await stand.request()).state is State.WAITING


async def test_after_back_the_second_review_shows_and_sends_the_newest_input(stand: Stand) -> None:
    form = await filled(stand)
    await (await reviewed(stand)).close()
    await form.fill({"Customer IDs": "a\nb\nc", "Reason": "two parcels"})
    await form.submit()
    review = await reviewed(stand, text="3")
    await review.submit()
    await stand.errands.done()
    request = await stand.request()
    assert (request.customers, request.reason) == (3, "two parcels")


async def test_the_last_submit_leaves_nothing_open_and_is_confirmed(stand: Stand) -> None:
    await filled(stand)
    await (await reviewed(stand)).submit()
    assert stand.shop.ann.view is None
    told = await stand.shop.ann.is_told((await stand.request()).short)
    assert not stand.shop.ann.direct.messages
    assert told.only_for == stand.shop.ann.id


async def test_a_confirmation_that_cannot_be_shown_in_the_channel_comes_as_a_direct_message(
    stand: Stand,
) -> None:
    await filled(stand)
    review = await reviewed(stand)
    stand.shop.slack.faults.plan("chat.postEphemeral", Fault.REFUSED, times=99, error="user_not_in_channel")
    await review.submit()
    assert stand.shop.ann.view is None
    await stand.shop.ann.sees((await stand.request()).short, stand.shop.ann.direct)


# stale and repeated


async def test_a_stale_review_sends_nothing_and_says_that_the_draft_changed(stand: Stand) -> None:
    for change in ({"Customer IDs": "a\nb\nc"}, {"Reason": "another reason"}):
        form = await filled(stand)
        old = await reviewed(stand)
        view = old.payload
        await old.close()
        await form.fill(change)
        await form.submit()
        await reviewed(stand)
        payload = {**submission(stand), "view": view, "trigger_id": "stale"}
        ack = await stand.shop.slack.deliver("interactive", payload)
        await stand.errands.done()
        assert CHANGED in shown(ack.body)
        assert not stand.shop.slack.messages(stand.shop.support)
        stand.shop.slack.stacks.clear(stand.shop.ann.id)


async def test_a_stale_review_of_input_that_was_never_reviewed_sends_nothing(stand: Stand) -> None:
    form = await filled(stand)
    old = await reviewed(stand)
    view = old.payload
    await old.close()
    await form.fill({"Customer IDs": "a*\n*"})  # the form keeps it, and reviews nothing
    assert (await form.submit()).errors
    ack = await stand.shop.slack.deliver(
        "interactive", {**submission(stand), "view": view, "trigger_id": "stale"}
    )
    assert CHANGED in shown(ack.body)
    assert not stand.shop.slack.messages(stand.shop.support)


async def test_a_double_click_makes_one_request(stand: Stand) -> None:
    await filled(stand)
    review = await reviewed(stand)
    await review.submit()
    again: dict[str, Any] = {**submission(stand), "trigger_id": "another"}
    ack = await stand.shop.slack.deliver("interactive", again)
    await stand.errands.done()
    assert ack.body == {"response_action": "clear"}
    assert (await stand.request()).state is State.WAITING
    assert len(stand.shop.slack.messages(stand.shop.support)) == 1


async def test_a_redelivered_submission_makes_one_request(stand: Stand) -> None:
    await filled(stand)
    await (await reviewed(stand)).submit()
    await stand.shop.slack.deliver_again()
    await stand.errands.done()
    assert (await stand.request()).state is State.WAITING
    assert len(stand.shop.slack.messages(stand.shop.support)) == 1


async def test_a_form_that_came_back_with_a_fault_renews_the_one_below(stand: Stand) -> None:
    form = await stand.form()
    await form.fill({"Rule": SPAR, "Customer IDs": "a\nb", "Reason": "why"})
    rules = stand.shop.dintero.rules
    del rules[next(id_ for id_, each in rules.items() if each["name"] == SPAR)]
    await form.submit()
    back = await stand.shop.ann.sees_view(submit="Review", text="was deleted in Dintero")
    assert back.close_label == "Back"
    another = next(id_ for id_, each in rules.items() if each["reward"]["type"] == "discount_amount")
    await back.fill({"Rule": another, "Customer IDs": "a\nb\nc"})
    await back.submit()
    review = await reviewed(stand, text="for 3 customers")
    await stand.errands.done()
    await review.close()
    below = stand.shop.ann.view
    assert below
    assert below.close_label == "Cancel"
    assert below.values["Customer IDs"] == "a\nb\nc"
    await below.submit()
    await (await reviewed(stand)).submit()
    assert stand.shop.ann.view is None
    assert (await stand.request()).customers == 3
