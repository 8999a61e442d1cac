"""The table in an XLSX workbook: what people see in the sheet that has the ids.

Formulas are not run and links not followed. Where it is not certain what Excel shows, the row is refused.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from bot.domain.customers.columns import HEAD, choose_sheet, examine
from bot.domain.customers.tables import Block, Place, Row
from bot.domain.customers.uploads import FileProblem, OtherSheet, RowProblem
from bot.spreadsheets.errors import FileError
from bot.spreadsheets.row_blocks import next_rows
from bot.spreadsheets.xlsx.sheet import MAX_ROWS, ColumnCell, Piece, RawRow, read_ending, read_pieces
from bot.spreadsheets.xlsx.workbook import Workbook, open_workbook

NUMBERS: Final = frozenset({"", "n"})


def sheet_table(data: bytes, number: int = 0, *, careful: bool = False) -> "SheetTable":
    """Open the sheet with this number, or the one that has the ids.

    `careful` parses every cell, with the same result in more time. Raises FileError for a bad, encrypted or
    far too large workbook.
    """
    workbook = open_workbook(data, careful=careful)
    tables = [_opened(workbook, at) for at in range(len(workbook.sheets))]
    if number > len(tables):
        raise FileError(FileProblem.NO_COLUMN)
    if not tables:
        raise FileError(FileProblem.EMPTY)
    if len(tables) == 1 and not tables[0].place.is_hidden:
        return tables[0]
    examined = [examine(table.head(HEAD)) for table in tables]
    at, rivals = choose_sheet(
        [(table.place, columns) for table, columns in zip(tables, examined, strict=True)]
    )
    at, rivals = (number - 1, ()) if number else (at, rivals)
    filled = (table for table, columns in zip(tables, examined, strict=True) if columns.everything)
    others = tuple(table.as_other() for table in filled if table is not tables[at])
    return replace(tables[at], place=replace(tables[at].place, rivals=rivals, other_sheets=others))


def _opened(workbook: Workbook, at: int) -> "SheetTable":
    part = workbook.sheets[at]
    name = part.name if len(workbook.sheets) > 1 else ""
    place = Place(at + 1, name, is_hidden=not part.is_visible, hidden_columns=workbook.hidden_columns(part))
    return SheetTable(workbook, part.part, part.name, name, place)


@dataclass(slots=True)
class SheetTable:
    """The table of one sheet."""

    workbook: Workbook
    part: str
    title: str
    """The name of the sheet."""
    sheet: str
    """The same, if there are several sheets."""
    place: Place

    def as_other(self) -> OtherSheet:
        """Describe the sheet if another one is read."""
        rows = max((piece.last for _, piece in self._pieces()), default=0)
        return OtherSheet(self.title, rows, self.place.is_hidden)

    def head(self, most: int) -> list[Row]:
        """Read the first rows."""
        return next_rows(self._rows(), most)

    def blocks(self, column: int, first: int) -> Iterator[Block]:
        """Read a column; raise FileError if the sheet's rows are out of order."""
        with self.workbook.package.open(self.part) as file:
            ending = read_ending(file)
        covered = ending.covered(column)
        changes_numbers = ending.changes_numbers(self.workbook.conditional)

        def is_doubtful(row: int, kind: str) -> bool:
            return row in covered or (changes_numbers and kind in NUMBERS)

        for before, piece in self._pieces():
            if piece.last < first:
                continue
            start, cells = max(first, before + 1), piece.column(column)
            texts = None if covered else self.workbook.shared_texts(cells, before + 1, piece.last)
            if texts is None:
                values, problems = self._judged(cells, before, piece.last, is_doubtful)
            else:
                values, problems = texts, {}
            skip = start - before - 1
            problems = {at - skip: problem for at, problem in problems.items() if at >= skip}
            hidden = frozenset(row - start for row in piece.hidden if row >= start)
            yield Block(values[skip:], partial(self._texts, piece, start), problems, hidden)

    def _judged(
        self, cells: Sequence[ColumnCell], before: int, last: int, is_doubtful: Callable[[int, str], bool]
    ) -> tuple[list[str], dict[int, RowProblem]]:
        """Return what people see in a column's cells after the row `before`, and where that is uncertain."""
        values, problems = [""] * (last - before), dict[int, RowProblem]()
        row_before = before
        for row, style, kind, raw in cells:
            if not row_before < row <= last:
                raise FileError(FileProblem.BROKEN)
            row_before = row
            text, problem = self.workbook.shown(style, kind, raw)
            if text and is_doubtful(row, kind):
                problem = problem or RowProblem.UNCERTAIN
            if problem:
                problems[row - before - 1] = problem
            else:
                values[row - before - 1] = text
        return values, problems

    def _pieces(self) -> Iterator[tuple[int, Piece]]:
        """Read the pieces, each with the number of the last row before it."""
        before = 0
        with self.workbook.package.open(self.part) as file:
            for piece in read_pieces(file, careful=self.workbook.careful):
                if not before <= piece.last <= MAX_ROWS:
                    raise FileError(FileProblem.BROKEN)
                yield before, piece
                before = piece.last

    def _rows(self) -> Iterator[Row]:
        for before, piece in self._pieces():
            yield from self._texts(piece, before + 1)

    def _texts(self, piece: Piece, start: int) -> list[Row]:
        """Write all rows of a piece from one on, empty ones too."""
        rows: list[Row] = [[]] * (piece.last - start + 1)
        for row in piece.rows():
            if start <= row.number <= piece.last:
                rows[row.number - start] = self._row(row)
        return rows

    def _row(self, raw: RawRow) -> Row:
        texts: Mapping[int, str] = {
            column: text
            for column, style, kind, content in raw.cells
            if (text := self.workbook.shown(style, kind, content)[0])
        }
        return [texts.get(at, "") for at in range(1, max(texts, default=0) + 1)]
