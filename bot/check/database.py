"""Checks the database: that it takes writes, and on PostgreSQL all that `run` needs of server and role."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Final

import psycopg
from sqlalchemy import URL

from bot.check.result import CheckFailed, CheckResult, failed, result_of
from bot.config.redaction import MIN_SECRET_LENGTH
from bot.database.address import is_encrypted
from bot.database.connection import is_sqlite, parse_url
from bot.database.postgres import Connection, TimedConnection, connect_parameters
from bot.database.repositories.repository import open_repository
from bot.database.schema import metadata

OLDEST: Final = 13
ENGINE_SCHEMA: Final = "dbos"
"""The schema of the durable engine."""
APPEND_ONLY: Final = ("audit", "audit_heads", "audit_customers", "audit_key")
DOCUMENT: Final = "docs/postgresql.md has the statements"
COLUMNS: Final = ("version", "encoding", "schema", "may_create", "engine_ready", "has_tables")
_FACTS: Final = """
    SELECT current_setting('server_version_num')::integer / 10000, current_setting('server_encoding'),
        coalesce(current_schema(), ''),
        coalesce(has_schema_privilege(current_schema(), 'CREATE'), false),
        CASE WHEN to_regnamespace(%(engine)s) IS NULL
            THEN has_database_privilege(current_database(), 'CREATE')
            ELSE has_schema_privilege(%(engine)s, 'USAGE') AND (has_schema_privilege(%(engine)s, 'CREATE')
                OR to_regclass(%(engine)s || '.dbos_migrations') IS NOT NULL) END,
        EXISTS (SELECT FROM pg_tables WHERE schemaname = current_schema() AND tablename = 'requests')
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
    missing: tuple[str, ...] = ()
    keeps_sessions: bool = True

    def faults(self) -> list[CheckResult]:
        """Name each fault with its cure."""
        found: list[CheckResult] = []

        def wrong(detail: str, fix: str) -> None:
            found.append(CheckResult("database", detail, fix))

        if self.version < OLDEST:
            wrong(f"PostgreSQL {self.version} is too old", f"Use PostgreSQL {OLDEST} or later.")
        if self.encoding != "UTF8":
            fix = "Make a database WITH ENCODING 'UTF8' TEMPLATE template0, and move to it."
            wrong(f"its encoding is {self.encoding}, which has no place for some names and texts", fix)
        if not self.keeps_sessions:
            fix = "Connect to PostgreSQL itself, or set the pooler to pool_mode = session."
            wrong("a pooler gives each transaction another session, so locks and LISTEN do not work", fix)
        if not self.schema or not (self.may_create or self.has_tables):
            fix = f"Grant CREATE on the schema, or give the role one of its own; {DOCUMENT}."
            wrong(f"the role may not create tables in schema {self.schema or '(none)'}", fix)
        if not self.engine_ready:
            fix = f"Run CREATE SCHEMA {ENGINE_SCHEMA} AUTHORIZATION for the role; {DOCUMENT}."
            wrong(f"the role may not create or use the schema {ENGINE_SCHEMA}", fix)
        if self.missing:
            fix = f"Grant SELECT, INSERT, UPDATE and DELETE on them; {DOCUMENT}."
            wrong(f"the role lacks rights on {', '.join(self.missing[:5])}", fix)
        return found


async def check_database(url: str, audit_key: str | None) -> AsyncIterator[CheckResult]:
    """Check what `run` needs, then open the database as it does, which migrates it."""
    parsed = parse_url(url)
    if not is_sqlite(parsed):
        try:
            facts = await server_facts(parsed)
        except psycopg.Error as error:
            problem = f"cannot be reached: {str(error).strip()}"
            yield failed("database", CheckFailed(problem, advice="Check DATABASE_URL, and that it runs."))
            return
        if faults := facts.faults():
            for fault in faults:
                yield fault
            return
    yield await result_of("database", _opened(url, audit_key))
    if audit_key and len(audit_key) < MIN_SECRET_LENGTH:
        fix = "Customer ids can be guessed from their hashes. Set a long random one; old hashes keep theirs."
        yield CheckResult("AUDIT_KEY", "too short to be secret", fix)
    if parsed.password and len(parsed.password) < MIN_SECRET_LENGTH:
        fix = f"Give the role one of at least {MIN_SECRET_LENGTH} characters, and change DATABASE_URL."
        yield CheckResult("database password", "too short to be secret", fix)
    if not is_encrypted(parsed):
        fix = "Add ?sslmode=verify-full (or at least require) to DATABASE_URL."
        yield CheckResult("database encryption", "connections over the network may be without TLS", fix)


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
        ours = [table.name for table in metadata.sorted_tables] + ["discount_bot_version"]
        values = {
            "engine": ENGINE_SCHEMA,
            "ours": ours,
            "append_only": list(APPEND_ONLY),
            "version": "discount_bot_version",
        }
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


async def _opened(url: str, audit_key: str | None) -> str:
    """Open the database as the bot does, which also migrates it to the current schema."""
    async with open_repository(url, audit_key=audit_key) as repository:
        await repository.ping()
    return "answers and takes writes, with the current schema"
