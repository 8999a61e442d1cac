"""Finds the column of a table that holds the customer ids, by its name or by its values."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from itertools import islice
from typing import Final

from bot.domain.customers.parsing import bare, legible
from bot.domain.customers.tables import MISFIT, Place, Row, cell
from bot.domain.customers.uploads import Column

WHOSE: Final = (
    "customer customers cust dintero dinterocustomer dinterokunde kunde kund asiakas asiakkaan kunden debitor"
)
WHAT: Final = (
    "id ids no nr num number nummer numero nro tunnus ref reference referanse referens key uuid guid"
)
STRONG: Final = frozenset(f"{whose}{what}" for whose in WHOSE.split() for what in WHAT.split())
"""Names of an id column in English, German and the Nordic languages: letters and digits in lower case."""
WEAK: Final = frozenset(
    (  # noqa: SIM905 - a list would take a line a word
        "id ids customer customers kunde kunder kund kunden debitor asiakas member memberid"
        " memberno membernumber medlem medlemsid medlemsnr medlemsnummer"
    ).split()
)
"""Names of an id column if no other column has a strong name."""
IDS: Final = frozenset({"id", "ids"})
CUSTOMER: Final = re.compile("customer|kunde|kund(?!e)|asiaka|member|medlem")
"""A word in the name of a column that may have the ids too."""
OTHER: Final = re.compile(
    "mobil|cell|phone|tele|tlf|tel$|msisdn|gsm|puhelin|matkapuhelin|zip|post|ord(?:er|re)|tilaus|invoice"
    "|faktura|lasku|amount|price|pris|total|sum|bel[oø]p|quantity|qty|antall?|point|poeng|saldo|balance|dat[eou]"
    "|time|tid$|year|år|age$|alder|born|birth|f[oø]dsel|ssn|person|henkil|org|e?mail|epost|name|firstname"
    "|lastname|fullname|navn|namn|nimi|row|rad|linje"
)
"""How the names of columns begin that hold something else than ids of customers."""
LABEL: Final = re.compile(r"(?:nr\.?|nummer|number|navn|name|namn|[\s_-]id|[a-z]I[dD])\W*\Z")
"""How the names of columns end."""
NUMBERED: Final = re.compile(
    r"(?:column|kolonne|kolumn|spalte|field|felt|fält|unnamed)[\W_]*\d{1,4}", re.IGNORECASE
)
"""What programs call a column without a name."""
ITS_NUMBER: Final = re.compile(r"[^\s\d]\d{1,2}\Z")
"""The end of a name that a program made unique, such as Kundenr2; "Kundenr 1001" is an id with a word."""
HEAD: Final = 500
"""Rows that decide which column it is."""
PREAMBLE: Final = 30
"""The column names are within the first so many rows."""
SAMPLES: Final = 3
MOSTLY: Final = 0.9
HALF: Final = 0.5
LONGEST_SAMPLE: Final = 40

MAIL: Final = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")
PHONE: Final = re.compile(r"\+\d[\d\s().-]{6,18}\d|\d{2,3}(?: \d{2,3}){2,4}")
"""With a plus, or in groups: eight digits without spaces may well be an id."""
AMOUNT_OR_TIME: Final = re.compile(
    r"-?\d+[.,]\d{1,2}|\d{1,4}[./-]\d{1,2}[./-]\d{1,4}(?:[ T].*)?|\d{1,2}:\d{2}(?::\d{2})?"
)
DIGIT: Final = re.compile(r"\d")
LETTER_AND_DIGIT: Final = re.compile(r"(?=.*\d).*[^\W\d_]")
SPACE: Final = re.compile(r"\s")


class Rank(IntEnum):
    """What says that a column holds the ids."""

    VALUES = 0
    WEAK_NAME = 1
    STRONG_NAME = 2


@dataclass(frozen=True, slots=True)
class IdColumn:
    """The id column, its header row (from 1; 0 without one) and the first row of ids (from 1)."""

    column: Column
    header: int
    first: int
    alone: bool
    """Whether the table has no other column."""


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of a table: those that could hold the ids, how certain that is, and all columns."""

    candidates: tuple[Column, ...]
    rank: Rank
    is_certain: bool
    everything: tuple[Column, ...]
    start: int
    """The rows above the table."""
    names: int
    """The rows above the ids: the last has the names."""

    def place(self, column: Column) -> IdColumn:
        """Say where a column's ids are."""
        first = self.start + self.names + 1
        return IdColumn(column, first - 1 if self.names else 0, first, alone=len(self.everything) == 1)


def find(head: Sequence[Row], chosen: int | None = None) -> IdColumn | tuple[Column, ...]:
    """Find the id column from a table's first rows; return all candidates if it is not certain.

    `chosen` is the number (from 1) of the column that a person chose.

    >>> find([["Kundenr", "Navn"], ["1001", "Ann"], ["1002", "Bo"]]).column.samples
    ('1001', '1002')
    """
    columns = examine(head)
    if chosen is not None:
        return next((columns.place(one) for one in columns.everything if one.number == chosen), ())
    return columns.place(columns.candidates[0]) if columns.is_certain else columns.candidates


def examine(head: Sequence[Row]) -> Columns:
    """Find the columns that could hold the ids from a table's first rows."""
    rows: list[Row] = [[bare(value) for value in row] for row in head]
    named = _named_row(rows)
    start = _first_wide_row(rows) if named is None else named
    rows = rows[start:]
    numbers = range(1, max(map(_width, rows), default=0) + 1)
    names = _header_rows(rows) if named is None else 1
    found = (_column(number, rows, names) for number in numbers)
    columns = tuple(column for column in found if column.name or column.samples)
    values = {column.number: _values(column.number, rows[names:]) for column in columns}
    candidates, rank, is_certain = _judged(columns, values)
    if named is not None and _is_shifted(rows, [values[column.number] for column in candidates]):
        candidates, is_certain = columns, False
    return Columns(candidates, rank, is_certain, columns, start, names)


def choose_sheet(sheets: Sequence[tuple[Place, Columns]]) -> tuple[int, tuple[Column, ...]]:
    """Choose the sheet that has the ids, by its place here; return the columns to ask about if in doubt.

    A name counts more than values, in any sheet. Hidden sheets are never read without a question.
    """
    filled = [at for at, (_, columns) in enumerate(sheets) if any(one.samples for one in columns.candidates)]
    visible = [at for at in filled if not sheets[at][0].is_hidden]
    hidden = [at for at in filled if sheets[at][0].is_hidden]
    rank = max((sheets[at][1].rank for at in visible), default=None)
    likely = [at for at in visible if sheets[at][1].rank is rank]
    if rank is not Rank.STRONG_NAME:
        likely += [at for at in hidden if not visible or sheets[at][1].rank is Rank.STRONG_NAME]
    if not likely or (len(likely) == 1 and likely[0] in visible):
        return (likely or [0])[0], ()
    asked = ((sheets[at][0], one) for at in likely for one in sheets[at][1].candidates)
    return likely[0], tuple(place.mark(column) for place, column in asked)


def names_column(text: str) -> bool:
    """Tell whether a text may be the name of a column."""
    is_known = _key(text) in STRONG | WEAK
    return is_known or bool(NUMBERED.fullmatch(text) or OTHER.match(_key(text)) or LABEL.search(text))


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


def _column(number: int, rows: Sequence[Row], header: int) -> Column:
    samples = _values(number, rows[header:], most=SAMPLES)
    name = cell(rows[header - 1], number).replace(MISFIT, "")[:LONGEST_SAMPLE] if header else ""
    return Column(number, name, tuple(value[:LONGEST_SAMPLE] for value in samples))


def _values(number: int, rows: Sequence[Row], most: int | None = None) -> list[str]:
    """Read the filled cells of a column, at most so many."""
    filled = (value for row in rows if (value := cell(row, number)))
    return list(islice(filled, most))


def _key(name: str) -> str:
    """Reduce a column name to its lower-case letters and digits; a known name loses its number."""
    folded = unicodedata.normalize("NFKC", name[:LONGEST_SAMPLE]).casefold()
    key = "".join(letter for letter in folded if letter.isalnum())
    known = key.rstrip("0123456789")
    return known if known in STRONG and ITS_NUMBER.search(name) else key


def _named_row(rows: Sequence[Row]) -> int | None:
    """Find the last row that names an id column below a preamble, which is no repeated header."""
    for names in (STRONG, WEAK):
        last: int | None = None
        for at, row in enumerate(rows[:PREAMBLE]):
            numbers = [number for number, name in enumerate(row, start=1) if _key(name) in names]
            is_new = last is None or rows[last] != row
            if numbers and is_new and _is_below_preamble(at, numbers, rows, names):
                last = at
        if last is not None:
            return last
    return None


def _is_below_preamble(at: int, numbers: Sequence[int], rows: Sequence[Row], names: frozenset[str]) -> bool:
    """Check that no row above a header has an id: each is narrower, or has words where the ids are."""
    header = rows[at]
    below = [_values(number, rows[at + 1 :]) for number in numbers]
    has_digits = any(values and _share(values, DIGIT) >= MOSTLY for values in below)
    return all(
        _is_preamble(above, header, names)
        or (has_digits and not any(_is_numbered_id(cell(above, number)) for number in numbers))
        for above in rows[:at]
    )


def _is_numbered_id(value: str) -> bool:
    return bool(DIGIT.search(value)) and _is_id(value)


def _is_preamble(above: Row, header: Row, names: frozenset[str]) -> bool:
    """Tell whether a row is a title or a note, and not itself a header with a known name."""
    filled = list(filter(None, above))
    if len(filled) < sum(map(bool, header)):
        return len(filled) <= 1 or not any(_key(value) in names for value in filled)
    return len(filled) == 1 and bool(SPACE.search(filled[0]) or not DIGIT.search(filled[0]))


def _width(row: Row) -> int:
    return max((at for at, value in enumerate(row, start=1) if value), default=0)


def _first_wide_row(rows: Sequence[Row]) -> int:
    """Find where a table without known names begins: at the first row that is as wide as most."""
    widths = [_width(row) for row in rows]
    filled = sorted(filter(None, widths))
    usual = filled[len(filled) // 2] if filled else 1
    return next((at for at, width in enumerate(widths) if width >= usual), 0)


def _header_rows(rows: Sequence[Row]) -> int:
    """Count the rows of names above the values of a table without known names."""
    counts = (_labels(number, rows) for number in range(1, max(map(_width, rows), default=0) + 1))
    return min(filter(None, counts), default=0)


def _labels(number: int, rows: Sequence[Row]) -> int:
    """Count the first cells of a column that have no digit, if most below have one.

    They are its name and, beside other columns, a preamble.
    """
    values = (cell(row, number) for row in rows)
    labels = next((at for at, one in enumerate(values) if MAIL.fullmatch(one) or _has_number(one)), 0)
    if max(map(_width, rows)) == 1:
        labels = min(labels, 1)
    below = _values(number, rows[labels:])
    is_header = 0 < labels <= len(below) and cell(rows[labels - 1], number) and _share(below, DIGIT) > HALF
    return labels if is_header else 0


def _has_number(value: str) -> bool:
    return bool(DIGIT.search(value)) and not NUMBERED.fullmatch(value)


def _is_shifted(rows: Sequence[Row], named: Sequence[Sequence[str]]) -> bool:
    """Tell whether the names may not be above their columns.

    So if most rows are wider than the names. And if most are narrower, where no name is above their first
    cells or no digit below the `named` columns; else only empty cells at their ends are missing.
    """
    names, *below = rows
    half = sum(map(bool, map(_width, below))) * HALF
    if sum(1 for row in below if _width(row) > _width(names)) > half:
        return True
    is_led = not cell(names, 1) and sum(1 for row in below if cell(row, 1)) > half
    has_digits = all(_share(values, DIGIT) > HALF for values in named if values)
    return sum(1 for row in below if 0 < _width(row) < _width(names)) > half and (is_led or not has_digits)


def _share(values: Sequence[str], pattern: re.Pattern[str]) -> float:
    return sum(1 for value in values if pattern.search(value)) / len(values)


def _judged(
    columns: tuple[Column, ...], values: Mapping[int, list[str]]
) -> tuple[tuple[Column, ...], Rank, bool]:
    """Choose the columns that could hold the ids by their names or values; say whether it is certain."""
    if strong := tuple(column for column in columns if _key(column.name) in STRONG):
        return strong, Rank.STRONG_NAME, len(strong) == 1
    alike = tuple(column for column in columns if _mostly_ids(values[column.number]))
    if weak := tuple(column for column in alike if _key(column.name) in WEAK):
        others = tuple(one for one in alike if one in weak or CUSTOMER.search(one.name.casefold()))
        of_weak = values[weak[0].number]
        rivals = [one for one in alike if _has_numbers(values[one.number])]
        if not (_is_count(of_weak) or not _has_numbers(of_weak)):
            is_id = _key(weak[0].name) in IDS
            rivals = [one for one in rivals if is_id and _key(one.name).endswith("id")]
        others = tuple(one for one in alike if one in others or one in rivals)
        return others, Rank.WEAK_NAME, len(others) == 1
    if len(columns) == 1:
        return columns, Rank.VALUES, not OTHER.match(_key(columns[0].name))
    distinct = tuple(one for one in alike if len(set(values[one.number])) >= MOSTLY * len(values[one.number]))
    is_certain = (
        len(distinct) == 1
        and not any(column.name for column in columns)
        and all(map(LETTER_AND_DIGIT.search, values[distinct[0].number]))
    )
    likely = tuple(one for one in distinct if is_certain or _has_numbers(values[one.number]))
    return likely if is_certain or len(likely) > 1 else columns, Rank.VALUES, is_certain


def _is_count(values: Sequence[str]) -> bool:
    """Return whether these are row numbers: 1, 2, 3 and so on."""
    return any(list(values) == [str(first + at) for at in range(len(values))] for first in range(3))


def _has_numbers(values: Sequence[str]) -> bool:
    return _share(values, DIGIT) >= MOSTLY


def _mostly_ids(values: Sequence[str]) -> bool:
    return bool(values) and sum(map(_is_id, values)) >= MOSTLY * len(values)


def _is_id(value: str) -> bool:
    other = any(pattern.fullmatch(value) for pattern in (MAIL, PHONE, AMOUNT_OR_TIME))
    return not other and not SPACE.search(value) and legible(value)
