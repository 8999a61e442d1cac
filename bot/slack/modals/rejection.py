"""The modal in which an approver says why a request is rejected."""

from collections.abc import Mapping
from typing import Any, Final

from bot.domain.ids import RequestId
from bot.domain.requests.notification import RequestSnapshot
from bot.domain.requests.views import Field
from bot.slack.language.texts import N_, _
from bot.slack.rendering import pause_banner, request_facts
from bot.slack.rendering.blocks import context, modal, read_input, section, text_input
from bot.slack.rendering.formatting import Formatter, Json
from bot.slack.rendering.mrkdwn import escape

CALLBACK: Final = "discount_reject"
TITLE: Final = N_("Reject request?")
REASON_BLOCK: Final = str(Field.REASON)
REASON_MISSING: Final = N_("Say why, in a few words.")


def build(snapshot: RequestSnapshot, formatter: Formatter) -> Json:
    """Draw the question; the requester and the thread get the answer."""
    request = snapshot.request
    who = formatter.name(request.requester)
    reason = text_input(
        _("Reason"),
        block_id=REASON_BLOCK,
        action="discount_reject_reason",
        hint=_("The requester and everyone in the channel can read this."),
        multiline=True,
    )
    blocks = [
        *pause_banner.blocks(snapshot.pause, formatter),
        section(f"*{escape(request_facts.heading(request, formatter))}*\n{request_facts.title(request)}"),
        *request_facts.quote(request),
        reason,
        context(" · ".join([request.short, request_facts.stage(request), _("Requested by {who}", who=who)])),
    ]
    return modal(
        _(TITLE), blocks, submit=_("Reject"), close=_("Cancel"), callback=CALLBACK, metadata=request.id
    )


def read(view: Mapping[str, Any]) -> tuple[RequestId, str]:
    """Read the request and the reason."""
    return RequestId(str(view.get("private_metadata", ""))), read_input(view, REASON_BLOCK).strip()
