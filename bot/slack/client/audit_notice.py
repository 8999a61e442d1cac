"""Sends the audit's last hash to the admins, as proof that nothing before it was changed or cut off."""

from collections.abc import Sequence

from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.client.admin_notice import tell_admins


async def tell_head(client: AsyncWebClient, admins: Sequence[str], *, seq: int, digest: str) -> None:
    """Send the admins a direct message each; log those that cannot be reached.

    Raises:
        SlackApiError, aiohttp.ClientError, OSError: there are admins, and none of them could be reached.
    """
    text = (
        f"🔗 The audit has {seq} rows, and ends with `{digest}`. Keep this message: "
        f"`discount-bot audit verify --head {digest}` "
        "shows later that nothing up to here was changed or cut off."
    )
    failures = await tell_admins(client, admins, text)
    if failures and len(failures) == len(admins):
        raise failures[0]
