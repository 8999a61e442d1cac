"""Lists to write, as the books would hand them over."""

import csv
import io
from collections.abc import AsyncIterator, Sequence

from bot.domain.customers.packing import packed
from bot.domain.requests.batches import End, PackedEnds
from bot.spreadsheets.writer.writer import Lister, ListFile, Original, Wanted

WHY = {
    End.REFUSED: "no reason",
    End.UNKNOWN: "no answer",
    End.NOT_TRIED: "it stopped",
    "there": "no answer, but there",
}


def ends(
    *,
    refused: Sequence[tuple[str, str]] = (),
    unknown: Sequence[str] = (),
    not_tried: Sequence[str] = (),
    row: int = 1,
) -> PackedEnds:
    """Pack a portion in which these stand, one after the other, from a place on."""
    ids = [*(customer for customer, _ in refused), *unknown, *not_tried]
    kept = packed([refused, unknown, not_tried])
    return PackedEnds(row, len(ids), started=True, ids=packed(ids), outcomes=((0, 0, len(ids), kept),))


def wanted(
    *portions: PackedEnds, files: Sequence[Original] = (), there: Sequence[str] = (), asked: int = 10
) -> Wanted:
    async def every() -> AsyncIterator[PackedEnds]:
        for portion in portions:
            yield portion

    return Wanted(asked, every, WHY, frozenset(there), files)


async def read(file: ListFile) -> str:
    """Read a list as it was written, and let it go."""
    with file.content as content:
        content.seek(0)
        written = content.read()
    assert len(written) == file.length
    return written.decode("utf-8-sig")


async def table(asked: Wanted, lister: Lister | None = None) -> list[list[str]]:
    """Have a list written, and read it as a spreadsheet does."""
    return list(csv.reader(io.StringIO(await read(await (lister or Lister()).write(asked)), newline="")))
