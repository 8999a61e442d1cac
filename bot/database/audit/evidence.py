"""What a request's transition adds to the audit: hashes of its customers, and outcomes of its batches."""

import asyncio
from dataclasses import dataclass, replace
from typing import Final

from sqlalchemy import insert, select

from bot.database.audit.customer_hashes import AuditKey, digest_of
from bot.database.connection import Database, Rows, Transaction
from bot.database.mapping import encode, to_columns
from bot.database.schema import audit_customers, batches, customers, of_request
from bot.database.tally import TALLY, tally_of
from bot.domain.customers.packing import unpacked
from bot.domain.customers.parsing import digest_of as customers_digest_of
from bot.domain.customers.parsing import is_digest_of
from bot.domain.ids import RequestId
from bot.domain.ports import Clock
from bot.domain.requests.audit_entries import Entry, EntryKind, transition_entry
from bot.domain.requests.request import Request, State

CUSTOMERS: Final = (
    select(customers.c.portion, customers.c.ids).where(of_request(customers)).order_by(customers.c.portion)
)
_INSERT_HASHES: Final = insert(audit_customers)
MAX_LISTED_BATCHES: Final = 5_000
"""With more batches, the entry has only their sums: nobody would read a list of many megabytes."""
_BATCHES: Final = (
    select(
        *(batches.c[name] for name in ("portion", "batch", "given", "refused", "unknown")),
        batches.c.size - batches.c.given - batches.c.refused - batches.c.unknown,
    )
    .where(of_request(batches))
    .order_by(batches.c.portion, batches.c.batch)
)
"""Portion, batch, and how many customers were given, refused, unknown and not tried."""


@dataclass(frozen=True, slots=True)
class HashedCustomers:
    """The keyed hashes of a request's customers by portion, and the digest of those customers."""

    customers_digest: str
    portions: tuple[tuple[int, bytes], ...]


@dataclass(frozen=True, slots=True)
class Evidence:
    """The clock and the key of audit entries, and customers that were hashed before the row was locked."""

    clock: Clock
    key: AuditKey
    hashed: HashedCustomers | None = None

    async def of_change(self, transaction: Transaction, before: Request, after: Request) -> list[Entry]:
        """Return the entries of a transition, and write the hashes that belong to it."""
        entry = transition_entry(before, after)
        if entry is None:
            return []
        if before.state is State.DRAFT:
            digest = await self._write_hashes(transaction, after)
            return [replace(entry, facts={**entry.facts, "customer_hashes": digest})]
        if before.state is State.GIVING and after.state is not State.GIVING:
            return [await _outcome(transaction, before), entry]
        return [entry]

    async def hash(self, where: Database | Transaction, request: RequestId) -> HashedCustomers:
        """Hash the customers of a request in a thread (measured: 80,000 take a third of a second)."""
        return await asyncio.to_thread(
            _hashed, self.key, await where.run(CUSTOMERS, {"which": encode(request)})
        )

    async def _write_hashes(self, transaction: Transaction, request: Request) -> str:
        """Write the hashes of a request's customers, which outlive the ids, and digest them."""
        hashed = self.hashed
        if hashed is None or not is_digest_of(request.customers_digest, hashed.customers_digest):
            hashed = await self.hash(transaction, request.id)
        for portion, hashes in hashed.portions:
            row = to_columns(request=request.id, portion=portion, key=self.key.name, hashes=hashes)
            await transaction.run(_INSERT_HASHES, row)
        return digest_of([hashes for _, hashes in hashed.portions])


def _hashed(key: AuditKey, rows: Rows) -> HashedCustomers:
    ids = [(portion, unpacked(packed)) for portion, packed in rows]
    digest = customers_digest_of([customer for _, some in ids for customer in some])
    return HashedCustomers(digest, tuple((portion, key.pack(some)) for portion, some in ids))


async def _outcome(transaction: Transaction, request: Request) -> Entry:
    """Describe the outcomes at the end of a round: of each batch, and the sums of the summary."""
    which = {"which": encode(request.id)}
    rows, tally = await transaction.run(_BATCHES, which), tally_of(await transaction.run(TALLY, which))
    facts = {
        "short": request.short,
        "round": request.round,
        "customers": request.customers,
        **tally.counts,
        "batches": len(rows),
        "each": [list(map(int, row)) for row in rows] if len(rows) <= MAX_LISTED_BATCHES else [],
    }
    return Entry(kind=EntryKind.OUTCOME, channel=request.channel, request=request.id, facts=facts)
