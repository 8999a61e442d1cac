"""Reads the audit log, and keeps heads of its chain."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Final

from sqlalchemy import bindparam, case, func, insert, select

from bot.database.audit.customer_hashes import AuditKey, contains, digest_of
from bot.database.audit.log import CUSTOMERS, HEAD, ChainHead, Evidence, Row, append
from bot.database.connection import BaseRepository, ColumnValue, Database, Values
from bot.database.mapping import decode, encode, from_micros, to_micros
from bot.database.schema import (
    POLICY_ENTRY,
    audit,
    audit_customers,
    audit_heads,
    of_request,
    requests,
)
from bot.domain.customers.packing import hash_rows, unpacked
from bot.domain.ids import CustomerId
from bot.domain.requests.audit_entries import Entry, EntryKind
from bot.domain.requests.request import is_digest_of

FIRST_PREVIOUS: Final = ""
"""The previous hash of the first row."""
ROWS_PER_QUERY: Final = 1_000
SMALL_BYTES: Final = 8_000
"""The hashes of a thousand customers."""
FOREVER: Final = 2**62

_NEXT: Final = select(func.min(audit.c.seq)).where(audit.c.seq > bindparam("after"))
_IN_PAGE: Final = audit.c.seq.between(bindparam("first"), bindparam("last"))
_ROWS: Final = (
    select(*audit.c)
    .where(_IN_PAGE, audit.c.at >= bindparam("since"), audit.c.at < bindparam("until"))
    .order_by(audit.c.seq)
)
_ROWS_OF_CHANNEL: Final = _ROWS.where(audit.c.channel == bindparam("channel"))
_HASH: Final = select(audit.c.hash).where(audit.c.seq == bindparam("which"))
_HEADS: Final = select(audit_heads.c.seq, audit_heads.c.hash).order_by(audit_heads.c.seq)
_LAST_KEPT: Final = (
    select(audit_heads.c.seq, audit_heads.c.kept_at).order_by(audit_heads.c.seq.desc()).limit(1)
)
_LAST_POLICY: Final = select(audit.c.facts).where(POLICY_ENTRY).order_by(audit.c.seq.desc()).limit(1)
_LAST_AT: Final = (
    select(audit.c.at).where(audit.c.at < bindparam("before")).order_by(audit.c.seq.desc()).limit(1)
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
_PORTIONS_IN_PAGE: Final = select(
    audit_customers.c.request,
    audit_customers.c.portion,
    audit_customers.c.key,
    case(
        (
            (audit_customers.c.portion == 0) & (func.length(audit_customers.c.hashes) <= SMALL_BYTES),
            audit_customers.c.hashes,
        )
    ),
).where(audit_customers.c.request.in_(select(audit.c.request).where(_IN_PAGE)))
"""With the hashes of small requests: one query for each of them would take far longer."""
_KEYS: Final = select(audit_customers.c.key, func.count(audit_customers.c.request.distinct())).group_by(
    audit_customers.c.key
)
_PORTION: Final = _OF_REQUEST.where(audit_customers.c.portion == bindparam("number"))


def _pack(key: AuditKey, row: bytes) -> bytes:
    return key.pack(unpacked(row))


class Audit(BaseRepository):
    """Reads the log, and keeps heads of the chain."""

    def __init__(self, database: Database, evidence: Evidence, keys: tuple[AuditKey, ...]) -> None:
        super().__init__(database)
        self._evidence = evidence
        self._keys = keys

    async def rows(
        self,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        channel: str | None = None,
        customer: CustomerId | None = None,
    ) -> AsyncIterator[Row]:
        """Read the rows in order, from one time until before another, with one page in memory at once.

        With a customer, only those of requests that named this one, redacted or not.
        """
        values: dict[str, ColumnValue] = {
            "since": to_micros(since) if since else -FOREVER,
            "until": to_micros(until) if until else FOREVER,
        }
        if channel is not None:
            values["channel"] = encode(channel)
        statement = _ROWS if channel is None else _ROWS_OF_CHANNEL
        last = -FOREVER
        while (first := (await self._database.run(_NEXT, {"after": last}))[0][0]) is not None:
            last = first + ROWS_PER_QUERY - 1
            page = {"first": first, "last": last}
            found = await self._database.run(statement, {**values, **page})
            named = await self._named(customer, page) if customer is not None and found else None
            for row in (Row(*columns) for columns in found):
                if named is None or row.request in named:
                    yield row

    async def head(self) -> ChainHead | None:
        """Read the end of the chain; None if somebody deleted it."""
        rows = await self._database.run(HEAD, {})
        return ChainHead(*rows[0]) if rows else None

    async def hash_of(self, seq: int) -> str | None:
        """Read the hash of one row; None if there is no such row."""
        rows = await self._database.run(_HASH, {"which": seq})
        return str(rows[0][0]) if rows else None

    async def heads(self) -> tuple[ChainHead, ...]:
        """Read the heads that were sent to the admins, oldest first."""
        return tuple(ChainHead(*row) for row in await self._database.run(_HEADS, {}))

    async def last_kept(self) -> tuple[int, datetime] | None:
        """Return the row of the head that was sent last, and when that was."""
        rows = await self._database.run(_LAST_KEPT, {})
        return (rows[0][0], from_micros(rows[0][1])) if rows else None

    async def last_at(self, *, before: datetime | None = None) -> datetime | None:
        """Return the time of the last row, or of the last one before a time."""
        values = {"before": to_micros(before) if before else FOREVER}
        rows = await self._database.run(_LAST_AT, values)
        return from_micros(rows[0][0]) if rows else None

    async def last_account(self) -> str | None:
        """Return the Dintero account of the last start, if it is recorded."""
        rows = await self._database.run(_LAST_POLICY, {})
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

    async def other_keys(self) -> int:
        """Count the requests whose customers were hashed with an unknown key."""
        known = {key.name for key in self._keys}
        return sum(count for key, count in await self._database.run(_KEYS, {}) if key not in known)

    async def _named(self, customer: CustomerId, page: Values) -> frozenset[str]:
        """Find the requests of a page that named a customer."""
        hashes, found = {key.name: key.hash(customer) for key in self._keys}, set[str]()
        for request, portion, key, packed in await self._database.run(_PORTIONS_IN_PAGE, page):
            if key in hashes and request not in found:
                of_portion = packed or await self._hashes(request, portion)
                if contains(of_portion, hashes[key]):
                    found.add(request)
        return frozenset(found)

    async def _hashes(self, request: str, portion: int) -> bytes:
        ((hashes,),) = await self._database.run(_PORTION, {"which": request, "number": portion})
        return bytes(hashes)
