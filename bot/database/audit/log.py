"""The room of the audit: writes what comes with no change of a request, and reads all of it, a thousand rows at a time."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import bindparam, func, insert, select

from bot.database.audit.chain import COLUMNS, Row, append, row_of
from bot.database.audit.customer_hashes import AuditKey, digest_of, holds
from bot.database.audit.evidence import Evidence
from bot.database.connection import BaseRepository, Database, Kept, Transaction
from bot.database.encoding import decode, encode, from_micros, to_micros
from bot.database.schema_audit import audit, audit_customers, audit_head, audit_heads
from bot.domain.ids import CustomerId, RequestId
from bot.domain.requests.audit_entries import Entry, EntryKind

AT_ONCE: Final = 1_000
FOR_EVER: Final = 2**62

_ROWS: Final = (
    select(*COLUMNS)
    .where(
        audit.c.seq > bindparam("after"), audit.c.at >= bindparam("since"), audit.c.at < bindparam("until")
    )
    .order_by(audit.c.seq)
    .limit(AT_ONCE)
)
_ROWS_OF: Final = _ROWS.where(audit.c.channel == bindparam("channel"))
_HEAD: Final = select(audit_head.c.seq, audit_head.c.hash)
_HEADS: Final = select(audit_heads.c.seq, audit_heads.c.hash).order_by(audit_heads.c.seq)
_KEPT_AT: Final = select(func.max(audit_heads.c.kept_at))
_KEEP_HEAD: Final = insert(audit_heads)
_THERE: Final = select(audit_heads.c.seq).where(audit_heads.c.seq == bindparam("which"))
_HASHES: Final = (
    select(audit_customers.c.hashes)
    .where(audit_customers.c.request == bindparam("which"))
    .order_by(audit_customers.c.portion)
)
_PORTIONS: Final = select(
    audit_customers.c.request, audit_customers.c.portion, audit_customers.c.key
).order_by(audit_customers.c.request, audit_customers.c.portion)
_PORTION: Final = select(audit_customers.c.hashes).where(
    audit_customers.c.request == bindparam("which"), audit_customers.c.portion == bindparam("number")
)


@dataclass(frozen=True, slots=True)
class ChainHead:
    """The end of the chain: who knows it, notices whatever was changed before it, and when it was cut off."""

    seq: int
    hash: str


@dataclass(frozen=True, slots=True)
class CustomerMentions:
    """The requests that named a customer. `other_keys` are how many were hashed with a key that is not known, and could not be asked."""

    requests: frozenset[RequestId]
    other_keys: int


class Audit(BaseRepository):
    """What stands in the audit."""

    def __init__(self, database: Database, evidence: Evidence, keys: tuple[AuditKey, ...]) -> None:
        super().__init__(database)
        self._evidence = evidence
        self._keys = keys

    async def record(self, entry: Entry) -> None:
        """Write an entry at the end of the audit; what comes with a change of a request is written by its page."""
        async with self._database.transaction() as transaction:
            await append(transaction, [entry], self._evidence.now())

    async def rows(
        self, *, since: datetime | None = None, until: datetime | None = None, channel: str | None = None
    ) -> AsyncIterator[Row]:
        """Read rows in their order, from a moment on and before another one, never many at once."""
        values: dict[str, Kept] = {
            "since": to_micros(since) if since else -FOR_EVER,
            "until": to_micros(until) if until else FOR_EVER,
        }
        if channel is not None:
            values["channel"] = encode(channel)
        after = -FOR_EVER
        while found := await self._database.run(
            _ROWS if channel is None else _ROWS_OF, {**values, "after": after}
        ):
            for values_of_row in found:
                yield row_of(values_of_row)
            after = found[-1][0]

    async def head(self) -> ChainHead | None:
        """Read the end of the chain; None where somebody took it away."""
        rows = await self._database.run(_HEAD, {})
        return ChainHead(*rows[0]) if rows else None

    async def heads(self) -> tuple[ChainHead, ...]:
        """Read the ends that were told to the admins, oldest first."""
        return tuple(ChainHead(*row) for row in await self._database.run(_HEADS, {}))

    async def head_kept_at(self) -> datetime | None:
        """Say when an end was last told."""
        rows = await self._database.run(_KEPT_AT, {})
        return from_micros(rows[0][0]) if rows and rows[0][0] is not None else None

    async def keep_head(self, head: ChainHead) -> None:
        """Keep an end that was told, and write into the audit that it was."""
        async with self._database.transaction() as transaction:
            if not await transaction.run(_THERE, {"which": head.seq}):
                await _keep(transaction, head, self._evidence.now())

    async def digest_of_customers(self, request: str) -> str:
        """Digest the hashes that are kept of a request's customers, as `customer_hashes` in the audit."""
        return digest_of([row[0] for row in await self._database.run(_HASHES, {"which": request})])

    async def named(self, customer: CustomerId) -> CustomerMentions:
        """Find every request that named a customer, purged or not."""
        hashed = {key.name: key.hash(customer) for key in self._keys}
        found: set[RequestId] = set()
        other: set[str] = set()
        for request, portion, key in await self._database.run(_PORTIONS, {}):
            if key not in hashed:
                other.add(request)
            elif request not in found:
                packed = (await self._database.run(_PORTION, {"which": request, "number": portion}))[0][0]
                found |= {RequestId(decode(request))} if holds(packed, hashed[key]) else set()
        return CustomerMentions(frozenset(found), len(other))


async def _keep(transaction: Transaction, head: ChainHead, at: datetime) -> None:
    await transaction.run(_KEEP_HEAD, {"seq": head.seq, "hash": head.hash, "kept_at": to_micros(at)})
    await append(transaction, [Entry(kind=EntryKind.HEAD, facts={"seq": head.seq, "hash": head.hash})], at)
