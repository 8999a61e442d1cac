"""Makes small workbooks from the cells of their sheets, as Excel would write them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from xml.sax.saxutils import escape

from bot.domain.customers.columns import letter
from tests.spreadsheets.sample_files import raw_workbook

GENERAL = "General"


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell by its content, number format and type as they stand in the file: `n`, `str`, `b` or `e`."""

    content: str | float
    form: str = GENERAL
    kind: str = "n"
    formula: str = ""

    def xml(self, reference: str, style: int) -> str:
        """Write it."""
        formula = f"<f>{escape(self.formula)}</f>" if self.formula else ""
        value = f"<v>{escape(str(self.content))}</v>" if self.content != "" else ""
        return f'<c r="{reference}" s="{style}" t="{self.kind}">{formula}{value}</c>'


Value = str | float | Cell | None
Row = Sequence[Value]

HIDDEN = ' hidden="1"'
"""The attribute of a row that a filter or a person hid."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A further sheet of a workbook."""

    name: str
    rows: Sequence[Row]
    state: str = "visible"


def book(
    *rows: Row,
    state: str = "visible",
    sheets: Sequence[Sheet] = (),
    drawn: Mapping[int, str] = MappingProxyType({}),
    hidden_columns: Collection[int] = (),
    before: str = "",
    after: str = "",
    conditional: str = "",
) -> bytes:
    """Make a workbook whose first sheet, `Ark1`, has these rows; a row is a list of values or cells.

    `drawn` are attributes of some rows by their numbers, `before` and `after` is XML around the rows.
    """
    first, further = Sheet("Ark1", rows, state), list(sheets)
    cells = [_cell(value) for sheet in (first, *further) for row in sheet.rows for value in row]
    formats = list(dict.fromkeys(cell.form for cell in cells if cell and cell.form != GENERAL))
    written = partial(_rows, formats=[GENERAL, *formats])
    columns = "".join(f'<col min="{at}" max="{at}" hidden="1"/>' for at in hidden_columns)
    return raw_workbook(
        written(rows, drawn),
        formats=formats,
        sheets=[(sheet.name, sheet.state, written(sheet.rows, {})) for sheet in further],
        before=before + (f"<cols>{columns}</cols>" if columns else ""),
        after=after,
        conditional=conditional,
        state=state,
    )


def one_column(*values: Value, name: str = "Kundenr") -> bytes:
    """Make a workbook with one column of ids."""
    return book([name], *([value] for value in values))


def _cell(value: Value) -> Cell | None:
    if isinstance(value, str):
        return Cell(value, kind="str")
    if isinstance(value, bool):
        return Cell(int(value), kind="b")
    return Cell(value) if isinstance(value, int | float) else value


def _rows(rows: Sequence[Row], drawn: Mapping[int, str], *, formats: Sequence[str]) -> str:
    return "".join(
        f'<row r="{at}"{drawn.get(at, "")}>{_row(at, row, formats)}</row>'
        for at, row in enumerate(rows, start=1)
    )


def _row(at: int, row: Row, formats: Sequence[str]) -> str:
    cells = ((number, _cell(value)) for number, value in enumerate(row, start=1))
    return "".join(
        cell.xml(f"{letter(number)}{at}", formats.index(cell.form)) for number, cell in cells if cell
    )
