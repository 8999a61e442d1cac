"""The process that reads files from its input and writes what it finds to its output.

It has no secrets and uses no network. The worst that a file can do is to end this process.
"""

import csv
import gc
import sys
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any, BinaryIO

from bot.domain.customers.columns import HEAD, IdColumn
from bot.domain.customers.extraction import IdExtractor, UniqueIds
from bot.domain.customers.own_lists import RequestColumn, find_ids
from bot.domain.customers.packing import IdWriter
from bot.domain.customers.uploads import MOST_IDS, TOLD, FileProblem, FileRead, RowProblem
from bot.spreadsheets.chunks import Content
from bot.spreadsheets.detection import table_of
from bot.spreadsheets.errors import FileError
from bot.spreadsheets.worker_protocol import frame, read_frames, read_job, write_json


def main(stdin: BinaryIO, stdout: BinaryIO) -> None:
    """Read the files one after the other; write each file's result, and meanwhile all ids in rows.

    A row of ids is a JSON array, a result is an object. The parent packs the rows, on another core.
    """
    job = read_job(stdin)
    gc.disable()  # the data has no cycles, and collecting takes a third of the time
    writer = IdWriter(job["portion"], lambda row: stdout.write(frame(row)))
    unique_ids = UniqueIds(writer.add)
    unique_ids.add(job["typed"])
    found, all_read = len(unique_ids), True
    for column in job["columns"]:
        answer = answer_of(Content(read_frames(stdin)), column, unique_ids, told=job["told"])
        all_read = all_read and answer["kind"] == "read"
        found += answer.get("file", {}).get("found", 0)
        write_json(stdout, answer)
    if all_read:
        write_json(stdout, {**asdict(writer.end()), "repeated": found - len(unique_ids)})


def answer_of(
    content: Content, column: int | None, unique_ids: UniqueIds, *, told: int = TOLD
) -> dict[str, Any]:
    """Read one file's ids into `unique_ids`; every error becomes a `FileProblem` in the answer."""
    try:
        found = read(content, column, unique_ids, told=told)
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
    return {"kind": "unclear", "columns": [asdict(each) for each in found]}


def read(
    content: Content, column: int | None, unique_ids: UniqueIds, *, told: int = TOLD
) -> FileRead | Sequence[Any]:
    """Read one file's ids into `unique_ids`, or return the columns to choose from; may raise FileError."""
    table = table_of(content)
    head = table.head(HEAD)
    id_column = find_ids(head, column)
    if not isinstance(id_column, IdColumn):
        if id_column and column is None:
            return id_column
        raise FileError(FileProblem.NO_COLUMN if column else FileProblem.EMPTY)
    extractor, row = IdExtractor(id_column, unique_ids, told=told), id_column.first
    request_column = RequestColumn(head[id_column.header - 1] if id_column.header else ())
    for block in table.blocks(id_column.column.number, row):
        extractor.consume(row, block)
        request_column.consume(block)
        row += len(block.values)
        if len(unique_ids) > MOST_IDS:
            raise FileError(FileProblem.TOO_MANY_IDS)
    found = replace(extractor.read(sheet=table.sheet), request=request_column.request)
    if found.found:
        return found
    if not found.odd:
        raise FileError(FileProblem.EMPTY)
    shortened = all(odd.why is RowProblem.SHORTENED for odd in found.odd_rows)
    raise FileError(FileProblem.SHORTENED if shortened else FileProblem.NO_ID)


if __name__ == "__main__":
    main(sys.stdin.buffer, sys.stdout.buffer)
