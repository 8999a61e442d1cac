"""The CSV file of the rows that gave no customer id: their content, and why each was left out."""

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

BOM: Final = "\ufeff"
"""Tells Excel that the file is UTF-8."""
DIGEST_LENGTH: Final = 8


def build(request: Request, files: Sequence[FileRead], formatter: Formatter) -> FileMessage:
    """Write the file. Its title carries a digest of the rows, so that the same rows are found again."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(["file", "row", "what stood there", "reason"])
    for file in files:
        writer.writerows(
            [escape_formula(file.name), odd.row, escape_formula(odd.text), ODD[odd.why]]
            for odd in file.odd_rows
        )
    content = (BOM + text.getvalue()).encode(errors="backslashreplace")
    digest = hashlib.sha256(content).hexdigest()[:DIGEST_LENGTH]
    listed, found = sum(len(file.odd_rows) for file in files), sum(file.odd for file in files)
    rows = formatter.pluralize(found, "row")
    if listed != found:
        rows = f"first {formatter.number(listed)} of {rows}"
    names = phrase([escape(file.name, 60) for file in files if file.odd], last="and", most=3)
    return FileMessage(
        name=f"{request.short}-left-out.csv",
        title=f"{request.short}, rows that were left out ({digest})",
        comment=f"📄 *{request.short}*: the {rows} of {names} that gave no customer id, "
        "with what stood there and why. Nobody else got this.",
        content=io.BytesIO(content),
        length=len(content),
    )
