"""What a move of a request leaves in the audit beside its own entry: the keyed hashes of its customers, and what came of its batches."""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import bindparam, insert, select

from bot.database.audit.customer_hashes import AuditKey, digest_of
from bot.database.connection import Database, Kept, Rows, Transaction
from bot.database.encoding import MANY, encode
from bot.database.schema import batches, customers
from bot.database.schema_audit import audit_customers
from bot.database.tally import TALLY, tally_of
from bot.domain.customers.packing import unpacked
from bot.domain.customers.parsing import digest_of as customers_digest_of
from bot.domain.ids import RequestId
from bot.domain.ports import Clock
from bot.domain.requests.audit_entries import Entry, EntryKind, transition_entry
from bot.domain.requests.request import Request, State

_CUSTOMERS: Final = (
    select(customers.c.portion, customers.c.size, customers.c.ids)
    .where(customers.c.request == bindparam("which"))
    .order_by(customers.c.portion)
)
_HASHES: Final = insert(audit_customers)
EACH: Final = 5_000
"""With more batches than these, only their sums are told: nobody reads them, and the row would be many megabytes."""
_BATCHES: Final = (
    select(
        batches.c.portion,
        batches.c.batch,
        batches.c.given,
        batches.c.refused,
        batches.c.unknown,
        batches.c.size,
    )
    .where(batches.c.request == bindparam("which"))
    .order_by(batches.c.portion, batches.c.batch)
)


@dataclass(frozen=True, slots=True)
class HashedCustomers:
    """The keyed hashes of a request's customers by portion, and the digest of those who were hashed: other ones may be put meanwhile."""

    customers_digest: str
    portions: tuple[tuple[int, bytes], ...]


@dataclass(frozen=True, slots=True)
class Evidence:
    """The time and the key that entries are written with, and what was hashed before anybody had to wait for it."""

    clock: Clock
    key: AuditKey
    hashed: HashedCustomers | None = None

    def now(self) -> datetime:
        """Tell the time."""
        return self.clock.now()

    async def of_change(self, transaction: Transaction, before: Request, after: Request) -> list[Entry]:
        """Tell how a request moved, if it did, and keep what belongs to that."""
        entry = transition_entry(before, after)
        if entry is None:
            return []
        if before.state is State.DRAFT:
            hashed = await self._hash_customers(transaction, after)
            return [
                Entry(
                    kind=entry.kind,
                    who=entry.who,
                    channel=entry.channel,
                    request=entry.request,
                    facts={**entry.facts, **hashed},
                )
            ]
        if before.state is State.GIVING and after.state is not State.GIVING:
            return [await _outcome(transaction, before), entry]
        return [entry]

    async def hash(self, where: Database | Transaction, request: RequestId) -> HashedCustomers:
        """Hash the customers of a request, many of them beside the event loop (measured: 80,000 take a third of a second)."""
        rows = await where.run(_CUSTOMERS, {"which": encode(request)})
        many = sum(size for _, size, _ in rows) >= MANY
        return await asyncio.to_thread(_hashed, self.key, rows) if many else _hashed(self.key, rows)

    async def _hash_customers(self, transaction: Transaction, request: Request) -> dict[str, str]:
        """Keep the hashes of whom it names; they outlive the ids."""
        hashed = self.hashed
        if hashed is None or hashed.customers_digest != request.customers_digest:
            hashed = await self.hash(transaction, request.id)
        for portion, hashes in hashed.portions:
            row: dict[str, Kept] = {
                "request": encode(request.id),
                "portion": portion,
                "key": self.key.name,
                "hashes": hashes,
            }
            await transaction.run(_HASHES, row)
        return {"customer_hashes": digest_of([hashes for _, hashes in hashed.portions])}


def _hashed(key: AuditKey, rows: Rows) -> HashedCustomers:
    ids = [(portion, unpacked(kept)) for portion, _, kept in rows]
    digest = customers_digest_of([customer for _, some in ids for customer in some])
    return HashedCustomers(digest, tuple((portion, key.pack(some)) for portion, some in ids))


async def _outcome(transaction: Transaction, request: Request) -> Entry:
    """Tell what came of the batches, as the round leaves them: of each, and of all as the summary counts them."""
    which = {"which": encode(request.id)}
    rows, tally = await transaction.run(_BATCHES, which), tally_of(await transaction.run(TALLY, which))
    facts = {
        "short": request.short,
        "round": request.round,
        "customers": request.customers,
        "given": tally.given,
        "refused": tally.refused,
        "unknown": tally.unknown,
        "not_tried": tally.not_tried,
        "batches": len(rows),
        "each": [_numbers(*map(int, row)) for row in rows] if len(rows) <= EACH else [],
    }
    return Entry(kind=EntryKind.OUTCOME, channel=request.channel, request=request.id, facts=facts)


def _numbers(portion: int, batch: int, given: int, refused: int, unknown: int, size: int) -> list[int]:
    """Write a batch: its row of customers, its place there, and how many were given, refused, unknown and not tried."""
    return [portion, batch, given, refused, unknown, size - given - refused - unknown]
