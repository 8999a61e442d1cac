"""Lists to write, as the repository provides them."""

import zlib
from collections.abc import AsyncIterator, Sequence

from bot.domain.customers.packing import packed
from bot.domain.customers.uploads import Upload
from bot.domain.ids import FileId
from bot.domain.requests.batches import Outcome, PackedOutcomes
from bot.spreadsheets.reader.reader import FileSource
from bot.spreadsheets.writer.writer import ListFile, ListJob, ListWriter
from tests.support.lists import rows_of

WHY = {
    Outcome.REFUSED: "no reason",
    Outcome.UNKNOWN: "no answer",
    Outcome.NOT_TRIED: "it stopped",
    "there": "no answer, but there",
}
SHORT = "R-7K2QF"


def ends(
    *,
    refused: Sequence[tuple[str, str]] = (),
    unknown: Sequence[str] = (),
    not_tried: Sequence[str] = (),
    row: int = 1,
) -> PackedOutcomes:
    """Pack a portion of these customers, in this order, from a row on."""
    ids = [*(customer for customer, _ in refused), *unknown, *not_tried]
    kept = packed([refused, unknown, not_tried])
    return PackedOutcomes(row, len(ids), started=True, ids=packed(ids), outcomes=((0, 0, len(ids), kept),))


def source_file(data: bytes, *, name: str = "vip.csv", column: int | None = None) -> FileSource:
    """Make a source file, in compressed pieces as the database has it."""

    async def pieces() -> AsyncIterator[bytes]:
        for at in range(0, len(data), 1_000):
            yield zlib.compress(data[at : at + 1_000])

    return FileSource(Upload(FileId("F1"), name, column), pieces)


def list_job(
    *portions: PackedOutcomes, files: Sequence[FileSource] = (), there: Sequence[str] = (), asked: int = 10
) -> ListJob:
    async def portions_() -> AsyncIterator[PackedOutcomes]:
        for portion in portions:
            yield portion

    return ListJob(SHORT, asked, portions_, WHY, frozenset(there), files)


def read(file: ListFile) -> bytes:
    """Read a written list and close it."""
    with file.content as content:
        content.seek(0)
        written = content.read()
    assert len(written) == file.length
    return written


async def table(job: ListJob, list_writer: ListWriter | None = None) -> list[list[str]]:
    """Write a list, and read it as a spreadsheet does."""
    return rows_of(read(await (list_writer or ListWriter()).write(job)))
