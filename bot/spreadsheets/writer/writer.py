"""Writes lists: short ones in a thread, long ones and those with source files in a separate process."""

import asyncio
import json
import tempfile
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import IO, Final

import structlog

from bot.domain.requests.batches import Outcome, PackedOutcomes
from bot.domain.requests.outcome_codec import frame_of, not_given_of
from bot.spreadsheets import worker_process
from bot.spreadsheets.reader.reader import FileSource
from bot.spreadsheets.writer.columns import OutcomeColumns, plain
from bot.spreadsheets.writer.workbook import SUFFIX, WorkbookFormat

MEMORY_BYTES: Final = 2 * 1024**3
"""A million customers with a file of 100 MB take about half."""
CPU_SECONDS: Final = 200
TIMEOUT_SECONDS: Final = 300
"""After this time a list is written without the columns of its files."""
MAX_IN_THREAD: Final = 2_000
"""Customers of a request whose list is written in a thread: starting a process takes longer."""

log = structlog.get_logger()


@dataclass(slots=True)
class ListFile:
    """An open file without a name, which disappears with this process; Slack shows it with `suffix`."""

    content: IO[bytes]
    length: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    suffix: str = SUFFIX
    refused_rows: list[tuple[str, int]] = field(default_factory=list)
    """The file and the row of the first refused customers who came from a file."""

    @property
    def rows(self) -> int:
        """How many customers are in it."""
        return self.counts.total()

    def add(self, pieces: Iterable[bytes]) -> None:
        """Append to it; this blocks on the disk."""
        for piece in pieces:
            self.length += self.content.write(piece)

    def clear(self) -> None:
        """Remove everything from it."""
        self.content.seek(0)
        self.content.truncate()
        self.length = 0


@dataclass(frozen=True, slots=True)
class ListJob:
    """A list to write. `asked` is the size of its request; `request`, `why`, `there`: see `OutcomeColumns`.

    `files` are those that the customers came from, in compressed pieces.
    """

    request: str
    asked: int
    ends: Callable[[], AsyncIterator[PackedOutcomes]]
    why: Mapping[str, str]
    there: frozenset[str] = frozenset()
    files: Sequence[FileSource] = ()


class ListWriter:
    """Writes lists, long ones one at a time."""

    def __init__(self, *, seconds: float = TIMEOUT_SECONDS, few: int = MAX_IN_THREAD) -> None:
        self._timeout = seconds
        self._few = few
        self._slot = asyncio.Semaphore(1)

    async def write(self, job: ListJob) -> ListFile:
        """Write a list; if its files cannot be read again, it still has every customer, in own columns."""
        file = ListFile(await asyncio.to_thread(tempfile.TemporaryFile))
        try:
            if not job.files and job.asked <= self._few:
                await _write_in_thread(job, file)
            elif not job.files or not await self._write_in_columns(job, file):
                async with self._slot:
                    await _write_in_process(job, (), file)
        except BaseException:
            file.content.close()
            raise
        return file

    async def _write_in_columns(self, job: ListJob, file: ListFile) -> bool:
        try:
            async with self._slot, asyncio.timeout(self._timeout):
                await _write_in_process(job, job.files, file)
        except (TimeoutError, asyncio.IncompleteReadError, ConnectionError) as error:
            log.warning("list without the columns of its files", why=type(error).__name__)
            await asyncio.to_thread(file.clear)
            return False
        return True


async def _write_in_process(job: ListJob, files: Sequence[FileSource], file: ListFile) -> None:
    frames = _frames(job, files)
    await worker_process.run("bot.spreadsheets.writer", frames, partial(_collect, file))


async def _write_in_thread(job: ListJob, file: ListFile) -> None:
    portions = [outcomes async for outcomes in job.ends()]
    not_given = (each for outcomes in portions for each in not_given_of(outcomes))
    rows = plain(not_given, OutcomeColumns(job.why, job.request, job.there, file.counts))
    await asyncio.to_thread(file.add, WorkbookFormat().pieces(rows))


async def _frames(job: ListJob, files: Sequence[FileSource]) -> AsyncGenerator[bytes]:
    header = {
        "memory": MEMORY_BYTES,
        "seconds": CPU_SECONDS,
        "request": job.request,
        "why": job.why,
        "there": sorted(job.there),
        "files": [(source.upload.name, source.upload.column, source.upload.sheet) for source in files],
    }
    yield json.dumps(header).encode()
    async for outcomes in job.ends():
        yield frame_of(outcomes)
    yield b""
    for file in files:
        async for piece in file.pieces():
            yield piece
        yield b""


async def _collect(file: ListFile, stream: asyncio.StreamReader) -> None:
    while piece := await worker_process.receive(stream):
        await asyncio.to_thread(file.add, (piece,))
    end = json.loads(await worker_process.receive(stream))
    file.counts = Counter({Outcome(outcome): int(count) for outcome, count in end["counts"].items()})
    file.suffix = end["suffix"]
    file.refused_rows = [(str(name), int(row)) for name, row in end["refused"]]
