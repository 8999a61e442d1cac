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

from bot.domain.customers.columns import HEAD, IdColumn, find
from bot.domain.customers.extraction import IdExtractor, UniqueIds
from bot.domain.customers.packing import IdWriter
from bot.domain.customers.tables import Table
from bot.domain.customers.uploads import MOST_IDS, TOLD, FileProblem, FileRead, RowProblem
from bot.spreadsheets.chunks import Content
from bot.spreadsheets.detection import table_of
from bot.spreadsheets.errors import FileError
from bot.spreadsheets.framing import frame, read_frame, write_frame
from bot.spreadsheets.rlimits import limit


def main(told: BinaryIO, tell: BinaryIO) -> None:
    """Read the files, one after the other; write of each what came of it, and all ids meanwhile, row by row.

    A row is a JSON array, what is told an object. To pack the rows is left to whoever hears them, which has a processor of its own for it.
    """
    job = json.loads(read_frame(told))
    limit(memory=job["memory"], seconds=job["seconds"])
    gc.disable()  # what is read holds no cycles, and looking for some takes a third of the time
    writing = IdWriter(job["portion"], lambda row: tell.write(frame(row)))
    unique_ids = UniqueIds(writing.add)
    unique_ids.add(job["typed"])
    met, fine = len(unique_ids), True
    for column in job["columns"]:
        answer = answer_of(Content(_pieces(told)), column, unique_ids, told=job["told"])
        fine = fine and answer["kind"] == "read"
        met += answer.get("file", {}).get("found", 0)
        _say(tell, answer)
    if fine:
        _say(tell, {**asdict(writing.end()), "repeated": met - len(unique_ids)})


def _pieces(told: BinaryIO) -> Iterator[bytes]:
    while piece := read_frame(told):
        yield piece


def _say(tell: BinaryIO, answer: object) -> None:
    write_frame(tell, json.dumps(answer, separators=(",", ":")).encode())


def answer_of(
    content: Content, column: int | None, unique_ids: UniqueIds, *, told: int = TOLD
) -> dict[str, Any]:
    """Read one file into `everybody`, and answer what came of it as it is told; whatever is wrong with it has a name."""
    try:
        found = read(content, column, unique_ids, told=told)
    except FileError as error:
        return {"kind": "bad", "why": error.why}
    except csv.Error:
        return {"kind": "bad", "why": FileProblem.LONG_LINE}
    except MemoryError:
        return {"kind": "bad", "why": FileProblem.TOO_HEAVY}
    except Exception:  # noqa: BLE001 - whatever a library says of a file that is not what it should be
        return {"kind": "bad", "why": FileProblem.BROKEN}
    if isinstance(found, FileRead):
        return {"kind": "read", "file": asdict(found)}
    return {"kind": "unclear", "columns": [asdict(each) for each in found]}


def read(
    content: Content, column: int | None, unique_ids: UniqueIds, *, told: int = TOLD
) -> FileRead | Sequence[Any]:
    """Read one file into `everybody`; the columns that could be meant where that has to be asked.

    Raises:
        Unreadable: it cannot be read.
    """
    table = table_of(content)
    place = find(table.head(HEAD), column)
    if not isinstance(place, IdColumn):
        if place and column is None:
            return place
        raise FileError(FileProblem.NO_COLUMN if column else FileProblem.EMPTY)
    found = _taken(table, IdExtractor(place, unique_ids, told=told), place, unique_ids)
    if not found.found:
        raise FileError(_nothing(found))
    return found


def _taken(table: Table, extractor: IdExtractor, id_column: IdColumn, unique_ids: UniqueIds) -> FileRead:
    row = id_column.first
    for block in table.blocks(id_column.column.number, row):
        extractor.consume(row, block)
        row += len(block.values)
        if len(unique_ids) > MOST_IDS:
            raise FileError(FileProblem.TOO_MANY_IDS)
    return extractor.read(sheet=table.sheet)


def _nothing(found: FileRead) -> FileProblem:
    """Say what is wrong with a file that gave no id at all."""
    if not found.odd:
        return FileProblem.EMPTY
    return (
        FileProblem.SHORTENED
        if all(one.why is RowProblem.SHORTENED for one in found.odd_rows)
        else FileProblem.NO_ID
    )


if __name__ == "__main__":
    main(sys.stdin.buffer, sys.stdout.buffer)
