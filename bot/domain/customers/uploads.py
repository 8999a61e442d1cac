"""The files that a person puts into the form, and what was read in them; knows neither where a file is kept nor its format."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from bot.domain.customers.packing import NOBODY, PackedIds
from bot.domain.ids import CustomerId, FileId

MOST_FILES: Final = 10
"""Slack's limit for one input."""
MOST_BYTES: Final = 100 * 1024 * 1024
"""Of one file; into a form Slack lets 10 MB, and what is larger is linked."""
TOLD: Final = 20
"""Odd rows of a file that are told with it."""
MOST_ODD: Final = 10_000
"""The same where somebody wants to see them all: whoever has more has put in the wrong file."""
MOST_IDS: Final = 1_000_000
"""Of all files and what was typed, together."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A file, by Slack's id; `column` is the one that the person chose, from 1, where that had to be asked."""

    id: FileId
    name: str
    column: int | None = None


class FileProblem(StrEnum):
    """Why a file cannot be read at all."""

    NOT_FOUND = "not_found"
    NOT_YOURS = "not_yours"
    """Somebody else put it into Slack, and it is not shared where the request is made."""
    ELSEWHERE = "elsewhere"
    """Slack only knows where it is, and has not got it."""
    NOT_FETCHED = "not_fetched"
    """Slack did not hand it over, or not all of it."""
    NO_SCOPE = "no_scope"
    """Slack does not let the bot read files."""
    TOO_BIG = "too_big"
    TOO_MANY_FILES = "too_many_files"
    TOO_MANY_IDS = "too_many_ids"
    EMPTY = "empty"
    NO_ID = "no_id"
    """None of its rows has a usable id."""
    SHORTENED = "shortened"
    """All of its ids are numbers that a spreadsheet shortened."""
    KIND = "kind"
    """It is none of the kinds that can be read."""
    OLD_EXCEL = "old_excel"
    ENCRYPTED = "encrypted"
    BROKEN = "broken"
    """It is damaged, or was cut off."""
    NO_TEXT = "no_text"
    """It holds bytes that stand in no text, a NUL among them."""
    LONG_LINE = "long_line"
    ONE_LINE = "one_line"
    """Everything stands on one line."""
    BOMB = "bomb"
    """It unpacks to far more than it is."""
    NO_COLUMN = "no_column"
    """The column that was chosen is not there."""
    TOO_HEAVY = "too_heavy"
    """Whoever read it ran out of memory or time, or died."""


class RowProblem(StrEnum):
    """Why a row gives no customer id."""

    EMPTY = "empty"
    """The row has something in it, but nothing where its id should be."""
    TOO_LONG = "too_long"
    HIDDEN = "hidden"
    """A hidden character stands inside."""
    SHORTENED = "shortened"
    """A spreadsheet has written the number as 1.23457E+11, or with a fraction: which it was, nobody can say."""
    SEVERAL = "several"
    """Several things stand in the one cell."""
    RESERVED = "reserved"
    """One of Dintero's words for everyone."""
    ERROR = "error"
    """A spreadsheet's own error, such as #N/A."""


@dataclass(frozen=True, slots=True)
class UnreadableRow:
    """A row that gave no id, numbered from 1 as a spreadsheet does."""

    row: int
    why: RowProblem
    text: str = ""
    """The beginning of what stood there: in the cell, or where that is empty in the whole row."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column by its number from 1, with its name (empty where it has none) and its first values."""

    number: int
    name: str = ""
    samples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRead:
    """What was found in one file. `odd` counts the rows without a usable id, of which `odd_rows` are the first."""

    name: str = ""
    found: int
    column: Column
    header: int = 0
    """The row with the names of the columns; 0 where there is none."""
    sheet: str = ""
    odd: int = 0
    odd_rows: tuple[UnreadableRow, ...] = ()
    mails: int = 0
    """How many ids look like e-mail addresses."""
    phones: int = 0
    """How many look like telephone numbers."""
    spaced: tuple[CustomerId, ...] = ()
    """The first ids with a space inside."""


@dataclass(frozen=True, slots=True)
class BadFile:
    """A file that cannot be read."""

    name: str
    why: FileProblem


@dataclass(frozen=True, slots=True)
class AmbiguousFile:
    """A file of which more than one column could be meant."""

    upload: Upload
    columns: tuple[Column, ...]


@dataclass(frozen=True, slots=True)
class ReadResult:
    """What came of reading: the ids of what was typed and of all files, or what is in the way; `repeated` counts what came again."""

    everybody: PackedIds = NOBODY
    repeated: int = 0
    files: tuple[FileRead, ...] = ()
    bad: tuple[BadFile, ...] = ()
    unclear: tuple[AmbiguousFile, ...] = ()
