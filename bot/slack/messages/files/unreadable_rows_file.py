"""The workbook of the rows that gave no customer id: their content, and why each was skipped."""

import hashlib
import io
from collections.abc import Sequence
from typing import Final

from bot.domain.customers.own_lists import CUSTOMER_ID
from bot.domain.customers.uploads import FileRead
from bot.domain.requests.request import Request
from bot.slack.client.file_messages import FileMessage
from bot.slack.language.texts import N_, _, ngettext
from bot.slack.rendering.file_errors import ODD
from bot.slack.rendering.mrkdwn import escape, phrase
from bot.spreadsheets.writer.workbook import WorkbookFormat

COLUMNS: Final = (N_("file"), N_("row"), N_("original text"), N_("reason"))
SHEET_NAME: Final = N_("skipped")
DIGEST_LENGTH: Final = 8
MAX_NAME: Final = 60


def build(request: Request, files: Sequence[FileRead]) -> FileMessage:
    """Write the file. Its title has a digest of the rows alone: they are found again in any language.

    The last column is empty: uploaded again, the workbook gives the ids that people filled in, and no others.
    """
    header = (*(_(name) for name in COLUMNS), CUSTOMER_ID)
    rows = [
        header,
        *(
            (file.name, str(odd.row), odd.text, _(ODD[odd.why]), "")
            for file in files
            for odd in file.odd_rows
        ),
    ]
    content = b"".join(WorkbookFormat(_(SHEET_NAME)).pieces(rows))
    skipped = [(file.name, odd.row, odd.text, str(odd.why)) for file in files for odd in file.odd_rows]
    digest = hashlib.sha256(repr(skipped).encode()).hexdigest()[:DIGEST_LENGTH]
    return FileMessage(
        name=f"{request.short}-skipped.xlsx",
        title=_("{request}, skipped rows ({version})", request=request.short, version=digest),
        comment=f"📄 *{request.short}*: {_comment(files)}",
        content=io.BytesIO(content),
        length=len(content),
    )


def _comment(files: Sequence[FileRead]) -> str:
    listed, found = sum(len(file.odd_rows) for file in files), sum(file.odd for file in files)
    names = phrase([escape(file.name, MAX_NAME) for file in files if file.odd], last="and", most=3)
    if listed == found:
        count = ngettext(
            "{count} skipped row from {files}, with the reason.",
            "{count} skipped rows from {files}, with the reasons.",
            found,
            files=names,
        )
    else:
        count = _(
            "The first {listed} of {count} skipped rows from {files}, with the reasons.",
            files=names,
            listed=listed,
            count=found,
        )
    return " ".join([count, _("Fill in the last column to upload it again. Only you can see this file.")])
