"""What a move of a request leaves in the audit beside its own entry: the keyed hashes of its customers, and what came of its batches."""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from sqlalchemy import bindparam, func, insert, select

from bot.giving.ids import RequestId
from bot.giving.ports import Clock
from bot.giving.record import Entry, What, change
from bot.giving.request import Request, State
from bot.store.database import Database, Transaction
from bot.store.hashes import AuditKey, digest_of
from bot.store.schema import batches, customers
from bot.store.schema_audit import audit_customers
from bot.store.serial import text, unpacked

_MANY: Final = 1_000
"""Customers that are hashed beside the event loop."""
_CUSTOMERS: Final = (
    select(customers.c.portion, customers.c.size).where(customers.c.request == bindparam("which")).order_by(customers.c.portion)
)
_IDS: Final = select(customers.c.ids).where(customers.c.request == bindparam("which"), customers.c.portion == bindparam("number"))
_HASHES: Final = insert(audit_customers)
_OUTCOMES: Final = (
    select(
        batches.c.portion,
        func.count(),
        func.sum(batches.c.size),
        func.sum(batches.c.given),
        func.sum(batches.c.refused),
        func.sum(batches.c.unknown),
    )
    .where(batches.c.request == bindparam("which"))
    .group_by(batches.c.portion)
    .order_by(batches.c.portion)
)


@dataclass(frozen=True, slots=True)
class Evidence:
    """The time and the key that entries are written with."""

    clock: Clock
    key: AuditKey
    _ahead: dict[RequestId, dict[bytes, bytes]] = field(default_factory=dict, repr=False)

    def now(self) -> datetime:
        """Tell the time."""
        return self.clock.now()

    async def of_change(self, transaction: Transaction, before: Request, after: Request) -> list[Entry]:
        """Tell how a request moved, if it did, and keep what belongs to that."""
        entry = change(before, after)
        if entry is None:
            return []
        if before.state is State.DRAFT:
            hashed = await self._hash_customers(transaction, after)
            return [Entry(kind=entry.kind, who=entry.who, channel=entry.channel, request=entry.request, facts={**entry.facts, **hashed})]
        if before.state is State.GIVING and after.state is not State.GIVING:
            return [await _outcome(transaction, before), entry]
        return [entry]

    async def _hash_customers(self, transaction: Transaction, request: Request) -> dict[str, str]:
        """Keep the hashes of whom it names; they outlive the ids."""
        which, kept, ahead = text(request.id), [], self._ahead.pop(request.id, {})
        for portion, size in await transaction.run(_CUSTOMERS, {"which": which}):
            packed = bytes((await transaction.run(_IDS, {"which": which, "number": portion}))[0][0])
            hashes = ahead.get(packed) or await self._hashes(packed, size)
            await transaction.run(_HASHES, {"request": which, "portion": portion, "key": self.key.name, "hashes": hashes})
            kept.append(hashes)
        return {"customer_hashes": digest_of(kept)}

    async def hash_ahead(self, database: Database, request: RequestId) -> None:
        """Hash a long list before its request is locked: a million take seconds, in which nobody else could write.

        What was hashed so counts only for rows that still hold the same when the request is locked.
        """
        portions = await database.run(_CUSTOMERS, {"which": text(request)})
        if sum(size for _, size in portions) < _MANY:
            return
        ahead = self._ahead.setdefault(request, {})
        for portion, size in portions:
            rows = await database.run(_IDS, {"which": text(request), "number": portion})
            for (packed,) in rows:
                ahead[bytes(packed)] = await self._hashes(bytes(packed), size)

    def forget_ahead(self, request: RequestId) -> None:
        """Let go of what was hashed ahead, whether it was used or not."""
        self._ahead.pop(request, None)

    async def _hashes(self, packed: bytes, size: int) -> bytes:
        return self._hash(packed) if size < _MANY else await asyncio.to_thread(self._hash, packed)

    def _hash(self, packed: bytes) -> bytes:
        return self.key.pack(unpacked(packed))


async def _outcome(transaction: Transaction, request: Request) -> Entry:
    """Add up what came of the batches, as the round leaves them: of each portion, and of all."""
    rows = await transaction.run(_OUTCOMES, {"which": text(request.id)})
    parts = [_numbers(*map(int, row)) for row in rows]
    whole = {name: sum(part[name] for part in parts) for name in ("batches", "given", "refused", "unknown", "not_tried")}
    facts = {"short": request.short, "round": request.round, "customers": request.customers, **whole, "portions": parts}
    return Entry(kind=What.OUTCOME, channel=request.channel, request=request.id, facts=facts)


def _numbers(portion: int, count: int, size: int, given: int, refused: int, unknown: int) -> dict[str, int]:
    not_tried = size - given - refused - unknown
    return {"portion": portion, "batches": count, "given": given, "refused": refused, "unknown": unknown, "not_tried": not_tried}
