"""Reads the messages of conversations page by page, with the facts that the bot put into its own."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any, Final

from slack_sdk.web.async_slack_response import AsyncSlackResponse

PAGE_MESSAGES: Final = 200
"""The largest page that Slack recommends."""


async def read_messages(
    call: Callable[..., Awaitable[AsyncSlackResponse]], **conversation: str
) -> AsyncIterator[Mapping[str, Any]]:
    """Read by `conversations.history` or `conversations.replies` until the last page."""
    page: dict[str, Any] = {**conversation, "include_all_metadata": True, "limit": PAGE_MESSAGES}
    while True:
        answer = await call(**page)
        for message in answer.get("messages") or []:
            yield message
        page["cursor"] = (answer.get("response_metadata") or {}).get("next_cursor")
        if not page["cursor"]:
            return


def event_payload(message: Mapping[str, Any], event_type: str) -> Mapping[str, Any]:
    """Read the payload of a message's metadata; empty if it has none of this type."""
    metadata = message.get("metadata") or {}
    return (metadata.get("event_payload") or {}) if metadata.get("event_type") == event_type else {}
