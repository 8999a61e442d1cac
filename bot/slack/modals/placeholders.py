"""Modals without a question: one that stands while something is looked up, and one that says how it ended."""

from typing import Final

from bot.slack.rendering.blocks import modal, section
from bot.slack.rendering.formatting import Json

MOMENT: Final = "One moment…"


def loading(title: str, *, external_id: str, metadata: str = "") -> Json:
    """Draw what stands until the answer is there; it has no submit."""
    return modal(title, [section(MOMENT)], external_id=external_id, metadata=metadata)


def message(title: str, text: str, *, external_id: str = "", metadata: str = "") -> Json:
    """Draw the last word; `text` is mrkdwn, already safe."""
    return modal(title, [section(text or MOMENT)], external_id=external_id, metadata=metadata)
