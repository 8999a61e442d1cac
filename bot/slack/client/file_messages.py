"""Files as messages, uploaded in Slack's three steps, of which only the last one posts."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import IO, Any, Final

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient

from bot.errors import DeliveryDeferred
from bot.slack.client.direct_messages import direct_channel
from bot.slack.client.errors import CALL_ERRORS

UPLOAD_SECONDS: Final = 600
"""A list of a million customers with the columns of their files has some 200 MB."""
MESSAGES_SEARCHED: Final = 100
"""Latest direct messages that are searched for a file that was sent before."""
OK: Final = 200
RETRY_SECONDS: Final = 5.0


@dataclass(frozen=True, slots=True)
class FileMessage:
    """A file and the text above it; the mark at the title's end identifies it."""

    name: str
    title: str
    comment: str
    content: IO[bytes]
    length: int


class FileMessenger:
    """Sends people one file at a time, so that the second of two clicks finds the file of the first."""

    def __init__(self, client: AsyncWebClient) -> None:
        self._client = client
        self._lock = asyncio.Lock()

    async def send(self, file: FileMessage, user: str) -> bool:
        """Send a file; False if the person has it already.

        Raises:
            DeliveryDeferred: Slack did not take it.
        """
        async with self._lock:
            try:
                channel = await direct_channel(self._client, user)
                if await find_file(self._latest(channel), file.title):
                    return False
                await upload(self._client, file, channel)
            except CALL_ERRORS as error:
                raise DeliveryDeferred(
                    f"the file was not sent ({type(error).__name__})", after=RETRY_SECONDS, clean=False
                ) from error
            return True

    async def _latest(self, channel: str) -> AsyncIterator[Mapping[str, Any]]:
        answer = await self._client.conversations_history(channel=channel, limit=MESSAGES_SEARCHED)
        for message in answer.get("messages") or []:
            yield message


async def find_file(messages: AsyncIterator[Mapping[str, Any]], title: str) -> str | None:
    """Find a file among messages by the mark at its title's end, in any language, and return its id."""
    async for message in messages:
        for file in message.get("files") or []:
            if _mark(str(file.get("title") or "")) == _mark(title):
                return str(file["id"])
    return None


def _mark(title: str) -> str:
    """Read the mark in parentheses at the end of a title; the whole title if it has none.

    >>> _mark("R-7K2QF customer list (3f2a9c1b)")
    '3f2a9c1b)'
    """
    return title.rpartition("(")[2]


async def upload(client: AsyncWebClient, file: FileMessage, channel: str) -> str:
    """Upload a file, post it in a conversation as one message, and return its id.

    Completing posts it: nobody sees a file that was never completed, and Slack forgets it.

    Raises:
        DeliveryDeferred: Slack did not take the content; surely nothing was posted.
    """
    ticket = await client.files_getUploadURLExternal(filename=file.name, length=file.length)
    await _send(str(ticket["upload_url"]), file.content)
    file_id = str(ticket["file_id"])
    await client.files_completeUploadExternal(
        files=[{"id": file_id, "title": file.title}], channel_id=channel, initial_comment=file.comment
    )
    return file_id


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
