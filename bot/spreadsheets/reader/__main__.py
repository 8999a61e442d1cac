"""The process that reads files and writes what it finds to its output.

It has no secrets, and opens no file and no connection once it has a file. The worst that a file can do is to
end this process.
"""

import csv
import gc
import sys
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any, BinaryIO, Final

from bot.domain.customers.columns import HEAD, IdColumn, examine
from bot.domain.customers.extraction import IdExtractor, UniqueIds
from bot.domain.customers.own_lists import RequestColumn, find_ids
from bot.domain.customers.packing import IdWriter
from bot.domain.customers.tables import Row, Table
from bot.domain.customers.uploads import MOST_IDS, NO_COLUMN, TOLD, Column, FileProblem, FileRead, RowProblem
from bot.spreadsheets.chunks import Content, pieces_of
from bot.spreadsheets.detection import prepare, table_of
from bot.spreadsheets.errors import FileError
from bot.spreadsheets.worker_protocol import frame, open_nothing_more, read_frame, read_job, write_json

FOR_ALL_ROWS: Final = {
    frozenset({RowProblem.SHORTENED}): FileProblem.SHORTENED,
    frozenset({RowProblem.UNCERTAIN}): FileProblem.UNCERTAIN,
}
"""Problems that a file has if all its rows have them."""


def main(stdin: BinaryIO, stdout: BinaryIO) -> None:
    """Read the files one after the other; write each file's result, and meanwhile all ids in rows.

    A row of ids is a JSON array, a result is an object. The parent packs the rows, on another core.
    """
    job = read_job(stdin)
    gc.disable()  # the data has no cycles, and collecting takes a third of the time
    writer = IdWriter(job["portion"], lambda row: stdout.write(frame(row)))
    unique_ids = UniqueIds(writer.add)
    unique_ids.add(job["typed"])
    found, all_read, end = len(unique_ids), True, 0
    for choice in job["choices"]:
        start, end = end, end + int(read_frame(stdin))
        content = Content(pieces_of(job["file"], start, end))
        if not start:
            prepare(content if len(job["choices"]) == 1 else None)
            open_nothing_more()
        answer = answer_of(content, choice.pop("column"), unique_ids, told=job["told"], **choice)
        all_read = all_read and answer["kind"] == "read"
        found += answer.get("file", {}).get("found", 0)
        write_json(stdout, answer)
    if all_read:
        write_json(stdout, {**asdict(writer.end()), "repeated": found - len(unique_ids)})


def answer_of(content: Content, column: int | None, unique_ids: UniqueIds, **options: Any) -> dict[str, Any]:
    """Read one file's ids as `read` does; every error becomes a `FileProblem` in the answer."""
    try:
        found = read(content, column, unique_ids, **options)
    except FileError as error:
        return {"kind": "bad", "why": error.why}
    except csv.Error:
        return {"kind": "bad", "why": FileProblem.LONG_LINE}
    except MemoryError:
        return {"kind": "bad", "why": FileProblem.TOO_HEAVY}
    except Exception:  # noqa: BLE001 - a library's error about a damaged file
        return {"kind": "bad", "why": FileProblem.BROKEN}
    if isinstance(found, FileRead):
        return {"kind": "read", "file": asdict(found)}
    if isinstance(found, int):
        return {"kind": "unclear", "columns": [], "hidden": found}
    return {"kind": "unclear", "columns": [asdict(each) for each in found], "hidden": 0}


def read(
    content: Content,
    column: int | None,
    unique_ids: UniqueIds,
    *,
    told: int = TOLD,
    sheet: int = 0,
    hidden: bool | None = None,
) -> FileRead | tuple[Column, ...] | int:
    """Read one file's ids into `unique_ids`; may raise FileError.

    Where the person has to choose first, it returns the columns, or the number of hidden rows with an id.
    """
    if column == NO_COLUMN:
        raise FileError(FileProblem.NONE_CHOSEN)
    table = table_of(content, sheet)
    head = table.head(HEAD)
    id_column = _find(table, head, column)
    if not isinstance(id_column, IdColumn):
        if id_column and column is None:
            return id_column
        raise FileError(FileProblem.NO_COLUMN if column else FileProblem.EMPTY)
    extractor = IdExtractor(id_column, head, unique_ids, told=told)
    extractor.skip(head[: id_column.first - 1])
    request_column = RequestColumn(head[id_column.header - 1] if id_column.header else ())
    count = _extract(table, id_column, extractor, unique_ids, request_column, leave_hidden=hidden is False)
    if count and hidden is None:
        return count
    found = replace(extractor.read(sheet=table.sheet), request=request_column.request)
    if found.found:
        others = table.place.other_sheets
        return replace(found, other_sheets=others, hidden=count if hidden else 0)
    if not found.odd:
        raise FileError(FileProblem.EMPTY)
    raise FileError(FOR_ALL_ROWS.get(frozenset(odd.why for odd in found.odd_rows), FileProblem.NO_ID))


def _find(table: Table, head: Sequence[Row], column: int | None) -> IdColumn | tuple[Column, ...]:
    """Find the id column; return the columns to ask about if it is not certain or hidden."""
    place = table.place
    if column is None and place.rivals:
        return place.rivals
    found = find_ids(head, column)
    if isinstance(found, IdColumn) and column is None and found.column.number in place.hidden_columns:
        found = examine(head).everything
    return found if isinstance(found, IdColumn) else tuple(map(place.mark, found))


def _extract(
    table: Table,
    id_column: IdColumn,
    extractor: IdExtractor,
    unique_ids: UniqueIds,
    request_column: RequestColumn,
    *,
    leave_hidden: bool,
) -> int:
    """Extract a table's ids; return the number of hidden rows that have one."""
    row, hidden = id_column.first, 0
    for block in table.blocks(id_column.column.number, row):
        hidden += block.count_hidden()
        extractor.consume(row, block.without_hidden() if leave_hidden and block.hidden else block)
        request_column.consume(block)
        row += len(block.values)
        if len(unique_ids) > MOST_IDS:
            raise FileError(FileProblem.TOO_MANY_IDS)
    return hidden


if __name__ == "__main__":
    main(sys.stdin.buffer, sys.stdout.buffer)
