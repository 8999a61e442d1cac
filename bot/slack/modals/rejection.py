"""Asks an approver why a request is rejected."""

from collections.abc import Mapping
from typing import Any, Final

from bot.domain.ids import RequestId
from bot.domain.requests.notification import RequestSnapshot
from bot.domain.requests.views import Field
from bot.slack.rendering import pause_banner, request_facts
from bot.slack.rendering.blocks import modal, section, text_input
from bot.slack.rendering.formatting import Formatter, Json
from bot.slack.rendering.mrkdwn import mention

CALLBACK: Final = "discount_reject"
TITLE: Final = "Reject this request"
SUBMIT: Final = "Reject"
REASON_BLOCK: Final = str(Field.REASON)
REASON_ACTION: Final = "discount_reject_reason"


def build(snapshot: RequestSnapshot, formatter: Formatter, *, external_id: str) -> Json:
    """Draw the question; the answer goes to the requester and into the thread."""
    request = snapshot.request
    what = f"{request_facts.rule_name(request)} for {request_facts.whom(request, formatter)}, asked by {mention(request.requester)} ({request.short})"
    why = text_input(
        "Reason",
        block_id=REASON_BLOCK,
        action=REASON_ACTION,
        hint="The requester reads it, and so does everybody in the channel.",
        multiline=True,
    )
    drawn = [*pause_banner.blocks(snapshot.pause, formatter), section(what), why]
    return modal(TITLE, drawn, external_id=external_id, submit=SUBMIT, callback=CALLBACK, metadata=request.id)


def read(view: Mapping[str, Any]) -> tuple[RequestId, str]:
    """Read which request, and why not."""
    values: Mapping[str, Any] = (view.get("state") or {}).get("values") or {}
    typed = values.get(REASON_BLOCK, {}).get(REASON_ACTION, {}).get("value")
    return RequestId(str(view.get("private_metadata", ""))), str(typed or "").strip()


def errors(text: str) -> dict[str, str]:
    """Say below the field what is wrong, as the answer to a submission."""
    return {REASON_BLOCK: text}
