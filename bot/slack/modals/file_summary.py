"""What was read in files, as lines for the requester alone: how many, from which column, which rows were left out, first and last."""

from collections.abc import Sequence
from typing import Final

from bot.domain.customers.columns import letter
from bot.domain.customers.uploads import FileRead, UnreadableRow
from bot.domain.requests.views import FileSummary
from bot.slack.rendering.file_errors import ODD
from bot.slack.rendering.formatting import Formatter
from bot.slack.rendering.mrkdwn import escape, phrase

ROWS: Final = 10
"""Rows that are named."""
NAME: Final = 60
ID: Final = 80


def lines(file_summary: FileSummary | None, formatter: Formatter) -> list[str]:
    """Say what was read; nothing where no file was put in."""
    if file_summary is None:
        return []
    return [
        line
        for file in file_summary.files
        for line in (_from(file, formatter), *_odd(file, formatter), *_looks(file, formatter))
    ] + [_ends(file_summary)]


def _from(file: FileRead, formatter: Formatter) -> str:
    where = (
        f"column “{escape(file.column.name, NAME)}” ({letter(file.column.number)})"
        if file.column.name
        else _unnamed(file)
    )
    sheet = f" of sheet “{escape(file.sheet, NAME)}”" if file.sheet else ""
    above = (
        f"; the names of the columns stand in row {formatter.number(file.header)}" if file.header > 1 else ""
    )
    return f"*File:* {escape(file.name, NAME)} – {formatter.pluralize(file.found, 'row')} with an id, from {where}{sheet}{above}"


def _unnamed(file: FileRead) -> str:
    return f"column {letter(file.column.number)}, which has no name: its first row counts"


def _odd(file: FileRead, formatter: Formatter) -> list[str]:
    """Name the rows without a usable id, those with the same fault together."""
    if not file.odd:
        return []
    why = {
        odd.why: [one for one in file.odd_rows[:ROWS] if one.why is odd.why] for odd in file.odd_rows[:ROWS]
    }
    more = file.odd - min(len(file.odd_rows), ROWS)
    named = [f"{_rows(rows, formatter)}: {ODD[each]}" for each, rows in why.items()]
    told = "; ".join([*named, *([f"and {formatter.number(more)} more"] if more > 0 else [])])
    return [f"⚠ {formatter.pluralize(file.odd, 'row')} unreadable, and left out – {told}"]


def _rows(rows: Sequence[UnreadableRow], formatter: Formatter) -> str:
    numbers = [formatter.number(one.row) for one in rows]
    return f"{'row' if len(numbers) == 1 else 'rows'} {phrase(numbers, last='and', most=ROWS)}"


def _looks(file: FileRead, formatter: Formatter) -> list[str]:
    """Say which ids look like ids of something else: they count, but hardly as what was meant."""
    kinds = (
        (file.mails, "an e-mail address", "e-mail addresses"),
        (file.phones, "a telephone number", "telephone numbers"),
    )
    return [
        f"⚠ {formatter.number(count)} of these look{'s' if count == 1 else ''} like {one if count == 1 else many}, not like an id"
        for count, one, many in kinds
        if count
    ]


def _ends(file_summary: FileSummary) -> str:
    first = ", ".join(f"`{_id(one)}`" for one in file_summary.first)
    last = "" if file_summary.last in file_summary.first else f" … `{_id(file_summary.last)}`"
    return f"*First and last id:* {first}{last}"


def _id(customer: str) -> str:
    return escape(customer.replace("`", "'"), ID)
