"""Which column of a table holds the customer ids: by its name, or by looking; pure, and knows no file format."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from bot.domain.customers.parsing import bare, legible
from bot.domain.customers.tables import Row, cell
from bot.domain.customers.uploads import Column

STRONG: Final = frozenset(
    [
        "customerid",
        "customerids",
        "customerno",
        "customernr",
        "customernumber",
        "custid",
        "custno",
        "custnr",
        "dinterocustomerid",
        "dinteroid",
        "dinterokundeid",
        "kundeid",
        "kundeids",
        "kundenr",
        "kundenummer",
        "kundeno",
        "kundid",
        "kundnr",
        "kundnummer",
        "asiakasid",
        "asiakasnro",
        "asiakasnumero",
        "asiakastunnus",
    ]
)
"""Names that say it, in English and the Nordic languages; compared without case, space and signs."""
WEAK: Final = frozenset(
    [
        "id",
        "ids",
        "customer",
        "customers",
        "kunde",
        "kunder",
        "kund",
        "kunden",
        "asiakas",
        "member",
        "memberid",
        "memberno",
        "membernumber",
        "medlem",
        "medlemsid",
        "medlemsnr",
        "medlemsnummer",
    ]
)
"""Names that may say it, where no other does."""
HEAD: Final = 500
"""Rows that are looked at before it is decided."""
PREAMBLE: Final = 30
"""Rows within which the names of the columns stand."""
SAMPLES: Final = 3
MOSTLY: Final = 0.9
LONGEST_SAMPLE: Final = 40

SHORTENED: Final = re.compile(r"[+-]?\d{1,20}(?:[.,]\d+)?E[+-]\d{1,4}", re.IGNORECASE)
"""How a spreadsheet writes a number that it takes to be too long."""
LONGEST_SHORTENED: Final = 27
"""Characters of the longest one that has no decimals."""
ERROR: Final = re.compile(
    r"#(?:N/A|REF!|NAME\?|VALUE!|DIV/0!|NUM!|NULL!|I/T|REFERANSE!|NAVN\?|VERDI!|SAKNAS!)"
)
MAIL: Final = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")
PHONE: Final = re.compile(r"\+\d[\d\s().-]{6,18}\d|\d{2,3}(?: \d{2,3}){2,4}")
"""With a plus, or in groups apart by spaces: eight digits alone may well be an id."""
AMOUNT_OR_TIME: Final = re.compile(
    r"-?\d+[.,]\d{1,2}|\d{1,4}[./-]\d{1,2}[./-]\d{1,4}(?:[ T].*)?|\d{1,2}:\d{2}(?::\d{2})?"
)
DIGIT: Final = re.compile(r"\d")
SEVERAL: Final = re.compile("[,;\t|]")
SPACE: Final = re.compile(r"\s")


@dataclass(frozen=True, slots=True)
class IdColumn:
    """Where the ids stand: the column, the row of the names (from 1; 0 where there is none), and the first row of ids (from 1)."""

    column: Column
    header: int
    first: int
    alone: bool
    """Whether the table has this one column."""


def find(head: Sequence[Row], chosen: int | None = None) -> IdColumn | tuple[Column, ...]:
    """Find the column of the ids from a table's first rows: several where more than one could be meant, none where there is nothing.

    `chosen` is the column that a person named, from 1.

    >>> find([["Kundenr", "Navn"], ["1001", "Ann"], ["1002", "Bo"]]).column
    Column(number=1, name='Kundenr', samples=('1001', '1002'))
    """
    named = _named_row(head)
    start = named if named is not None else _start(head)
    below = head[start + 1 :] if named is not None else head[start:]
    columns = tuple(
        _column(number, head, start, below, named=named is not None)
        for number in range(1, _widest(head[start:]) + 1)
    )
    filled = tuple(column for column in columns if column.name or column.samples)
    if chosen is not None:
        meant = tuple(column for column in filled if column.number == chosen)
    else:
        meant = _by_name(filled, below) or _by_looking(filled, below)
    if len(meant) != 1:
        return meant
    return _place(meant[0], head, start, named=named is not None, alone=len(filled) == 1)


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


def _place(column: Column, head: Sequence[Row], start: int, *, named: bool, alone: bool) -> IdColumn:
    if named or _heads(column.number, head[start:]):
        return IdColumn(column, start + 1, start + 2, alone)
    return IdColumn(column, 0, start + 1, alone)


def _column(number: int, head: Sequence[Row], start: int, below: Sequence[Row], *, named: bool) -> Column:
    if named or _heads(number, head[start:]):
        below = head[start + 1 :]
        return Column(number, bare(cell(head[start], number))[:LONGEST_SAMPLE], _samples(number, below))
    return Column(number, "", _samples(number, below))


def _samples(number: int, rows: Iterable[Row]) -> tuple[str, ...]:
    found: list[str] = []
    for row in rows:
        if value := bare(cell(row, number)):
            found.append(value[:LONGEST_SAMPLE])
        if len(found) == SAMPLES:
            break
    return tuple(found)


def _key(name: str) -> str:
    """Write a name so that case, space and signs do not matter."""
    folded = unicodedata.normalize("NFKC", name[:LONGEST_SAMPLE]).casefold()
    return "".join(letter for letter in folded if letter.isalnum())


def _named_row(head: Sequence[Row]) -> int | None:
    """Find the row that names a column of ids; what stands above it has to look like a preamble, and not like ids."""
    for names in (STRONG, WEAK):
        for at, row in enumerate(head[:PREAMBLE]):
            if any(_key(bare(one)) in names for one in row) and all(
                _introduces(above, row) for above in head[:at]
            ):
                return at
    return None


def _introduces(above: Row, header: Row) -> bool:
    filled = [bare(one) for one in above if bare(one)]
    if len(filled) < _filled(header):
        return True
    return len(filled) == 1 and bool(SPACE.search(filled[0]) or not DIGIT.search(filled[0]))


def _filled(row: Row) -> int:
    return sum(1 for one in row if bare(one))


def _width(row: Row) -> int:
    return max((at for at, one in enumerate(row, start=1) if bare(one)), default=0)


def _widest(rows: Sequence[Row]) -> int:
    return max(map(_width, rows), default=0)


def _start(head: Sequence[Row]) -> int:
    """Find where a table without known names begins: at the first row that is as wide as most."""
    widths = [_width(row) for row in head]
    filled = sorted(width for width in widths if width)
    usual = filled[len(filled) // 2] if filled else 0
    return next((at for at, width in enumerate(widths) if width >= usual and width), 0)


def _heads(number: int, rows: Sequence[Row]) -> bool:
    """Say whether a column's first cell is its name: it has no digit, and nearly all below it have one."""
    first, below = bare(cell(rows[0], number)) if rows else "", [bare(cell(row, number)) for row in rows[1:]]
    filled = [value for value in below if value]
    return bool(first) and not DIGIT.search(first) and bool(filled) and _share(filled, DIGIT) >= MOSTLY


def _share(values: Sequence[str], pattern: re.Pattern[str]) -> float:
    return sum(1 for value in values if pattern.search(value)) / len(values)


def _by_name(columns: tuple[Column, ...], below: Sequence[Row]) -> tuple[Column, ...]:
    """Choose by name; where several have such a name, each of them could be meant. Under a weak name may stand people's own names."""
    strong = tuple(column for column in columns if _key(column.name) in STRONG)
    weak = (column for column in columns if _key(column.name) in WEAK)
    return strong or tuple(column for column in weak if _mostly_ids(_values(column, below)))


def _by_looking(columns: tuple[Column, ...], below: Sequence[Row]) -> tuple[Column, ...]:
    if len(columns) <= 1:
        return columns
    alike = tuple(column for column in columns if _looks_like_ids(column, below))
    numbered = tuple(column for column in alike if _share(_values(column, below), DIGIT) >= MOSTLY)
    return numbered if len(numbered) == 1 else alike or columns


def _values(column: Column, below: Sequence[Row]) -> list[str]:
    return [value for row in below[1:] or below if (value := bare(cell(row, column.number)))]


def _looks_like_ids(column: Column, below: Sequence[Row]) -> bool:
    values = _values(column, below)
    return len(set(values)) >= MOSTLY * len(values) and _mostly_ids(values)


def _mostly_ids(values: Sequence[str]) -> bool:
    return bool(values) and sum(1 for value in values if _looks_like_an_id(value)) >= MOSTLY * len(values)


def _looks_like_an_id(value: str) -> bool:
    other = (
        MAIL.fullmatch(value)
        or PHONE.fullmatch(value)
        or AMOUNT_OR_TIME.fullmatch(value)
        or SPACE.search(value)
    )
    return not other and legible(value)
