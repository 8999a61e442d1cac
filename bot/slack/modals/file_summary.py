"""Lines about a draft's files, for the requester alone: rows, column, unreadable rows, first and last id."""

from typing import Final

from bot.domain.customers.columns import letter
from bot.domain.customers.uploads import FileRead, ReadResult
from bot.slack.rendering.file_errors import ODD
from bot.slack.rendering.formatting import Formatter
from bot.slack.rendering.mrkdwn import escape, phrase

MAX_ROWS_NAMED: Final = 10
MAX_NAME: Final = 60


def lines(read_result: ReadResult | None, formatter: Formatter) -> list[str]:
    """Describe what was read; nothing without a file."""
    if read_result is None or not read_result.files:
        return []
    written, everybody = list[str](), read_result.everybody
    for file in read_result.files:
        written += [
            _source(file, formatter),
            *_hidden(file, formatter),
            *_unreadable(file, formatter),
            *_lookalikes(file, formatter),
        ]
    first = ", ".join(_id(one) for one in everybody.first)
    last = "" if everybody.last in everybody.first else f" … {_id(everybody.last)}"
    return [*written, f"*First and last id:* {first}{last}"]


def _source(file: FileRead, formatter: Formatter) -> str:
    column = letter(file.column.number)
    if not file.name:
        return _pasted(file, column, formatter)
    rows = formatter.pluralize(file.found, "row")
    place = (
        f"column “{escape(file.column.name, MAX_NAME)}” ({column})"
        if file.column.name
        else f"column {column}, which has no name: its first row counts"
    )
    if file.sheet:
        place += f" of sheet “{escape(file.sheet, MAX_NAME)}”"
    if file.header > 1:
        place += f"; the names of the columns stand in row {formatter.number(file.header)}"
    return f"*File:* {escape(file.name, MAX_NAME)} – {rows} with an id, from {place}"


def _hidden(file: FileRead, formatter: Formatter) -> list[str]:
    """Say which hidden rows count, and which sheets do not."""
    lines = []
    if file.hidden:
        rows = f"{formatter.pluralize(file.hidden, 'row')} that the sheet hides"
        lines.append(f"⚠ {rows} {'is' if file.hidden == 1 else 'are'} taken too, as you chose")
    if file.other_sheets:
        names = [
            f"“{escape(sheet.name, MAX_NAME)}” ({'hidden, ' if sheet.is_hidden else ''}"
            f"{formatter.pluralize(sheet.rows, 'row')})"
            for sheet in file.other_sheets
        ]
        sheets = formatter.pluralize(len(names), "other sheet")
        lines.append(f"⚠ {sheets} not read: {phrase(names, last='and', most=MAX_ROWS_NAMED)}")
    return lines


def _pasted(file: FileRead, column: str, formatter: Formatter) -> str:
    """Say which column of pasted text was read, and which line is taken for its name."""
    ids = f"*Pasted:* {formatter.pluralize(file.found, 'id')} from column {column}"
    if not file.header:
        return ids
    name = escape(file.column.name, MAX_NAME)
    return f"{ids}; “{name}” on line {formatter.number(file.header)} is its name, and left out"


def _unreadable(file: FileRead, formatter: Formatter) -> list[str]:
    """Name the rows without a usable id, by problem."""
    if not file.odd:
        return []
    parts, named = [], file.odd_rows[:MAX_ROWS_NAMED]
    for why in dict.fromkeys(row.why for row in named):
        numbers = [formatter.number(row.row) for row in named if row.why is why]
        rows = f"{'row' if len(numbers) == 1 else 'rows'} {phrase(numbers, last='and', most=MAX_ROWS_NAMED)}"
        parts.append(f"{rows}: {ODD[why]}")
    more = file.odd - len(named)
    if more > 0:
        parts.append(f"and {formatter.number(more)} more")
    return [f"⚠ {formatter.pluralize(file.odd, 'row')} unreadable, and left out – {'; '.join(parts)}"]


def _lookalikes(file: FileRead, formatter: Formatter) -> list[str]:
    """Count ids that look like ids of something else: they count, but were hardly meant."""
    kinds = (
        (file.mails, "an e-mail address", "e-mail addresses"),
        (file.phones, "a telephone number", "telephone numbers"),
    )
    return [
        f"⚠ {formatter.number(count)} of these {f'looks like {one}' if count == 1 else f'look like {many}'}, "
        "not like an id"
        for count, one, many in kinds
        if count
    ]


def _id(customer: str) -> str:
    bare = customer.replace("`", "'")
    return f"`{escape(bare, 80)}`"
