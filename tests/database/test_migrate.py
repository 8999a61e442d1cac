import asyncio
import re
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, text

from bot.database.connection import parse_url
from bot.database.migrate import migrate
from bot.database.repositories.repository import open_repository
from bot.database.schema import VERSION, VERSION_TABLE, metadata
from bot.domain.ids import ChannelId, RuleId, TeamId, UserId
from bot.domain.requests.request import FormInput, Request, new_request_id, new_short_id
from bot.domain.rules.rule import Reward, Rule
from bot.errors import DatabaseUnavailable
from tests.contracts.repository import saved_request
from tests.support.old_schema import put_back


@pytest.mark.filterwarnings("ignore:.*expression-based index:Warning")
async def test_the_migrations_lead_to_the_schema(empty_database_url: str) -> None:
    assert await migrate(empty_database_url)
    engine = create_engine(parse_url(empty_database_url))
    with engine.connect() as connection:
        options = {"version_table": VERSION_TABLE, "include_name": lambda _name, what, _of: what != "index"}
        context = MigrationContext.configure(connection, opts=options)
        found = [step for step in compare_metadata(context, metadata) if step[0] != "add_index"]
        assert found == []
    engine.dispose()


async def test_the_migrations_lead_to_the_indexes_of_the_schema(empty_database_url: str) -> None:
    assert await migrate(empty_database_url)
    engine = create_engine(parse_url(empty_database_url))
    with engine.begin() as connection:
        migrated = _indexes(connection)
        for table in metadata.sorted_tables:
            for index in table.indexes:
                index.drop(connection)
                index.create(connection)
        assert _indexes(connection) == migrated
    engine.dispose()


def _indexes(connection: Connection) -> dict[str, str]:
    """Read the definition of each index; SQLite keeps it as it was typed."""
    where = {
        "sqlite": "name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL",
        "postgresql": "indexname, indexdef FROM pg_indexes WHERE schemaname = current_schema()",
    }[connection.dialect.name]
    return {name: re.sub(r"[() ]", "", sql) for name, sql in connection.execute(text(f"SELECT {where}"))}


async def test_a_second_migration_does_nothing(empty_database_url: str) -> None:
    assert await migrate(empty_database_url)
    assert not await migrate(empty_database_url)


async def test_several_processes_can_migrate_at_once(empty_database_url: str) -> None:
    done = await asyncio.gather(*(migrate(empty_database_url) for _ in range(4)))
    assert sorted(done) == [False, False, False, True]


@pytest.fixture
async def url_of_0013(postgres_url: str) -> str:
    """A database of schema 0013 with two requests, as an older version that is still running uses it."""
    async with open_repository(postgres_url) as books:
        for _ in range(2):
            await saved_request(books)
    engine = create_engine(parse_url(postgres_url))
    with engine.begin() as connection:
        put_back(connection, "0013")
    engine.dispose()
    return postgres_url


async def test_several_processes_can_migrate_a_database_in_use_at_once(url_of_0013: str) -> None:
    done = await asyncio.gather(*(migrate(url_of_0013) for _ in range(4)))
    assert sorted(done) == [False, False, False, True]


async def test_requests_are_read_and_written_while_their_indexes_are_made(url_of_0013: str) -> None:
    waits = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    with psycopg.connect(url_of_0013) as audit, psycopg.connect(url_of_0013, autocommit=True) as old:
        audit.execute("LOCK audit IN ROW EXCLUSIVE MODE")  # the last index has to wait for it
        migrating = asyncio.create_task(migrate(url_of_0013))
        async with asyncio.timeout(20):
            while not (await asyncio.to_thread(old.execute, waits)).fetchall():
                pass
        old.execute("SET lock_timeout = '1s'")
        assert old.execute("SELECT count(*) FROM requests").fetchone() == (2,)
        old.execute("UPDATE requests SET customers = 7")
        old.execute(f"SELECT pg_advisory_xact_lock({0x646973636F756E74})")  # as a start of version 0.2.0
        audit.rollback()
        assert await migrating


@pytest.mark.parametrize(
    "index", ["ix_requests_once_key", "ix_requests_requester_newest", "ix_requests_rule_id_granted_from"]
)
async def test_an_index_of_an_interrupted_migration_is_made_again(url_of_0013: str, index: str) -> None:
    with psycopg.connect(url_of_0013, autocommit=True) as server:
        server.execute("ALTER TABLE requests ADD COLUMN granted integer")
        with pytest.raises(psycopg.errors.UniqueViolation):
            server.execute(f"CREATE UNIQUE INDEX CONCURRENTLY {index} ON requests (requester)")
        assert await migrate(url_of_0013)
        made = f"SELECT indisvalid, indisunique FROM pg_index WHERE indexrelid = '{index}'::regclass"
        assert server.execute(made).fetchall() == [(True, False)]


def test_the_version_of_the_schema_is_the_head_of_the_migrations() -> None:
    config = Config()
    config.set_main_option("script_location", "bot.database:migrations")
    assert ScriptDirectory.from_config(config).get_current_head() == VERSION


async def test_a_database_of_a_newer_version_is_left_alone(database_url: str) -> None:
    engine = create_engine(parse_url(database_url))
    with engine.begin() as connection:
        connection.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = '9999'"))
    engine.dispose()
    with pytest.raises(DatabaseUnavailable, match="9999") as caught:
        await migrate(database_url)
    assert "newer" in caught.value.advice


@pytest.mark.parametrize("url", ["sqlite:////nowhere/books.db", "postgresql://bot:s3cret@127.0.0.1:1/books"])
async def test_an_unreachable_database_raises_without_its_password(url: str) -> None:
    with pytest.raises(DatabaseUnavailable) as caught:
        async with open_repository(url):
            pass
    assert "s3cret" not in str(caught.value)


async def test_a_file_that_is_no_database_is_reported(tmp_path: Path) -> None:
    (tmp_path / "books.db").write_text("This is a shopping list." * 100)
    with pytest.raises(DatabaseUnavailable, match="not a database"):
        await migrate(f"sqlite:///{tmp_path}/books.db")


async def test_a_migration_fills_in_the_rule_ids_of_older_requests(database_url: str) -> None:
    rule = Rule(id=RuleId("a\\b\x00"), reward=Reward(type="discount_amount", value=Decimal(1)))
    draft = Request(
        id=new_request_id(),
        short=new_short_id(),
        team=TeamId("T1"),
        account="T11112222",
        channel=ChannelId("C1"),
        requester=UserId("U1"),
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
        rule=rule,
    )
    async with open_repository(database_url) as books:
        await books.open_draft(draft, FormInput())
    engine = create_engine(parse_url(database_url))
    with engine.begin() as connection:
        kept = _rule_ids(connection)
        put_back(connection, "0001")
    engine.dispose()
    assert await migrate(database_url)
    with engine.begin() as connection:
        assert _rule_ids(connection) == kept == ["a\\u005cb\\u0000"]
    engine.dispose()
    async with open_repository(database_url) as repository:
        assert await repository.find(draft.id) == draft


def _rule_ids(connection: Connection) -> list[str]:
    return [row[0] for row in connection.execute(text("SELECT rule_id FROM requests"))]
