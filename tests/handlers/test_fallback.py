"""Fallbacks: clicks and forms without a listener are answered too."""

import copy
import json

import pytest
from slack_bolt.async_app import AsyncBoltRequest

from bot.errors import DatabaseUnavailable
from handlers.fallback import fail
from sandbox.slack.state.workspace import Json
from tests.support.slack_fixture import Stand


async def click(stand: Stand) -> Json:
    """Return the payload of a click on a card's button."""
    await stand.shop.bo.press("Reject…", await stand.ask())
    await stand.errands.done()
    payload = copy.deepcopy(stand.last("block_actions").payload)
    payload["response_url"] = stand.shop.slack.board.tickets.response_url(
        stand.shop.bo.id, stand.shop.support
    )
    return payload


async def test_an_unknown_button_is_answered(stand: Stand) -> None:
    payload = await click(stand)
    payload["actions"][0]["action_id"] = "of_an_older_version"
    assert (await stand.shop.slack.deliver("interactive", payload)).status == 200
    await stand.shop.bo.is_told("from an older version")


async def test_a_buttons_link_needs_no_answer(stand: Stand) -> None:
    payload = await click(stand)
    payload["actions"][0] |= {"action_id": "a_link", "url": "https://example.com"}
    told = len(stand.shop.bo.ephemerals)
    assert (await stand.shop.slack.deliver("interactive", payload)).status == 200
    await stand.errands.done()
    assert len(stand.shop.bo.ephemerals) == told


async def test_an_unknown_button_in_a_form_is_answered_in_the_form(stand: Stand) -> None:
    form = await stand.form()
    await form.press("More options")
    await stand.shop.ann.sees_view(label="Campaign key")
    payload = copy.deepcopy(stand.last("block_actions").payload)
    payload["actions"][0]["action_id"] = "of_an_older_version"
    assert (await stand.shop.slack.deliver("interactive", payload)).status == 200
    await stand.shop.ann.sees_view("Out of date", text="from an older version")


async def test_an_unknown_form_is_answered(stand: Stand) -> None:
    payload = {**(await click(stand)), "type": "view_submission"}
    await stand.form()
    (view,) = stand.shop.slack.stacks.of(stand.shop.ann.id)
    payload["view"] = {**stand.shop.slack.stacks.payload(view), "callback_id": "of_an_older_version"}
    ack = await stand.shop.slack.deliver("interactive", payload)
    assert ack.body["response_action"] == "update"
    assert "from an older version" in str(ack.body["view"])


async def test_an_unknown_list_offers_nothing(stand: Stand) -> None:
    form = await stand.form()
    await form.options("Rule", "")
    payload = {**stand.last("block_suggestion").payload, "action_id": "of_an_older_version"}
    assert (await stand.shop.slack.deliver("interactive", payload)).body == {"options": []}


async def test_a_list_of_rules_says_that_the_database_is_away() -> None:
    answer = await fail(DatabaseUnavailable("locked"), {"type": "block_suggestion"}, None, None)
    (option,) = json.loads(answer.body)["options"]
    assert "The database isn't answering. Try again in a minute." in option["text"]["text"]
    assert len(option["text"]["text"]) <= 75
    assert option["value"]


async def test_slacks_own_checks_may_come_again(stand: Stand) -> None:
    for _ in range(2):
        check = AsyncBoltRequest(body={"type": "url_verification", "challenge": "abc"}, mode="socket_mode")
        assert "abc" in (await stand.app.async_dispatch(check)).body


@pytest.mark.parametrize("without", ["user", "team", "both"])
async def test_a_payload_without_a_person_is_refused(stand: Stand, without: str) -> None:
    payload = await click(stand)
    nameless = (
        {**payload, "user": {}} if without == "user" else {**payload, "user": {"id": "U0BO"}, "team": None}
    )
    if without == "both":
        nameless = {key: value for key, value in payload.items() if key not in {"user", "team"}}
    assert (await stand.shop.slack.deliver("interactive", nameless)).status == 400


@pytest.mark.parametrize(
    "broken",
    [{"actions": [{"action_id": "discount_cancel", "type": "button", "block_id": "b"}], "channel": "odd"}],
)
async def test_an_unreadable_click_is_reported_with_a_fault_id(stand: Stand, broken: Json) -> None:
    payload = {**(await click(stand)), **broken}
    assert (await stand.shop.slack.deliver("interactive", payload)).status == 200
    await stand.shop.bo.is_told("Something went wrong (error")
