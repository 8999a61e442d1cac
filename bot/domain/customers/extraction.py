"""Extracts customer ids from the cells of a column, and lists the rows without a usable id."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, cast

from bot.domain.customers.cells import LONGEST_WORD, PLAIN, WORDS, judge
from bot.domain.customers.columns import MAIL, PHONE, IdColumn
from bot.domain.customers.parsing import MAX_LENGTH, bare
from bot.domain.customers.tables import Block, Row, cell, excerpt
from bot.domain.customers.uploads import (
    TOLD,
    Doubt,
    DoubtfulIds,
    FileRead,
    RowProblem,
    UnreadableRow,
)
from bot.domain.ids import CustomerId

SIGNS: Final = "-_"
"""Punctuation that is common inside ids."""
PLAIN_BYTES: Final = f"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789{SIGNS}".encode()
NORDIC: Final = "àáâãäåæçèéêëìíîïðñòóôõöøùúûüýþ"
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


@dataclass(slots=True)
class IdExtractor:
    """Extracts the ids of one file's column into `unique_ids`; lists at most `told` unreadable rows."""

    id_column: IdColumn
    unique_ids: UniqueIds
    told: int = TOLD
    _found: int = 0
    _odd: int = 0
    _odd_rows: list[UnreadableRow] = field(default_factory=list)
    _doubts: Doubts = field(default_factory=Doubts)

    @property
    def _name(self) -> str:
        """The column's name, which may come again among the ids."""
        return self.id_column.column.name if self.id_column.header else ""

    def consume(self, first: int, block: Block) -> None:
        """Extract the ids of a block whose first row has this number."""
        plain = _all_plain(block.values) and self._name not in block.values
        ids = cast("list[CustomerId]", block.values) if plain else self._checked(first, block)
        self._found += len(ids)
        self.unique_ids.add(ids)

    def skip(self, above: Sequence[Row]) -> None:
        """Name the cells above the first id that could be ids themselves, and not names of a column."""
        for row, cells in enumerate(above, start=1):
            text = bare(cell(cells, self.id_column.column.number))
            if not isinstance(judge(text), RowProblem):
                self._leave_out(row, RowProblem.HEADER, text, cells)

    def read(self, *, sheet: str = "") -> FileRead:
        """Return what was found."""
        return FileRead(
            found=self._found,
            column=self.id_column.column,
            header=self.id_column.header,
            sheet=sheet,
            odd=self._odd,
            odd_rows=tuple(self._odd_rows),
            doubtful=self._doubts.found(),
        )

    def _checked(self, first: int, block: Block) -> list[CustomerId]:
        """Extract the ids value by value, where some are not plain."""
        ids: list[CustomerId] = []
        rows: Sequence[Row] = ()
        name = self._name
        for at, value in enumerate(block.values):
            if PLAIN(value) and value != name:
                ids.append(CustomerId(value))
                continue
            name_again = bool(name) and bare(value) == name
            judged = block.problems.get(at) or (RowProblem.HEADER if name_again else judge(value))
            if isinstance(judged, RowProblem):
                rows = rows or block.rows()
                self._leave_out(first + at, judged, bare(value), rows[at])
                continue
            ids.append(judged)
            self._doubts.consider(first + at, judged)
        return ids

    def _leave_out(self, row: int, problem: RowProblem, text: str, cells: Row) -> None:
        filled = [value for each in cells if (value := bare(each))]
        if problem is RowProblem.EMPTY and not filled:
            return
        self._odd += 1
        if len(self._odd_rows) < self.told:
            self._odd_rows.append(UnreadableRow(row, problem, excerpt(text or " · ".join(filled))))


def _all_plain(values: Sequence[str]) -> bool:
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
    if min(lengths) > LONGEST_WORD:
        return True
    if "-" in joined:
        return False
    return joined.isdigit() or WORDS.isdisjoint(value.casefold().replace("_", "") for value in values)
