"""The modal in which an approver says why a request is rejected."""

from collections.abc import Mapping
from typing import Any, Final

from bot.domain.ids import RequestId
from bot.domain.requests.notification import RequestSnapshot
from bot.domain.requests.views import Field
from bot.slack.rendering import pause_banner, request_facts
from bot.slack.rendering.blocks import modal, read_input, section, text_input
from bot.slack.rendering.formatting import Formatter, Json
from bot.slack.rendering.mrkdwn import mention

CALLBACK: Final = "discount_reject"
TITLE: Final = "Reject this request"
REASON_BLOCK: Final = str(Field.REASON)


def build(snapshot: RequestSnapshot, formatter: Formatter) -> Json:
    """Draw the question; the requester and the thread get the answer."""
    request = snapshot.request
    summary = (
        f"{request_facts.rule_name(request)} for {request_facts.whom(request, formatter)}, "
        f"asked by {mention(request.requester)} ({request.short})"
    )
    reason = text_input(
        "Reason",
        block_id=REASON_BLOCK,
        action="discount_reject_reason",
        hint="The requester reads it, and so does everybody in the channel.",
        multiline=True,
    )
    blocks = [*pause_banner.blocks(snapshot.pause, formatter), section(summary), reason]
    return modal(TITLE, blocks, submit="Reject", callback=CALLBACK, metadata=request.id)


def read(view: Mapping[str, Any]) -> tuple[RequestId, str]:
    """Read the request and the reason."""
    return RequestId(str(view.get("private_metadata", ""))), read_input(view, REASON_BLOCK).strip()
