"""The audit's chain: each row holds the hash of the one before it, so that none is changed, taken out or put in unseen."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import bindparam, insert, select, update

from bot.database.connection import Transaction
from bot.database.encoding import encode, to_micros
from bot.database.schema_audit import audit, audit_head
from bot.domain.requests.audit_entries import Entry, canonical

START: Final = ""
"""What stands before the first row."""
_HEAD: Final = select(audit_head.c.seq, audit_head.c.hash).where(audit_head.c.one == 1).with_for_update()
_APPEND: Final = insert(audit)
_MOVE_ON: Final = update(audit_head).where(audit_head.c.one == bindparam("which"))
COLUMNS: Final = tuple(audit.c)


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the audit, as its columns hold it."""

    seq: int
    at: int
    who: str | None
    channel: str | None
    request: str | None
    kind: str
    facts: str
    previous: str
    hash: str

    def own_hash(self) -> str:
        """Compute what its hash has to be: SHA-256 over canonical JSON of all else, the previous hash included."""
        whole = {name: getattr(self, name) for name in Row.__slots__ if name != "hash"}
        return hashlib.sha256(canonical(whole).encode()).hexdigest()


def row_of(values: Sequence[Any]) -> Row:
    """Read the columns of `COLUMNS`."""
    return Row(*values)


async def append(transaction: Transaction, entries: Sequence[Entry], at: datetime) -> None:
    """Put entries at the end of the chain. To be done last in a transaction: from here on, whoever else appends waits for its end."""
    if not entries:
        return
    seq, before = (await transaction.run(_HEAD, {}))[0]
    for entry in entries:
        seq += 1
        row = _row(entry, seq, to_micros(at), before)
        await transaction.run(_APPEND, {name: getattr(row, name) for name in Row.__slots__})
        before = row.hash
    await transaction.run(_MOVE_ON, {"which": 1, "seq": seq, "hash": before})


def _row(entry: Entry, seq: int, at: int, previous: str) -> Row:
    who, channel, request = (
        None if name is None else encode(name) for name in (entry.who, entry.channel, entry.request)
    )
    unsigned = Row(seq, at, who, channel, request, encode(entry.kind), canonical(entry.facts), previous, "")
    return Row(seq, at, who, channel, request, unsigned.kind, unsigned.facts, previous, unsigned.own_hash())
