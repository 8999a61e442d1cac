"""Direct messages: their channels, and notices to the admins."""

from collections.abc import Sequence
from typing import Any

import structlog
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.slack.client.errors import CALL_ERRORS, describe, is_transient

log = structlog.get_logger()


async def direct_channel(client: AsyncWebClient, user: str) -> str:
    """Open the channel of the bot's direct messages with a person."""
    return str((await client.conversations_open(users=user))["channel"]["id"])


async def tell_admins(
    client: AsyncWebClient,
    admins: Sequence[str],
    text: str,
    *,
    blocks: Sequence[Any] | None = None,
    metadata: dict[str, Any] | None = None,
) -> tuple[list[AsyncSlackResponse], list[Exception]]:
    """Send the text to each admin; return Slack's answers, and the failures, which are logged."""
    answers: list[AsyncSlackResponse] = []
    failures: list[Exception] = []
    for admin in admins:
        try:
            channel = await direct_channel(client, admin)
            posting = client.chat_postMessage(channel=channel, text=text, blocks=blocks, metadata=metadata)
            answers.append(await posting)
        except CALL_ERRORS as error:
            write = log.debug if is_transient(error) else log.warning
            write("admin not told", admin=admin, why=describe(error))
            failures.append(error)
    return answers, failures
