"""The rows of the list: in the columns of the files that its customers came from, or under columns of its own; pure."""

import csv
import io
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

from bot.domain.customers.columns import HEAD, IdColumn, find, letter
from bot.domain.customers.extraction import customer_in
from bot.domain.customers.parsing import bare
from bot.domain.customers.tables import Row, Table, cell, escape_formula
from bot.domain.customers.uploads import FileProblem
from bot.domain.requests.batches import NotGiven, Outcome
from bot.spreadsheets import detection
from bot.spreadsheets.chunks import Content
from bot.spreadsheets.errors import FileError

FILE: Final = "file"
ENDING: Final = ("row", "outcome", "reason")
COLUMNS: Final = ("customer_id", *ENDING)
"""Of a list that was typed; `row` is the place in it. Of one that came in files, `row` is the row in the file."""
BOM: Final = "\ufeff".encode()
"""By which Excel knows UTF-8."""
AT_ONCE: Final = 2_000
"""Rows in one piece."""
THERE: Final = "there"
"""The reason of an unknown customer who stands in Dintero's list of the rule."""

Cells = Sequence[str | int]


@dataclass(slots=True)
class OutcomeColumns:
    """How each ended and why, as it is said, and how many ended how. `why` stands where Dintero gave no reason."""

    why: Mapping[str, str]
    there: frozenset[str] = frozenset()
    """Of the unknown, those whom Dintero's list of the rule has."""
    counts: Counter[str] = field(default_factory=Counter)

    def of(self, one: NotGiven) -> tuple[str, str]:
        """Say how it ended for somebody, and count it."""
        self.counts[one.outcome] += 1
        seen = one.outcome is Outcome.UNKNOWN and one.customer in self.there
        return one.outcome, escape_formula(one.why or self.why[THERE if seen else one.outcome])


@dataclass(frozen=True, slots=True)
class FileTable:
    """A file's table, where its ids stand, and what its columns are called, each with how many of the same name stand before it."""

    file: str
    table: Table
    id_column: IdColumn
    names: tuple[tuple[str, int], ...]

    def of(self, those: dict[str, NotGiven]) -> Iterator[tuple[int, Row, NotGiven]]:
        """Take from `those` whoever stands here, with the row and its number as a spreadsheet has it."""
        first = self.id_column.first
        for block in self.table.blocks(self.id_column.column.number, first):
            here = [
                (at, one)
                for at, value in enumerate(block.values)
                if (one := those.pop(customer_in(value), None))
            ]
            rows = block.rows() if here else ()
            yield from ((first + at, rows[at], one) for at, one in here)
            first += len(block.values)


def table_of(file: str, content: Content, column: int | None) -> FileTable:
    """Open a file that was read before, with the column that was chosen then.

    Raises:
        Unreadable: it is not what it was.
    """
    table = detection.table_of(content)
    head = table.head(HEAD)
    place = find(head, column)
    if not isinstance(place, IdColumn):
        raise FileError(FileProblem.NO_COLUMN)
    return FileTable(file, table, place, _names(head, place))


def plain(those: Iterable[NotGiven], outcome_columns: OutcomeColumns) -> Iterator[Cells]:
    """List customers who were typed."""
    yield COLUMNS
    for one in those:
        yield (escape_formula(one.customer), one.row, *outcome_columns.of(one))


def in_columns(
    tables: Sequence[FileTable], those: dict[str, NotGiven], outcome_columns: OutcomeColumns, *, several: bool
) -> Iterator[Cells]:
    """List customers in the columns of their files, each where it stood first; whoever was typed, and stands in none, comes last.

    Where the files have different columns, each has its place in all of them together; `several` tells that it has to be said which
    file a row is of.
    """
    places = {
        name: at for at, name in enumerate(dict.fromkeys(name for table in tables for name in table.names))
    }
    yield [*(escape_formula(name) for name, _ in places), *([FILE] if several else []), *ENDING]
    for table in tables:
        where, of_file = (
            [places[name] for name in table.names],
            [escape_formula(table.file)] if several else [],
        )
        for number, row, one in table.of(those):
            yield [
                *_placed(zip(where, row, strict=False), len(places)),
                *of_file,
                number,
                *outcome_columns.of(one),
            ]
    ids, nowhere = places[_of_ids(tables[0])], [""] if several else []
    for one in sorted(those.values(), key=lambda one: one.row):
        yield [*_placed([(ids, one.customer)], len(places)), *nowhere, "", *outcome_columns.of(one)]


def csv_of(rows: Iterable[Cells]) -> Iterator[bytes]:
    """Write rows as a CSV that Excel opens, some at once."""
    every = iter(rows)
    yield BOM
    while some := list(islice(every, AT_ONCE)):
        text = io.StringIO(newline="")
        csv.writer(text).writerows(some)
        yield text.getvalue().encode(errors="backslashreplace")


def _names(head: Sequence[Row], id_column: IdColumn) -> tuple[tuple[str, int], ...]:
    """Name a table's columns; where the file does not, by letter."""
    width = max(
        (at for row in head[id_column.first - 1 :] for at, value in enumerate(row, start=1) if value),
        default=1,
    )
    width = max(width, id_column.column.number, len(head[id_column.header - 1]) if id_column.header else 0)
    row = (
        head[id_column.header - 1]
        if id_column.header
        else [f"column {letter(number)}" for number in range(1, width + 1)]
    )
    met = Counter[str]()
    names: list[tuple[str, int]] = []
    for number in range(1, width + 1):
        name = bare(cell(row, number))
        names.append((name, met[name]))
        met[name] += 1
    return tuple(names)


def _of_ids(table: FileTable) -> tuple[str, int]:
    return table.names[table.id_column.column.number - 1]


def _placed(values: Iterable[tuple[int, str]], width: int) -> list[str]:
    placed = [""] * width
    for at, value in values:
        placed[at] = escape_formula(value)
    return placed
