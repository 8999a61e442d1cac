"""Lists to write, as the books would hand them over."""

import csv
import io
from collections.abc import AsyncIterator, Sequence

from bot.domain.customers.packing import packed
from bot.domain.requests.batches import Outcome, PackedOutcomes
from bot.spreadsheets.writer.writer import ListFile, ListJob, ListWriter, SourceFile

WHY = {
    Outcome.REFUSED: "no reason",
    Outcome.UNKNOWN: "no answer",
    Outcome.NOT_TRIED: "it stopped",
    "there": "no answer, but there",
}


def ends(
    *,
    refused: Sequence[tuple[str, str]] = (),
    unknown: Sequence[str] = (),
    not_tried: Sequence[str] = (),
    row: int = 1,
) -> PackedOutcomes:
    """Pack a portion in which these stand, one after the other, from a place on."""
    ids = [*(customer for customer, _ in refused), *unknown, *not_tried]
    kept = packed([refused, unknown, not_tried])
    return PackedOutcomes(row, len(ids), started=True, ids=packed(ids), outcomes=((0, 0, len(ids), kept),))


def wanted(
    *portions: PackedOutcomes, files: Sequence[SourceFile] = (), there: Sequence[str] = (), asked: int = 10
) -> ListJob:
    async def every() -> AsyncIterator[PackedOutcomes]:
        for portion in portions:
            yield portion

    return ListJob(asked, every, WHY, frozenset(there), files)


async def read(file: ListFile) -> str:
    """Read a list as it was written, and let it go."""
    with file.content as content:
        content.seek(0)
        written = content.read()
    assert len(written) == file.length
    return written.decode("utf-8-sig")


async def table(asked: ListJob, list_writer: ListWriter | None = None) -> list[list[str]]:
    """Have a list written, and read it as a spreadsheet does."""
    return list(
        csv.reader(io.StringIO(await read(await (list_writer or ListWriter()).write(asked)), newline=""))
    )
