"""The modal that asks before a request is cancelled from the menu; a button asks by its own dialog."""

from collections.abc import Mapping
from typing import Any, Final

from bot.domain.ids import ChannelId, RequestId
from bot.domain.requests.request import Request
from bot.slack.language.texts import N_, _
from bot.slack.messages.card_buttons import cancel_effect
from bot.slack.rendering import request_facts
from bot.slack.rendering.blocks import context, modal, section
from bot.slack.rendering.formatting import Formatter, Json
from bot.slack.rendering.mrkdwn import escape

CALLBACK: Final = "discount_cancel_confirm"
TITLE: Final = N_("Cancel request?")


def build(request: Request, formatter: Formatter) -> Json:
    """Draw the question; the metadata names the request and the channel of its card."""
    offer = escape(request_facts.heading(request, formatter))
    blocks = [
        section(f"*{offer}*\n{request_facts.title(request)}"),
        section(cancel_effect(request)),
        context(f"{request.short} · {request_facts.stage(request)}"),
    ]
    return modal(
        _("Cancel {id}?", id=request.short),
        blocks,
        submit=_("Cancel request"),
        close=_("Keep request"),
        callback=CALLBACK,
        metadata=f"{request.id}:{request.channel}",
    )


def read(view: Mapping[str, Any]) -> tuple[RequestId, ChannelId]:
    """Read the request, and the channel of its card."""
    request, _colon, channel = str(view.get("private_metadata", "")).partition(":")
    return RequestId(request), ChannelId(channel)
