"""The process that writes a list to its output, from the customers and the source files in its input.

It has no secrets, and opens no file and no connection. A list of a million would block the event loop.
"""

import gc
import sys
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any, BinaryIO

from isal import isal_zlib

from bot.domain.requests.batches import NotGiven
from bot.domain.requests.outcome_codec import ends_of, not_given_of
from bot.spreadsheets import detection
from bot.spreadsheets.chunks import Content
from bot.spreadsheets.csv_table import TextTable
from bot.spreadsheets.worker_protocol import open_nothing_more, read_frames, read_job, write_frame, write_json
from bot.spreadsheets.writer.columns import Cells, FileTable, OutcomeColumns, in_columns, plain, table_of
from bot.spreadsheets.writer.text import TextFormat
from bot.spreadsheets.writer.workbook import WorkbookFormat

ListFormat = TextFormat | WorkbookFormat


def main(stdin: BinaryIO, stdout: BinaryIO) -> None:
    """Read the job and write its list."""
    job = read_job(stdin)
    gc.set_threshold(200_000)  # rows have no cycles
    detection.prepare()
    open_nothing_more()
    write(job, stdin, stdout)


def write(job: dict[str, Any], stdin: BinaryIO, stdout: BinaryIO) -> None:
    """Write a list, then how each outcome counts, the end of its name, and some refused rows."""
    outcome_columns = OutcomeColumns(job["why"], job["request"], frozenset(job["there"]))
    form, rows = _list(job["files"], stdin, outcome_columns)
    for piece in form.pieces(rows):
        if piece:  # an empty frame would end the list
            write_frame(stdout, piece)
    write_frame(stdout, b"")
    end = {"counts": outcome_columns.counts, "suffix": form.suffix, "refused": outcome_columns.refused_rows}
    write_json(stdout, end)


def _list(
    files: list[Any], stdin: BinaryIO, outcome_columns: OutcomeColumns
) -> tuple[ListFormat, Iterator[Cells]]:
    not_given = (each for content in read_frames(stdin) for each in not_given_of(ends_of(content)))
    if not files:
        return WorkbookFormat(), plain(not_given, outcome_columns)
    by_id: dict[str, NotGiven] = {each.customer: each for each in not_given}
    opened = [_open(stdin, name, column, sheet) for name, column, sheet in files]
    names = (name for name, *_ in files)
    cells = (text for each in by_id.values() for text in (each.customer, each.why))
    form = _common([form for _, form in opened]).for_texts(chain(cells, outcome_columns.why.values(), names))
    return form, in_columns([table for table, _ in opened], by_id, outcome_columns)


def _open(stdin: BinaryIO, name: str, column: int | None, sheet: int) -> tuple[FileTable, ListFormat]:
    content = Content(map(isal_zlib.decompress, read_frames(stdin)))
    table = detection.table_of(content, sheet)
    if isinstance(table, TextTable):
        return table_of(name, table, column), TextFormat.of(table, content.start, name)
    return table_of(name, table, column), WorkbookFormat(table.title)


def _common(formats: Sequence[ListFormat]) -> ListFormat:
    """Return the format that all files have; a workbook if they differ."""
    workbooks = [form for form in formats if isinstance(form, WorkbookFormat)]
    if workbooks or len(set(formats)) > 1:
        return next(iter(workbooks), WorkbookFormat())
    return formats[0]


if __name__ == "__main__":
    main(sys.stdin.buffer, sys.stdout.buffer)
