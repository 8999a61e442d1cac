"""Reads the files of a form: asks Slack about them, downloads them in pieces and has those read."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import aiohttp
import stamina
import structlog
from slack_sdk.web.async_client import AsyncWebClient
from yarl import URL

from bot.domain.customers.uploads import (
    MOST_BYTES,
    MOST_FILES,
    TOLD,
    BadFile,
    FileProblem,
    ReadResult,
    Upload,
)
from bot.domain.ids import ChannelId, CustomerId, UserId
from bot.domain.ports import Keep
from bot.slack.client.errors import CALL_ERRORS, ErrorKind, describe, is_transient, kind_of
from bot.spreadsheets.errors import FileError
from bot.spreadsheets.reader.reader import FileSource, Reader

PIECE_BYTES: Final = 64 * 1024
PATIENCE_SECONDS: Final = 10.0
"""How long *files.info* is repeated while Slack fails."""
SILENCE_SECONDS: Final = 20.0
PROBLEMS: Final = {ErrorKind.SCOPE_MISSING: FileProblem.NO_SCOPE, ErrorKind.FILE_GONE: FileProblem.NOT_FOUND}
OK: Final = 200
GONE: Final = frozenset({"tombstone", "hidden_by_limit"})
"""Modes of a file that was deleted, or is too old for the workspace's plan."""

Info = Mapping[str, Any]
log = structlog.get_logger()


class SlackFileReader:
    """The port `FileReader`: reads the person's own files and those shared in the channel, and no others."""

    def __init__(
        self, client: AsyncWebClient, reader: Reader | None = None, *, patience: float = PATIENCE_SECONDS
    ) -> None:
        self._client = client
        self._reader = reader or Reader()
        self._patience = patience

    async def read(
        self,
        uploads: Sequence[Upload],
        typed: Sequence[CustomerId],
        *,
        by: UserId,
        channel: ChannelId,
        portion: int,
        told: int = TOLD,
        keep: Keep | None = None,
    ) -> ReadResult:
        """Read the files, their ids after the typed ones; if any is bad, return the bad files and no ids."""
        if len(uploads) > MOST_FILES:
            return ReadResult(bad=(BadFile(uploads[MOST_FILES].name, FileProblem.TOO_MANY_FILES),))
        found = await asyncio.gather(*(self._find(upload, by, channel) for upload in uploads))
        bad = tuple(one for one in found if isinstance(one, BadFile))
        if bad:
            return ReadResult(bad=bad)
        sources = [one for one in found if isinstance(one, FileSource)]
        return await self._reader.read(sources, typed, portion=portion, told=told, keep=keep)

    async def _find(self, upload: Upload, by: UserId, channel: ChannelId) -> FileSource | BadFile:
        """Ask Slack about a file: its owner, size and address do not come from the form."""
        try:
            retry = stamina.AsyncRetryingCaller(attempts=None, timeout=self._patience, wait_max=2.0)
            info: Info = (await retry(is_transient, self._client.files_info, file=upload.id))["file"]
        except CALL_ERRORS as error:
            log.info("file not found", why=describe(error))
            return BadFile(upload.name, PROBLEMS.get(kind_of(error), FileProblem.NOT_FETCHED))
        name = str(info.get("name") or upload.name)
        if problem := self._problem(info, by, channel):
            return BadFile(name, problem)
        return FileSource(replace(upload, name=name), lambda: self._pieces(info))

    def _problem(self, info: Info, by: UserId, channel: ChannelId) -> FileProblem | None:
        """Check a file. The bot may see files that the person may not see."""
        if info.get("mode") in GONE:
            return FileProblem.NOT_FOUND
        if info.get("user") != by and channel not in {
            *(info.get("channels") or ()),
            *(info.get("groups") or ()),
        }:
            return FileProblem.NOT_YOURS
        if info.get("is_external"):
            return FileProblem.ELSEWHERE
        if int(info.get("size") or 0) > MOST_BYTES:
            return FileProblem.TOO_BIG
        # the token goes to Slack's own addresses only
        api, file = URL(self._client.base_url), URL(str(info.get("url_private_download") or ""))
        host = (file.host or "").removeprefix("files.")
        if (file.scheme, host, file.port) != (api.scheme, api.host, api.port):
            return FileProblem.NOT_FETCHED
        return None

    async def _pieces(self, info: Info) -> AsyncIterator[bytes]:
        """Download a file.

        Raises:
            FileError: Slack sent its sign-in page, too few or too many bytes, or nothing for too long.
        """
        received, size = 0, int(info.get("size") or 0)
        if self._client.session is None:
            raise FileError(FileProblem.NOT_FETCHED)
        try:
            async with self._client.session.get(
                str(info["url_private_download"]),
                headers={"Authorization": f"Bearer {self._client.token}"},
                timeout=aiohttp.ClientTimeout(
                    total=None, sock_connect=SILENCE_SECONDS, sock_read=SILENCE_SECONDS
                ),
                allow_redirects=False,
            ) as answer:
                if answer.status != OK or answer.content_type == "text/html":
                    raise FileError(FileProblem.NOT_FETCHED)
                async for piece in answer.content.iter_chunked(PIECE_BYTES):
                    received += len(piece)
                    if received > size:
                        raise FileError(FileProblem.NOT_FETCHED)
                    yield piece
        except (aiohttp.ClientError, OSError) as error:
            raise FileError(FileProblem.NOT_FETCHED) from error
        if received < size:
            raise FileError(FileProblem.NOT_FETCHED)
