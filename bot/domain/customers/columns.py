"""Finds the column of a table that holds the customer ids, by its name or by its values."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from bot.domain.customers.parsing import bare, legible
from bot.domain.customers.tables import Row, cell
from bot.domain.customers.uploads import Column

STRONG: Final = frozenset(
    (  # noqa: SIM905 - a list would take a line a word
        "customerid customerids customerno customernr customernumber custid custno custnr dinterocustomerid"
        " dinteroid dinterokundeid kundeid kundeids kundenr kundenummer kundeno kundid kundnr kundnummer"
        " asiakasid asiakasnro asiakasnumero asiakastunnus"
    ).split()
)
"""Names of an id column in English and the Nordic languages, compared without case, space and punctuation."""
WEAK: Final = frozenset(
    (  # noqa: SIM905 - a list would take a line a word
        "id ids customer customers kunde kunder kund kunden asiakas member memberid memberno membernumber"
        " medlem medlemsid medlemsnr medlemsnummer"
    ).split()
)
"""Names of an id column if no other column has a strong name."""
HEAD: Final = 500
"""Rows that decide which column it is."""
PREAMBLE: Final = 30
"""The column names are within the first so many rows."""
SAMPLES: Final = 3
MOSTLY: Final = 0.9
LONGEST_SAMPLE: Final = 40

MAIL: Final = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")
PHONE: Final = re.compile(r"\+\d[\d\s().-]{6,18}\d|\d{2,3}(?: \d{2,3}){2,4}")
"""With a plus, or in groups: eight digits without spaces may well be an id."""
AMOUNT_OR_TIME: Final = re.compile(
    r"-?\d+[.,]\d{1,2}|\d{1,4}[./-]\d{1,2}[./-]\d{1,4}(?:[ T].*)?|\d{1,2}:\d{2}(?::\d{2})?"
)
DIGIT: Final = re.compile(r"\d")
SPACE: Final = re.compile(r"\s")


@dataclass(frozen=True, slots=True)
class IdColumn:
    """The id column, its header row (from 1; 0 without one) and the first row of ids (from 1)."""

    column: Column
    header: int
    first: int
    alone: bool
    """Whether the table has no other column."""


def find(head: Sequence[Row], chosen: int | None = None) -> IdColumn | tuple[Column, ...]:
    """Find the id column from a table's first rows; return all candidates if there is not exactly one.

    `chosen` is the number (from 1) of the column that a person chose.

    >>> find([["Kundenr", "Navn"], ["1001", "Ann"], ["1002", "Bo"]]).column
    Column(number=1, name='Kundenr', samples=('1001', '1002'))
    """
    rows: list[Row] = [[bare(value) for value in row] for row in head]
    named = _named_row(rows)
    start = _first_wide_row(rows) if named is None else named
    rows = rows[start:]
    numbers = range(1, max(map(_width, rows), default=0) + 1)
    headed = {number for number in numbers if named is not None or _has_header(number, rows)}
    found = (_column(number, rows, headed=number in headed) for number in numbers)
    columns = tuple(column for column in found if column.name or column.samples)
    if chosen is not None:
        candidates = tuple(column for column in columns if column.number == chosen)
    else:
        below = rows if named is None else rows[1:]
        values = {column.number: _values(column.number, below[1:] or below) for column in columns}
        candidates = _by_name(columns, values) or _by_values(columns, values)
    if len(candidates) != 1:
        return candidates
    header = candidates[0].number in headed
    return IdColumn(candidates[0], start + 1 if header else 0, start + 1 + header, alone=len(columns) == 1)


def letter(number: int) -> str:
    """Name a column as a spreadsheet does.

    >>> letter(1), letter(28)
    ('A', 'AB')
    """
    name = ""
    while number:
        number, digit = divmod(number - 1, 26)
        name = chr(ord("A") + digit) + name
    return name


def _column(number: int, rows: Sequence[Row], *, headed: bool) -> Column:
    samples = _values(number, rows[headed:], most=SAMPLES)
    name = cell(rows[0], number)[:LONGEST_SAMPLE] if headed else ""
    return Column(number, name, tuple(value[:LONGEST_SAMPLE] for value in samples))


def _values(number: int, rows: Sequence[Row], most: int | None = None) -> list[str]:
    """Read the filled cells of a column, at most so many."""
    filled = (value for row in rows if (value := cell(row, number)))
    return list(islice(filled, most))


def _key(name: str) -> str:
    """Reduce a column name to its lower-case letters and digits."""
    folded = unicodedata.normalize("NFKC", name[:LONGEST_SAMPLE]).casefold()
    return "".join(letter for letter in folded if letter.isalnum())


def _named_row(rows: Sequence[Row]) -> int | None:
    """Find the row that names an id column; all rows above it must be a preamble, not ids."""
    for names in (STRONG, WEAK):
        for at, row in enumerate(rows[:PREAMBLE]):
            if any(_key(name) in names for name in row) and all(
                _is_preamble(above, row) for above in rows[:at]
            ):
                return at
    return None


def _is_preamble(above: Row, header: Row) -> bool:
    filled = list(filter(None, above))
    if len(filled) < sum(map(bool, header)):
        return True
    return len(filled) == 1 and bool(SPACE.search(filled[0]) or not DIGIT.search(filled[0]))


def _width(row: Row) -> int:
    return max((at for at, value in enumerate(row, start=1) if value), default=0)


def _first_wide_row(rows: Sequence[Row]) -> int:
    """Find where a table without known names begins: at the first row that is as wide as most."""
    widths = [_width(row) for row in rows]
    filled = sorted(filter(None, widths))
    usual = filled[len(filled) // 2] if filled else 1
    return next((at for at, width in enumerate(widths) if width >= usual), 0)


def _has_header(number: int, rows: Sequence[Row]) -> bool:
    """Check whether a column's first cell is its name: no digit, while nearly all cells below have one."""
    first, filled = cell(rows[0], number), _values(number, rows[1:])
    return bool(first and filled and not DIGIT.search(first)) and _share(filled, DIGIT) >= MOSTLY


def _share(values: Sequence[str], pattern: re.Pattern[str]) -> float:
    return sum(1 for value in values if pattern.search(value)) / len(values)


def _by_name(columns: tuple[Column, ...], values: Mapping[int, list[str]]) -> tuple[Column, ...]:
    """Choose columns with a strong name, else those with a weak name over ids (not people's names)."""
    strong = tuple(column for column in columns if _key(column.name) in STRONG)
    return strong or tuple(
        column for column in columns if _key(column.name) in WEAK and _mostly_ids(values[column.number])
    )


def _by_values(columns: tuple[Column, ...], values: Mapping[int, list[str]]) -> tuple[Column, ...]:
    """Choose the columns whose values are distinct ids, and among several the only one with digits."""
    if len(columns) <= 1:
        return columns
    alike = tuple(
        column
        for column in columns
        if _mostly_ids(found := values[column.number]) and len(set(found)) >= MOSTLY * len(found)
    )
    numbered = tuple(column for column in alike if _share(values[column.number], DIGIT) >= MOSTLY)
    return numbered if len(numbered) == 1 else alike or columns


def _mostly_ids(values: Sequence[str]) -> bool:
    return bool(values) and sum(map(_is_id, values)) >= MOSTLY * len(values)


def _is_id(value: str) -> bool:
    other = any(pattern.fullmatch(value) for pattern in (MAIL, PHONE, AMOUNT_OR_TIME))
    return not other and not SPACE.search(value) and legible(value)
