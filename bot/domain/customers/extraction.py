"""Extracts customer ids from the cells of a column, and lists the rows without a usable id."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, cast

from bot.domain.customers.columns import ERROR, LONGEST_SHORTENED, MAIL, PHONE, SEVERAL, SHORTENED, IdColumn
from bot.domain.customers.parsing import MAX_LENGTH, RESERVED, bare, legible
from bot.domain.customers.tables import Block, Row, unescape_formula
from bot.domain.customers.uploads import TOLD, FileRead, RowProblem, UnreadableRow
from bot.domain.ids import CustomerId

SIGNS: Final = "-_:"
"""Punctuation that is common inside ids."""
PLAIN: Final = re.compile(
    rf"(?![0-9]+[Ee]-[0-9]+\Z)[A-Za-z0-9_][A-Za-z0-9_:-]{{0,{MAX_LENGTH - 1}}}"
).fullmatch
"""Matches a value that is an id as it is, with nothing to strip or check: most are."""
PLAIN_BYTES: Final = f"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789{SIGNS}".encode()
NO_SIGNS: Final = str.maketrans("", "", SIGNS)
KEPT_LITERAL: Final = re.compile(r'="([^"]*)"')
"""How exports protect a number from the spreadsheet; the id is inside the quotes."""
PROBLEMS: Final[tuple[tuple[RowProblem, Callable[[str], object]], ...]] = (
    (RowProblem.EMPTY, lambda text: not text),
    (RowProblem.TOO_LONG, lambda text: len(text) > MAX_LENGTH),
    (RowProblem.RESERVED, RESERVED.__contains__),
    (RowProblem.HIDDEN, lambda text: not legible(text)),
    (RowProblem.SHORTENED, SHORTENED.fullmatch),
    (RowProblem.ERROR, ERROR.fullmatch),
)
"""Why a text is no id; the first that applies counts."""
LONGEST_TEXT: Final = 200
"""Characters kept of an unreadable row."""


@dataclass(frozen=True, slots=True)
class UniqueIds:
    """The ids of the input and of all files, each once and in order; passes new ids on."""

    hand_on: Callable[[list[CustomerId]], object]
    _known: set[CustomerId] = field(default_factory=set)

    def __len__(self) -> int:
        """Count them."""
        return len(self._known)

    def add(self, ids: list[CustomerId]) -> None:
        """Add ids, of which some may be known."""
        known, before = self._known, len(self._known)
        new = ids if known.isdisjoint(ids) else [one for one in ids if one not in known]
        known.update(new)
        self.hand_on(new if len(known) - before == len(new) else list(dict.fromkeys(new)))


@dataclass(slots=True)
class IdExtractor:
    """Extracts the ids of one file's column into `unique_ids`; lists at most `told` unreadable rows."""

    id_column: IdColumn
    unique_ids: UniqueIds
    told: int = TOLD
    _found: int = 0
    _odd: int = 0
    _odd_rows: list[UnreadableRow] = field(default_factory=list)
    _mails: int = 0
    _phones: int = 0
    _spaced: list[CustomerId] = field(default_factory=list)

    def consume(self, first: int, block: Block) -> None:
        """Extract the ids of a block whose first row has this number."""
        plain = _all_plain(block.values)
        ids = cast("list[CustomerId]", block.values) if plain else self._checked(first, block)
        self._found += len(ids)
        self.unique_ids.add(ids)

    def read(self, *, sheet: str = "") -> FileRead:
        """Return what was found."""
        return FileRead(
            found=self._found,
            column=self.id_column.column,
            header=self.id_column.header,
            sheet=sheet,
            odd=self._odd,
            odd_rows=tuple(self._odd_rows),
            mails=self._mails,
            phones=self._phones,
            spaced=tuple(self._spaced),
        )

    def _checked(self, first: int, block: Block) -> list[CustomerId]:
        """Extract the ids value by value, where some are not plain."""
        ids: list[CustomerId] = []
        rows: Sequence[Row] = ()
        for at, value in enumerate(block.values):
            if PLAIN(value):
                ids.append(CustomerId(value))
                continue
            text = customer_in(value)
            if problem := block.problems.get(at) or self._problem(text):
                rows = rows or block.rows()
                self._leave_out(first + at, problem, text, rows[at])
                continue
            ids.append(CustomerId(text))
            self._mails += MAIL.fullmatch(text) is not None
            self._phones += PHONE.fullmatch(text) is not None
            if " " in text and len(self._spaced) < TOLD:
                self._spaced.append(CustomerId(text))
        return ids

    def _leave_out(self, row: int, problem: RowProblem, text: str, cells: Row) -> None:
        filled = [value for each in cells if (value := bare(each))]
        if problem is RowProblem.EMPTY and not filled:
            return
        self._odd += 1
        if len(self._odd_rows) < self.told:
            shown = (text or " · ".join(filled))[:LONGEST_TEXT]
            self._odd_rows.append(UnreadableRow(row, problem, shown))

    def _problem(self, text: str) -> RowProblem | None:
        found = next((problem for problem, applies in PROBLEMS if applies(text)), None)
        several = self.id_column.alone and SEVERAL.search(text)
        return found or (RowProblem.SEVERAL if several else None)


def customer_in(value: str) -> str:
    """Strip everything around the id in a cell."""
    literal = KEPT_LITERAL.fullmatch(value.strip())
    return bare(literal[1] if literal else unescape_formula(value))


def _all_plain(values: Sequence[str]) -> bool:
    """Check in one go whether all values are plain; may return False too often."""
    joined, lengths = "".join(values), set(map(len, values))
    if not values or 0 in lengths or max(lengths) > MAX_LENGTH:
        return False
    if "-" in joined and min(lengths) <= LONGEST_SHORTENED:
        return False
    if joined.isascii():
        return not joined.encode().translate(None, PLAIN_BYTES)
    return joined.translate(NO_SIGNS).isalnum()
