"""Runs each reading in a process, to which it sends the files without blocking the event loop."""

import asyncio
import json
import tempfile
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import pairwise
from typing import IO, Any, Final

from pydantic import TypeAdapter

from bot.domain.customers.packing import LARGE, NOBODY, PackedIds, packed_row
from bot.domain.customers.uploads import (
    TOLD,
    AmbiguousFile,
    BadFile,
    Column,
    FileProblem,
    FileRead,
    ReadResult,
    Upload,
)
from bot.domain.ids import CustomerId
from bot.domain.ports import Keep
from bot.spreadsheets import worker_process
from bot.spreadsheets.chunks import pieces_of
from bot.spreadsheets.errors import FileError

MEMORY_BYTES: Final = 1024**3
"""A million ids take less than half of it from a workbook, and a fifth from a text."""
CPU_SECONDS: Final = 150
"""A million rows of a workbook take about 3, at worst 15; of a text 1."""
TIMEOUT_SECONDS: Final = 240
"""For a whole reading, including the downloads."""
MAX_READINGS: Final = 2
"""Readings at once; more would together take the machine's memory."""
PORTION: Final = 4_000
"""Ids in a packed row by default."""


_FILE_READ: Final = TypeAdapter(FileRead)
_COLUMNS: Final = TypeAdapter(tuple[Column, ...])


@dataclass(frozen=True, slots=True)
class FileSource:
    """A file to read, and how its bytes are fetched; fetching may raise `FileError`."""

    upload: Upload
    pieces: Callable[[], AsyncIterator[bytes]]


@dataclass(slots=True)
class _Answers:
    """The process's answers so far."""

    sources: Sequence[FileSource]
    files: list[FileRead] = field(default_factory=list)
    bad: list[BadFile] = field(default_factory=list)
    unclear: list[AmbiguousFile] = field(default_factory=list)

    @property
    def current(self) -> Upload:
        """The file that is being read; after the last answer, the last file."""
        done = len(self.files) + len(self.bad) + len(self.unclear)
        return self.sources[min(done, len(self.sources) - 1)].upload

    @property
    def are_refused(self) -> bool:
        """Whether no ids come out before a person has done something."""
        return bool(self.bad or self.unclear)

    def add(self, answer: dict[str, Any]) -> None:
        upload = self.current
        match answer["kind"]:
            case "read":
                self.files.append(replace(_FILE_READ.validate_python(answer["file"]), name=upload.name))
            case "unclear":
                columns = _COLUMNS.validate_python(answer["columns"])
                self.unclear.append(AmbiguousFile(upload, columns, answer["hidden"]))
            case _:
                self.bad.append(BadFile(upload.name, FileProblem(answer["why"])))

    def failed(self, why: FileProblem, upload: Upload | None = None) -> ReadResult:
        self.bad.append(BadFile((upload or self.current).name, why))
        return self.result()

    def result(self, ids: PackedIds = NOBODY, repeated: int = 0) -> ReadResult:
        return ReadResult(ids, repeated, tuple(self.files), tuple(self.bad), tuple(self.unclear))


class Reader:
    """Reads files, each reading in a process of its own."""

    def __init__(self, *, memory: int = MEMORY_BYTES, seconds: float = TIMEOUT_SECONDS) -> None:
        self._memory = memory
        self._timeout = seconds
        self._slots = asyncio.Semaphore(MAX_READINGS)

    async def read(
        self,
        sources: Sequence[FileSource],
        typed: Sequence[CustomerId] = (),
        *,
        portion: int = PORTION,
        told: int = TOLD,
        keep: Keep | None = None,
    ) -> ReadResult:
        """Read the typed ids and those of the files, each once; `keep` gets the files in pieces."""
        choices = [
            {"column": each.upload.column, "sheet": each.upload.sheet, "hidden": each.upload.hidden}
            for each in sources
        ]
        limits = {"memory": self._memory, "seconds": CPU_SECONDS}
        job = {**limits, "choices": choices, "typed": list(typed), "portion": portion, "told": told}
        answers = _Answers(sources)
        async with self._slots:
            try:
                async with asyncio.timeout(self._timeout):
                    with await asyncio.to_thread(tempfile.TemporaryFile) as file:
                        frames = _frames(job, answers, file, keep)
                        return await worker_process.run(
                            "bot.spreadsheets.reader", frames, partial(_collect, answers), file
                        )
            # no memory, disk or process left, a time-out, or its death
            except (OSError, asyncio.IncompleteReadError):
                return answers.failed(FileProblem.TOO_HEAVY)
            except FileError as error:
                return answers.failed(error.why, error.upload)


async def _frames(
    job: dict[str, Any], answers: _Answers, file: IO[bytes], keep: Keep | None
) -> AsyncGenerator[bytes]:
    """Send the job, then the size of each source once it is in the file; then keep them.

    Keeping them while they arrive would slow their arrival. Once they are refused, no more of them is kept.
    """
    yield json.dumps({**job, "file": file.fileno()}).encode()
    ends = [0]
    for source in answers.sources:
        size = 0
        try:
            async for piece in source.pieces():
                size += await asyncio.to_thread(file.write, piece)
        except FileError as error:
            raise FileError(error.why, source.upload) from error
        await asyncio.to_thread(file.flush)
        ends.append(ends[-1] + size)
        yield str(size).encode()
    for number, (start, end) in enumerate(pairwise(ends)):
        for at, content in enumerate(pieces_of(file.fileno(), start, end)):
            if keep is None or answers.are_refused:
                return
            await keep(number, at, content)


async def _collect(answers: _Answers, stream: asyncio.StreamReader) -> ReadResult:
    rows: list[bytes] = []
    for _ in answers.sources:
        answers.add(await _answer(stream, rows))
    if answers.are_refused:
        return answers.result()
    end = await _answer(stream, rows)
    sizes = tuple(end["sizes"])
    ids = PackedIds(end["count"], end["digest"], tuple(end["first"]), end["last"], sizes, tuple(rows))
    return answers.result(ids, end["repeated"])


async def _answer(stream: asyncio.StreamReader, rows: list[bytes]) -> Any:
    """Return the next answer, and pack the rows of ids before it; a thread packs large rows."""
    while (content := await worker_process.receive(stream)).startswith(b"["):
        rows.append(
            packed_row(content) if len(content) < LARGE else await asyncio.to_thread(packed_row, content)
        )
    return json.loads(content)
