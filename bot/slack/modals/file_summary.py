"""Lines about what was read of files and pasted text: the columns, and all that is left out or in doubt."""

import re
from collections.abc import Sequence
from typing import Final

from bot.domain.customers.columns import letter, names_column
from bot.domain.customers.uploads import Doubt, DoubtfulIds, FileRead
from bot.slack.rendering.file_errors import ODD
from bot.slack.rendering.formatting import Formatter
from bot.slack.rendering.mrkdwn import escape, mask, phrase

MAX_ROWS_NAMED: Final = 10
MAX_IDS_NAMED: Final = 5
MAX_NAME: Final = 60
MAX_ID: Final = 80
ID_SIGN: Final = re.compile(r"[@\d]")
"""What a known name of a column has not: the first id may have been taken for its name."""

DOUBTS: Final[dict[str, tuple[str, str]]] = {
    Doubt.MAIL: ("looks like an e-mail address", "look like e-mail addresses"),
    Doubt.PHONE: ("looks like a phone number", "look like phone numbers"),
    Doubt.SPACED: (
        "contains a space and counts as one customer",
        "contain a space, and each counts as one customer",
    ),
    Doubt.NOT_LEFT: (
        "is on the list but was not left out before, and is skipped",
        "are on the list but were not left out before, and are skipped",
    ),
    Doubt.REFUSED: (
        "is on the list but was refused by Dintero, and is skipped",
        "are on the list but were refused by Dintero, and are skipped",
    ),
}
"""What is odd about one id that counts, and about several."""


def lines(files: Sequence[FileRead], formatter: Formatter, *, masked: bool = False) -> list[str]:
    """Describe what was read; nothing of a plain list of typed ids. An approver sees ids `masked`."""
    return [
        line
        for file in files
        for line in (
            *_source(file, formatter, masked=masked),
            *_hidden(file, formatter),
            *_unreadable(file, formatter),
            *(_doubtful(each, file, formatter, masked=masked) for each in file.doubtful),
        )
    ]


def _source(file: FileRead, formatter: Formatter, *, masked: bool) -> list[str]:
    """Say which column was read, and which row or line is taken for the names of columns."""
    may_be_id = ID_SIGN.search(file.column.name) and not names_column(file.column.name)
    shown = mask if masked and may_be_id else str
    name, column = escape(shown(file.column.name), MAX_NAME), letter(file.column.number)
    header = formatter.number(file.header)
    if not file.name:
        if not column and not name:
            return []
        ids = f"*Pasted:* {formatter.pluralize(file.found, 'id')}"
        source = f"{ids} from column {column}" if column else ids
        return [f"{source}, header “{name}” on line {header}" if name else source]
    place = f"column “{name}” ({column})" if name else f"column {column}, which has no name"
    if file.sheet:
        place += f" of sheet “{escape(file.sheet, MAX_NAME)}”"
    if file.header > 1:
        place += f", header in row {header}"
    return [f"*File:* {escape(file.name, MAX_NAME)}, {formatter.pluralize(file.found, 'id')} from {place}"]


def _hidden(file: FileRead, formatter: Formatter) -> list[str]:
    """Say which hidden rows count, and which sheets do not."""
    lines = []
    if file.hidden:
        rows = formatter.pluralize(file.hidden, "row")
        lines.append(
            f"⚠ {rows} hidden in the sheet {'counts' if file.hidden == 1 else 'count'} too, as chosen"
        )
    if file.other_sheets:
        names = [
            f"“{escape(sheet.name, MAX_NAME)}” ({'hidden, ' if sheet.is_hidden else ''}"
            f"{formatter.pluralize(sheet.rows, 'row')})"
            for sheet in file.other_sheets
        ]
        sheets = formatter.pluralize(len(names), "other sheet")
        lines.append(f"⚠ {sheets} not read: {phrase(names, last='and', most=MAX_ROWS_NAMED)}")
    return lines


def _unreadable(file: FileRead, formatter: Formatter) -> list[str]:
    """Name the rows without a usable id, by problem."""
    if not file.odd:
        return []
    named = file.odd_rows[:MAX_ROWS_NAMED]
    parts = [
        f"{_rows([row.row for row in named if row.why is why], formatter)}: {ODD[why]}"
        for why in dict.fromkeys(row.why for row in named)
    ]
    if more := file.odd - len(named):
        parts.append(f"and {formatter.number(more)} more")
    return [f"⚠ Skipped {formatter.pluralize(file.odd, 'row')} – {'; '.join(parts)}"]


def _doubtful(doubtful: DoubtfulIds, file: FileRead, formatter: Formatter, *, masked: bool) -> str:
    """Count ids that were hardly meant as ids, and name the first."""
    show = mask if masked else str
    named = doubtful.first[:MAX_IDS_NAMED]
    kind = "row" if file.name else "line"
    ids = [
        f"“{escape(show(customer), MAX_ID)}”" + (f" ({kind} {formatter.number(row)})" if row else "")
        for row, customer in named
    ]
    if ids and (more := doubtful.count - len(named)):
        ids.append(f"{formatter.number(more)} more")
    one, many = DOUBTS[doubtful.why]
    count = formatter.pluralize(doubtful.count, "id")
    advice = (
        ""
        if masked or doubtful.why is not Doubt.SPACED
        else ". If one is several ids, put each on its own line"
    )
    named_ids = f": {phrase(ids, last='and')}" if ids else ""
    return f"⚠ {count} {one if doubtful.count == 1 else many}{named_ids}{advice}"


def _rows(numbers: Sequence[int], formatter: Formatter) -> str:
    shown = phrase(list(map(formatter.number, numbers)), last="and", most=MAX_ROWS_NAMED)
    return f"{'row' if len(numbers) == 1 else 'rows'} {shown}"
