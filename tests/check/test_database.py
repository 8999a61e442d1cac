"""The check of the database: what it finds would keep `run` from working, and it names the cure."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from bot.check.database import ServerFacts, check_database, server_facts
from bot.database.address import parse_url
from bot.database.migrate import migrate
from bot.database.schema import VERSION
from bot.errors import DatabaseUnavailable
from sandbox.shop import open_bot, open_shop
from tests.journeys.steps import QUICKLY, Trip
from tests.support.postgres import Server
from tests.support.transaction_pooler import transaction_pooler

FINE = ServerFacts(
    version=16,
    encoding="UTF8",
    schema="public",
    may_create=True,
    engine_ready=True,
    has_tables=False,
)
CURRENT = f"✓ database – reachable and writable, schema {VERSION} is up to date"
EMPTY = "✓ database – reachable and writable; run will make its tables"
STATEMENTS = re.findall(
    r"```sql\n(.*?)```", Path("docs/postgresql.md").read_text(encoding="utf-8"), re.DOTALL
)


async def lines(url: str) -> list[str]:
    return [str(result) async for result in check_database(url, None)]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"version": 12}, "PostgreSQL 12 is too old. Use PostgreSQL 13"),
        ({"encoding": "LATIN1"}, "its encoding is LATIN1"),
        ({"keeps_sessions": False}, "pool_mode = session"),
        ({"may_create": False}, "may not create tables in schema public. Grant CREATE"),
        ({"schema": ""}, "may not create tables in schema (none)"),
        ({"engine_ready": False}, "CREATE SCHEMA dbos AUTHORIZATION"),
        ({"missing": ("public.votes",), "has_tables": True}, "lacks rights on public.votes. Grant SELECT"),
    ],
)
def test_each_fault_has_its_cure(change: dict[str, object], words: str) -> None:
    assert not list(FINE.faults())
    (fault,) = replace(FINE, **change).faults()  # type: ignore[arg-type]
    assert words in str(fault)
    assert str(fault).startswith("✗ database – ")


async def test_a_usable_server_is_fine(postgres_url: str) -> None:
    assert await lines(postgres_url) == [CURRENT]


async def test_a_short_audit_key_is_a_failed_check(sqlite_url: str) -> None:
    found = [str(result) async for result in check_database(sqlite_url, "k")]
    assert ["AUDIT_KEY – too short" in line for line in found] == [False, True]


async def test_a_short_password_is_a_failed_check(postgres_url: str) -> None:
    found = await lines(postgres_url.replace("postgres:@", "postgres:abc@"))
    assert ["too short to be secret" in line for line in found] == [False, True]
    assert "abc" not in "".join(found)


async def test_an_unreachable_server_is_a_failed_check() -> None:
    (line,) = await lines("postgresql://bot:a-secret@127.0.0.1:9/db")
    assert line.startswith("✗ database – can't connect")
    assert "a-secret" not in line


async def test_a_pooler_of_transactions_is_a_failed_check(postgres_url: str) -> None:
    async with transaction_pooler(postgres_url) as through:
        (line,) = await lines(through)
    assert "pool_mode = session" in line


async def test_a_database_in_another_encoding_is_refused(postgres: Server) -> None:
    with _database(postgres, "in_latin", "ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'") as url:
        (line,) = await lines(url)
        assert "its encoding is LATIN1" in line


async def test_a_role_without_rights_is_told_what_it_lacks(postgres: Server) -> None:
    with _database(postgres, "without_rights", "") as url:
        _run(url, "CREATE ROLE no_rights LOGIN", "REVOKE CREATE ON SCHEMA public FROM PUBLIC")
        found = await lines(_as(url, "no_rights"))
        assert ["may not create tables" in line for line in found] == [True, False]
        assert "schema dbos" in found[1]
        with pytest.raises(DatabaseUnavailable, match="permission denied"):
            await migrate(_as(url, "no_rights"))
        await migrate(url)
        facts = await server_facts(parse_url(_as(url, "no_rights")))
        assert "public.requests" in facts.missing
        _run(url, "DROP OWNED BY no_rights", "DROP ROLE no_rights")


async def test_the_roles_of_the_document_can_run_the_bot(postgres: Server, tmp_path: Path) -> None:
    with _database(postgres, "discounts", "") as url:
        _run(url, "REVOKE CREATE ON SCHEMA public FROM PUBLIC", STATEMENTS[0])
        try:
            owner, runner = _as(url, "discount_bot"), _as(url, "discount_bot_run")
            assert await lines(owner) == [EMPTY]
            await _gives(owner)
            _run(url, STATEMENTS[1])
            assert await lines(runner) == [CURRENT]
            await _gives(runner)
            for statement in ("DELETE FROM audit", "UPDATE audit SET at = 0", "DELETE FROM audit_head"):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    _run(runner, statement)
            if postgres.can_dump:
                restored = _restored(postgres, url, tmp_path)
                assert await lines(_as(restored, "discount_bot_run")) == [CURRENT]
                _run(restored, "DROP OWNED BY discount_bot_run", "DROP OWNED BY discount_bot CASCADE")
            _run(url, "UPDATE discount_bot.discount_bot_version SET version_num = '0012'")
            (older,) = await lines(runner)
            assert f"the role may not update it from 0012 to {VERSION}. As the role that owns" in older
            assert f"run will update it from 0012 to {VERSION}" in (await lines(owner))[0]
        finally:
            for role in ("discount_bot_run", "discount_bot"):
                _run(url, f"DROP OWNED BY {role} CASCADE", f"DROP ROLE {role}")


async def _gives(url: str) -> None:
    async with open_shop() as shop, open_bot(shop, url, retry_policy=QUICKLY) as running:
        trip = Trip(shop, running)
        await running.catalog.refresh()
        await trip.approve(await trip.ask("c-1"))
        await trip.summary("Given to 1 of 1 customer")


@contextmanager
def _database(server: Server, name: str, options: str) -> Iterator[str]:
    quoted = sql.Identifier(name).as_string()
    _run(server.uri, f"CREATE DATABASE {quoted} TEMPLATE template0 {options}")
    try:
        yield server.uri.replace("/postgres?", f"/{name}?")
    finally:
        _run(server.uri, f"DROP DATABASE {quoted} WITH (FORCE)")


def _restored(server: Server, url: str, folder: Path) -> str:
    """Dump and restore a database, and give the roles in the new one what a dump does not have."""
    server.dump(url, folder / "discount-bot.dump")
    restored = server.restore(folder / "discount-bot.dump")
    name = str(psycopg.conninfo.conninfo_to_dict(restored)["dbname"])
    statements = (statement for block in STATEMENTS[:2] for statement in block.split(";"))
    kept = ("GRANT CONNECT", "ALTER ROLE")
    _run(restored, *(one.replace("discounts", name) for one in statements if one.strip().startswith(kept)))
    return restored


def _as(url: str, role: str) -> str:
    return url.replace("//postgres:", f"//{role}:")


def _run(url: str, *statements: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())
