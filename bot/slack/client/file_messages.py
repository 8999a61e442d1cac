"""Files for one person, each sent to their direct messages once however often they ask."""

import asyncio
import io
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from slack_sdk.web.async_client import AsyncWebClient

from bot.errors import DeliveryDeferred
from bot.slack.client import uploads
from bot.slack.client.errors import CALL_ERRORS

MESSAGES_SEARCHED: Final = 100
"""Latest direct messages that are searched for a file that was sent before."""
RETRY_SECONDS: Final = 5.0


@dataclass(frozen=True, slots=True)
class FileMessage:
    """A file and the text above it; its title identifies it."""

    name: str
    title: str
    comment: str
    content: bytes


class FileMessenger:
    """Sends one file at a time, so that the second of two clicks finds the file of the first."""

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
                channel = str((await self._client.conversations_open(users=user))["channel"]["id"])
                if await uploads.shared(self._latest(channel), file.title):
                    return False
                await uploads.upload(
                    self._client,
                    io.BytesIO(file.content),
                    len(file.content),
                    name=file.name,
                    title=file.title,
                    channel=channel,
                    comment=file.comment,
                )
            except CALL_ERRORS as error:
                raise DeliveryDeferred(
                    f"the file was not sent ({type(error).__name__})", after=RETRY_SECONDS, clean=False
                ) from error
            return True

    async def _latest(self, channel: str) -> AsyncIterator[Mapping[str, Any]]:
        answer = await self._client.conversations_history(channel=channel, limit=MESSAGES_SEARCHED)
        for message in answer.get("messages") or []:
            yield message
