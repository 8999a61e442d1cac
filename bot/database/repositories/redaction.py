"""Forgetting personal data of requests long ended: customer ids, files, reasons, notes, what was typed; counts, digests and votes stay."""

from datetime import datetime
from typing import Final

from sqlalchemy import BindParameter, bindparam, delete, select, update

from bot.database.connection import Kept, Transaction
from bot.database.encoding import to_micros, typed_json
from bot.database.schema import batches, customers, files, outbox, read_back, requests
from bot.domain.customers.packing import packed
from bot.domain.requests.request import FormInput

_OF: Final[BindParameter[str]] = bindparam("which")
_BARE: Final = update(requests).where(requests.c.id == _OF)
_NO_IDS: Final = update(customers).where(customers.c.request == _OF)
_NO_ENDS: Final = update(batches).where(batches.c.request == _OF)
_NO_NOTES: Final = update(outbox).where(outbox.c.request == _OF)
_NO_FILES: Final = delete(files).where(files.c.request == _OF)
_NOT_WHO: Final = update(read_back).where(read_back.c.request == _OF)

FORGETTABLE: Final = (
    select(requests.c.id)
    .where(requests.c.ended_at < bindparam("before"), requests.c.purged_at.is_(None))
    .order_by(requests.c.ended_at, requests.c.id)
    .limit(bindparam("most"))
)
"""Requests that ended before a moment and are not purged yet."""


async def forget(transaction: Transaction, request: str, at: datetime) -> None:
    """Forget what is personal about a request; its rows and their numbers stay."""
    words: dict[str, Kept] = dict.fromkeys(("reason", "note", "first_customer", "last_customer"), "")
    bare: dict[str, Kept] = {
        **words,
        "files": "",
        "typed": typed_json(FormInput()),
        "purged_at": to_micros(at),
    }
    await transaction.run(_BARE, {"which": request, **bare})
    await transaction.run(_NO_IDS, {"which": request, "ids": packed([])})
    await transaction.run(_NO_ENDS, {"which": request, "ends": None})
    await transaction.run(_NO_NOTES, {"which": request, "note": "", "facts": "{}"})
    await transaction.run(_NO_FILES, {"which": request})
    await transaction.run(_NOT_WHO, {"which": request, "ids": packed([]), "failed": ""})
