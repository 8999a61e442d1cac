"""After a purge, no file of the database has the bytes of what was purged."""

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine

from bot.background.durable_engine import engine_url
from bot.background.workflow_records import workflows_from_outside
from bot.database.connection import parse_url
from bot.database.migrate import migrate
from bot.database.repositories.repository import open_repository
from bot.database.sqlite import open_sqlite
from bot.services.retention import RetentionService
from tests.services.test_retention import SECRETS, given, rejected
from tests.support.service_fixture import Office, open_office

READ: Final = """
import pathlib, sys
folder, *secrets = sys.argv[1:]
for file in sorted(pathlib.Path(folder).rglob("*")):
    if file.is_file() and any(secret.encode() in file.read_bytes() for secret in secrets):
        print(file.name)
"""


def files_with(folder: Path, *secrets: str) -> list[str]:
    """Name the files that have one of these bytes.

    Another process reads them: one that closes a file of SQLite's gives up its own locks of it.
    """
    read = [sys.executable, "-c", READ, str(folder), *secrets]
    return subprocess.run(read, capture_output=True, text=True, check=True).stdout.split()


async def a_year_later(office: Office) -> None:
    for _ in range(5):  # the pages of the others keep the file large
        await rejected(office)
    await given(office)
    await office.draft(customers="secret-customer-of-a-draft")
    office.clock.pass_by(days=365)


async def test_no_file_has_purged_ids_beside_a_running_bot(sqlite_url: str) -> None:
    folder = Path(parse_url(sqlite_url).database or "").parent
    async with open_repository(sqlite_url) as running:
        bot = await open_office(running)
        await a_year_later(bot)
        await running.forget_drafts(bot.clock.now())
        assert files_with(folder, *SECRETS)
        async with (
            open_repository(sqlite_url) as repository,
            workflows_from_outside(engine_url(sqlite_url)) as elsewhere,
        ):
            retention = RetentionService(repository=repository, clock=bot.clock, days=90, elsewhere=elsewhere)
            assert await retention.purge() == 6
            assert await retention.erase()
            assert files_with(folder, *SECRETS) == []
        await rejected(bot)
        assert files_with(folder, "secret reason")  # the bot writes on
    assert files_with(folder, "secret-customer-of-a-draft") == []


async def test_a_reader_that_does_not_let_go_is_reported(sqlite_url: str) -> None:
    async with open_repository(sqlite_url) as repository:
        office = await open_office(repository)
        await a_year_later(office)
        with closing(sqlite3.connect(str(parse_url(sqlite_url).database), isolation_level=None)) as reader:
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM requests").fetchall()
            await rejected(office)
            assert not await repository.erase_deleted()
        assert await repository.erase_deleted()


async def test_sqlite_overwrites_what_is_deleted_however_it_was_compiled(sqlite_url: str) -> None:
    async with open_sqlite(parse_url(sqlite_url)) as database:
        assert await database.writer.execute_fetchall("PRAGMA secure_delete") == [(1,)]


async def test_an_upgrade_rebuilds_the_file_without_what_was_deleted_before(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/old.db"
    engine = create_engine(url)
    with engine.begin() as connection:
        config = Config()
        config.set_main_option("script_location", "bot.database:migrations")
        config.attributes["connection"] = connection
        command.upgrade(config, "0011")
    engine.dispose()
    with closing(sqlite3.connect(tmp_path / "old.db", isolation_level=None)) as earlier:
        earlier.execute("PRAGMA secure_delete=OFF")
        earlier.execute("CREATE TABLE typed (text TEXT)")
        earlier.executemany("INSERT INTO typed VALUES (?)", [("secret-customer" * 99,)] * 99)
        earlier.execute("DROP TABLE typed")
    assert files_with(tmp_path, "secret-customer")
    assert await migrate(url)
    assert files_with(tmp_path, "secret-customer") == []
