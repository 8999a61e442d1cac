"""Tells the admins, in direct messages, where the audit's chain ends: with that anybody can show later that nothing was cut off."""

from collections.abc import Sequence

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

log = structlog.get_logger()


async def tell_head(client: AsyncWebClient, admins: Sequence[str], *, seq: int, digest: str) -> None:
    """Tell every admin who can be told; the others are logged.

    Raises:
        SlackApiError, aiohttp.ClientError, TimeoutError: there are admins, and none of them could be told.
    """
    failures: list[SlackApiError | aiohttp.ClientError | TimeoutError] = []
    for admin in admins:
        try:
            opened = await client.conversations_open(users=admin)
            await client.chat_postMessage(channel=opened["channel"]["id"], text=text(seq, digest))
        except (SlackApiError, aiohttp.ClientError, TimeoutError) as failure:
            log.warning("audit head not told", admin=admin, why=type(failure).__name__)
            failures.append(failure)
    if failures and len(failures) == len(admins):
        raise failures[0]


def text(seq: int, digest: str) -> str:
    """Say where the chain ends, and what that is good for."""
    return (
        f"🔗 The audit has {seq} rows, and ends with `{digest}`. Keep this message: "
        f"`discount-bot audit verify --head {digest}` shows later that nothing up to here was changed or cut off."
    )
