"""Sends a notice to the admins, each in a direct message."""

from collections.abc import Sequence

import structlog
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.client.errors import CALL_ERRORS, describe

log = structlog.get_logger()


async def tell_admins(client: AsyncWebClient, admins: Sequence[str], text: str) -> None:
    """Send the text to each admin; a failure is logged."""
    for admin in admins:
        try:
            opened = await client.conversations_open(users=admin)
            await client.chat_postMessage(channel=opened["channel"]["id"], text=text)
        except CALL_ERRORS as error:
            log.warning("admin not told", admin=admin, why=describe(error))
