"""The rows of the list: in the columns of the customers' source files, or in columns of its own."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from bot.domain.customers.columns import HEAD, IdColumn, find, letter
from bot.domain.customers.own_lists import CUSTOMER_ID, ENDING, find_ids, own_header
from bot.domain.customers.parsing import bare
from bot.domain.customers.tables import Row, Table, cell
from bot.domain.customers.uploads import FileProblem
from bot.domain.requests.batches import NotGiven, Outcome
from bot.spreadsheets.errors import FileError

FILE: Final = "file"
COLUMNS: Final = (CUSTOMER_ID, *ENDING)
"""Of a list without files; there `row` is the position in the list, otherwise the row in the file."""
MAX_REFUSED_ROWS: Final = 5
"""Refused customers whose rows are named in a channel."""
THERE: Final = "there"
"""The reason of an unknown customer who is in Dintero's list of the rule."""

Cells = Sequence[str]
Name = tuple[str, int]
"""A column's name, and its number among the columns of this name."""
ID: Final[Name] = ("", -1)
"""The id column: one column for the ids of all files."""


@dataclass(slots=True)
class OutcomeColumns:
    """The cells for a customer's outcome, reason and request, and the count of each outcome.

    `why` has the reasons where Dintero gave none; `request` is the short id of the request; `there` are the
    customers in Dintero's list of the rule.
    """

    why: Mapping[str, str]
    request: str
    there: frozenset[str] = frozenset()
    counts: Counter[str] = field(default_factory=Counter)
    refused_rows: list[tuple[str, int]] = field(default_factory=list)
    """The file and the row of the first refused customers."""

    def found(self, file: str, row: int, each: NotGiven) -> None:
        """Note in which row of a file a customer is."""
        if each.outcome is Outcome.REFUSED and len(self.refused_rows) < MAX_REFUSED_ROWS:
            self.refused_rows.append((file, row))

    def of(self, each: NotGiven) -> tuple[str, str, str]:
        """Return a customer's outcome, reason and request, and count it."""
        self.counts[each.outcome] += 1
        is_there = each.outcome is Outcome.UNKNOWN and each.customer in self.there
        why = " ".join(each.why.split()) or self.why[THERE if is_there else each.outcome]
        return each.outcome, why, self.request


@dataclass(frozen=True, slots=True)
class FileTable:
    """A file's table and id column; `names` has a name for each column, or None if the list leaves it out."""

    file: str
    table: Table
    id_column: IdColumn
    id_name: str
    names: tuple[Name | None, ...]

    def take(self, not_given: dict[str, NotGiven]) -> Iterator[tuple[int, Row, NotGiven]]:
        """Remove this file's customers from `not_given`; yield each with its row and the row's number."""
        first = self.id_column.first
        for block in self.table.blocks(self.id_column.column.number, first):
            found = [
                (at, each)
                for at, value in enumerate(block.values)
                if (each := not_given.pop(bare(value), None))
            ]
            rows = block.rows() if found else ()
            yield from ((first + at, rows[at], each) for at, each in found)
            first += len(block.values)


def table_of(file: str, table: Table, column: int | None) -> FileTable:
    """Find the ids in a file that was read before; raise FileError if it has changed."""
    head = table.head(HEAD)
    id_column = find_ids(head, column)
    if not isinstance(id_column, IdColumn):
        raise FileError(FileProblem.NO_COLUMN)
    header = head[id_column.header - 1] if id_column.header else None
    id_name = bare(cell(header or (), id_column.column.number)) or CUSTOMER_ID
    return FileTable(file, table, id_column, id_name, _names(head, header, id_column))


def plain(not_given: Iterable[NotGiven], outcome_columns: OutcomeColumns) -> Iterator[Cells]:
    """List customers of a request without files."""
    yield COLUMNS
    for each in not_given:
        yield (each.customer, str(each.row), *outcome_columns.of(each))


def in_columns(
    tables: Sequence[FileTable], not_given: dict[str, NotGiven], outcome_columns: OutcomeColumns
) -> Iterator[Cells]:
    """List customers in the columns of their files, each where it was first; typed customers come last.

    If the files have different columns, the list has all, and a column with the file's name. The ids are in
    one column, and once more in `customer_id` if its name does not say so.
    """
    names = dict.fromkeys(name for table in tables for name in table.names if name)
    places = {name: at for at, name in enumerate(names)}
    id_place, several = places[ID], len(tables) > 1
    header = [tables[0].id_name if name == ID else name[0] for name in names]
    ending = (*([FILE] if several else []), *ENDING)
    found = find([[*header, *ending]])
    repeats_id = not isinstance(found, IdColumn) or found.column.number != id_place + 1
    yield (*header, *([CUSTOMER_ID] if repeats_id else []), *ending)

    def line(table: FileTable | None, row: Row, number: str, each: NotGiven) -> Cells:
        cells = [""] * len(places)
        for name, value in zip(table.names if table else (), row, strict=False):
            if name:
                cells[places[name]] = value
        cells[id_place] = each.customer
        customer = [each.customer] if repeats_id else []
        file = [table.file if table else ""] if several else []
        return (*cells, *customer, *file, number, *outcome_columns.of(each))

    for table in tables:
        for number, row, each in table.take(not_given):
            outcome_columns.found(table.file, number, each)
            yield line(table, row, str(number), each)
    for each in sorted(not_given.values(), key=lambda each: each.row):
        yield line(None, (), "", each)


def _names(head: Sequence[Row], header: Row | None, id_column: IdColumn) -> tuple[Name | None, ...]:
    """Name a table's columns by its header, or by letter if it has none; leave out those of the bot."""
    filled = (at for row in head[id_column.first - 1 :] for at, value in enumerate(row, start=1) if value)
    width = max(max(filled, default=1), id_column.column.number, len(header or ()))
    own = own_header(head)
    left_out = range(own.ending, own.ending + len(ENDING)) if own else ()
    names: list[Name | None] = []
    seen = Counter[str]()
    for number in range(1, width + 1):
        name = bare(cell(header, number) if header is not None else f"column {letter(number)}")
        is_id = number == id_column.column.number
        names.append(None if number in left_out else ID if is_id else (name, seen[name]))
        seen[name] += not is_id
    return tuple(names)
