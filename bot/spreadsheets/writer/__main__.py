"""The process that writes a list to its output, from the customers and the source files in its input.

It has no secrets, uses no network and writes no file. A list of a million would block the event loop.
"""

import gc
import sys
from collections.abc import Iterator
from typing import Any, BinaryIO

from isal import isal_zlib

from bot.domain.requests.outcome_codec import ends_of, not_given_of
from bot.spreadsheets.chunks import Content
from bot.spreadsheets.worker_protocol import read_frames, read_job, write_frame, write_json
from bot.spreadsheets.writer.columns import Cells, OutcomeColumns, csv_of, in_columns, plain, table_of


def main(stdin: BinaryIO, stdout: BinaryIO) -> None:
    """Write a list, then how many customers had each outcome."""
    job = read_job(stdin)
    gc.set_threshold(200_000)  # rows have no cycles
    outcome_columns = OutcomeColumns(job["why"], frozenset(job["there"]))
    for piece in csv_of(_rows(job["files"], stdin, outcome_columns)):
        write_frame(stdout, piece)
    write_frame(stdout, b"")
    write_json(stdout, outcome_columns.counts)


def _rows(files: list[Any], stdin: BinaryIO, outcome_columns: OutcomeColumns) -> Iterator[Cells]:
    not_given = (each for content in read_frames(stdin) for each in not_given_of(ends_of(content)))
    if not files:
        return plain(not_given, outcome_columns)
    by_id: dict[str, Any] = {each.customer: each for each in not_given}
    tables = [
        table_of(name, Content(map(isal_zlib.decompress, read_frames(stdin))), column, sheet)
        for name, column, sheet in files
    ]
    return in_columns(tables, by_id, outcome_columns, several=len(files) > 1)


if __name__ == "__main__":
    main(sys.stdin.buffer, sys.stdout.buffer)
