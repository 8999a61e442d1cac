"""The audit log: a chain of rows, each with the hash of the row before it, which shows every change."""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime
from typing import Final

from sqlalchemy import bindparam, func, insert, select, update

from bot.database.audit.customer_hashes import AuditKey, contains, digest_of
from bot.database.audit.evidence import CUSTOMERS, Evidence
from bot.database.connection import BaseRepository, ColumnValue, Database, Transaction
from bot.database.mapping import decode, encode, from_micros, to_micros
from bot.database.schema import audit, audit_customers, audit_head, audit_heads, of_request, requests
from bot.domain.customers.packing import hash_rows, unpacked
from bot.domain.customers.parsing import is_digest_of
from bot.domain.ids import CustomerId, RequestId
from bot.domain.requests.audit_entries import Entry, EntryKind, canonical

FIRST_PREVIOUS: Final = ""
"""The previous hash of the first row."""
ROWS_PER_QUERY: Final = 1_000
FOREVER: Final = 2**62

_HEAD: Final = select(audit_head.c.seq, audit_head.c.hash).where(audit_head.c.one == 1)
_LOCK_HEAD: Final = _HEAD.with_for_update()
_APPEND: Final = insert(audit)
_MOVE_HEAD: Final = update(audit_head).where(audit_head.c.one == bindparam("which"))
_ROWS: Final = (
    select(*audit.c)
    .where(
        audit.c.seq > bindparam("after"), audit.c.at >= bindparam("since"), audit.c.at < bindparam("until")
    )
    .order_by(audit.c.seq)
    .limit(ROWS_PER_QUERY)
)
_ROWS_OF_CHANNEL: Final = _ROWS.where(audit.c.channel == bindparam("channel"))
_HASH: Final = select(audit.c.hash).where(audit.c.seq == bindparam("which"))
_HEADS: Final = select(audit_heads.c.seq, audit_heads.c.hash).order_by(audit_heads.c.seq)
_KEPT_AT: Final = select(func.max(audit_heads.c.kept_at))
_LAST_OF_KIND: Final = (
    select(audit.c.facts).where(audit.c.kind == bindparam("kind")).order_by(audit.c.seq.desc()).limit(1)
)
_KEEP_HEAD: Final = insert(audit_heads)
_KEPT_HEAD: Final = select(audit_heads.c.seq).where(audit_heads.c.seq == bindparam("which"))
_OF_REQUEST: Final = select(audit_customers.c.hashes).where(of_request(audit_customers))
_HASHES: Final = _OF_REQUEST.order_by(audit_customers.c.portion)
_KEPT: Final = (
    select(audit_customers.c.key, audit_customers.c.hashes)
    .where(of_request(audit_customers))
    .order_by(audit_customers.c.portion)
)
_DIGEST: Final = select(requests.c.customers_digest, requests.c.purged_at).where(
    requests.c.id == bindparam("which")
)
_PORTIONS: Final = select(
    audit_customers.c.request, audit_customers.c.portion, audit_customers.c.key
).order_by(audit_customers.c.request, audit_customers.c.portion)
_PORTION: Final = _OF_REQUEST.where(audit_customers.c.portion == bindparam("number"))


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


@dataclass(frozen=True, slots=True)
class CustomerMentions:
    """The requests that named a customer; `other_keys` counts those that have an unknown key."""

    requests: frozenset[RequestId]
    other_keys: int


def _pack(key: AuditKey, row: bytes) -> bytes:
    return key.pack(unpacked(row))


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


class Audit(BaseRepository):
    """Reads the log, and keeps heads of the chain."""

    def __init__(self, database: Database, evidence: Evidence, keys: tuple[AuditKey, ...]) -> None:
        super().__init__(database)
        self._evidence = evidence
        self._keys = keys

    async def rows(
        self, *, since: datetime | None = None, until: datetime | None = None, channel: str | None = None
    ) -> AsyncIterator[Row]:
        """Read the rows in order, from one time until before another, with few in memory at once."""
        values: dict[str, ColumnValue] = {
            "since": to_micros(since) if since else -FOREVER,
            "until": to_micros(until) if until else FOREVER,
            "after": -FOREVER,
        }
        if channel is not None:
            values["channel"] = encode(channel)
        statement = _ROWS if channel is None else _ROWS_OF_CHANNEL
        while found := await self._database.run(statement, values):
            for columns in found:
                yield Row(*columns)
            values["after"] = found[-1][0]

    async def head(self) -> ChainHead | None:
        """Read the end of the chain; None if somebody deleted it."""
        rows = await self._database.run(_HEAD, {})
        return ChainHead(*rows[0]) if rows else None

    async def hash_of(self, seq: int) -> str | None:
        """Read the hash of one row; None if there is no such row."""
        rows = await self._database.run(_HASH, {"which": seq})
        return str(rows[0][0]) if rows else None

    async def heads(self) -> tuple[ChainHead, ...]:
        """Read the heads that were sent to the admins, oldest first."""
        return tuple(ChainHead(*row) for row in await self._database.run(_HEADS, {}))

    async def head_kept_at(self) -> datetime | None:
        """Return when a head was last sent."""
        ((kept_at,),) = await self._database.run(_KEPT_AT, {})
        return None if kept_at is None else from_micros(kept_at)

    async def last_account(self) -> str | None:
        """Return the Dintero account of the last start, if it is recorded."""
        rows = await self._database.run(_LAST_OF_KIND, {"kind": encode(EntryKind.POLICY)})
        return json.loads(rows[0][0]).get("account") if rows else None

    async def keep_head(self, head: ChainHead) -> None:
        """Keep a head that was sent, and append an entry about it."""
        async with self._database.transaction() as transaction:
            if await transaction.run(_KEPT_HEAD, {"which": head.seq}):
                return
            at, facts = self._evidence.clock.now(), {"seq": head.seq, "hash": head.hash}
            await transaction.run(_KEEP_HEAD, {"seq": head.seq, "hash": head.hash, "kept_at": to_micros(at)})
            await append(transaction, [Entry(kind=EntryKind.HEAD, facts=facts)], at)

    async def digest_of_customers(self, request: str) -> str:
        """Digest the kept hashes of a request's customers; the audit's `customer_hashes` has to match."""
        return digest_of([hashes for (hashes,) in await self._database.run(_HASHES, {"which": request})])

    async def has_other_customers(self, request: str) -> bool:
        """Tell whether the customers in the database are not the requested ones; of a purged one nobody can.

        Where the key of the kept hashes is known, these decide; the request's own digest has to match too.
        """
        which, names = {"which": request}, {key.name: key for key in self._keys}
        rows, kept = await self._database.run(CUSTOMERS, which), await self._database.run(_KEPT, which)
        found = await self._database.run(_DIGEST, which)
        if not found or found[0][1] is not None:
            return False
        ids = [packed for _, packed in rows]
        if not is_digest_of(decode(found[0][0]), (await asyncio.to_thread(hash_rows, ids)).digest):
            return True
        if len(rows) != len(kept):
            return True
        for (_, packed), (key, hashes) in zip(rows, kept, strict=True):
            if key in names and await asyncio.to_thread(_pack, names[key], packed) != hashes:
                return True
        return False

    async def named(self, customer: CustomerId) -> CustomerMentions:
        """Find every request that named a customer, redacted or not."""
        hashes = {key.name: key.hash(customer) for key in self._keys}
        found: set[RequestId] = set()
        other_keys: set[str] = set()
        for request, portion, key in await self._database.run(_PORTIONS, {}):
            if key not in hashes:
                other_keys.add(request)
            elif RequestId(decode(request)) not in found:
                ((packed,),) = await self._database.run(_PORTION, {"which": request, "number": portion})
                if contains(packed, hashes[key]):
                    found.add(RequestId(decode(request)))
        return CustomerMentions(frozenset(found), len(other_keys))
