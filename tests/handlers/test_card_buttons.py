"""The card's buttons and their modals: stray, forged and repeated clicks, and failures."""

import copy
from typing import Any

import pytest

from bot.domain.ids import GroupId
from bot.domain.requests.request import State
from bot.slack.messages import card_buttons as card_drawing
from sandbox.shop import LEADS
from sandbox.slack.state.faults import Fault
from sandbox.slack.state.workspace import Json, Message
from tests.support.cancelling import cancel, cancel_at_once
from tests.support.slack_fixture import ELSEWHERE, SEED, Stand

BUTTONS = (
    card_drawing.APPROVE,
    card_drawing.REJECT,
    card_drawing.CANCEL,
    card_drawing.CONTINUE,
    card_drawing.END,
    card_drawing.GIVE_NOW,
    card_drawing.AGAIN,
    card_drawing.CHECK_AGAIN,
)
NO_REQUESTS = [" ", "nonsense", "8f14e45f-ea1b-4b6f-9e2c-000000000000", "R-22222", None, "💥" * 500]


async def pressed(
    stand: Stand,
    card: Message,
    button: str,
    *,
    value: str | None = "",
    option: Json | None = None,
    **changes: Any,
) -> str:
    """Press a button, or choose an option, with a forged payload, and return the answer."""
    if not any(
        each.payload.get("type") == "block_actions" and "message" in each.payload
        for each in stand.shop.slack.deliveries
    ):
        await stand.shop.bo.press("Reject…", card)
        await stand.errands.done()
        stand.shop.slack.stacks.clear(stand.shop.bo.id)
    payload = copy.deepcopy(stand.last("block_actions").payload)
    payload["actions"][0] |= {"action_id": button} | ({} if value == "" else {"value": value})
    payload["actions"][0] |= option or {}
    before = len(stand.shop.bo.ephemerals)
    payload["trigger_id"] = stand.shop.slack.board.tickets.trigger(stand.shop.bo.id)
    payload["response_url"] = stand.shop.slack.board.tickets.response_url(
        stand.shop.bo.id, stand.shop.support
    )
    ack = await stand.shop.slack.deliver("interactive", {**payload, **changes})
    assert ack.status == 200
    await stand.errands.done()
    return "\n".join(map(stand.shop.bo.read, stand.shop.bo.ephemerals[before:]))


@pytest.mark.parametrize("action", BUTTONS)
async def test_a_button_of_an_unknown_request_is_answered(stand: Stand, action: str) -> None:
    card = await stand.ask()
    before = await stand.request()
    for value in NO_REQUESTS:
        assert "can't find" in await pressed(stand, card, action, value=value), value
    for channel in (
        None,
        {},
        {"id": "C0ELSE", "name": "else"},
        {"id": stand.shop.quick.id, "name": "small-favours"},
    ):
        assert "can't find this request" in await pressed(stand, card, action, channel=channel), channel
    assert await stand.request() == before


@pytest.mark.parametrize("action", BUTTONS)
async def test_another_workspace_is_refused_at_every_button(stand: Stand, action: str) -> None:
    card = await stand.ask()
    before = await stand.request()
    told = await pressed(
        stand, card, action, user={"id": stand.shop.bo.id, "team_id": ELSEWHERE, "username": "bo"}
    )
    assert "Only members of this workspace" in told
    assert await stand.request() == before


async def approval(stand: Stand, customers: str = "c-1") -> Json:
    """Open an approval for Bo, and return its submission."""
    modal = await stand.opens("Approve…", await stand.ask(customers))
    if "Number of customers" in modal.labels:
        await modal.fill({"Number of customers": str(len(customers.split()))})
    real = stand.shop.slack.line
    await modal.submit()
    await stand.errands.done()
    assert stand.shop.slack.line is real
    return copy.deepcopy(stand.last("view_submission").payload)


@pytest.mark.parametrize(
    "metadata", ["", "nonsense", ":", "::1", "nonsense:1", "8f14e45f-ea1b-4b6f-9e2c-000000000000:1"]
)
async def test_an_approval_of_an_unknown_request_is_answered(stand: Stand, metadata: str) -> None:
    payload = await approval(stand)
    payload["view"]["private_metadata"] = metadata
    ack = await stand.shop.slack.deliver("interactive", payload)
    assert ack.body["response_action"] == "update"
    await stand.errands.done()
    await stand.shop.bo.sees_view(text="can't find this request")


@pytest.mark.parametrize("round_", ["0", "2", "x"])
async def test_a_submitted_approval_of_another_round_does_not_count(stand: Stand, round_: str) -> None:
    modal = await stand.opens("Approve…", await stand.ask())
    request = await stand.request()
    payload = copy.deepcopy(stand.last("block_actions").payload)
    submission = {
        "type": "view_submission",
        "team": payload["team"],
        "user": payload["user"],
        "view": {**_open(stand), "private_metadata": f"{request.id}:{round_}"},
    }
    await stand.shop.slack.deliver("interactive", submission)
    await stand.errands.done()
    assert (await stand.request()).state is State.WAITING
    assert await stand.repository.votes(request.id, 1) == ()
    assert modal.is_open


def _open(stand: Stand) -> Json:
    (view,) = stand.shop.slack.stacks.of(stand.shop.bo.id)
    return stand.shop.slack.stacks.payload(view)


async def test_an_approval_delivered_twice_counts_once_and_reads_the_same(stand: Stand) -> None:
    payload = await approval(stand)
    for _ in range(2):
        await stand.shop.slack.deliver("interactive", payload)
        await stand.errands.done()
    view = await stand.shop.bo.sees_view("Approved")
    assert "got there first" not in view.text
    request = await stand.request()
    assert [approval.by for approval in await stand.repository.votes(request.id, 1)] == [stand.shop.bo.id]


async def test_an_approval_by_another_person_is_checked_for_that_person(stand: Stand) -> None:
    modal = await stand.opens("Approve…", await stand.ask())
    payload = copy.deepcopy(stand.last("block_actions").payload)
    for forged in ({"id": stand.shop.ann.id}, {"id": stand.shop.gus.id}, {"team_id": ELSEWHERE}):
        submission = {
            "type": "view_submission",
            "team": payload["team"],
            "user": {**payload["user"], **forged},
            "view": _open(stand),
        }
        await stand.shop.slack.deliver("interactive", submission)
    await stand.errands.done()
    assert (await stand.request()).state is State.WAITING
    assert modal.is_open


async def test_a_wrong_number_is_reported_in_its_field(stand: Stand) -> None:
    modal = await stand.opens("Approve…", await stand.ask("\n".join(f"c-{at}" for at in range(60))))
    await modal.fill({"Number of customers": "59"})
    assert "doesn't match the number" in (await modal.submit()).errors["Number of customers"]
    assert (await stand.request()).state is State.WAITING


async def test_what_waits_after_a_submit_does_not_offer_to_cancel_it(stand: Stand) -> None:
    modal = await stand.opens("Reject…", await stand.ask())
    offered = []

    async def note(moment: str, method: str, _number: int) -> None:
        if (moment, method) == ("before", "views.update"):
            offered.append((await stand.shop.bo.sees_view(text="One moment")).close_label)

    stand.shop.slack.faults.on_call = note
    await modal.fill({"Reason": "wrong rule"})
    assert not (await modal.submit()).errors
    await stand.shop.bo.sees_view("Rejected")
    assert offered == ["Close"]


async def test_a_rejection_needs_a_reason_and_counts_once(stand: Stand) -> None:
    modal = await stand.opens("Reject…", await stand.ask())
    await modal.fill({"Reason": "  "})
    assert "Say why" in (await modal.submit()).errors["Reason"]
    await modal.fill({"Reason": "wrong rule"})
    assert not (await modal.submit()).errors
    await stand.shop.bo.sees_view("Rejected")
    await stand.errands.done()
    await stand.shop.slack.deliver_again(stand.last("view_submission"))
    await stand.errands.done()
    assert "got there first" not in (await stand.shop.bo.sees_view("Rejected")).text
    assert (await stand.request()).note == "wrong rule"
    assert (
        len(
            [
                reply
                for reply in stand.shop.slack.thread(stand.shop.slack.messages(stand.shop.support)[0])
                if "ejected" in reply.text
            ]
        )
        == 1
    )


async def test_a_click_delivered_twice_acts_once_and_the_person_hears_of_it(stand: Stand) -> None:
    card = await stand.ask()
    await cancel_at_once(stand.shop.ann, card)
    await stand.errands.done()
    await stand.shop.slack.deliver_again()
    await stand.errands.done()
    _, first, second = map(stand.shop.ann.read, stand.shop.ann.ephemerals)
    assert "is cancelled" in first
    assert "counts once" in second
    assert len([reply for reply in stand.shop.slack.thread(card) if "ancelled" in reply.text]) == 1


async def test_a_deleted_group_of_approvers_is_named_and_the_other_approvers_count(stand: Stand) -> None:
    del stand.shop.slack.workspace.groups[GroupId(LEADS)]
    card = await stand.ask()
    await stand.shop.bo.press("Approve…", card)
    await stand.shop.bo.is_told("The user group S0LEADS has no members")
    await (await stand.opens("Approve…", card, by=stand.shop.chief)).submit()
    await stand.shop.chief.sees_view("Approved")
    assert (await stand.request()).state is State.APPROVED


async def test_details_and_customers_open_on_top_of_the_approval(stand: Stand) -> None:
    modal = await stand.opens("Approve…", await stand.ask("c-1\nc-2"))
    await modal.press("All rule details")
    await stand.errands.done()
    details = await stand.shop.bo.sees_view("All rule details", text="Spar 100,-")
    await details.close()
    await modal.press("View customers")
    await stand.errands.done()
    customers = await stand.shop.bo.sees_view("Customers", text="c-1\nc-2")
    assert "Viewing customer ids is logged." in customers.text
    await customers.close()
    await modal.submit()
    await stand.shop.bo.sees_view("Approved")


async def test_an_approval_shows_a_rule_that_changed_and_approves_the_new_one(stand: Stand) -> None:
    card = await stand.ask()
    stand.shop.dintero.rules[SEED]["reward"]["value"] = 20_000
    modal = await stand.opens("Approve…", card)
    assert "Your approval is for the new one." in modal.text
    assert "→" in modal.text
    assert "NOK 200 off for 1 customer" in modal.text
    await modal.submit()
    await stand.shop.bo.sees_view("Approved")
    request = await stand.request()
    assert (request.state, request.round) == (State.APPROVED, 2)
    await stand.errands.done()
    assert "Bo approved the changed rule." in "\n".join(
        stand.shop.ann.read(reply) for reply in stand.shop.slack.thread(card)
    )


async def test_cancelling_from_the_menu_asks_first(stand: Stand) -> None:
    card = await stand.ask()
    await stand.shop.ann.press("Cancel request…", card)
    asked = await stand.shop.ann.sees_view(submit="Cancel request")
    assert asked.title == f"Cancel {(await stand.request()).short}?"
    assert "Nothing has been given yet." in asked.text
    await asked.close()
    assert (await stand.request()).state is State.WAITING
    await cancel(stand.shop.ann, card)
    await stand.shop.ann.sees_view("Cancelled", text="is cancelled")
    assert (await stand.request()).state is State.CANCELLED


async def test_people_who_may_not_cancel_are_told_before_they_are_asked(stand: Stand) -> None:
    card = await stand.ask()
    await stand.shop.cleo.press("Cancel request…", card)
    await stand.errands.done()
    assert stand.shop.cleo.view is None
    said = stand.shop.cleo.read(stand.shop.cleo.ephemerals[-1])
    assert said == (
        f"Only @Ann or @Chief can cancel {(await stand.request()).short}. You can reject it instead."
    )


@pytest.mark.parametrize(
    "value", ["", "discount_cancel", "discount_cancel:", "of_an_older_version:1", ":", "💥"]
)
async def test_an_option_of_a_menu_that_names_nothing_is_answered(stand: Stand, value: str) -> None:
    card = await stand.ask()
    option = {"text": {"type": "plain_text", "text": "View customers"}, "value": value}
    changes = {"type": "overflow", "selected_option": option}
    told = await pressed(stand, card, card_drawing.MENU, option=changes)
    assert "can't find this request" in told or "older version" in told


# what fails


async def test_a_database_failure_is_reported_at_every_button(stand: Stand) -> None:
    card = await stand.ask()
    await stand.lose_the_table()
    for action in BUTTONS:
        told = await pressed(stand, card, action)
        assert "Something went wrong (error" in told
    await stand.find_the_table()
    assert (await stand.request()).state is State.WAITING


async def test_a_failure_after_the_change_does_not_say_that_nothing_was_changed(stand: Stand) -> None:
    card = await stand.ask()
    await stand.run("ALTER TABLE pause RENAME TO lost")
    await cancel_at_once(stand.shop.ann, card)
    told = stand.shop.ann.read(await stand.shop.ann.is_told("Something went wrong"))
    await stand.run("ALTER TABLE lost RENAME TO pause")
    assert "It may be done or not" in told
    assert (await stand.request()).state is State.CANCELLED


async def test_a_failure_of_ours_leaves_the_approval_open_with_its_input(stand: Stand) -> None:
    modal = await stand.opens("Approve…", await stand.ask("\n".join(f"c-{at}" for at in range(60))))
    await modal.fill({"Number of customers": "60"})
    await stand.lose_the_table()
    assert "error" in (await modal.submit()).errors["Number of customers"]
    assert modal.values["Number of customers"] == "60"
    await stand.find_the_table()
    assert not (await modal.submit()).errors
    await stand.shop.bo.sees_view("Approved")


async def test_a_failure_of_ours_without_a_field_is_reported_in_the_modal(stand: Stand) -> None:
    modal = await stand.opens("Approve…", await stand.ask())
    await stand.lose_the_table()
    await modal.submit()
    await stand.shop.bo.sees_view(text="error")
    await stand.find_the_table()
    assert (await stand.request()).state is State.WAITING


@pytest.mark.parametrize("fault", [Fault.SERVER_ERROR, Fault.CUT_BEFORE, Fault.RATE_LIMITED])
async def test_the_answer_to_a_click_arrives_after_one_slack_failure(stand: Stand, fault: Fault) -> None:
    card = await stand.ask()
    stand.shop.slack.faults.plan("response_url", fault)
    await cancel_at_once(stand.shop.ann, card)
    await stand.shop.ann.is_told("is cancelled")
