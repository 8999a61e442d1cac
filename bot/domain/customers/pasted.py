"""Reads customer ids from pasted text: a list, or a table like those in files."""

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from bot.domain.customers.cells import (
    LETTER,
    LINK,
    NAMES,
    OTHER_NAMES,
    SHORT_NUMBER,
    has_entity,
    is_one_number,
    letters_of,
)
from bot.domain.customers.columns import DIGIT, HEAD, MAIL, IdColumn, names_column
from bot.domain.customers.extraction import IdExtractor, UniqueIds
from bot.domain.customers.own_lists import RequestColumn, find_ids
from bot.domain.customers.parsing import bare
from bot.domain.customers.row_fit import RowFit
from bot.domain.customers.separators import SEPARATORS, has_parted_name, separator_of
from bot.domain.customers.tables import Row, block_of, excerpt
from bot.domain.customers.uploads import NO_COLUMN, DoubtfulIds, FileRead, RowProblem, UnreadableRow
from bot.domain.ids import CustomerId

LISTED: Final = re.compile(r"[;|\t]|,(?=\s|\Z)")
"""What separates ids on one line for certain; a comma without a space may belong to a number."""

Line = tuple[int, str]
"""A line or a part of it, with the line's number from 1."""


@dataclass(frozen=True, slots=True)
class CustomerList:
    """Everything found in a text: `ids` in order of first appearance, `repeated` counts the others.

    `unclear`: several columns could hold the ids; nothing is read then.
    """

    ids: tuple[CustomerId, ...] = ()
    repeated: int = 0
    unreadable: tuple[UnreadableRow, ...] = ()
    unclear: bool = False
    read: FileRead | None = None


def read_customers(text: str) -> CustomerList:
    r"""Read the customer ids in pasted text.

    New lines, commas, semicolons, bars and tabs separate ids; quotes do not protect a comma. Several lines
    with the same number of cells are a table: its id column is read as in a file.

    >>> read_customers("12397af6e5e, b2; 12397af6e5e").ids
    ('12397af6e5e', 'b2')
    >>> read_customers("Kundenr\tNavn\n1001\tAnn\n1002\tBo").ids
    ('1001', '1002')
    """
    lines = [(number, line) for number, line in enumerate(text.splitlines(), start=1) if bare(line)]
    table = _table([line for _, line in lines])
    if table is None:
        return CustomerList(unclear=True)
    if table:
        return _read(table, [number for number, _ in lines], is_table=True)
    pieces = list(_pieces(lines))
    return _read([[piece] for _, piece in pieces], [number for number, _ in pieces], is_table=False)


def _read(rows: Sequence[Row], numbers: Sequence[int], *, is_table: bool) -> CustomerList:
    """Judge the cells of the id column; `numbers` are the lines of the rows."""
    place = find_ids(rows[:HEAD], None)
    if not isinstance(place, IdColumn) or (is_table and not _is_sure(place)):
        return CustomerList(unclear=bool(rows))
    name = place.column.name
    if not (is_table or letters_of(name) in NAMES | OTHER_NAMES or names_column(name)):
        place = replace(place, header=0, first=1)  # the first word may well be an id
    column, fit = place.column.number, RowFit(rows, place.column.number)
    # a title above the name of a list's only column may be an id that nobody would miss
    titles = [] if is_table else list(zip(numbers, rows, strict=True))[: max(place.header - 1, 0)]
    unreadable = [UnreadableRow(number, RowProblem.HEADER, excerpt(row[0])) for number, row in titles]
    ids: list[CustomerId] = []
    extractor = IdExtractor(place, rows[:HEAD], UniqueIds(ids.extend), told=len(rows))
    if is_table:
        extractor.skip(rows[: place.first - 1])
    extractor.consume(place.first, block_of([fit.fitted(row) for row in rows[place.first - 1 :]], column))
    read = extractor.read()
    unreadable += [replace(odd, row=numbers[odd.row - 1]) for odd in read.odd_rows]
    header = numbers[place.header - 1] if place.header else 0
    return CustomerList(
        ids=tuple(ids),
        repeated=read.found - len(ids),
        unreadable=tuple(unreadable),
        read=FileRead(
            found=read.found,
            column=place.column if is_table else replace(place.column, number=NO_COLUMN),
            header=header,
            request=_request(rows, place),
            doubtful=tuple(_by_lines(each, numbers) for each in read.doubtful),
        ),
    )


def _by_lines(doubtful: DoubtfulIds, numbers: Sequence[int]) -> DoubtfulIds:
    return replace(doubtful, first=tuple((numbers[row - 1], one) for row, one in doubtful.first))


def _is_sure(place: IdColumn) -> bool:
    """Tell whether a column has a known name or values with digits: names of people are no ids."""
    return letters_of(place.column.name) in NAMES or all(map(DIGIT.search, place.column.samples))


def _request(rows: Sequence[Row], place: IdColumn) -> str:
    """Find the requests whose lists of the bot these rows are."""
    request_column = RequestColumn(rows[place.header - 1] if place.header else ())
    request_column.consume(block_of(list(rows[place.first - 1 :]), place.column.number))
    return request_column.request


def _table(lines: Sequence[str]) -> Sequence[Row] | None:
    """Split lines into the rows of a table: none if they are a list, None if two separators are possible."""
    if len(lines) == 1:
        return ()
    tables = {separator: [_cells(line, separator) for line in lines] for separator in SEPARATORS}
    named = [sign for sign, rows in tables.items() if any(len(row) > 1 and _has_name(row) for row in rows)]
    found = named or [sign for sign, rows in tables.items() if _is_table(rows, sign)]
    if not found:
        return None if has_parted_name(lines) else ()
    return tables.get(found[0] if len(found) == 1 else separator_of(lines) or "")


def _cells(line: str, separator: str) -> list[str]:
    if separator == "," and is_one_number(line):
        return [line]
    try:
        return next(csv.reader([line], delimiter=separator, strict=True))
    except csv.Error:  # a quote in a wrong place, or an endless cell
        return line.split(separator)


def _has_name(row: Row) -> bool:
    return any(letters_of(value) in NAMES for value in row)


def _is_table(rows: Sequence[Row], separator: str) -> bool:
    """Tell whether several rows have several filled cells: any with tabs, else all of one width."""
    wide = [row for row in rows if sum(1 for value in row if bare(value)) > 1]
    return len(wide) > 1 and (separator == "\t" or len(set(map(len, rows))) == 1)


def _pieces(lines: Sequence[Line]) -> Iterator[Line]:
    """Split the lines of a list; a line of ids and words, or below the name of a column, stays whole."""
    is_column = False
    for number, line in lines:
        pieces = [piece for part in LISTED.split(line) for piece in _apart(part.strip()) if bare(piece)]
        is_mixed = any(map(_is_word, pieces)) and any(map(DIGIT.search, pieces))
        if LINK.match(bare(line)) or has_entity(line) or is_mixed or (is_column and len(pieces) > 1):
            pieces = [line]
        is_column = is_column or letters_of(bare(line)) in NAMES
        yield from ((number, piece) for piece in pieces)


def _is_word(piece: str) -> bool:
    return bool(LETTER.search(piece)) and not DIGIT.search(piece) and not MAIL.fullmatch(bare(piece))


def _apart(part: str) -> list[str]:
    """Split a part at its commas, unless they may belong to a number."""
    return [part] if SHORT_NUMBER.search(part) else part.split(",")
