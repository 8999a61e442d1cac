"""The list of those who were not given the discount, as a file that a spreadsheet opens: its rows, its name, its title."""

import asyncio
import csv
import io
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass, field
from typing import IO, Final

from bot.giving.batches import End, NotGiven, Tally
from bot.giving.cells import cell
from bot.giving.request import Request
from bot.slack.look import Look
from bot.slack.standing import ends
from bot.slack.summary import why_not_tried

COLUMNS: Final = ("row", "customer_id", "outcome", "reason")
"""The columns of a list that was pasted; of one that came as a file, its own columns belong before `outcome`."""
BOM: Final = "\ufeff".encode()
"""By which Excel knows UTF-8."""
MARK: Final = 8
"""Characters of the outbox row's key that stand in the title: enough to tell one request's lists apart."""


@dataclass(slots=True)
class ListFile:
    """A file on the disk, held open and without a name: whatever happens, it is gone with the process."""

    content: IO[bytes]
    why: Mapping[End, str]
    """The reason that stands where Dintero gave none."""
    length: int = 0
    counts: Counter[End] = field(default_factory=Counter)

    @property
    def rows(self) -> int:
        """How many customers stand in it."""
        return self.counts.total()

    def add(self, rows: Iterable[NotGiven]) -> None:
        """Write some rows; this waits for the disk."""
        text = io.StringIO(newline="")
        writer = csv.writer(text)
        for one in rows:
            writer.writerow([one.row, cell(one.customer), one.end, cell(one.why or self.why[one.end])])
            self.counts[one.end] += 1
        self.length += self.content.write(text.getvalue().encode(errors="backslashreplace"))


async def written(request: Request, portions: AsyncIterator[tuple[NotGiven, ...]]) -> ListFile:
    """Write a list of any length, with no more of it in memory than a portion, and beside the event loop."""
    file = ListFile(await asyncio.to_thread(tempfile.TemporaryFile), _reasons(request))
    try:
        file.length += await asyncio.to_thread(file.content.write, BOM + f"{','.join(COLUMNS)}\r\n".encode())
        async for portion in portions:
            await asyncio.to_thread(file.add, portion)
    except BaseException:
        file.content.close()
        raise
    return file


def name(request: Request) -> str:
    """Name the file."""
    return f"{request.short}-not-given.csv"


def title(request: Request, key: str) -> str:
    """Title it, so that it is found again by the key of its row in the outbox.

    >>> from types import SimpleNamespace
    >>> title(SimpleNamespace(short="R-7K2QF"), "3f2a9c1b-4d5e-4f60-8a7b-9c0d1e2f3a4b")
    'R-7K2QF, who was not given it (3f2a9c1b)'
    """
    return f"{request.short}, who was not given it ({key[:MARK]})"


def comment(request: Request, file: ListFile, look: Look) -> str:
    """Say what the file is, above it."""
    counted = Tally(
        request.customers,
        given=request.customers - file.rows,
        refused=file.counts[End.REFUSED],
        unknown=file.counts[End.UNKNOWN],
    )
    who = f"{look.number(file.rows)} of the {look.customers(request.customers)}"
    return f"📄 *{request.short}*: the list of {who} who were not given it: {', '.join(ends(counted, look))}. A row each, with the reason."


def _reasons(request: Request) -> Mapping[End, str]:
    return {
        End.REFUSED: "Dintero gave no reason",
        End.UNKNOWN: "no answer came, so they may have it or not",
        End.NOT_TRIED: why_not_tried(request, lambda _who: "somebody"),
    }
