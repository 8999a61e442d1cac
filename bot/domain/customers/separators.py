"""Finds the sign that separates the columns of a text, by the column names and the ids that come out."""

import csv
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from bot.domain.customers.cells import NAMES, OTHER_NAMES, SEVERAL, is_one_number, letters_of, problem_in
from bot.domain.customers.columns import DIGIT, MAIL, PREAMBLE, WHAT, IdColumn, find
from bot.domain.customers.parsing import bare
from bot.domain.customers.tables import Row, cell

SEPARATORS: Final = (";", "\t", "|", ",")
NO_SEPARATOR: Final = "\x1f"
ANY_SEPARATORS: Final = frozenset("^~:!/\\*#+&§¦").union(SEPARATORS)
"""Signs that may separate columns, but in a way that nobody can tell for sure."""
INNER: Final = frozenset("-_@.")
"""Signs that names and ids have inside too: they separate if the name of another column is behind one."""
OTHER_COLUMN_NAMES: Final = OTHER_NAMES.difference(WHAT.split())
MAX_COLUMNS: Final = 2_000
"""A spreadsheet's export has fewer columns, and a list on one line has more."""
MOSTLY: Final = 0.9
AGREEMENT: Final = 2 / 3
"""The share of rows that have to have the usual number of cells."""
NAMED_AGREEMENT: Final = 1 / 2
INNER_COMMA: Final = re.compile(r",\s|\d,\d{1,2}\b")
"""A comma of a sentence or of a number."""


@dataclass(frozen=True, slots=True)
class Fit:
    """How well a separator fits, the most telling first."""

    named: bool
    """Whether the row of column names has one for the ids."""
    ids: int
    """2 if a column holds ids with digits, 1 if it holds ids, else 0."""
    agreement: float
    """The share of rows with the usual number of cells."""


def separator_of(lines: Sequence[str]) -> str | None:
    """Find the separator of a text's first lines; return None if two fit equally well.

    >>> separator_of(["Kundenr;Adresse (gate, sted)", "1001;Torget 1, Oslo", "1002;Torget 2, Bergen"])
    ';'
    """
    fits = {sign: fit for sign in SEPARATORS if (fit := _fit(lines, sign))}
    if _is_named_list(lines) or not fits:
        return None if has_parted_name(lines) else NO_SEPARATOR
    best = max((fit.named, fit.ids) for fit in fits.values())
    left = [sign for sign, fit in fits.items() if (fit.named, fit.ids) == best]
    if len(left) > 1 and "," in left and all("," not in INNER_COMMA.sub("", line) for line in lines):
        left.remove(",")
    most = max(fits[sign].agreement for sign in left)
    left = [sign for sign in left if fits[sign].agreement == most]
    return left[0] if len(left) == 1 else None


def rows_of(lines: Sequence[str], separator: str) -> list[Row]:
    """Split lines into the filled rows of a table."""
    return [row for row in csv.reader(lines, delimiter=separator) if any(map(str.strip, row))]


def _fit(lines: Sequence[str], separator: str) -> Fit | None:
    """Judge a separator; None if too few rows agree on their number of cells."""
    rows = rows_of(lines, separator)
    start = next((at for at, row in enumerate(rows) if len(row) > 1), None)
    if start is None or max(map(len, rows)) > MAX_COLUMNS:
        return None
    if separator == "," and all(is_one_number(",".join(row)) for row in rows[start:]):
        return None
    ((usual, times),) = Counter(map(len, rows[start:])).most_common(1)
    heads = (row for row in rows[:PREAMBLE] if len(row) > 1)
    named = any(letters_of(bare(name)) in NAMES for row in heads for name in row)
    if usual == 1 or times < len(rows[start:]) * (NAMED_AGREEMENT if named else AGREEMENT):
        return None
    return Fit(named, _ids(rows), times / len(rows))


def _ids(rows: Sequence[Row]) -> int:
    """Grade the ids in the best of the columns that could hold them."""
    found = find(rows)
    columns = (found.column,) if isinstance(found, IdColumn) else found
    below = rows[1:] or rows
    values = ([value for row in below if (value := cell(row, each.number).strip())] for each in columns)
    return max(map(_grade, values), default=0)


def _grade(values: Sequence[str]) -> int:
    ids = [value for value in values if problem_in(value) is None]
    if not ids or len(ids) < MOSTLY * len(values):
        return 0
    return 2 if sum(1 for one in ids if DIGIT.search(one)) >= MOSTLY * len(ids) else 1


def _is_named_list(lines: Sequence[str]) -> bool:
    """Tell whether the name of an id column is alone on a line, above a value with digits."""
    filled = [line for line in map(bare, lines) if line]
    return any(
        letters_of(name) in NAMES and not SEVERAL.search(name) and DIGIT.search(below) is not None
        for name, below in pairwise(filled[:PREAMBLE])
    )


def has_parted_name(lines: Sequence[str]) -> bool:
    """Tell whether a sign parts a name of an id column from another name, and the values below."""
    filled = [line for line in map(bare, lines) if line]
    return any(
        sign in below and _parts_names(name, sign)
        for name, below in pairwise(filled[:PREAMBLE])
        for sign in (ANY_SEPARATORS | INNER) & set(name)
        if not (DIGIT.search(name) or MAIL.fullmatch(below) or letters_of(name) in NAMES)
    )


def _parts_names(line: str, sign: str) -> bool:
    names = set(map(letters_of, line.split(sign)))
    return not names.isdisjoint(NAMES) and (sign not in INNER or not names.isdisjoint(OTHER_COLUMN_NAMES))
