"""Slack's `blocks.validate`: says what is wrong with blocks, a message or a view, and shows it to nobody."""

import re
from typing import Final

from sandbox.slack.api.call import ApiCall, ArgumentRule
from sandbox.slack.state import limits
from sandbox.slack.state.errors import SlackSays
from sandbox.slack.state.workspace import Json

KINDS: Final = ("blocks", "view", "message")
MESSAGE_KEYS: Final = frozenset({"blocks", "attachments"})
"""No `text`: Slack refuses it here as an additional property."""


def validate(call: ApiCall) -> Json:
    """Check exactly one of the three by the limits that hold when it is posted or opened."""
    given = [kind for kind in KINDS if kind in call.arguments]
    if len(given) != 1:
        raise SlackSays(
            "invalid_arguments",
            response_metadata={"messages": ["must provide exactly one of `blocks`, `view`, or `message`"]},
        )
    (kind,) = given
    if faults := _faults(kind, call.arguments[kind]):
        errors = [_error(fault, "" if kind == "blocks" else "/blocks") for fault in faults]
        raise SlackSays(f"invalid_{kind}", errors=errors)
    return {"ok": True}


def _faults(kind: str, payload: object) -> list[str]:
    if kind == "view":
        return limits.view_faults(payload) if isinstance(payload, dict) else ["no view"]
    if kind == "message":
        if not isinstance(payload, dict):
            return ["no message"]
        extra = sorted(set(payload) - MESSAGE_KEYS)
        return [*(f"unknown {name}" for name in extra), *_faults("blocks", payload.get("blocks", []))]
    return limits.message_faults(payload, "a text") if isinstance(payload, list) else ["no blocks"]


def _error(fault: str, above: str) -> Json:
    found = re.match(r"blocks\[(\d+)\]", fault)
    pointer = f"{above}/{found[1]}" if found else above or "/"
    return {"code": "failed_constraint", "message": fault, "pointer": pointer}


METHODS: Final = {"blocks.validate": ArgumentRule(validate, token=None)}
