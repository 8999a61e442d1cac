"""A file for one person, sent to their direct messages once, however often it is asked for."""

import asyncio
import io
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.errors import DeliveryDeferred
from bot.slack.client import uploads

LOOKED_BACK: Final = 100
"""Of the latest messages, among which one that was sent is found."""


AGAIN_SECONDS: Final = 5.0


@dataclass(frozen=True, slots=True)
class FileMessage:
    """A file and what is said above it; by its title it is found again."""

    name: str
    title: str
    comment: str
    content: bytes


class FileMessenger:
    """Sends files, one after the other: of two presses the second finds what the first has sent."""

    def __init__(self, client: AsyncWebClient) -> None:
        self._client = client
        self._turn = asyncio.Lock()

    async def send(self, file: FileMessage, user: str) -> bool:
        """Send a file; false where it stands in the person's direct messages already.

        Raises:
            DeliveryDeferred: Slack did not take it.
        """
        async with self._turn:
            try:
                return await self._send(file, user)
            except (SlackApiError, aiohttp.ClientError, TimeoutError, OSError) as error:
                raise DeliveryDeferred(
                    f"the file was not sent ({type(error).__name__})", after=AGAIN_SECONDS, clean=False
                ) from error

    async def _send(self, file: FileMessage, user: str) -> bool:
        channel = str((await self._client.conversations_open(users=user))["channel"]["id"])
        if await uploads.shared(self._latest(channel), file.title):
            return False
        content = io.BytesIO(file.content)
        names = {"name": file.name, "title": file.title, "comment": file.comment}
        await uploads.upload(self._client, content, len(file.content), channel=channel, **names)
        return True

    async def _latest(self, channel: str) -> AsyncIterator[Mapping[str, Any]]:
        answer = await self._client.conversations_history(channel=channel, limit=LOOKED_BACK)
        for message in answer.get("messages") or []:
            yield message
