"""Cells of a column → customer ids, quickly where nothing is odd; what cannot be read is told by its row."""

import re
from collections.abc import Callable, Sequence
from typing import Final, cast

from bot.domain.customers.columns import ERROR, LONGEST_SHORTENED, MAIL, PHONE, SEVERAL, SHORTENED, IdColumn
from bot.domain.customers.parsing import MAX_LENGTH, RESERVED, bare, legible
from bot.domain.customers.tables import Block, Row
from bot.domain.customers.uploads import TOLD, FileRead, RowProblem, UnreadableRow
from bot.domain.ids import CustomerId

SIGNS: Final = "-_:"
"""Signs that stand in many ids."""
PLAIN: Final = re.compile(
    rf"(?![0-9]+[Ee]-[0-9]+\Z)[A-Za-z0-9_][A-Za-z0-9_:-]{{0,{MAX_LENGTH - 1}}}"
).fullmatch
"""Finds a value about which nothing has to be looked at, and from which nothing is taken off: most are like this."""
PLAIN_BYTES: Final = f"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789{SIGNS}".encode()
NO_SIGNS: Final = str.maketrans("", "", SIGNS)
KEPT_LITERAL: Final = re.compile(r'="([^"]*)"')
"""How exports keep a spreadsheet from changing a number: no formula, and taken as what stands inside."""
LONGEST_TEXT: Final = 200
"""Characters that are kept of what stood in an odd row."""


class UniqueIds:
    """The ids of what was typed and of all files, each once and in their order; whoever is new is handed on."""

    def __init__(self, hand_on: Callable[[list[CustomerId]], object]) -> None:
        self._known: set[CustomerId] = set()
        self._hand_on = hand_on

    def __len__(self) -> int:
        """Count them."""
        return len(self._known)

    def add(self, ids: list[CustomerId]) -> None:
        """Take some more, of which some may be known."""
        known, before = self._known, len(self._known)
        new = ids if known.isdisjoint(ids) else [one for one in ids if one not in known]
        known.update(new)
        self._hand_on(new if len(known) - before == len(new) else list(dict.fromkeys(new)))


class IdExtractor:
    """Takes the ids out of one file's column, and adds them to everybody else; `told` odd rows are named."""

    def __init__(self, id_column: IdColumn, unique_ids: UniqueIds, *, told: int = TOLD) -> None:
        self._id_column = id_column
        self._unique_ids = unique_ids
        self._told = told
        self._found = 0
        self._odd = 0
        self._odd_rows: list[UnreadableRow] = []
        self._mails = 0
        self._phones = 0
        self._spaced: list[CustomerId] = []

    def consume(self, first: int, block: Block) -> None:
        """Take the ids of some rows, of which the first has this number."""
        ids = (
            cast("list[CustomerId]", block.values) if _plain(block.values) else self._looked_at(first, block)
        )
        self._found += len(ids)
        self._unique_ids.add(ids)

    def read(self, *, sheet: str = "") -> FileRead:
        """Say what was found."""
        return FileRead(
            found=self._found,
            column=self._id_column.column,
            header=self._id_column.header,
            sheet=sheet,
            odd=self._odd,
            odd_rows=tuple(self._odd_rows),
            mails=self._mails,
            phones=self._phones,
            spaced=tuple(self._spaced),
        )

    def _looked_at(self, first: int, block: Block) -> list[CustomerId]:
        """Look at each value that is not plain."""
        ids: list[CustomerId] = []
        rows: Sequence[Row] = ()
        for at, value in enumerate(block.values):
            if PLAIN(value):
                ids.append(CustomerId(value))
                continue
            one = _bare(value)
            if why := self._why_odd(one):
                rows = rows or block.rows()
                self._leave_out(first + at, why, one, rows[at])
            else:
                ids.append(self._noted(one))
        return ids

    def _noted(self, one: str) -> CustomerId:
        """Count what an id looks like beside."""
        self._mails += MAIL.fullmatch(one) is not None
        self._phones += PHONE.fullmatch(one) is not None
        if " " in one and len(self._spaced) < TOLD:
            self._spaced.append(CustomerId(one))
        return CustomerId(one)

    def _leave_out(self, row: int, why: RowProblem, one: str, cells: Row) -> None:
        filled = [text for each in cells if (text := bare(each))]
        if why is RowProblem.EMPTY and not filled:
            return
        self._odd += 1
        if len(self._odd_rows) < self._told:
            self._odd_rows.append(UnreadableRow(row, why, (one or " · ".join(filled))[:LONGEST_TEXT]))

    def _why_odd(self, one: str) -> RowProblem | None:
        if not one:
            return RowProblem.EMPTY
        if len(one) > MAX_LENGTH:
            return RowProblem.TOO_LONG
        if one in RESERVED:
            return RowProblem.RESERVED
        if not legible(one):
            return RowProblem.HIDDEN
        if SHORTENED.fullmatch(one):
            return RowProblem.SHORTENED
        if ERROR.fullmatch(one):
            return RowProblem.ERROR
        return RowProblem.SEVERAL if self._id_column.alone and SEVERAL.search(one) else None


def _bare(value: str) -> str:
    literal = KEPT_LITERAL.fullmatch(value.strip())
    return bare(literal[1] if literal else value)


def _plain(values: Sequence[str]) -> bool:
    """Say whether every one of these values is plain; this looks at all of them at once, and may say no too often."""
    joined, lengths = "".join(values), set(map(len, values))
    if not values or 0 in lengths or max(lengths) > MAX_LENGTH:
        return False
    if "-" in joined and min(lengths) <= LONGEST_SHORTENED:
        return False
    return (
        not joined.encode().translate(None, PLAIN_BYTES)
        if joined.isascii()
        else joined.translate(NO_SIGNS).isalnum()
    )
