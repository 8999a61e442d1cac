"""The rows of somebody's files that gave no id, as a file that a spreadsheet opens: what stood there, and why it was left out."""

import csv
import hashlib
import io
from collections.abc import Sequence
from typing import Final

from bot.domain.customers.tables import escape_formula
from bot.domain.customers.uploads import FileRead
from bot.domain.requests.request import Request
from bot.slack.client.file_messages import FileMessage
from bot.slack.rendering.file_errors import ODD
from bot.slack.rendering.formatting import Formatter
from bot.slack.rendering.mrkdwn import escape, phrase

COLUMNS: Final = ("file", "row", "what stood there", "reason")
BOM: Final = "\ufeff"
"""By which Excel knows UTF-8."""
MARK: Final = 8
NAMED: Final = 3
"""Files that are named in the comment."""
NAME: Final = 60


def build(request: Request, files: Sequence[FileRead], formatter: Formatter) -> FileMessage:
    """Write them; the same rows have the same title, by which they are found again."""
    content = _written(files)
    mark = hashlib.sha256(content).hexdigest()[:MARK]
    return FileMessage(
        name=f"{request.short}-left-out.csv",
        title=f"{request.short}, rows that were left out ({mark})",
        comment=_comment(request, files, formatter),
        content=content,
    )


def _written(files: Sequence[FileRead]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for file in files:
        writer.writerows(
            [escape_formula(file.name), odd.row, escape_formula(odd.text), ODD[odd.why]]
            for odd in file.odd_rows
        )
    return (BOM + text.getvalue()).encode(errors="backslashreplace")


def _comment(request: Request, files: Sequence[FileRead], formatter: Formatter) -> str:
    told, all_ = sum(len(file.odd_rows) for file in files), sum(file.odd for file in files)
    rows = (
        formatter.pluralize(all_, "row")
        if told == all_
        else f"first {formatter.number(told)} of {formatter.pluralize(all_, 'row')}"
    )
    names = phrase([escape(file.name, NAME) for file in files if file.odd], last="and", most=NAMED)
    return f"📄 *{request.short}*: the {rows} of {names} that gave no customer id, with what stood there and why. Nobody else got this."
