"""Reads a sheet's XML piece by piece: cells by their style, type and content, as they stand in the file."""

import io
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import IO, Final

from bot.domain.customers.columns import letter
from bot.domain.customers.uploads import FileProblem
from bot.spreadsheets.errors import FileError
from bot.spreadsheets.xlsx.strings import OPEN_TEXT, RichText
from bot.spreadsheets.xlsx.xml_parser import CHARACTERS, CHUNK_BYTES, Regular, parse, without_entities

SPACE: Final = r"[ \t\n\r]*+"
VALUE: Final = r"\"[ !#-%'-;=?-~]*+\""
ATTRIBUTES: Final = rf"(?: (?!r=)[A-Za-z0-9:]++={VALUE})*+"
FORMULA: Final = rf"(?:<f(?: [a-z0-9]++={VALUE})*+(?:/>|>{CHARACTERS}</f>))?+"
STYLE: Final = r'(?: s="([0-9]++)")?+'
TYPE: Final = r'(?: t="((?!inlineStr)[A-Za-z]++)")?+(?: cm="[0-9]++")?+'
CELL: Final = (
    rf'<c r="[A-Z]{{1,3}}+\1"(?:{STYLE}{TYPE}(?:/>|>{FORMULA}(?:<v>{CHARACTERS}</v>|<v ?/>)?+</c>)'
    rf'|{STYLE} t="inlineStr"><is>{OPEN_TEXT}{CHARACTERS}</t></is></c>)'
)
ROW: Final = rf'{SPACE}<row r="([1-9][0-9]{{0,6}}+)"{ATTRIBUTES}(?:/>|>(?:{CELL})*+{SPACE}</row>)'
REGULAR: Final = Regular("sheetData", "row", re.compile(rf"(?:{ROW})*+{SPACE}"))
"""Cells as Excel, LibreOffice and most libraries write them."""
CELL_OF: Final = (
    r'<c r="{}([0-9]+)"(?: s="([0-9]+)")?(?: t="([A-Za-z]+)")?(?: cm="[0-9]+")?'
    r"(?:/>|>(<f[^<>]*?(?:/>|>[^<]*</f>))?"
    r"(?:<v>([^<]*)</v>|<v ?/>|<is><t[^<>]*>([^<]*)</t></is>)?</c>)"
)
HIDDEN_ROW: Final = re.compile(r'<row r="([0-9]+)"(?=[^<>]* (?:hidden="(?:1|true)"|ht="0(?:\.0*)?"))[^<>]*>')
NO_HEIGHT: Final = re.compile(r"0(?:\.0*)?")
REFERENCE: Final = re.compile("([A-Z]{1,3})([0-9]+)")
LETTERS: Final = 26
MAX_ROWS: Final = 1_048_576
"""Of a sheet in Excel."""
INLINE: Final = "inlineStr"
UNCALCULATED: Final = "uncalculated"
"""The type of a formula without a result: Excel calculates it, the bot does not."""
TRUE: Final = frozenset({"1", "true"})

END: Final = re.compile(rb"</(?:\w+:)?sheetData\s*>")
SHEET_DATA: Final = b"sheetData"
END_BYTES: Final = 100
MERGED: Final = re.compile(
    rb"<(?:\w+:)?mergeCell\s[^>]*?\bref=[\"']([A-Z]{1,3})([0-9]{1,7}):([A-Z]{1,3})([0-9]{1,7})[\"']"
)
CONDITION: Final = re.compile(rb"<(?:\w+:)?cfRule\s[^>]*?\bdxfId=[\"']([0-9]+)[\"']")
OWN_FORMAT: Final = re.compile(rb"<(?:\w+:)?numFmt\s")

ColumnCell = tuple[int, str, str, str]
"""A cell of one column: its row, style, type and content."""


@dataclass(slots=True)
class RawRow:
    """A row's number (from 1), whether it is hidden, and its cells: column, style, type and content."""

    number: int
    is_hidden: bool
    cells: list[tuple[int, str, str, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Piece:
    """Some consecutive rows of a sheet."""

    last: int
    """The number of the last row; 0 if there is none."""
    column: Callable[[int], Sequence[ColumnCell]]
    rows: Callable[[], Sequence[RawRow]]
    hidden: frozenset[int]
    """Rows that a filter or a person hid."""


def read_pieces(file: IO[bytes], *, careful: bool = False) -> Iterator[Piece]:
    """Read a sheet; `careful` parses all of it, with the same result in more time."""
    handler = _Rows()
    for text in parse(file, handler, None if careful else REGULAR):
        if text:
            handler.number = int(text[text.rfind('<row r="') + 8 :].partition('"')[0])
            yield _regular_piece(text, handler.number)
        elif handler.rows:
            yield _parsed_piece(handler.take())


@dataclass(frozen=True, slots=True)
class Ending:
    """What follows a sheet's rows: it can hide cells, or show their numbers in another way."""

    xml: bytes

    def covered(self, column: int) -> frozenset[int]:
        """Return the rows in which this column's cell is merged into another: nobody sees it."""
        rows = set[int]()
        for left, top, right, bottom in MERGED.findall(self.xml):
            first, last = _number(left.decode()), _number(right.decode())
            if first <= column <= last:
                rows.update(range(int(top) + (first == column), min(int(bottom), MAX_ROWS) + 1))
        return frozenset(rows)

    def changes_numbers(self, formats: frozenset[int]) -> bool:
        """Return whether a condition can give numbers another format; `formats` are those that do."""
        conditions = map(int, CONDITION.findall(self.xml))
        return bool(OWN_FORMAT.search(self.xml)) or not formats.isdisjoint(conditions)


def read_ending(file: IO[bytes]) -> Ending:
    """Read what follows a sheet's rows."""
    before, ending = b"", list[bytes]()
    while chunk := file.read(CHUNK_BYTES):
        window = before + chunk
        if ending:
            ending.append(chunk)
        elif SHEET_DATA in window and (found := END.search(window)):  # the first is quick, the second is not
            ending.append(window[found.end() :])
        before = chunk[-END_BYTES:]
    return Ending(b"".join(ending))


def _regular_piece(text: str, last: int) -> Piece:
    may_hide = ' hidden="' in text or ' ht="0' in text
    hidden = map(int, HIDDEN_ROW.findall(text)) if may_hide else ()

    def column(number: int) -> list[ColumnCell]:
        found = _pattern(number).findall(text)
        if "&" in text or "<f" in text:
            return [
                (int(row), style, _type(kind, formula, value), without_entities(value or inline))
                for row, style, kind, formula, value, inline in found
            ]
        return [(int(row), style, kind, value or inline) for row, style, kind, _, value, inline in found]

    def rows() -> list[RawRow]:
        handler = _Rows()
        for _ in parse(io.BytesIO(f"<sheetData>{text}</sheetData>".encode()), handler):
            pass
        return handler.rows

    return Piece(last, column, rows, frozenset(hidden))


def _parsed_piece(rows: list[RawRow]) -> Piece:
    def column(number: int) -> list[ColumnCell]:
        return [(row.number, *cell[1:]) for row in rows for cell in row.cells if cell[0] == number]

    hidden = frozenset(row.number for row in rows if row.is_hidden)
    return Piece(rows[-1].number, column, lambda: rows, hidden)


def _type(kind: str, formula: object, value: str) -> str:
    return UNCALCULATED if formula and not value and kind != "str" else kind


@lru_cache
def _pattern(column: int) -> re.Pattern[str]:
    return re.compile(CELL_OF.format(letter(column)))


class _Rows:
    """Collects the rows of a sheet."""

    def __init__(self) -> None:
        self.rows: list[RawRow] = []
        self.number = 0
        self._is_data = False
        self._column = 0
        self._style = self._type = ""
        self._value: list[str] = []
        self._is_value = self._has_formula = False
        self._rich_text = RichText()

    def take(self) -> list[RawRow]:
        rows, self.rows = self.rows, []
        return rows

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if not self._is_data:
            self._is_data = name == "sheetData"
        elif name == "row":
            self.number = int(attributes.get("r", self.number + 1))
            self._column = 0
            is_flat = NO_HEIGHT.fullmatch(attributes.get("ht", ""))
            self._row = RawRow(self.number, attributes.get("hidden") in TRUE or bool(is_flat))
        elif name == "c":
            self._start_cell(attributes)
        else:
            self._is_value = name == "v"
            self._has_formula |= name == "f"
            self._rich_text.start(name)

    def end(self, name: str) -> None:
        if not self._is_data:
            return
        self._is_value = False
        self._rich_text.end(name)
        if name == "c":
            text, value = self._rich_text.take(), "".join(self._value)
            kind = _type(self._type, self._has_formula, value)
            self._row.cells.append((self._column, self._style, kind, text if kind == INLINE else value))
        elif name == "row":
            self.rows.append(self._row)
        self._is_data = name != "sheetData"

    def text(self, text: str) -> None:
        if self._is_value:
            self._value.append(text)
        self._rich_text.text(text)

    def _start_cell(self, attributes: dict[str, str]) -> None:
        self._column += 1
        if reference := attributes.get("r"):
            found = REFERENCE.fullmatch(reference)
            if not found or int(found[2]) != self.number:
                raise FileError(FileProblem.BROKEN)
            self._column = _number(found[1])
        self._style, self._type = attributes.get("s", ""), attributes.get("t", "")
        self._has_formula = False
        self._value.clear()


@lru_cache
def _number(letters: str) -> int:
    """Return a column's number, from 1."""
    number = 0
    for each in letters:
        number = number * LETTERS + ord(each) - ord("A") + 1
    return number
