"""The process that reads files: takes them from its input, and writes what it found to its output; has no secrets and no network to use.

Whatever is in a file, the worst that it can do is to end this process.
"""

import csv
import gc
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from itertools import chain, islice
from typing import Any, BinaryIO, Final

from bot.giving.columns import HEAD, Place, Row, find
from bot.giving.taking import Taking
from bot.giving.uploads import MOST_IDS, FileRead, Odd, Trouble
from bot.reading.formats import Unreadable, rows_of
from bot.reading.frames import AT_ONCE, read_frame, write_frame
from bot.reading.limits import limit

WIDEST: Final = 2_000
"""Columns of a row; a spreadsheet's export has fewer, and a list on one line has more."""


def main(told: BinaryIO, tell: BinaryIO) -> None:
    """Read the files, one after the other; write of each what came of it, and then all ids."""
    job = json.loads(read_frame(told))
    limit(memory=job["memory"], seconds=job["seconds"])
    gc.set_threshold(200_000)  # rows hold no cycles, and looking for some takes a third of the time
    ids: dict[str, None] = dict.fromkeys(job["typed"])
    met, fine = len(ids), True
    for column in job["columns"]:
        answer = answer_of(b"".join(_pieces(told)), column, ids)
        fine = fine and answer["kind"] == "read"
        met += answer.get("file", {}).get("found", 0)
        _say(tell, answer)
    _say(tell, {"kind": "ids", "count": len(ids) if fine else 0, "repeated": met - len(ids)})
    every = iter(ids)
    while fine and (some := list(islice(every, AT_ONCE))):
        _say(tell, some)


def _say(tell: BinaryIO, answer: object) -> None:
    write_frame(tell, json.dumps(answer, separators=(",", ":")).encode())


def _pieces(told: BinaryIO) -> Iterator[bytes]:
    while piece := read_frame(told):
        yield piece


def answer_of(data: bytes, column: int | None, ids: dict[str, None]) -> dict[str, Any]:
    """Read one file into `ids`, and answer what came of it as it is told; whatever is wrong with it has a name."""
    try:
        found = read(data, column, ids)
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


def read(data: bytes, column: int | None, ids: dict[str, None]) -> FileRead | Sequence[Any]:
    """Read one file into `ids`; the columns that could be meant where that has to be asked.

    Raises:
        Unreadable: it cannot be read.
    """
    opened = rows_of(data)
    head = _some(opened.rows, HEAD)
    place = find(head, column)
    if not isinstance(place, Place):
        if place and column is None:
            return place
        raise Unreadable(Trouble.NO_COLUMN if column else Trouble.EMPTY)
    taking = Taking(place, ids)
    _take(taking, place, chain(islice(head, place.first - 1, None), opened.rows), ids)
    found = taking.read(sheet=opened.sheet)
    if not found.found:
        raise Unreadable(_nothing(found))
    return found


def _nothing(found: FileRead) -> Trouble:
    """Say what is wrong with a file that gave no id at all."""
    if not found.odd:
        return Trouble.EMPTY
    return Trouble.SHORTENED if all(one.why is Odd.SHORTENED for one in found.odd_rows) else Trouble.NO_ID


def _take(taking: Taking, place: Place, rows: Iterator[Row], ids: dict[str, None]) -> None:
    number = place.first
    while some := _some(rows, AT_ONCE):
        taking.take(number, some)
        number += len(some)
        if len(ids) > MOST_IDS:
            raise Unreadable(Trouble.TOO_MANY_IDS)


def _some(rows: Iterator[Row], most: int) -> list[Row]:
    """Read the next rows, none of them wider than a table is."""
    some = list(islice(rows, most))
    if max(map(len, some), default=0) > WIDEST:
        raise Unreadable(Trouble.LONG_LINE)
    return some


if __name__ == "__main__":
    main(sys.stdin.buffer, sys.stdout.buffer)
