"""Lines about what was read of files and pasted text: the columns, and all that is skipped or in doubt."""

import re
from collections.abc import Sequence
from typing import Final

from bot.domain.customers.columns import letter, names_column
from bot.domain.customers.uploads import Doubt, DoubtfulIds, FileRead, OtherSheet
from bot.slack.language.texts import _, ngettext, number
from bot.slack.rendering.file_errors import ODD, ODD_IN_SHORT
from bot.slack.rendering.mrkdwn import and_more, escape, mask, phrase

MAX_ROWS_NAMED: Final = 10
MAX_ROWS_IN_SHORT: Final = 4
MAX_IDS_NAMED: Final = 5
MAX_NAME: Final = 60
MAX_ID: Final = 80
ID_SIGN: Final = re.compile(r"[@\d]")
"""What a known name of a column has not: the first id may have been taken for its name."""


def sources(files: Sequence[FileRead], *, masked: bool = False) -> list[str]:
    """Say which column was read, and which row or line is taken for the names of columns."""
    return [line for file in files if (line := _source(file, masked=masked))]


def listed(file: FileRead) -> str:
    """Name a file and its column, for an approver."""
    values = {"file": escape(file.name, MAX_NAME), "place": _place(file, masked=True), "row": file.header}
    if file.header > 1:
        return _("{file}, {place}, header in row {row}", **values)
    return _("{file}, {place}", **values)


def warnings(files: Sequence[FileRead], *, masked: bool = False, is_short: bool = False) -> list[str]:
    """Say what was skipped, and what may not have been meant; in short, without advice, to an approver."""
    return [
        f"⚠️ {line}"
        for file in files
        for line in (
            *_hidden(file),
            *(_skipped(file) if is_short else _unreadable(file)),
            *(_doubtful(each, file, masked=masked) for each in file.doubtful),
        )
    ]


def _source(file: FileRead, *, masked: bool) -> str:
    if not file.name:
        return _pasted(file, *_column(file, masked=masked))
    values = {
        "file": escape(file.name, MAX_NAME),
        "ids": ngettext("{count} id", "{count} ids", file.found),
        "place": _place(file, masked=masked),
        "row": file.header,
    }
    if file.header > 1:
        return _("*File:* {file}, {ids} from {place}, header in row {row}", **values)
    return _("*File:* {file}, {ids} from {place}", **values)


def _pasted(file: FileRead, name: str, column: str) -> str:
    values = {
        "ids": ngettext("{count} id", "{count} ids", file.found),
        "column": column,
        "name": name,
        "line": file.header,
    }
    if column and name:
        return _("*Pasted:* {ids} from column {column}, header “{name}” on line {line}", **values)
    if column:
        return _("*Pasted:* {ids} from column {column}", **values)
    return _("*Pasted:* {ids}, header “{name}” on line {line}", **values) if name else ""


def _column(file: FileRead, *, masked: bool) -> tuple[str, str]:
    """Name the column and its letter; what may be an id and no name is masked."""
    may_be_id = ID_SIGN.search(file.column.name) and not names_column(file.column.name)
    shown = mask if masked and may_be_id else str
    return escape(shown(file.column.name), MAX_NAME), letter(file.column.number)


def _place(file: FileRead, *, masked: bool) -> str:
    """Name the column, and its sheet if there are several."""
    name, column = _column(file, masked=masked)
    values = {"name": name, "column": column, "sheet": escape(file.sheet, MAX_NAME)}
    if name and file.sheet:
        return _("column “{name}” ({column}) of sheet “{sheet}”", **values)
    if name:
        return _("column “{name}” ({column})", **values)
    if file.sheet:
        return _("column {column} (no header) of sheet “{sheet}”", **values)
    return _("column {column} (no header)", **values)


def _hidden(file: FileRead) -> list[str]:
    found = []
    if file.hidden:
        counted = ngettext(
            "Includes {count} hidden row, as chosen in the form.",
            "Includes {count} hidden rows, as chosen in the form.",
            file.hidden,
        )
        found.append(counted)
    if file.other_sheets:
        names = phrase([_sheet(sheet) for sheet in file.other_sheets], last="and", most=MAX_ROWS_NAMED)
        unread = ngettext(
            "{count} sheet wasn't read: {sheets}",
            "{count} sheets weren't read: {sheets}",
            len(file.other_sheets),
            sheets=names,
        )
        found.append(unread)
    return found


def _sheet(sheet: OtherSheet) -> str:
    name = escape(sheet.name, MAX_NAME)
    if sheet.is_hidden:
        return ngettext(
            "“{name}” (hidden, {count} row)", "“{name}” (hidden, {count} rows)", sheet.rows, name=name
        )
    return ngettext("“{name}” ({count} row)", "“{name}” ({count} rows)", sheet.rows, name=name)


def _unreadable(file: FileRead) -> list[str]:
    if not file.odd:
        return []
    named = file.odd_rows[:MAX_ROWS_NAMED]
    parts = [
        _rows([row.row for row in named if row.why is why], _(ODD[why]))
        for why in dict.fromkeys(row.why for row in named)
    ]
    rows = "; ".join([*parts, *and_more(file.odd - len(named))])
    return [ngettext("Skipped {count} row – {rows}", "Skipped {count} rows – {rows}", file.odd, rows=rows)]


def _skipped(file: FileRead) -> list[str]:
    if not file.odd:
        return []
    named = file.odd_rows[:MAX_ROWS_IN_SHORT]
    parts = []
    for why in dict.fromkeys(row.why for row in named):
        rows = [number(row.row) for row in named if row.why is why]
        problem = _(ODD_IN_SHORT.get(why, ODD[why]))
        parts.append(_("{rows} ({problem})", rows=phrase(rows, last="and"), problem=problem))
    told = ", ".join([*parts, *and_more(file.odd - len(named))])
    return [ngettext("Skipped row: {rows}", "Skipped rows: {rows}", file.odd, rows=told)]


def _doubtful(doubtful: DoubtfulIds, file: FileRead, *, masked: bool) -> str:
    """Count ids that were hardly meant as ids, and name the first."""
    show = mask if masked else str
    named = doubtful.first[:MAX_IDS_NAMED]
    what = problem(doubtful.why, doubtful.count)
    if ids := [_id(escape(show(customer), MAX_ID), row, file) for row, customer in named]:
        ids += and_more(doubtful.count - len(named))
        what = _("{problem}: {ids}", problem=what, ids=phrase(ids, last="and"))
    if masked or doubtful.why is not Doubt.SPACED:
        return what
    advice = _("If one is several ids, put each on its own line.")
    return f"{what}. {advice}"


def problem(why: Doubt, count: int) -> str:
    """Say what is odd about ids that were read."""
    match why:
        case Doubt.MAIL:
            return ngettext(
                "{count} id looks like an email address", "{count} ids look like email addresses", count
            )
        case Doubt.PHONE:
            return ngettext(
                "{count} id looks like a phone number", "{count} ids look like phone numbers", count
            )
        case Doubt.SPACED:
            return ngettext(
                "{count} id contains a space and counts as one customer",
                "{count} ids contain a space, and each counts as one customer",
                count,
            )
        case Doubt.NOT_LEFT:
            return ngettext(
                "Skipped {count} id: it isn't among the remaining customers",
                "Skipped {count} ids: they aren't among the remaining customers",
                count,
            )
        case Doubt.REFUSED:
            return ngettext(
                "Skipped {count} id that Dintero refused", "Skipped {count} ids that Dintero refused", count
            )


def _id(shown: str, row: int, file: FileRead) -> str:
    if not row:
        return _("“{id}”", id=shown)
    if file.name:
        return _("“{id}” (row {row})", id=shown, row=row)
    return _("“{id}” (line {line})", id=shown, line=row)


def _rows(numbers: Sequence[int], problem: str) -> str:
    shown = phrase(list(map(number, numbers)), last="and", most=MAX_ROWS_NAMED)
    if len(numbers) == 1:
        return _("row {row}: {problem}", row=shown, problem=problem)
    return _("rows {rows}: {problem}", rows=shown, problem=problem)
