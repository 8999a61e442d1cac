"""Checks the database, an SQLite file or a PostgreSQL server with all that `run` needs; it only reads."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Final

import psycopg
from sqlalchemy import URL

from bot.background.durable_engine import ENGINE_SCHEMA, sqlite_files
from bot.check.result import CheckFailed, CheckResult, failed
from bot.check.schemas import read_schemas
from bot.config.redaction import MIN_SECRET_LENGTH
from bot.database.address import is_encrypted
from bot.database.connection import is_sqlite, parse_url
from bot.database.migrate import refuse_hard_links
from bot.database.postgres import Connection, TimedConnection, connect_parameters
from bot.database.schema import VERSION_TABLE, metadata
from bot.database.sqlite import is_log_alone
from bot.errors import DatabaseUnavailable, DiscountBotError

OLDEST: Final = 13
APPEND_ONLY: Final = ("audit", "audit_heads", "audit_customers", "audit_key")
DOCUMENT: Final = "see docs/postgresql.md"
MIGRATE_FIX: Final = (
    "As the role that owns the tables, run discount-bot migrate, and start discount-bot run once for the "
    f"durable engine's tables; {DOCUMENT}."
)
COLUMNS: Final = ("version", "encoding", "schema", "may_create", "engine_ready", "has_tables", "may_migrate")
_FACTS: Final = """
    SELECT current_setting('server_version_num')::integer / 10000, current_setting('server_encoding'),
        coalesce(current_schema(), ''),
        coalesce(has_schema_privilege(current_schema(), 'CREATE'), false),
        CASE WHEN to_regnamespace(%(engine)s) IS NULL
            THEN has_database_privilege(current_database(), 'CREATE')
            ELSE has_schema_privilege(%(engine)s, 'USAGE') AND (has_schema_privilege(%(engine)s, 'CREATE')
                OR to_regclass(%(engine)s || '.dbos_migrations') IS NOT NULL) END,
        EXISTS (SELECT FROM pg_tables WHERE schemaname = current_schema() AND tablename = 'requests'),
        NOT EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE c.relkind IN ('r', 'p') AND NOT pg_has_role(c.relowner, 'USAGE')
                AND (n.nspname = %(engine)s OR n.nspname = current_schema() AND c.relname = ANY(%(ours)s)))
"""
_MISSING: Final = """
    SELECT DISTINCT format('%%I.%%I', n.nspname, c.relname)
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace,
        unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) AS right_to
    WHERE c.relkind IN ('r', 'p')
        AND (n.nspname = %(engine)s OR n.nspname = current_schema() AND c.relname = ANY(%(ours)s))
        AND NOT (c.relname = ANY(%(append_only)s) AND right_to IN ('UPDATE', 'DELETE'))
        AND NOT (c.relname IN ('audit_head', %(version)s) AND right_to = 'DELETE')
        AND NOT (c.relname = %(version)s AND right_to IN ('INSERT', 'UPDATE'))
        AND NOT has_table_privilege(c.oid, right_to)
    ORDER BY 1
"""


@dataclass(frozen=True, slots=True)
class ServerFacts:
    """What a server and a role have, as far as `run` needs it."""

    version: int
    encoding: str
    schema: str
    may_create: bool
    engine_ready: bool
    has_tables: bool
    may_migrate: bool = True
    """Whether the role owns all tables that are there."""
    missing: tuple[str, ...] = ()
    keeps_sessions: bool = True

    def faults(self) -> Iterator[CheckResult]:
        """Name each fault with its cure."""
        if self.version < OLDEST:
            yield _wrong(f"PostgreSQL {self.version} is too old", f"Use PostgreSQL {OLDEST} or later.")
        if self.encoding != "UTF8":
            fix = "Create a database WITH ENCODING 'UTF8' TEMPLATE template0, and move to it."
            yield _wrong(f"its encoding is {self.encoding}, which can't hold every name and text", fix)
        if not self.keeps_sessions:
            fix = "Connect to PostgreSQL itself, or set the pooler to pool_mode = session."
            yield _wrong(
                "a pooler gives each transaction another session, so locks and LISTEN don't work", fix
            )
        if not self.schema or not (self.may_create or self.has_tables):
            fix = f"Grant CREATE on the schema, or give the role its own; {DOCUMENT}."
            yield _wrong(f"the role may not create tables in schema {self.schema or '(none)'}", fix)
        if not self.engine_ready:
            fix = f"Run CREATE SCHEMA {ENGINE_SCHEMA} AUTHORIZATION for the role; {DOCUMENT}."
            yield _wrong(f"the role may not create or use the schema {ENGINE_SCHEMA}", fix)
        if self.missing:
            fix = f"Grant SELECT, INSERT, UPDATE and DELETE on them; {DOCUMENT}."
            yield _wrong(f"the role lacks rights on {', '.join(self.missing[:5])}", fix)


async def check_database(url: str, audit_key: str | None) -> AsyncIterator[CheckResult]:
    """Check all that `run` needs of the database; nothing is made, migrated or written."""
    parsed = parse_url(url)
    for result in await (_check_file(url) if is_sqlite(parsed) else _check_server(url)):
        yield result
    if audit_key and len(audit_key) < MIN_SECRET_LENGTH:
        fix = "Set a long random one: with a short key, customer IDs can be guessed. Old hashes stay."
        yield CheckResult("AUDIT_KEY", "too short to be secret", fix)
    if parsed.password and len(parsed.password) < MIN_SECRET_LENGTH:
        fix = f"Use at least {MIN_SECRET_LENGTH} characters, and change DATABASE_URL."
        yield CheckResult("database password", "too short to be secret", fix)
    if not is_encrypted(parsed):
        fix = "Add ?sslmode=verify-full (or at least require) to DATABASE_URL."
        yield CheckResult("database encryption", "connections over the network may not use TLS", fix)


async def _check_file(url: str) -> list[CheckResult]:
    try:
        return [await asyncio.to_thread(_file_result, url)]
    except DiscountBotError as error:
        return [failed("database", error, stops_run=True)]


def _file_result(database_url: str) -> CheckResult:
    """Check that the bot's file and the durable engine's can be used, or made.

    Raises:
        CheckFailed, DatabaseUnavailable: they cannot.
    """
    ours, engines = sqlite_files(database_url)
    folder = ours.resolve().parent
    if not folder.is_dir():
        raise CheckFailed(f"the folder {folder} doesn't exist", advice="Make it, or correct DATABASE_URL.")
    for path in (folder, ours, engines):
        if path.exists() and not os.access(path, os.R_OK | os.W_OK | (os.X_OK if path.is_dir() else 0)):
            fix = f"Let the bot's user read and write {folder} and its files, or correct DATABASE_URL."
            raise CheckFailed(f"this user can't read and write {path}", advice=fix)
    if not ours.exists():
        return CheckResult("database", f"{ours.name} doesn't exist yet; run will make it in {folder}")
    if not ours.is_file():
        raise CheckFailed(f"{ours} isn't a file", advice="Set DATABASE_URL to a file.")
    refuse_hard_links(ours)
    for path in filter(is_log_alone, (ours, engines)):
        problem = f"{path}-wal has changes that are not in {path.name} yet, although no program has it open"
        fix = "Keep the two files together: the next start adds the changes."
        return CheckResult("database", problem, fix, is_warning=True)
    return read_schemas(database_url).result(f"{ours.name} is readable and writable")


async def _check_server(url: str) -> list[CheckResult]:
    try:
        facts = await server_facts(parse_url(url))
        if faults := list(facts.faults()):
            return faults
        schemas = await asyncio.to_thread(read_schemas, url)
    except (psycopg.Error, DatabaseUnavailable) as error:
        problem = f"can't connect: {str(error).strip()}"
        wrong = CheckFailed(problem, advice="Check DATABASE_URL, and that PostgreSQL is running.")
        return [failed("database", wrong, stops_run=True)]
    if schemas.updates and not facts.may_migrate:
        return [_wrong(f"the role may not {' and '.join(schemas.updates)}", MIGRATE_FIX)]
    return [schemas.result("reachable and writable")]


def _wrong(detail: str, fix: str) -> CheckResult:
    return CheckResult("database", detail, fix, stops_run=True)


async def server_facts(url: URL) -> ServerFacts:
    """Ask a server for all that the checks need.

    Raises:
        psycopg.Error: it does not answer.
    """
    async with AsyncExitStack() as stack:
        first, second = [
            await stack.enter_async_context(
                await TimedConnection.connect(**connect_parameters(url), autocommit=True)
            )
            for _ in range(2)
        ]
        ours = [table.name for table in metadata.sorted_tables] + [VERSION_TABLE]
        values = {
            "engine": ENGINE_SCHEMA,
            "ours": ours,
            "append_only": list(APPEND_ONLY),
            "version": VERSION_TABLE,
        }
        async with first.transaction():
            await first.execute("SET TRANSACTION READ ONLY")
            facts = (await (await first.execute(_FACTS, values)).fetchall())[0]
            missing = await (await first.execute(_MISSING.encode(), values)).fetchall()
        named = dict(zip(COLUMNS, facts, strict=True))
        return ServerFacts(
            **named,
            missing=tuple(name for (name,) in missing),
            keeps_sessions=await _keeps_sessions(first, second),
        )


async def _keeps_sessions(first: Connection, second: Connection) -> bool:
    """Check that a connection stays with its session while another one is in a transaction."""
    before = await _session(first)
    async with second.transaction():
        other = await _session(second)
        after = await _session(first)
    return before == after != other


async def _session(connection: Connection) -> int:
    return int((await (await connection.execute("SELECT pg_backend_pid()")).fetchall())[0][0])
