"""The workbook of the rows that gave no customer id: their content, and why each was left out."""

import hashlib
import io
from collections.abc import Sequence
from typing import Final

from bot.domain.customers.own_lists import CUSTOMER_ID
from bot.domain.customers.uploads import FileRead
from bot.domain.requests.request import Request
from bot.slack.client.file_messages import FileMessage
from bot.slack.rendering.file_errors import ODD
from bot.slack.rendering.formatting import Formatter
from bot.slack.rendering.mrkdwn import escape, phrase
from bot.spreadsheets.writer.workbook import WorkbookFormat

COLUMNS: Final = ("file", "row", "what stood there", "reason", CUSTOMER_ID)
"""The last one is empty: uploaded again, the workbook gives the ids that people filled in, and no others."""
SHEET_NAME: Final = "left out"
DIGEST_LENGTH: Final = 8


def build(request: Request, files: Sequence[FileRead], formatter: Formatter) -> FileMessage:
    """Write the file. Its title carries a digest of the rows, so that the same rows are found again."""
    rows = [
        COLUMNS,
        *((file.name, str(odd.row), odd.text, ODD[odd.why], "") for file in files for odd in file.odd_rows),
    ]
    content = b"".join(WorkbookFormat(SHEET_NAME).pieces(rows))
    digest = hashlib.sha256(repr(rows).encode()).hexdigest()[:DIGEST_LENGTH]
    listed, found = sum(len(file.odd_rows) for file in files), sum(file.odd for file in files)
    how_many = formatter.pluralize(found, "row")
    if listed != found:
        how_many = f"first {formatter.number(listed)} of {how_many}"
    names = phrase([escape(file.name, 60) for file in files if file.odd], last="and", most=3)
    return FileMessage(
        name=f"{request.short}-left-out.xlsx",
        title=f"{request.short}, rows that were left out ({digest})",
        comment=f"📄 *{request.short}*: the {how_many} of {names} that gave no customer id, "
        "with what stood there and why. Fill in the last column to upload it again. Nobody else got this.",
        content=io.BytesIO(content),
        length=len(content),
    )
