"""The audit log: rows chained by their hashes, so that every change shows, and what a transition adds."""

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime
from typing import Final

from sqlalchemy import bindparam, insert, select, update

from bot.database.audit.customer_hashes import AuditKey, digest_of
from bot.database.connection import Database, Rows, Transaction
from bot.database.mapping import encode, to_columns, to_micros
from bot.database.schema import (
    audit,
    audit_customers,
    audit_head,
    batches,
    customers,
    of_request,
)
from bot.database.tally import TALLY, tally_of
from bot.domain.customers.packing import hash_rows, unpacked
from bot.domain.ids import RequestId
from bot.domain.ports import Clock
from bot.domain.requests.audit_entries import Entry, EntryKind, canonical, transition_entry
from bot.domain.requests.request import Request, State, is_digest_of

HEAD: Final = select(audit_head.c.seq, audit_head.c.hash).where(audit_head.c.one == 1)
_LOCK_HEAD: Final = HEAD.with_for_update()
_APPEND: Final = insert(audit)
_MOVE_HEAD: Final = update(audit_head).where(audit_head.c.one == bindparam("which"))
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
    hash: str = ""

    def own_hash(self) -> str:
        """Compute the row's hash: SHA-256 over the canonical JSON of its other columns."""
        columns = {field.name: getattr(self, field.name) for field in fields(Row) if field.name != "hash"}
        return hashlib.sha256(canonical(columns).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class ChainHead:
    """The end of the chain. Against a kept head, a changed or missing row before it shows."""

    seq: int
    hash: str


async def append(transaction: Transaction, entries: Sequence[Entry], at: datetime) -> None:
    """Append entries, as the last thing in a transaction: until it ends, other writers of the audit wait."""
    if not entries:
        return
    seq, previous = (await transaction.run(_LOCK_HEAD, {}))[0]
    for entry in entries:
        seq += 1
        who, channel, request = (
            None if name is None else encode(name) for name in (entry.who, entry.channel, entry.request)
        )
        kind, facts = encode(entry.kind), canonical(entry.facts)
        row = Row(seq, to_micros(at), who, channel, request, kind, facts, previous)
        previous = row.own_hash()
        await transaction.run(_APPEND, asdict(replace(row, hash=previous)))
    await transaction.run(_MOVE_HEAD, {"which": 1, "seq": seq, "hash": previous})


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
    digest = hash_rows(packed for _, packed in rows).digest
    return HashedCustomers(digest, tuple((portion, key.pack(unpacked(packed))) for portion, packed in rows))


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
