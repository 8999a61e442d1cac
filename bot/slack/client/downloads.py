"""The files that somebody put into a form: asks Slack what they are, fetches them piece by piece, and has them read."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Final

import aiohttp
import stamina
import structlog
from slack_sdk.errors import SlackApiError
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
from bot.slack.client.download_copy import copied
from bot.spreadsheets.errors import FileError
from bot.spreadsheets.reader.reader import FileSource, Reader

PIECE: Final = 64 * 1024
"""Bytes that are handed on at once."""
PATIENCE: Final = 10.0
"""Seconds for a Slack that fails for a moment."""
SILENCE: Final = 20.0
"""Seconds without a byte until a file counts as not fetched."""
MAY_PASS: Final = frozenset(
    {"internal_error", "fatal_error", "service_unavailable", "ratelimited", "request_timeout"}
)
TROUBLES: Final = {
    "missing_scope": FileProblem.NO_SCOPE,
    "file_not_found": FileProblem.NOT_FOUND,
    "file_deleted": FileProblem.NOT_FOUND,
}
FETCHED: Final = 200
GONE: Final = frozenset({"tombstone", "hidden_by_limit"})
"""How Slack tells of a file that was deleted, or is too old for the workspace's plan."""

Info = Mapping[str, Any]
log = structlog.get_logger()


class SlackFileReader:
    """The port `FileReader`: reads what this person put into Slack or what is shared where they ask, and nothing else of anybody's."""

    def __init__(
        self, client: AsyncWebClient, reader: Reader | None = None, *, patience: float = PATIENCE
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
        """Read the files, their ids behind those that were typed; what is wrong with a file is told, and nothing of the others then."""
        if len(uploads) > MOST_FILES:
            return ReadResult(bad=(BadFile(uploads[MOST_FILES].name, FileProblem.TOO_MANY_FILES),))
        looked = await asyncio.gather(*(self._look(upload, by, channel) for upload in uploads))
        bad = tuple(one for one in looked if isinstance(one, BadFile))
        if bad:
            return ReadResult(bad=bad)
        async with copied([one for one in looked if isinstance(one, FileSource)], keep) as sources:
            return await self._reader.read(sources, typed, portion=portion, told=told)

    async def _look(self, upload: Upload, by: UserId, channel: ChannelId) -> FileSource | BadFile:
        """Ask Slack what a file is, whatever the form said of it: whose, how big, and where it is fetched."""
        try:
            info: Info = await self._info(upload)
        except (SlackApiError, aiohttp.ClientError, TimeoutError, OSError) as error:
            log.info("file not found", why=_code(error))
            return BadFile(upload.name, TROUBLES.get(_code(error), FileProblem.NOT_FETCHED))
        name = str(info.get("name") or upload.name)
        if why := self._wrong(info, by, channel):
            return BadFile(name, why)
        return FileSource(Upload(upload.id, name, upload.column), lambda: self._pieces(info))

    def _wrong(self, info: Info, by: UserId, channel: ChannelId) -> FileProblem | None:
        """Say why a file is not read: that it can be seen by the bot lets nobody see it who could not."""
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
        return (
            None if self._is_slacks(str(info.get("url_private_download") or "")) else FileProblem.NOT_FETCHED
        )

    def _is_slacks(self, address: str) -> bool:
        """Say whether an address is Slack's own: the token goes nowhere else."""
        api, file = URL(self._client.base_url), URL(address)
        host = (file.host or "").removeprefix("files.")
        return file.scheme == api.scheme and host == api.host and file.port == api.port

    async def _info(self, upload: Upload) -> Info:
        async for attempt in stamina.retry_context(
            on=_may_pass, attempts=None, timeout=self._patience, wait_max=2.0
        ):
            with attempt:
                found: Info = (await self._client.files_info(file=upload.id))["file"]
                return found
        raise AssertionError  # stamina returns or raises

    async def _pieces(self, info: Info) -> AsyncIterator[bytes]:
        """Fetch a file; a page to sign in, a file that is longer or shorter than Slack said, and silence count as not fetched."""
        came, size = 0, int(info.get("size") or 0)
        try:
            async with _session(self._client).get(
                str(info["url_private_download"]),
                headers={"Authorization": f"Bearer {self._client.token}"},
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=SILENCE, sock_read=SILENCE),
                allow_redirects=False,
            ) as answer:
                if answer.status != FETCHED or answer.content_type == "text/html":
                    raise FileError(FileProblem.NOT_FETCHED)
                async for piece in answer.content.iter_chunked(PIECE):
                    came += len(piece)
                    if came > size:
                        raise FileError(FileProblem.NOT_FETCHED)
                    yield piece
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise FileError(FileProblem.NOT_FETCHED) from error
        if came < size:
            raise FileError(FileProblem.NOT_FETCHED)


def _session(client: AsyncWebClient) -> aiohttp.ClientSession:
    """Find the one session of the process, which the client was opened with."""
    if client.session is None:
        raise FileError(FileProblem.NOT_FETCHED)
    return client.session


def _may_pass(error: Exception) -> bool:
    return _code(error) in MAY_PASS or isinstance(error, aiohttp.ClientError | TimeoutError)


def _code(error: Exception) -> str:
    if not isinstance(error, SlackApiError):
        return type(error).__name__
    data = getattr(error.response, "data", None)
    return str(data.get("error") or "internal_error") if isinstance(data, Mapping) else "internal_error"
