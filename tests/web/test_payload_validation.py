"""A form's answers have the right shape, or the payload is malformed."""

import json
from typing import Any
from urllib.parse import urlencode

import pytest

from bot.web.slack_endpoint import MalformedPayload, read_payload

OPTION = {"value": "F1", "text": {"type": "plain_text", "text": "vip.csv"}}

WRONG_FILES: list[Any] = ["F1", [None], ["F1"], [{}], [{"id": 1}], [{"id": "F1", "name": 2}]]
WRONG_TICKS: list[Any] = ["F1", [None], [{}], [{"value": 1}], [{**OPTION, "text": "x"}]]


def body(answer: Any) -> bytes:
    """Write a submission with this answer in an input."""
    texts = {
        "id": "V1",
        "type": "modal",
        "callback_id": "c",
        "hash": "h",
        "private_metadata": "m",
        "external_id": "e",
    }
    view = {**texts, "blocks": [], "state": {"values": {"file:0": {"a": answer}}}}
    sent = {
        "type": "view_submission",
        "team": {"id": "T1"},
        "user": {"id": "U1", "team_id": "T1"},
        "trigger_id": "1",
        "view": view,
    }
    return urlencode({"payload": json.dumps(sent)}).encode()


@pytest.mark.parametrize(
    "answer",
    [
        {"files": [{"id": "F1", "name": "vip.csv"}]},
        {"files": []},
        {"files": None},
        {"selected_options": [OPTION]},
    ],
)
def test_files_and_ticks_are_accepted(answer: Any) -> None:
    read_payload(body(answer))


@pytest.mark.parametrize(
    "answer",
    [
        *[{"files": files} for files in WRONG_FILES],
        *[{"selected_options": ticked} for ticked in WRONG_TICKS],
    ],
)
def test_files_and_ticks_of_another_shape_are_malformed(answer: Any) -> None:
    with pytest.raises(MalformedPayload):
        read_payload(body(answer))


def click(option: Any) -> bytes:
    """A choice in the menu of a card."""
    action = {"action_id": "discount_menu", "block_id": "b", "type": "overflow", "selected_option": option}
    person = {"team": {"id": "T1"}, "user": {"id": "U1"}}
    payload = {
        "type": "block_actions",
        **person,
        "actions": [action],
        "trigger_id": "1.2",
        "channel": {"id": "C1"},
    }
    return urlencode({"payload": json.dumps(payload)}).encode()


@pytest.mark.parametrize("option", [None, OPTION])
def test_a_choice_in_a_menu_is_accepted(option: Any) -> None:
    read_payload(click(option))


@pytest.mark.parametrize("option", ["x", 1, [], {}, {"value": 1}, {"value": None}])
def test_a_choice_of_another_shape_is_malformed(option: Any) -> None:
    with pytest.raises(MalformedPayload):
        read_payload(click(option))
