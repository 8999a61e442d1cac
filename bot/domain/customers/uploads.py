"""The files that a person puts into the form, and the results of reading them."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from bot.domain.customers.packing import NOBODY, PackedIds
from bot.domain.ids import CustomerId, FileId

MOST_FILES: Final = 10
"""Slack's limit for one input."""
MOST_BYTES: Final = 100 * 1024 * 1024
"""Of one file. A form takes 10 MB; people paste links to larger files."""
TOLD: Final = 20
"""Unreadable rows shown with a file."""
MOST_ODD: Final = 10_000
"""Unreadable rows in the file of all of them; with more, it is the wrong file."""
MOST_IDS: Final = 1_000_000
"""Of all files and the typed ids together."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A file by Slack's id; `column` is the number (from 1) of the column that the person chose, if any."""

    id: FileId
    name: str
    column: int | None = None


class FileProblem(StrEnum):
    """Why a file cannot be read."""

    NOT_FOUND = "not_found"
    NOT_YOURS = "not_yours"
    """Somebody else uploaded it, and it is not shared in the request's channel."""
    ELSEWHERE = "elsewhere"
    """Slack has only its address, not its content."""
    NOT_FETCHED = "not_fetched"
    NO_SCOPE = "no_scope"
    TOO_BIG = "too_big"
    TOO_MANY_FILES = "too_many_files"
    TOO_MANY_IDS = "too_many_ids"
    EMPTY = "empty"
    NO_ID = "no_id"
    SHORTENED = "shortened"
    KIND = "kind"
    OLD_EXCEL = "old_excel"
    ENCRYPTED = "encrypted"
    BROKEN = "broken"
    NO_TEXT = "no_text"
    """It contains bytes that no text has, such as NUL."""
    CODE = "code"
    """A web page, JSON, SQL, a program or another format, saved as a text."""
    LONG_LINE = "long_line"
    ONE_LINE = "one_line"
    SEPARATOR = "separator"
    """Several signs could separate its columns, and each gives other ids."""
    BOMB = "bomb"
    """It unpacks to far more than its size."""
    NO_COLUMN = "no_column"
    TOO_HEAVY = "too_heavy"
    """The process that read it ran out of memory or time, or died."""


class RowProblem(StrEnum):
    """Why a row gives no customer id."""

    EMPTY = "empty"
    """The row has content, but its id cell is empty."""
    TOO_LONG = "too_long"
    HIDDEN = "hidden"
    SHORTENED = "shortened"
    """A spreadsheet shortened the number, such as 1.23457E+11: its digits are lost."""
    SEVERAL = "several"
    RESERVED = "reserved"
    ERROR = "error"
    """A spreadsheet error, such as #N/A."""
    NOTHING = "nothing"
    """A word for no value, such as NULL, or signs alone."""
    HEADER = "header"
    """The name of a column, among the ids."""
    TOTAL = "total"
    FORMATTED = "formatted"
    """A number with signs between its digits, a date or a time: the id behind it is a guess."""
    CODE = "code"
    """Markup, JSON, SQL, a formula or a list's bullet."""
    LINK = "link"
    QUOTE = "quote"
    """A quote that is not closed, or in the middle."""
    MISFIT = "misfit"
    """The row has more cells than its table, or a quote spans it: the id may be in another cell."""
    ENCODING = "encoding"
    """Letters that another encoding has damaged."""


@dataclass(frozen=True, slots=True)
class UnreadableRow:
    """A row without a usable id, numbered from 1 as in a spreadsheet."""

    row: int
    why: RowProblem
    text: str = ""
    """The start of the cell, or of the whole row if the cell is empty."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column by its number (from 1), with its name (may be empty) and first values."""

    number: int
    name: str = ""
    samples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRead:
    """The result of one file. `odd` counts the rows without a usable id; `odd_rows` are the first of them."""

    name: str = ""
    found: int
    column: Column
    header: int = 0
    """The row with the column names; 0 if there is none."""
    sheet: str = ""
    odd: int = 0
    odd_rows: tuple[UnreadableRow, ...] = ()
    mails: int = 0
    phones: int = 0
    spaced: tuple[CustomerId, ...] = ()


@dataclass(frozen=True, slots=True)
class BadFile:
    """A file that cannot be read."""

    name: str
    why: FileProblem


@dataclass(frozen=True, slots=True)
class AmbiguousFile:
    """A file in which several columns could hold the ids."""

    upload: Upload
    columns: tuple[Column, ...]


@dataclass(frozen=True, slots=True)
class ReadResult:
    """The ids of the typed text and all files, or the problems found; `repeated` counts repeated ids."""

    everybody: PackedIds = NOBODY
    repeated: int = 0
    files: tuple[FileRead, ...] = ()
    bad: tuple[BadFile, ...] = ()
    unclear: tuple[AmbiguousFile, ...] = ()
