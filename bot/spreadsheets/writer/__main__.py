"""The process that writes a list: takes who was not given it and the files they came from, and writes the list to its output.

It has no secrets and no network to use, and writes no file; a list of a million takes seconds of a core that is not the event loop's.
"""

import gc
import json
import sys
from collections.abc import Iterator
from typing import Any, BinaryIO

from isal import isal_zlib

from bot.domain.requests.outcome_codec import ends_of, not_given_of
from bot.spreadsheets.chunks import Content
from bot.spreadsheets.framing import read_frame, write_frame
from bot.spreadsheets.rlimits import limit
from bot.spreadsheets.writer.columns import Cells, OutcomeColumns, csv_of, in_columns, plain, table_of


def main(told: BinaryIO, tell: BinaryIO) -> None:
    """Write a list, and then how many ended how."""
    job = json.loads(read_frame(told))
    limit(memory=job["memory"], seconds=job["seconds"])
    gc.set_threshold(200_000)  # as for reading: rows hold no cycles
    outcome_columns = OutcomeColumns(job["why"], frozenset(job["there"]))
    for piece in csv_of(_rows(job["files"], told, outcome_columns)):
        write_frame(tell, piece)
    write_frame(tell, b"")
    write_frame(tell, json.dumps(outcome_columns.counts).encode())


def _rows(files: list[Any], told: BinaryIO, outcome_columns: OutcomeColumns) -> Iterator[Cells]:
    those = (one for frame in _frames(told) for one in not_given_of(ends_of(frame)))
    if not files:
        return plain(those, outcome_columns)
    by_id: dict[str, Any] = {one.customer: one for one in those}
    tables = [
        table_of(name, Content(map(isal_zlib.decompress, _frames(told))), column) for name, column in files
    ]
    return in_columns(tables, by_id, outcome_columns, several=len(files) > 1)


def _frames(told: BinaryIO) -> Iterator[bytes]:
    while frame := read_frame(told):
        yield frame


if __name__ == "__main__":
    main(sys.stdin.buffer, sys.stdout.buffer)
