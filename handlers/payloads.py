"""What the press of a button says: on which request's card, and whether in a view at all. Nothing of it is believed unchecked."""

from typing import Any

from bot.domain.ids import ChannelId, RequestId


def card_target(body: dict[str, Any]) -> tuple[RequestId, ChannelId]:
    """Read which request's button was pressed, and in which channel: both are checked against the books."""
    return RequestId(str(body["actions"][0].get("value") or "")), ChannelId(
        str((body.get("channel") or {}).get("id") or "")
    )


async def is_modal_action(body: dict[str, Any]) -> bool:
    """Say whether the button stands in a view: a view's button that was pressed elsewhere is none of ours, but a stray."""
    return bool(body.get("view"))
