"""The process that reads files: takes them from its input, and writes what it found to its output; has no secrets and no network to use.

Whatever is in a file, the worst that it can do is to end this process.
"""

import csv
import gc
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any, BinaryIO

from bot.domain.customers.columns import HEAD, Place, find
from bot.domain.customers.extraction import Everybody, Taking
from bot.domain.customers.packing import Writing
from bot.domain.customers.tables import Table
from bot.domain.customers.uploads import MOST_IDS, TOLD, FileRead, Odd, Trouble
from bot.spreadsheets.chunks import Content
from bot.spreadsheets.detection import table_of
from bot.spreadsheets.errors import Unreadable
from bot.spreadsheets.framing import frame, read_frame, write_frame
from bot.spreadsheets.rlimits import limit


def main(told: BinaryIO, tell: BinaryIO) -> None:
    """Read the files, one after the other; write of each what came of it, and all ids meanwhile, row by row.

    A row is a JSON array, what is told an object. To pack the rows is left to whoever hears them, which has a processor of its own for it.
    """
    job = json.loads(read_frame(told))
    limit(memory=job["memory"], seconds=job["seconds"])
    gc.disable()  # what is read holds no cycles, and looking for some takes a third of the time
    writing = Writing(job["portion"], lambda row: tell.write(frame(row)))
    everybody = Everybody(writing.add)
    everybody.add(job["typed"])
    met, fine = len(everybody), True
    for column in job["columns"]:
        answer = answer_of(Content(_pieces(told)), column, everybody, told=job["told"])
        fine = fine and answer["kind"] == "read"
        met += answer.get("file", {}).get("found", 0)
        _say(tell, answer)
    if fine:
        _say(tell, {**asdict(writing.end()), "repeated": met - len(everybody)})


def _pieces(told: BinaryIO) -> Iterator[bytes]:
    while piece := read_frame(told):
        yield piece


def _say(tell: BinaryIO, answer: object) -> None:
    write_frame(tell, json.dumps(answer, separators=(",", ":")).encode())


def answer_of(
    content: Content, column: int | None, everybody: Everybody, *, told: int = TOLD
) -> dict[str, Any]:
    """Read one file into `everybody`, and answer what came of it as it is told; whatever is wrong with it has a name."""
    try:
        found = read(content, column, everybody, told=told)
    except Unreadable as error:
        return {"kind": "bad", "why": error.why}
    except csv.Error:
        return {"kind": "bad", "why": Trouble.LONG_LINE}
    except MemoryError:
        return {"kind": "bad", "why": Trouble.TOO_HEAVY}
    except Exception:  # noqa: BLE001 - whatever a library says of a file that is not what it should be
        return {"kind": "bad", "why": Trouble.BROKEN}
    if isinstance(found, FileRead):
        return {"kind": "read", "file": asdict(found)}
    return {"kind": "unclear", "columns": [asdict(each) for each in found]}


def read(
    content: Content, column: int | None, everybody: Everybody, *, told: int = TOLD
) -> FileRead | Sequence[Any]:
    """Read one file into `everybody`; the columns that could be meant where that has to be asked.

    Raises:
        Unreadable: it cannot be read.
    """
    table = table_of(content)
    place = find(table.head(HEAD), column)
    if not isinstance(place, Place):
        if place and column is None:
            return place
        raise Unreadable(Trouble.NO_COLUMN if column else Trouble.EMPTY)
    found = _taken(table, Taking(place, everybody, told=told), place, everybody)
    if not found.found:
        raise Unreadable(_nothing(found))
    return found


def _taken(table: Table, taking: Taking, place: Place, everybody: Everybody) -> FileRead:
    row = place.first
    for block in table.blocks(place.column.number, row):
        taking.take(row, block)
        row += len(block.values)
        if len(everybody) > MOST_IDS:
            raise Unreadable(Trouble.TOO_MANY_IDS)
    return taking.read(sheet=table.sheet)


def _nothing(found: FileRead) -> Trouble:
    """Say what is wrong with a file that gave no id at all."""
    if not found.odd:
        return Trouble.EMPTY
    return Trouble.SHORTENED if all(one.why is Odd.SHORTENED for one in found.odd_rows) else Trouble.NO_ID


if __name__ == "__main__":
    main(sys.stdin.buffer, sys.stdout.buffer)
