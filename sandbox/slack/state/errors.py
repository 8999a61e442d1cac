"""Slack's refusals: an error code and further fields of the answer."""

from collections.abc import Collection
from typing import Any

from sandbox.slack.state import limits

Json = dict[str, Any]


class SlackSays(Exception):
    """Slack answers `ok: false` with this error; the rest of the answer is in `more`."""

    def __init__(self, error: str, **more: Any) -> None:
        """Keep the code and the rest."""
        super().__init__(error)
        self.error = error
        self.more = more

    def answer(self) -> Json:
        """Build the answer's body."""
        return {"ok": False, "error": self.error, **self.more}

    def __str__(self) -> str:
        """One line, with Slack's explanations if there are any."""
        return ": ".join([self.error, *self.more.get("response_metadata", {}).get("messages", [])])


def refuse_view(view: object, *, unknown: Collection[str] = ()) -> Json:
    """Check a view against Slack's limits.

    Raises:
        SlackSays: `invalid_arguments` or `invalid_blocks`, with every fault in `response_metadata.messages`.
    """
    if not isinstance(view, dict) or not isinstance(view.get("blocks"), list):
        raise SlackSays(
            "invalid_arguments", response_metadata={"messages": ["[ERROR] must provide a view with blocks"]}
        )
    _refuse(limits.view_faults(view))
    _refuse([f"unsupported type: {block['type']}" for block in view["blocks"] if block["type"] in unknown])
    return view


def refuse_message(blocks: list[Json], text: str, *, unknown: Collection[str] = ()) -> None:
    """Check a message against Slack's limits.

    Raises:
        SlackSays: `no_text`, `msg_too_long` or `invalid_blocks`.
    """
    if not blocks and not text:
        raise SlackSays("no_text")
    if len(text) > LONGEST_TEXT:
        raise SlackSays("msg_too_long")
    _refuse(limits.message_faults(blocks, text))
    _refuse([f"unsupported type: {block['type']}" for block in blocks if block["type"] in unknown])


LONGEST_TEXT = 40_000
"""Characters; Slack truncates longer texts (chat.postMessage), and a test should notice."""


def _refuse(faults: list[str]) -> None:
    if faults:
        raise SlackSays(
            "invalid_blocks", response_metadata={"messages": [f"[ERROR] {fault}" for fault in faults]}
        )
