"""Tells the admins, in direct messages, where the audit's chain ends: with that anybody can show later that nothing was cut off."""

from collections.abc import Sequence

from slack_sdk.web.async_client import AsyncWebClient


async def tell_head(client: AsyncWebClient, admins: Sequence[str], *, seq: int, digest: str) -> None:
    """Tell every admin.

    Raises:
        SlackApiError: Slack did not take one of the messages; those before it were told.
    """
    for admin in admins:
        opened = await client.conversations_open(users=admin)
        await client.chat_postMessage(channel=opened["channel"]["id"], text=text(seq, digest))


def text(seq: int, digest: str) -> str:
    """Say where the chain ends, and what that is good for."""
    return (
        f"🔗 The audit has {seq} rows, and ends with `{digest}`. Keep this message: "
        f"`discount-bot audit verify --head {digest}` shows later that nothing up to here was changed or cut off."
    )
