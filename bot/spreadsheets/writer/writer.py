"""Has lists written: short ones beside the event loop, long ones and those in the columns of a file by a process of their own."""

import asyncio
import json
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO, Final

import structlog

from bot.domain.requests.batches import Outcome, PackedOutcomes
from bot.domain.requests.outcome_codec import frame_of, not_given_of
from bot.spreadsheets import worker_process
from bot.spreadsheets.framing import frame
from bot.spreadsheets.writer.columns import OutcomeColumns, csv_of, plain

MEMORY: Final = 2 * 1024**3
"""Bytes of address space; a million customers with a file of 100 MB take about half."""
CPU_SECONDS: Final = 200
SECONDS: Final = 300
"""Until a list is written without the columns of its files."""
FEW: Final = 2_000
"""Customers of a request of which a list is written in a thread: starting a process takes longer."""

log = structlog.get_logger()


@dataclass(slots=True)
class ListFile:
    """A file on the disk, held open and without a name: whatever happens, it is gone with the process."""

    content: IO[bytes]
    length: int = 0
    counts: Counter[str] = field(default_factory=Counter)

    @property
    def rows(self) -> int:
        """How many customers stand in it."""
        return self.counts.total()

    def add(self, pieces: Iterable[bytes]) -> None:
        """Write some of it; this waits for the disk."""
        for piece in pieces:
            self.length += self.content.write(piece)

    def clear(self) -> None:
        """Begin anew."""
        self.content.seek(0)
        self.content.truncate()
        self.length = 0


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file that customers came from: its name, the column that was chosen, and its bytes, packed piece by piece."""

    name: str
    column: int | None
    pieces: Callable[[], AsyncIterator[bytes]]


@dataclass(frozen=True, slots=True)
class ListJob:
    """A list that is wanted. `asked` is how many its request was for, `why` and `there` are as in `OutcomeColumns`."""

    asked: int
    ends: Callable[[], AsyncIterator[PackedOutcomes]]
    why: Mapping[str, str]
    there: frozenset[str] = frozenset()
    files: Sequence[SourceFile] = ()


class ListWriter:
    """Writes lists, a long one after the other."""

    def __init__(
        self,
        *,
        memory: int = MEMORY,
        cpu_seconds: int = CPU_SECONDS,
        seconds: float = SECONDS,
        few: int = FEW,
    ) -> None:
        self._limits = {"memory": memory, "seconds": cpu_seconds}
        self._seconds = seconds
        self._few = few
        self._turn = asyncio.Semaphore(1)

    async def write(self, list_job: ListJob) -> ListFile:
        """Write a list; where its files cannot be read again, under columns of its own: nobody is left out for that."""
        file = ListFile(await asyncio.to_thread(tempfile.TemporaryFile))
        try:
            if not list_job.files and list_job.asked <= self._few:
                await self._in_thread(list_job, file)
            elif not list_job.files or not await self._in_columns(list_job, file):
                async with self._turn:
                    await self._talk(list_job, (), file)
        except BaseException:
            file.content.close()
            raise
        return file

    async def _in_thread(self, list_job: ListJob, file: ListFile) -> None:
        outcome_columns = OutcomeColumns(list_job.why, list_job.there, file.counts)
        those = [found async for found in list_job.ends()]
        await asyncio.to_thread(
            file.add, csv_of(plain((one for found in those for one in not_given_of(found)), outcome_columns))
        )

    async def _in_columns(self, list_job: ListJob, file: ListFile) -> bool:
        try:
            async with self._turn, asyncio.timeout(self._seconds):
                await self._talk(list_job, list_job.files, file)
        except (TimeoutError, asyncio.IncompleteReadError, ConnectionError) as error:
            log.warning("list without the columns of its files", why=type(error).__name__)
            await asyncio.to_thread(file.clear)
            return False
        return True

    async def _talk(self, list_job: ListJob, files: Sequence[SourceFile], file: ListFile) -> None:
        process = await worker_process.start("bot.spreadsheets.writer")
        feeding = asyncio.ensure_future(self._feed(process, list_job, files))
        try:
            file.counts = await _hear(process, file)
            await feeding
        except asyncio.IncompleteReadError:
            if feeding.done():
                await feeding  # what it met is why
            raise
        finally:
            feeding.cancel()
            await worker_process.end(process)
            await asyncio.gather(feeding, return_exceptions=True)

    async def _feed(
        self, process: asyncio.subprocess.Process, list_job: ListJob, files: Sequence[SourceFile]
    ) -> None:
        """Tell the process all there is; that it is gone is found where it is heard, and whatever is wrong with the books ends it."""
        stream, names = process.stdin, [(file.name, file.column) for file in files]
        assert stream  # noqa: S101 - it was asked for
        job = {**self._limits, "why": list_job.why, "there": sorted(list_job.there), "files": names}
        try:
            await _tell(stream, json.dumps(job).encode())
            async for found in list_job.ends():
                await _tell(stream, frame_of(found))
            await _tell(stream, b"")
            for file in files:
                async for piece in file.pieces():
                    await _tell(stream, piece)
                await _tell(stream, b"")
        except ConnectionError:
            return
        finally:
            stream.close()


async def _tell(stream: asyncio.StreamWriter, piece: bytes) -> None:
    stream.write(frame(piece))
    await stream.drain()


async def _hear(process: asyncio.subprocess.Process, file: ListFile) -> Counter[str]:
    stream = process.stdout
    assert stream  # noqa: S101 - it was asked for
    while piece := await worker_process.hear(stream):
        await asyncio.to_thread(file.add, (piece,))
    counts = json.loads(await worker_process.hear(stream))
    return Counter({Outcome(end): int(count) for end, count in counts.items()})
