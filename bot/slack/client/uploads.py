"""Uploads a file to a conversation in Slack's three steps, of which only the last one posts."""

from collections.abc import AsyncIterator, Mapping
from typing import IO, Any, Final

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient

from bot.errors import DeliveryDeferred
from bot.slack.client.errors import CALL_ERRORS

UPLOAD_SECONDS: Final = 600
"""A list of a million customers with the columns of their files has some 200 MB."""
OK: Final = 200
RETRY_SECONDS: Final = 5.0


async def upload(
    client: AsyncWebClient,
    content: IO[bytes],
    length: int,
    *,
    name: str,
    title: str,
    channel: str,
    comment: str,
) -> str:
    """Upload a file, post it in a conversation as one message, and return its id.

    Completing posts it: nobody sees a file that was never completed, and Slack forgets it.

    Raises:
        DeliveryDeferred: Slack did not take the content; surely nothing was posted.
    """
    ticket = await client.files_getUploadURLExternal(filename=name, length=length)
    await _send(str(ticket["upload_url"]), content)
    file = str(ticket["file_id"])
    await client.files_completeUploadExternal(
        files=[{"id": file, "title": title}], channel_id=channel, initial_comment=comment
    )
    return file


async def _send(url: str, content: IO[bytes]) -> None:
    content.seek(0)
    try:
        # a session of its own: the client's has the timeout of a call
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=UPLOAD_SECONDS)) as session,
            session.post(url, data=content) as answer,
        ):
            if answer.status == OK:
                return
            why = f"Slack did not take the file (status {answer.status})"
    except CALL_ERRORS as error:
        why = f"the file could not be sent ({type(error).__name__})"
    raise DeliveryDeferred(why, after=RETRY_SECONDS, clean=True)


async def shared(messages: AsyncIterator[Mapping[str, Any]], title: str) -> str | None:
    """Find a file among messages by its title, and return its id."""
    async for message in messages:
        for file in message.get("files") or []:
            if file.get("title") == title:
                return str(file["id"])
    return None
