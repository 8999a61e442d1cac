"""Brings a file into a conversation, by Slack's three steps; only the last of them shows anything to anybody."""

from collections.abc import AsyncIterator, Mapping
from typing import IO, Any, Final

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient

from bot.errors import DeliveryDeferred

UPLOAD_SECONDS: Final = 600
"""A list of a million in the columns of their files is some 200 MB."""
TAKEN: Final = 200
AGAIN_SECONDS: Final = 5.0


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
    """Upload a file, and share it in a conversation as one message; answers the file's id.

    Completing is what posts: a file that was sent and never completed is seen by nobody, and Slack forgets it.

    Raises:
        DeliveryDeferred: the content was not taken; surely nothing was posted.
    """
    place = await client.files_getUploadURLExternal(filename=name, length=length)
    await _send(str(place["upload_url"]), content)
    file = str(place["file_id"])
    await client.files_completeUploadExternal(
        files=[{"id": file, "title": title}], channel_id=channel, initial_comment=comment
    )
    return file


async def _send(url: str, content: IO[bytes]) -> None:
    content.seek(0)
    patience = aiohttp.ClientTimeout(total=UPLOAD_SECONDS)
    try:
        # a session of its own: the client's has the timeout of a call, and the address is none of the API's
        async with (
            aiohttp.ClientSession(timeout=patience) as session,
            session.post(url, data=content) as answer,
        ):
            if answer.status == TAKEN:
                return
            why = f"Slack did not take the file (status {answer.status})"
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        why = f"the file could not be sent ({type(error).__name__})"
    raise DeliveryDeferred(why, after=AGAIN_SECONDS, clean=True)


async def shared(messages: AsyncIterator[Mapping[str, Any]], title: str) -> str | None:
    """Find a file among messages by its title; answers its id."""
    async for message in messages:
        for file in message.get("files") or []:
            if file.get("title") == title:
                return str(file["id"])
    return None
