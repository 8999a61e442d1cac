"""The table in an XLSX workbook: what people see in its first visible sheet.

Formulas are not run and links not followed. Where it is not certain what Excel shows, the row is refused.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

from bot.domain.customers.tables import Block, Row
from bot.domain.customers.uploads import FileProblem, RowProblem
from bot.spreadsheets.errors import FileError
from bot.spreadsheets.row_blocks import next_rows
from bot.spreadsheets.xlsx_sheet import Piece, RawRow, read_pieces
from bot.spreadsheets.xlsx_workbook import SheetPart, Workbook, open_workbook

MAX_ROWS: Final = 1_048_576
"""Of a sheet in Excel."""


def sheet_table(data: bytes, *, careful: bool = False) -> "SheetTable":
    """Open the first visible sheet; raise FileError for a bad, encrypted or far too large workbook.

    `careful` parses every cell, with the same result in more time.
    """
    workbook = open_workbook(data, careful=careful)
    visible = [sheet for sheet in workbook.sheets if sheet.is_visible]
    if not visible:
        raise FileError(FileProblem.EMPTY)
    return SheetTable(workbook, visible[0], visible[0].name if len(visible) > 1 else "")


@dataclass(frozen=True, slots=True)
class SheetTable:
    """The table of one sheet."""

    workbook: Workbook
    part: SheetPart
    sheet: str

    @property
    def title(self) -> str:
        """The name of the sheet, also if it is the only one."""
        return self.part.name

    def head(self, most: int) -> list[Row]:
        """Read the first rows."""
        return next_rows(self._rows(), most)

    def blocks(self, column: int, first: int) -> Iterator[Block]:
        """Read a column; raise FileError if the sheet's rows are out of order."""
        for before, piece in self._pieces():
            if piece.last >= first:
                yield self._block(piece, column, before, max(first - before - 1, 0))

    def _block(self, piece: Piece, column: int, before: int, skipped: int) -> Block:
        """Make a block of a piece, without its first rows."""
        values = [""] * (piece.last - before - skipped)
        problems: dict[int, RowProblem] = {}
        last, start = before, before + skipped + 1
        for row, style, kind, raw in piece.column(column):
            if row <= last:
                raise FileError(FileProblem.BROKEN)
            last = row
            if row < start:
                continue
            text, problem = self.workbook.shown(style, kind, raw)
            if problem:
                problems[row - start] = problem
            else:
                values[row - start] = text
        if last > piece.last:
            raise FileError(FileProblem.BROKEN)
        return Block(values, partial(self._texts, piece, start), problems)

    def _pieces(self) -> Iterator[tuple[int, Piece]]:
        """Read the pieces, each with the number of the last row before it."""
        before = 0
        with self.workbook.package.open(self.part.part) as file:
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
