"""Starts a process for each reading, feeds it the files, and takes what it found; the event loop never waits for a file."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

from bot.domain.customers.packing import LARGE, NOBODY, PackedHeader, PackedIds, packed_row
from bot.domain.customers.uploads import (
    TOLD,
    AmbiguousFile,
    BadFile,
    Column,
    FileProblem,
    FileRead,
    ReadResult,
    RowProblem,
    UnreadableRow,
    Upload,
)
from bot.domain.ids import CustomerId
from bot.spreadsheets import worker_process
from bot.spreadsheets.errors import FileError
from bot.spreadsheets.framing import frame

MEMORY: Final = 1024**3
"""Bytes of address space; a million ids out of a workbook take less than half of it, out of a text a fifth."""
CPU_SECONDS: Final = 150
"""A million rows of a workbook take calamine about 5, openpyxl where it has to do it 60, and of a text 1."""
SECONDS: Final = 240
"""Until whoever waits is told that it takes too long, the fetching included."""
AT_ONCE: Final = 2
"""Files are read one after the other beyond that, so that a dozen people do not take the machine's memory together."""
PORTION: Final = 4_000
"""Ids that are packed a row, where nobody says how many."""

Pieces = Callable[[], AsyncIterator[bytes]]


@dataclass(frozen=True, slots=True)
class FileSource:
    """A file to read: what it is, and how its bytes are fetched, which may raise `Unreadable`."""

    upload: Upload
    pieces: Pieces


class _NotFetched(Exception):
    """A file did not come whole; says which, and why."""

    def __init__(self, why: FileProblem, upload: Upload) -> None:
        super().__init__(why)
        self.why = why
        self.upload = upload


@dataclass(slots=True)
class _Answers:
    """What the process has told so far."""

    sources: Sequence[FileSource]
    files: list[FileRead] = field(default_factory=list)
    bad: list[BadFile] = field(default_factory=list)
    unclear: list[AmbiguousFile] = field(default_factory=list)

    @property
    def next(self) -> Upload:
        """The file that is being read; once all are, the last stands for what comes after."""
        told = len(self.files) + len(self.bad) + len(self.unclear)
        return self.sources[min(told, len(self.sources) - 1)].upload

    def heard(self, answer: dict[str, Any]) -> None:
        upload = self.next
        match answer["kind"]:
            case "read":
                self.files.append(_file(upload.name, answer["file"]))
            case "unclear":
                self.unclear.append(AmbiguousFile(upload, tuple(map(_column, answer["columns"]))))
            case _:
                self.bad.append(BadFile(upload.name, FileProblem(answer["why"])))

    def failed(self, why: FileProblem, upload: Upload | None = None) -> ReadResult:
        return self.read(bad=(*self.bad, BadFile((upload or self.next).name, why)))

    def read(
        self, everybody: PackedIds = NOBODY, repeated: int = 0, bad: Sequence[BadFile] = ()
    ) -> ReadResult:
        return ReadResult(everybody, repeated, tuple(self.files), tuple(bad or self.bad), tuple(self.unclear))


class Reader:
    """Reads files, each reading in a process of its own that is gone when it is done."""

    def __init__(
        self, *, memory: int = MEMORY, cpu_seconds: int = CPU_SECONDS, seconds: float = SECONDS
    ) -> None:
        self._limits = {"memory": memory, "seconds": cpu_seconds}
        self._seconds = seconds
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def read(
        self,
        sources: Sequence[FileSource],
        typed: Sequence[CustomerId] = (),
        *,
        portion: int = PORTION,
        told: int = TOLD,
    ) -> ReadResult:
        """Read files, and put their ids behind those that were typed, each once; whatever goes wrong is told of the file it happened to."""
        async with self._turns:
            answers = _Answers(sources)
            try:
                process = await worker_process.start("bot.spreadsheets.reader")
            except OSError:  # the machine has no memory, or no process, left for it
                return answers.failed(FileProblem.TOO_HEAVY)
            try:
                async with asyncio.timeout(self._seconds):
                    return await self._talk(
                        process, answers, {"typed": list(typed), "portion": portion, "told": told}
                    )
            except (TimeoutError, asyncio.IncompleteReadError, ConnectionError):
                return answers.failed(FileProblem.TOO_HEAVY)
            except _NotFetched as error:
                return answers.failed(error.why, error.upload)
            finally:
                await worker_process.end(process)

    async def _talk(
        self, process: asyncio.subprocess.Process, answers: _Answers, wanted: dict[str, Any]
    ) -> ReadResult:
        columns = [source.upload.column for source in answers.sources]
        job = {**self._limits, "columns": columns, **wanted}
        feeding = asyncio.ensure_future(_feed(process, json.dumps(job).encode(), answers.sources))
        hearing = asyncio.ensure_future(_hear(process, answers))
        try:
            await asyncio.wait({feeding, hearing}, return_when=asyncio.FIRST_EXCEPTION)
            for task in (feeding, hearing):
                if task.done() and isinstance(error := task.exception(), _NotFetched):
                    raise error
            return await hearing
        finally:
            for task in (feeding, hearing):
                task.cancel()
            await asyncio.gather(feeding, hearing, return_exceptions=True)


async def _feed(process: asyncio.subprocess.Process, job: bytes, sources: Sequence[FileSource]) -> None:
    """Write the job and the files; that the process is gone is found where its answers are read."""
    stream = process.stdin
    if stream is None:
        raise ConnectionError
    with suppress(ConnectionError):
        stream.write(frame(job))
        for source in sources:
            try:
                await _feed_one(stream, source)
            except FileError as error:
                raise _NotFetched(error.why, source.upload) from error
            stream.write(frame(b""))
        await stream.drain()


async def _feed_one(stream: asyncio.StreamWriter, source: FileSource) -> None:
    async for piece in source.pieces():
        if piece:  # an empty one would end the file
            stream.write(frame(piece))
            await stream.drain()


async def _hear(process: asyncio.subprocess.Process, answers: _Answers) -> ReadResult:
    stream, rows = process.stdout, list[bytes]()
    if stream is None:
        raise ConnectionError
    for _ in answers.sources:
        answers.heard(await _answer(stream, rows))
    if answers.bad or answers.unclear:
        return answers.read()
    end = await _answer(stream, rows)
    written = PackedHeader(end["count"], end["digest"], tuple(end["first"]), end["last"], tuple(end["sizes"]))
    return answers.read(written.packed(rows), end["repeated"])


async def _answer(stream: asyncio.StreamReader, rows: list[bytes]) -> Any:
    """Hear the next answer; the rows of ids that come before it are packed, large ones beside the event loop."""
    while (piece := await worker_process.hear(stream)).startswith(b"["):
        rows.append(packed_row(piece) if len(piece) < LARGE else await asyncio.to_thread(packed_row, piece))
    return json.loads(piece)


def _column(kept: dict[str, Any]) -> Column:
    return Column(kept["number"], kept["name"], tuple(kept["samples"]))


def _file(name: str, kept: dict[str, Any]) -> FileRead:
    odd_rows = tuple(
        UnreadableRow(one["row"], RowProblem(one["why"]), one["text"]) for one in kept["odd_rows"]
    )
    changed = {
        "name": name,
        "column": _column(kept["column"]),
        "odd_rows": odd_rows,
        "spaced": tuple(kept["spaced"]),
    }
    return FileRead(**{**kept, **changed})
