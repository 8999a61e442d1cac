"""Reads a file or a text with the bot's own code, and tells in plain values what came out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.domain.customers.columns import letter
from bot.domain.customers.extraction import UniqueIds
from bot.domain.customers.pasted import read_customers
from bot.domain.customers.uploads import FileProblem, RowProblem
from bot.domain.ids import CustomerId
from bot.spreadsheets.chunks import Content
from bot.spreadsheets.reader.__main__ import answer_of

MANY = 100_000
"""Rows told: all of them."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came out."""

    ids: tuple[str, ...] = ()
    named: Mapping[int, RowProblem] = field(default_factory=dict)
    asked: tuple[str, ...] = ()
    asked_hidden: int = 0
    refused: FileProblem | None = None
    other_sheets: tuple[str, ...] = ()

    @property
    def is_silent(self) -> bool:
        """Whether nothing is named, asked or refused."""
        return not (self.named or self.asked or self.asked_hidden or self.refused or self.other_sheets)


def read_file(data: bytes, chosen: Mapping[str, Any] | None = None) -> Outcome:
    """Read a file as the process for files does."""
    ids: list[CustomerId] = []
    options = {"column": None, "told": MANY, **(chosen or {})}
    answer = answer_of(Content([data]), options.pop("column"), UniqueIds(ids.extend), **options)
    match answer["kind"]:
        case "bad":
            return Outcome(refused=FileProblem(answer["why"]))
        case "unclear":
            return Outcome(asked=tuple(map(_place, answer["columns"])), asked_hidden=answer["hidden"])
    file = answer["file"]
    return Outcome(
        ids=tuple(ids),
        named={odd["row"]: odd["why"] for odd in file["odd_rows"]},
        other_sheets=tuple(sheet["name"] for sheet in file["other_sheets"]),
    )


def read_text(text: str) -> Outcome:
    """Read pasted text; with a line that is no id, nothing is given before it is corrected."""
    found = read_customers(text)
    return Outcome(
        ids=found.ids,
        named={each.row: each.why for each in found.unreadable},
        asked=("?",) if found.unclear else (),
    )


def _place(column: Mapping[str, Any]) -> str:
    sheet = column["sheet_name"]
    return f"{sheet}!{letter(column['number'])}" if sheet else letter(column["number"])
