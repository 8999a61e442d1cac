"""The repository: all parts as one object, opened over the configured database."""

import secrets
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime
from functools import cache
from typing import Final

from sqlalchemy import bindparam, func, select

from bot.clock import SystemClock
from bot.database.audit.customer_hashes import AuditKey
from bot.database.audit.log import Evidence
from bot.database.audit.reader import Audit
from bot.database.connection import Database, InsertInto, Statement, is_sqlite, parse_url
from bot.database.migrate import migrate
from bot.database.postgres import POOL_TIMEOUT_SECONDS, open_postgres
from bot.database.repositories.batches import BatchRepository
from bot.database.repositories.budgets import BudgetRepository
from bot.database.repositories.outbox import OutboxRepository
from bot.database.repositories.pause import PauseRepository
from bot.database.repositories.preferences import PreferenceRepository
from bot.database.repositories.prior_grants import PriorGrantsRepository
from bot.database.repositories.requests import RequestRepository
from bot.database.repositories.restores import RestoreRepository
from bot.database.repositories.rule_usage import RuleUsageRepository
from bot.database.repositories.source_files import SourceFileRepository
from bot.database.repositories.unit_of_work import UnitOfWorkRepository
from bot.database.repositories.verification import VerificationRepository
from bot.database.schema import audit_key as audit_key_table
from bot.database.schema import channels, replicas, requests
from bot.database.sqlite import open_sqlite
from bot.domain.ports import Clock

CHANNEL: Final = "discount_bot"
"""The channel of PostgreSQL's NOTIFY that all processes listen to."""
_READ: Final = select(requests.c.id).limit(1)
_WRITTEN: Final = {"id": ""}
"""A row that nothing else uses."""
_LIVE: Final = select(replicas.c.name)
_NOTIFY: Final = select(func.pg_notify(CHANNEL, bindparam("name")))
_KEY: Final = select(audit_key_table.c.key)


@cache
def _write_again(insert_into: InsertInto) -> Statement:
    insert = insert_into(channels)
    return insert.on_conflict_do_update(index_elements=["id"], set_={"id": insert.excluded.id})


class SqlRepository(
    UnitOfWorkRepository,
    RequestRepository,
    BatchRepository,
    OutboxRepository,
    PauseRepository,
    BudgetRepository,
    PriorGrantsRepository,
    SourceFileRepository,
    VerificationRepository,
    RestoreRepository,
    PreferenceRepository,
    RuleUsageRepository,
):
    """What the bot remembers, on SQLite or PostgreSQL; `audit` is the audit log."""

    def __init__(self, database: Database, evidence: Evidence, audit: Audit) -> None:
        super().__init__(database, evidence)
        self.audit = audit

    async def time(self) -> datetime | None:
        """Return the database's time; None for SQLite, which has only the machine's."""
        return await self._database.time()

    async def ping(self) -> None:
        """Try a write, or raise DatabaseUnavailable: after a fail-over, a standby still answers reads."""
        await self._database.run(_READ, {})
        await self._database.run(_write_again(self._database.insert), _WRITTEN)

    async def erase_deleted(self) -> bool:
        return await self._database.erase_deleted()

    async def live_replicas(self) -> frozenset[str]:
        """Return the names of the live processes; a dead one is among them until a peer evicts it."""
        return frozenset(str(name) for (name,) in await self._database.run(_LIVE, {}))

    async def notify(self, name: str) -> None:
        """Notify the other processes that this one has changed something."""
        await self._database.run(_NOTIFY, {"name": name})


@asynccontextmanager
async def open_repository(
    url: str,
    *,
    clock: Clock | None = None,
    audit_key: str | None = None,
    pool_timeout: float = POOL_TIMEOUT_SECONDS,
) -> AsyncIterator[SqlRepository]:
    """Migrate the database, and open the repository; without an audit key, it makes one and keeps it there.

    On PostgreSQL a statement waits `pool_timeout` seconds for a connection. Raises what `migrate` does.
    """
    await migrate(url)
    async with _opened(url, pool_timeout=pool_timeout) as database:
        own_key = await _own_key(database, make=audit_key is None)
        keys = tuple(AuditKey(key) for key in (audit_key, own_key) if key)
        evidence = Evidence(clock or SystemClock(), keys[0])
        yield SqlRepository(database, evidence, Audit(database, evidence, keys))


@asynccontextmanager
async def open_audit(url: str, *, audit_key: str | None = None) -> AsyncIterator[Audit]:
    """Open the audit of an existing database to read it: nothing is migrated, made or written."""
    async with _opened(url, read_only=True) as database:
        own_key = await _own_key(database, make=False)
        keys = tuple(AuditKey(key) for key in (audit_key, own_key) if key)
        yield Audit(database, Evidence(SystemClock(), AuditKey("")), keys)


def _opened(
    url: str, *, pool_timeout: float = POOL_TIMEOUT_SECONDS, read_only: bool = False
) -> AbstractAsyncContextManager[Database]:
    parsed = parse_url(url)
    if is_sqlite(parsed):
        return open_sqlite(parsed, read_only=read_only)
    return open_postgres(parsed, pool_timeout=pool_timeout, read_only=read_only)


async def _own_key(database: Database, *, make: bool) -> str | None:
    """Read the key in the database; of several processes that make one, all use the first."""
    if make and not await database.run(_KEY, {}):
        insert = database.insert(audit_key_table).on_conflict_do_nothing(index_elements=["one"])
        await database.run(insert, {"one": 1, "key": secrets.token_hex(32)})
    rows = await database.run(_KEY, {})
    return str(rows[0][0]) if rows else None
