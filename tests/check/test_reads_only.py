"""The check changes nothing: no file is made or written, and no table or row of a server."""

import hashlib
import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from bot.audit.commands import existing_audit
from bot.check.database import check_database
from bot.check.restored import check_restored
from bot.check.schemas import read_schemas
from bot.database.address import is_sqlite, parse_url
from bot.database.read_only import open_read_only
from bot.database.repositories.repository import open_audit
from bot.database.schema import VERSION, VERSION_TABLE
from bot.errors import DatabaseUnavailable
from bot.status.work import read_work
from sandbox.shop import open_bot, open_shop

STATES = (None, "0012", VERSION, "9999")
WORDS = {
    None: "run will make its tables",
    "0012": f"run will update it from 0012 to {VERSION}",
    VERSION: f"schema {VERSION} is up to date",
    "9999": f"its schema 9999 is newer than this program's ({VERSION})",
}


async def lines(url: str) -> list[str]:
    return [str(result) async for result in check_database(url, None)]


def files(folder: Path) -> dict[str, str]:
    """Hash every file of a folder."""
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}


def dump(url: str) -> dict[str, list[str]]:
    """Read every row of every table of a server's database, and their names."""
    with psycopg.connect(url) as connection:
        tables = connection.execute(
            "SELECT schemaname, tablename FROM pg_tables WHERE schemaname !~ '^(pg_|information_schema)'"
        ).fetchall()
        return {
            f"{schema}.{name}": sorted(
                str(row)
                for row in connection.execute(
                    sql.SQL("SELECT ctid, xmin, t::text FROM {} t").format(sql.Identifier(schema, name))
                )
            )
            for schema, name in tables
        }


@pytest.mark.parametrize("version", STATES)
async def test_a_file_stays_as_it_is_whatever_its_schema(
    tmp_path: Path, sqlite_url: str, version: str | None
) -> None:
    change = (
        f"UPDATE {VERSION_TABLE} SET version_num = '{version}'" if version else f"DROP TABLE {VERSION_TABLE}"
    )
    with closing(sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), isolation_level=None)) as file:
        file.execute("PRAGMA journal_mode=WAL")
        file.execute(change)
    before = files(tmp_path)
    (line,) = await lines(sqlite_url)
    assert WORDS[version] in line
    assert line.startswith("✗" if version == "9999" else "✓")
    assert files(tmp_path) == before


async def test_a_server_stays_as_it_is_whatever_its_schema(postgres_url: str) -> None:
    for version in reversed(STATES):
        with psycopg.connect(postgres_url, autocommit=True) as connection:
            if version:
                connection.execute(f"UPDATE {VERSION_TABLE} SET version_num = %s".encode(), (version,))
            else:
                connection.execute(f"DROP TABLE {VERSION_TABLE}".encode())
        before = dump(postgres_url)
        (line,) = await lines(postgres_url)
        assert WORDS[version] in line
        assert dump(postgres_url) == before


async def test_a_missing_file_is_no_fault_where_it_can_be_made(tmp_path: Path) -> None:
    (line,) = await lines(f"sqlite:///{tmp_path}/new.db")
    assert line == (f"✓ database – new.db doesn't exist yet; run will make it in {tmp_path}")
    (line,) = await lines(f"sqlite:///{tmp_path}/nowhere/new.db")
    assert line.startswith(f"✗ database – the folder {tmp_path}/nowhere doesn't exist. Make it")
    assert files(tmp_path) == {}


async def test_a_file_of_another_kind_or_with_two_names_is_a_fault(tmp_path: Path, sqlite_url: str) -> None:
    text = tmp_path / "text.db"
    text.write_text("no database " * 100)
    (line,) = await lines(f"sqlite:///{text}")
    assert "✗ database – SQLite: file is not a database" in line
    (tmp_path / "second.db").hardlink_to(tmp_path / "books.db")
    (line,) = await lines(sqlite_url)
    assert "has a second name" in line


@pytest.fixture
def copied(tmp_path: Path, sqlite_url: str) -> Path:
    """A folder with a file and its log, copied without the log's index."""
    whole, copied = sqlite_url.removeprefix("sqlite:///"), tmp_path / "copied"
    copied.mkdir()
    with closing(sqlite3.connect(whole, isolation_level=None)) as file:
        file.execute("PRAGMA journal_mode=WAL")
        file.execute("INSERT INTO channels VALUES ('C0LATE')")
        for name in ("books.db", "books.db-wal"):
            shutil.copyfile(tmp_path / name, copied / name)
    return copied


async def test_a_log_without_its_index_is_kept_as_it_is(copied: Path) -> None:
    before, url = files(copied), f"sqlite:///{copied}/books.db"
    (line,) = await lines(url)
    assert line.startswith("⚠ database – ")
    assert "Keep the two files together" in line
    assert [result async for result in check_restored(url)] == []
    assert files(copied) == before


async def test_other_commands_refuse_a_log_without_its_index_and_make_no_file(copied: Path) -> None:
    before, url = files(copied), f"sqlite:///{copied}/books.db"
    with pytest.raises(DatabaseUnavailable, match="changes that are not in books") as caught:
        read_work(url, datetime.now(UTC))
    assert "Keep the two files together" in caught.value.advice
    for opening in (existing_audit(url, None), open_audit(url)):
        with pytest.raises(DatabaseUnavailable, match="changes that are not in books"):
            async with opening:
                pass
    assert files(copied) == before


async def test_the_durable_engines_log_without_its_index_is_kept_too(copied: Path) -> None:
    for end in ("", "-wal"):
        (copied / f"books.db{end}").rename(copied / f"other.dbos.db{end}")
    shutil.copyfile(copied.parent / "books.db", copied / "other.db")
    before = files(copied)
    (line,) = await lines(f"sqlite:///{copied}/other.db")
    assert line.startswith("⚠ database – ")
    assert "other.dbos.db-wal has changes" in line
    assert files(copied) == before
    (copied / "other.dbos.db").unlink()  # a start then puts the log aside
    (line,) = await lines(f"sqlite:///{copied}/other.db")
    assert line.startswith("✓ database – ")


async def test_the_durable_engines_tables_are_compared_too(database_url: str, tmp_path: Path) -> None:
    async with open_shop() as shop, open_bot(shop, database_url):
        pass
    needed = read_schemas(database_url).engine_needed
    assert read_schemas(database_url).engine == needed > 0
    for version, words in ((1, f"the durable engine's tables from 1 to {needed}"), (999, "are newer")):
        if is_sqlite(parse_url(database_url)):
            with closing(sqlite3.connect(tmp_path / "books.dbos.db", isolation_level=None)) as file:
                file.execute("UPDATE dbos_migrations SET version = ?", (version,))
        else:
            with psycopg.connect(database_url, autocommit=True) as connection:
                connection.execute("UPDATE dbos.dbos_migrations SET version = %s", (version,))
        (line,) = await lines(database_url)
        assert words in line
        assert line.startswith("✓" if version == 1 else "⚠")


def test_what_is_open_to_read_refuses_every_write(database_url: str) -> None:
    with (
        pytest.raises(DatabaseUnavailable, match=r"readonly|read-only"),
        open_read_only(parse_url(database_url)) as engine,
        engine.begin() as connection,
    ):
        connection.exec_driver_sql("UPDATE pause SET why = 'changed'")
