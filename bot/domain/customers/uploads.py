"""The files that a person puts into the form, and the results of reading them."""

from dataclasses import dataclass, replace
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
NO_COLUMN: Final = 0
NO_ROW: Final = 0
MOST_IDS: Final = 1_000_000
"""Of all files and the typed ids together."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A file by Slack's id, and what the person chose where the file was not clear."""

    id: FileId
    name: str
    column: int | None = None
    """The number of the column of ids, from 1; `NO_COLUMN` for none of those offered."""
    sheet: int = 0
    """The number of the column's sheet, from 1; 0 in a text."""
    hidden: bool | None = None
    """Whether hidden rows count."""

    def with_choices_of(self, earlier: "Upload") -> "Upload":
        """Take the choices from an earlier version, where this one has none."""
        chosen = earlier if self.column is None else self
        hidden = earlier.hidden if self.hidden is None else self.hidden
        return replace(self, column=chosen.column, sheet=chosen.sheet, hidden=hidden)


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
    UNCERTAIN = "uncertain"
    KIND = "kind"
    OTHER_WORKBOOK = "other_workbook"
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
    NONE_CHOSEN = "none_chosen"
    """None of its columns has the ids, as the person said."""
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
    UNCERTAIN = "uncertain"
    """It is not certain what the spreadsheet shows: a date, TRUE, an uncommon format, a merged cell."""
    SEVERAL = "several"
    RESERVED = "reserved"
    ERROR = "error"
    """A spreadsheet error, such as #N/A."""
    HIDDEN_ROW = "hidden_row"
    """The sheet hides the row, and the person chose to leave such rows out."""
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
    UNLIKE = "unlike"
    """A word or several, where the other ids have digits: a footer, a title, a remark."""
    ENCODING = "encoding"
    """Letters that another encoding has damaged."""


@dataclass(frozen=True, slots=True)
class UnreadableRow:
    """A row without a usable id, numbered from 1 as in a spreadsheet."""

    row: int
    why: RowProblem
    text: str = ""
    """The start of the cell, or of the whole row if the cell is empty."""


class Doubt(StrEnum):
    """Why an id may not have been meant."""

    MAIL = "mail"
    PHONE = "phone"
    SPACED = "spaced"
    """It has a space inside, and may be several ids."""
    NOT_LEFT = "not_left"
    """It does not count: the request whose remainder this is did not leave it out."""
    REFUSED = "refused"
    """It does not count: Dintero refused it, and nobody chose to ask for it again."""


@dataclass(frozen=True, slots=True)
class DoubtfulIds:
    """Ids that were read; `first` are the first of them, with their rows (or `NO_ROW`)."""

    why: Doubt
    count: int
    first: tuple[tuple[int, CustomerId], ...]


@dataclass(frozen=True, slots=True)
class Column:
    """A column by its number (from 1), with its name (may be empty) and first values."""

    number: int
    name: str = ""
    samples: tuple[str, ...] = ()
    sheet: int = 0
    """The number of its sheet, from 1; 0 in a text."""
    sheet_name: str = ""
    """The name of its sheet, if there are several."""
    is_hidden: bool = False
    """Whether its sheet hides it, or is hidden itself."""


@dataclass(frozen=True, slots=True)
class OtherSheet:
    """A sheet that was not read."""

    name: str
    rows: int
    is_hidden: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRead:
    """The result of one file, or of pasted text, which has no name.

    `odd` counts the rows without a usable id; `odd_rows` are the first of them.
    """

    name: str = ""
    found: int
    column: Column
    header: int = 0
    """The row with the column names; 0 if there is none."""
    sheet: str = ""
    other_sheets: tuple[OtherSheet, ...] = ()
    """The sheets that have something in them and were not read."""
    hidden: int = 0
    """Rows with an id that the sheet hides, and that count, as the person chose."""
    request: str = ""
    """The short ids in the column `request`, apart by spaces: this is the bot's list for these requests."""
    odd: int = 0
    odd_rows: tuple[UnreadableRow, ...] = ()
    doubtful: tuple[DoubtfulIds, ...] = ()


@dataclass(frozen=True, slots=True)
class BadFile:
    """A file that cannot be read."""

    name: str
    why: FileProblem


@dataclass(frozen=True, slots=True)
class AmbiguousFile:
    """A file in which several columns could hold the ids, or with ids in so many hidden rows."""

    upload: Upload
    columns: tuple[Column, ...] = ()
    hidden: int = 0


@dataclass(frozen=True, slots=True)
class ReadResult:
    """The ids of the typed text and all files, or the problems found; `repeated` counts repeated ids."""

    everybody: PackedIds = NOBODY
    repeated: int = 0
    files: tuple[FileRead, ...] = ()
    bad: tuple[BadFile, ...] = ()
    unclear: tuple[AmbiguousFile, ...] = ()
