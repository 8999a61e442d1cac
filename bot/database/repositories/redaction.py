"""Deletes the personal data of a request that ended long ago; counts, digests and approvals stay."""

from datetime import datetime
from typing import Final

from sqlalchemy import Table, bindparam, delete, update

from bot.database.connection import Transaction, Values
from bot.database.mapping import input_json, to_micros
from bot.database.schema import batches, customers, files, outbox, read_back, requests
from bot.domain.customers.packing import packed
from bot.domain.requests.request import FormInput

_REQUEST: Final = update(requests).where(requests.c.id == bindparam("which"))
_FILES: Final = delete(files).where(files.c.request == bindparam("which"))
_OTHERS: Final[tuple[tuple[Table, Values], ...]] = (
    (customers, {"ids": packed([])}),
    (batches, {"ends": None}),
    (outbox, {"note": "", "facts": "{}"}),
    (read_back, {"ids": packed([]), "failed": ""}),
)
_UPDATES: Final = tuple(
    (update(table).where(table.c.request == bindparam("which")), values) for table, values in _OTHERS
)


async def redact(transaction: Transaction, request: str, at: datetime) -> None:
    """Redact a request, and note when."""
    empty = dict.fromkeys(("reason", "note", "first_customer", "last_customer", "files"), "")
    row: Values = {**empty, "typed": input_json(FormInput()), "purged_at": to_micros(at)}
    await transaction.run(_REQUEST, {"which": request, **row})
    await transaction.run(_FILES, {"which": request})
    for statement, values in _UPDATES:
        await transaction.run(statement, {"which": request, **values})
