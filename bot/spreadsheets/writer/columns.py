"""The rows of the list: in the columns of the customers' source files, or in columns of its own."""

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
"""Of a list without files; there `row` is the position in the list, otherwise the row in the file."""
BOM: Final = "\ufeff".encode()
"""Makes Excel read the file as UTF-8."""
ROWS_PER_PIECE: Final = 2_000
THERE: Final = "there"
"""The reason of an unknown customer who is in Dintero's list of the rule."""

Cells = Sequence[str | int]


@dataclass(slots=True)
class OutcomeColumns:
    """The cells for a customer's outcome and reason, and the count of each outcome.

    `why` has the reasons where Dintero gave none; `there` are the customers in Dintero's list of the rule.
    """

    why: Mapping[str, str]
    there: frozenset[str] = frozenset()
    counts: Counter[str] = field(default_factory=Counter)

    def of(self, each: NotGiven) -> tuple[str, str]:
        """Return a customer's outcome and reason, and count it."""
        self.counts[each.outcome] += 1
        is_there = each.outcome is Outcome.UNKNOWN and each.customer in self.there
        return each.outcome, escape_formula(each.why or self.why[THERE if is_there else each.outcome])


@dataclass(frozen=True, slots=True)
class FileTable:
    """A file's table, its id column, and its column names, each numbered among equal names."""

    file: str
    table: Table
    id_column: IdColumn
    names: tuple[tuple[str, int], ...]

    def take(self, not_given: dict[str, NotGiven]) -> Iterator[tuple[int, Row, NotGiven]]:
        """Remove this file's customers from `not_given`; yield each with its row and the row's number."""
        first = self.id_column.first
        for block in self.table.blocks(self.id_column.column.number, first):
            found = [
                (at, each)
                for at, value in enumerate(block.values)
                if (each := not_given.pop(customer_in(value), None))
            ]
            rows = block.rows() if found else ()
            yield from ((first + at, rows[at], each) for at, each in found)
            first += len(block.values)


def table_of(file: str, content: Content, column: int | None, sheet: int = 0) -> FileTable:
    """Open a file that was read before, with its chosen column; raise FileError if it has changed."""
    table = detection.table_of(content, sheet)
    head = table.head(HEAD)
    id_column = find(head, column)
    if not isinstance(id_column, IdColumn):
        raise FileError(FileProblem.NO_COLUMN)
    return FileTable(file, table, id_column, _names(head, id_column))


def plain(not_given: Iterable[NotGiven], outcome_columns: OutcomeColumns) -> Iterator[Cells]:
    """List customers of a request without files."""
    yield COLUMNS
    for each in not_given:
        yield (escape_formula(each.customer), each.row, *outcome_columns.of(each))


def in_columns(
    tables: Sequence[FileTable],
    not_given: dict[str, NotGiven],
    outcome_columns: OutcomeColumns,
    *,
    several: bool,
) -> Iterator[Cells]:
    """List customers in the columns of their files, each where it was first; typed customers come last.

    If the files have different columns, the list has all; `several` adds a column with the file's name.
    """
    names = dict.fromkeys(name for table in tables for name in table.names)
    places = {name: at for at, name in enumerate(names)}
    yield [*(escape_formula(name) for name, _ in places), *([FILE] if several else []), *ENDING]

    def line(values: Iterable[tuple[int, str]], file: str, number: int | str, each: NotGiven) -> Cells:
        cells = [""] * len(places)
        for at, value in values:
            cells[at] = escape_formula(value)
        return [*cells, *([escape_formula(file)] if several else []), number, *outcome_columns.of(each)]

    for table in tables:
        columns = [places[name] for name in table.names]
        for number, row, each in table.take(not_given):
            yield line(zip(columns, row, strict=False), table.file, number, each)
    id_place = places[tables[0].names[tables[0].id_column.column.number - 1]]
    for each in sorted(not_given.values(), key=lambda each: each.row):
        yield line([(id_place, each.customer)], "", "", each)


def csv_of(rows: Iterable[Cells]) -> Iterator[bytes]:
    """Write rows as a CSV that Excel opens, many in each piece."""
    remaining = iter(rows)
    yield BOM
    while some := list(islice(remaining, ROWS_PER_PIECE)):
        text = io.StringIO(newline="")
        csv.writer(text).writerows(some)
        yield text.getvalue().encode(errors="backslashreplace")


def _names(head: Sequence[Row], id_column: IdColumn) -> tuple[tuple[str, int], ...]:
    """Name a table's columns by its header, or by letter if it has none."""
    header = head[id_column.header - 1] if id_column.header else None
    filled = (at for row in head[id_column.first - 1 :] for at, value in enumerate(row, start=1) if value)
    width = max(max(filled, default=1), id_column.column.number, len(header or ()))
    names: list[tuple[str, int]] = []
    seen = Counter[str]()
    for number in range(1, width + 1):
        name = bare(cell(header, number) if header is not None else f"column {letter(number)}")
        names.append((name, seen[name]))
        seen[name] += 1
    return tuple(names)
