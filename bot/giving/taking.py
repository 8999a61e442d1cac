"""Rows of a table → customer ids, quickly where nothing is odd; what cannot be read is told by its row."""

import re
from collections.abc import Sequence
from typing import Final

from bot.giving.columns import ERROR, MAIL, PHONE, SEVERAL, SHORTENED, Place, Row, cell
from bot.giving.customers import MAX_LENGTH, RESERVED, bare, legible
from bot.giving.ids import CustomerId
from bot.giving.uploads import FileRead, Odd, OddRow

HYPHENS: Final = {ord("-"): None, ord("_"): None}
KEPT_LITERAL: Final = re.compile(r'="([^"]*)"')
"""How exports keep a spreadsheet from changing a number: no formula, and taken as what stands inside."""
TOLD: Final = 20
"""Odd rows that are named, and ids with a space inside."""


class Taking:
    """Takes the ids out of one file's rows into `ids`, which other files have filled before, each once and in their order."""

    def __init__(self, place: Place, ids: dict[str, None]) -> None:
        self._place = place
        self._ids = ids
        self._found = 0
        self._odd = 0
        self._odd_rows: list[OddRow] = []
        self._mails = 0
        self._phones = 0
        self._spaced: list[CustomerId] = []

    def take(self, first: int, rows: Sequence[Row]) -> None:
        """Take the ids of some rows, of which the first has this number."""
        at = self._place.column.number - 1
        values = [row[at] if len(row) > at else "" for row in rows]
        if _plain(values):
            self._found += len(values)
            self._ids.update(dict.fromkeys(values))
            return
        for number, (value, row) in enumerate(zip(values, rows, strict=True), start=first):
            self._take_one(number, value, row)

    def read(self, *, sheet: str = "") -> FileRead:
        """Say what was found."""
        return FileRead(
            found=self._found,
            column=self._place.column,
            header=self._place.header,
            sheet=sheet,
            odd=self._odd,
            odd_rows=tuple(self._odd_rows),
            mails=self._mails,
            phones=self._phones,
            spaced=tuple(self._spaced),
        )

    def _take_one(self, number: int, value: str, row: Row) -> None:
        literal = KEPT_LITERAL.fullmatch(value.strip())
        one = bare(literal[1] if literal else value)
        why = self._why_odd(one)
        if why is None:
            self._keep(one)
        elif why is not Odd.EMPTY or any(bare(cell(row, at)) for at in range(1, len(row) + 1)):
            self._odd += 1
            if len(self._odd_rows) < TOLD:
                self._odd_rows.append(OddRow(number, why))

    def _keep(self, one: str) -> None:
        self._found += 1
        self._ids[one] = None
        self._mails += MAIL.fullmatch(one) is not None
        self._phones += PHONE.fullmatch(one) is not None
        if " " in one and len(self._spaced) < TOLD:
            self._spaced.append(CustomerId(one))

    def _why_odd(self, one: str) -> Odd | None:
        if not one:
            return Odd.EMPTY
        if len(one) > MAX_LENGTH:
            return Odd.TOO_LONG
        if one in RESERVED:
            return Odd.RESERVED
        if not legible(one):
            return Odd.HIDDEN
        if SHORTENED.fullmatch(one):
            return Odd.SHORTENED
        if ERROR.fullmatch(one):
            return Odd.ERROR
        return Odd.SEVERAL if self._place.alone and SEVERAL.search(one) else None


def _plain(values: Sequence[str]) -> bool:
    """Say whether nothing about these values has to be looked at: they are as long as ids, and of letters, digits and hyphens alone."""
    joined = "".join(values)
    return (joined.isalnum() or joined.translate(HYPHENS).isalnum()) and "" not in values and len(max(values, key=len)) <= MAX_LENGTH
