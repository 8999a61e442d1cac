"""The books as one object, opened over whichever database the settings name."""

import secrets
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from datetime import datetime
from typing import Final

from sqlalchemy import select

from bot.clock import SystemClock
from bot.database.audit.customer_hashes import AuditKey
from bot.database.audit.evidence import Evidence
from bot.database.audit.log import Audit
from bot.database.connection import Database, is_sqlite, parse_url
from bot.database.migrate import migrate
from bot.database.postgres import PATIENCE, open_postgres
from bot.database.repositories.batch_limits import BatchLimitRepository
from bot.database.repositories.batches import BatchRepository
from bot.database.repositories.budgets import BudgetRepository
from bot.database.repositories.outbox import OutboxRepository
from bot.database.repositories.pause import PauseRepository
from bot.database.repositories.prior_grants import PriorGrantsRepository
from bot.database.repositories.replicas import ReplicaRepository
from bot.database.repositories.requests import RequestRepository
from bot.database.repositories.rule_cache import RuleCacheRepository
from bot.database.repositories.source_files import SourceFileRepository
from bot.database.repositories.unit_of_work import SqlUnitOfWork, open_unit_of_work
from bot.database.repositories.verification import VerificationRepository
from bot.database.schema import requests
from bot.database.schema_audit import audit_key as audit_key_table
from bot.database.sqlite import open_sqlite
from bot.domain.ids import RequestId
from bot.domain.ports import Clock
from bot.domain.requests.audit_entries import Entry

_PING: Final = select(requests.c.id).limit(1)
_KEY: Final = select(audit_key_table.c.key)


class SqlRepository(
    RequestRepository,
    BatchRepository,
    OutboxRepository,
    PauseRepository,
    BudgetRepository,
    PriorGrantsRepository,
    BatchLimitRepository,
    ReplicaRepository,
    SourceFileRepository,
    RuleCacheRepository,
    VerificationRepository,
):
    """What the bot remembers, on SQLite or PostgreSQL; `audit` is what happened."""

    def __init__(self, database: Database, evidence: Evidence, audit: Audit) -> None:
        super().__init__(database)
        self._evidence = evidence
        self.audit = audit

    async def record(self, entry: Entry) -> None:
        """Write an entry into the audit that comes with no change of a request."""
        await self.audit.record(entry)

    def unit_of_work(self, request: RequestId) -> AbstractAsyncContextManager[SqlUnitOfWork | None]:
        """Open a request's page: lock its row until the block ends; None where there is none.

        Whatever the block raises, nothing of it is written. Inside it, write by the page and not by the books: SQLite
        has one writer, who would wait for itself (and is told so by a RuntimeError).
        """
        return open_unit_of_work(self._database, request, self._evidence)

    @asynccontextmanager
    async def unit_of_work_to_submit(self, draft: RequestId) -> AsyncIterator[SqlUnitOfWork | None]:
        """Open a draft's page to ask for it, once its customers are hashed for the audit: nobody waits at a locked row for that."""
        evidence = replace(self._evidence, hashed=await self._evidence.hash(self._database, draft))
        async with open_unit_of_work(self._database, draft, evidence) as unit:
            yield unit

    async def time(self) -> datetime | None:
        """Tell the database's time; None where there is none but the machine's."""
        return await self._database.time()

    async def ping(self) -> None:
        """Make sure that the database answers.

        Raises:
            DatabaseUnavailable: it does not.
        """
        await self._database.run(_PING, {})


@asynccontextmanager
async def open_repository(
    url: str, *, clock: Clock | None = None, audit_key: str | None = None, patience: float = PATIENCE
) -> AsyncIterator[SqlRepository]:
    """Bring the database to the present schema, and open the books; without an audit key, one is made and kept there.

    A statement waits `patience` seconds for one of PostgreSQL's connections.

    Raises:
        ConfigError: the address is none of ours.
        DatabaseUnavailable: the database cannot be reached, or is newer than this program.
    """
    await migrate(url)
    where = parse_url(url)
    async with (
        open_sqlite(where) if is_sqlite(where) else open_postgres(where, patience=patience) as database
    ):
        own = await _own_key(database, make=audit_key is None)
        keys = tuple(AuditKey(key) for key in (audit_key, own) if key)
        evidence = Evidence(clock or SystemClock(), keys[0])
        yield SqlRepository(database, evidence, Audit(database, evidence, keys))


async def _own_key(database: Database, *, make: bool) -> str | None:
    """Read the key that is kept in the database; whoever makes one first, all use that."""
    if make and not await database.run(_KEY, {}):
        new = database.insert(audit_key_table).on_conflict_do_nothing(index_elements=["one"])
        await database.run(new, {"one": 1, "key": secrets.token_hex(32)})
    rows = await database.run(_KEY, {})
    return str(rows[0][0]) if rows else None
