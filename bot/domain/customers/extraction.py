"""Extracts customer ids from the cells of a column, and lists the rows without a usable id."""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Final, cast

from bot.domain.customers.cells import (
    LONGEST_WORD,
    NAMES,
    PLAIN,
    TIMESTAMP,
    TOTALS,
    WORDS,
    judge_bare,
    letters_of,
)
from bot.domain.customers.columns import DIGIT, MAIL, PHONE, STRONG, IdColumn, names_column
from bot.domain.customers.own_lists import own_header
from bot.domain.customers.parsing import MAX_LENGTH, bare
from bot.domain.customers.tables import Block, Row, cell, excerpt
from bot.domain.customers.uploads import TOLD, Doubt, DoubtfulIds, FileRead, RowProblem, UnreadableRow
from bot.domain.customers.usual_ids import UsualIds, usual_ids
from bot.domain.ids import CustomerId

LINE: Final = re.compile(r"[\W_]{3,}")
"""A row of dashes: above a total, or below the names of columns."""
SIGNS: Final = "-_"
"""Punctuation that is common inside ids."""
PLAIN_BYTES: Final = f"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789{SIGNS}".encode()
NORDIC: Final = "àáâãäåæçèéêëìíîïðñòóôõöøùúûüýþ"
ZEROS: Final = frozenset("0" * many for many in range(1, MAX_LENGTH + 1))
"""Spreadsheets write 0 for an id that they did not find."""
PLAIN_LETTERS: Final = frozenset(PLAIN_BYTES.decode() + NORDIC + NORDIC.upper())


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
class Doubts:
    """Collects the ids that may not have been meant as ids."""

    _counts: Counter[Doubt] = field(default_factory=Counter)
    _first: dict[Doubt, list[tuple[int, CustomerId]]] = field(default_factory=dict)

    def consider(self, row: int, customer: CustomerId) -> None:
        """Count an id if it looks like something else; the first ones are kept with their rows."""
        for why, looks_so in _LOOKS.items():
            if looks_so(customer):
                self._counts[why] += 1
                if self._counts[why] <= TOLD:
                    self._first.setdefault(why, []).append((row, customer))

    def found(self) -> tuple[DoubtfulIds, ...]:
        """Return them by kind."""
        return tuple(DoubtfulIds(why, self._counts[why], tuple(ids)) for why, ids in self._first.items())


_LOOKS: Final[dict[Doubt, Callable[[str], object]]] = {
    Doubt.MAIL: MAIL.fullmatch,
    Doubt.PHONE: PHONE.fullmatch,
    Doubt.SPACED: lambda customer: len(customer.split()) > 1,
}


class IdExtractor:
    """Extracts the ids of one list's column into `unique_ids`; lists at most `told` unreadable rows.

    `head` are the list's first rows: they show what its ids look like.
    """

    def __init__(
        self, id_column: IdColumn, head: Sequence[Row], unique_ids: UniqueIds, told: int = TOLD
    ) -> None:
        self._column = id_column
        self._unique_ids = unique_ids
        self._told = told
        rows = head[id_column.first - 1 :]
        self._width = max(map(len, rows), default=0)
        values = [cell(row, id_column.column.number) for row in rows]
        name = id_column.column.name if id_column.header else ""
        is_named = letters_of(name) in NAMES
        self._usual = (
            UsualIds(are_own=True)
            if own_header(head)
            else usual_ids(values, has_header=bool(name), has_id_name=is_named)
        )
        self._names = frozenset(filter(None, (name, self._usual.title)))
        """Values that are no ids: the column's name may come again."""
        self._no_ids = ZEROS | self._names
        self._next: RowProblem | None = None
        """Why the next ids are none: below a total may be its number, below other names another table."""
        self._found = self._odd = 0
        self._odd_rows: list[UnreadableRow] = []
        self._doubts = Doubts()

    def consume(self, first: int, block: Block) -> None:
        """Extract the ids of a block whose first row has this number."""
        values = block.values
        plain = not self._next and self._no_ids.isdisjoint(values) and _all_plain(values, self._usual)
        ids = cast("list[CustomerId]", values) if plain else self._checked(first, block)
        self._found += len(ids)
        self._unique_ids.add(ids)

    def skip(self, above: Sequence[Row]) -> None:
        """Name the rows above the first id that could have ids themselves, and not names of columns."""
        for row, cells in enumerate(above, start=1):
            text = bare(cell(cells, self._column.column.number))
            numbered = list(filter(DIGIT.search, map(bare, cells)))
            if row == self._column.header and names_column(text):
                if numbered and len(cells) > self._width:  # the first row of values is on the same line
                    self._leave_out(row, RowProblem.MISFIT, "", cells)
                continue
            judged = [judge_bare(one) for one in ([text] if text else numbered)]
            if any(one is RowProblem.RESERVED or not isinstance(one, RowProblem) for one in judged):
                self._leave_out(row, RowProblem.HEADER, text, cells)

    def read(self, *, sheet: str = "") -> FileRead:
        """Return what was found."""
        return FileRead(
            found=self._found,
            column=self._column.column,
            header=self._column.header,
            sheet=sheet,
            odd=self._odd,
            odd_rows=tuple(self._odd_rows),
            doubtful=self._doubts.found(),
        )

    def _checked(self, first: int, block: Block) -> list[CustomerId]:
        """Extract the ids value by value, where some are not plain."""
        ids: list[CustomerId] = []
        rows = cache(block.rows)
        for at, value in enumerate(block.values):
            if PLAIN(value) and value not in self._names and not self._next:
                ids.append(CustomerId(value))
                continue
            text = bare(value)
            is_name = text in self._names
            judged = block.problems.get(at) or (RowProblem.HEADER if is_name else self._usual.judge(text))
            if isinstance(judged, RowProblem):
                self._leave_out(first + at, judged, text, rows()[at])
                self._look_ahead(judged, text, rows()[at], is_first=not (ids or self._found))
            elif self._next and (problem := self._next_problem(first + at, text)):
                self._leave_out(first + at, problem, text, rows()[at])
            else:
                ids.append(judged)
                self._doubts.consider(first + at, judged)
        return ids

    def _look_ahead(self, judged: RowProblem, text: str, cells: Row, *, is_first: bool) -> None:
        """Note when a row without an id says that those below it are none either."""
        if self._usual.are_own:
            return
        if text in self._names or letters_of(text) in STRONG:
            self._next = None
        elif is_first or self._next is RowProblem.MISFIT or any(map(DIGIT.search, cells)):
            return
        elif names_column(text) and (
            judged is RowProblem.HEADER
            or (judged is RowProblem.UNLIKE and sum(map(bool, map(bare, cells))) > 1)
        ):
            self._next = RowProblem.MISFIT
        elif letters_of(text) in TOTALS or LINE.fullmatch(text):
            self._next = RowProblem.TOTAL

    def _next_problem(self, row: int, text: str) -> RowProblem | None:
        """Return why an id is none, because of the rows above it."""
        if self._next is RowProblem.MISFIT:
            return self._next
        self._next = None
        return RowProblem.TOTAL if text.isdecimal() and int(text) <= row else None

    def _leave_out(self, row: int, problem: RowProblem, text: str, cells: Row) -> None:
        filled = [value for each in cells if (value := bare(each))]
        if problem is RowProblem.EMPTY and not filled:
            return
        self._odd += 1
        if len(self._odd_rows) < self._told:
            self._odd_rows.append(UnreadableRow(row, problem, excerpt(text or " · ".join(filled))))


def _all_plain(values: Sequence[str], usual: UsualIds) -> bool:
    """Check in one go whether all values are ids as they are; may return False too often."""
    lengths = set(map(len, values))
    if not values or 0 in lengths or max(lengths) > MAX_LENGTH:
        return False
    joined, first_letters = "".join(values), {value[0] for value in values}
    if joined.isascii():
        has_others = bool(joined.encode().translate(None, PLAIN_BYTES))
    else:
        has_others = not PLAIN_LETTERS.issuperset(joined)
    if has_others or not first_letters.isdisjoint(SIGNS):
        return False
    if "T" in joined and TIMESTAMP.search(joined):
        return False
    if joined.isdigit() or min(lengths) > LONGEST_WORD:
        return True
    if "-" in joined:
        return False
    words = [value for value in values if not DIGIT.search(value)] if usual.have_digits else values
    return WORDS.isdisjoint(word.casefold().replace("_", "") for word in words) and (
        not usual.have_digits or all(map(usual.fits, words))
    )
