"""Migrates a database to the current schema; several processes can do it at once."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from psycopg.errors import InsufficientPrivilege
from sqlalchemy import URL, Connection, Engine, column, create_engine, func, inspect, select, table
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, OperationalError, ProgrammingError
from sqlalchemy.pool import NullPool

from bot.database.connection import is_sqlite, parse_url, translate_errors
from bot.database.postgres import connect_parameters
from bot.database.schema import VERSION, VERSION_TABLE
from bot.database.sqlite import BUSY_TIMEOUT_MS
from bot.errors import DatabaseUnavailable

_LOCK: Final = 0x64_69_73_63_6F_75_6E_74
"""The number of the advisory lock: "discount" in ASCII."""
_STATEMENT_FAULTS: Final = (DataError, IntegrityError, ProgrammingError)


async def migrate(url: str) -> bool:
    """Migrate the database to the current schema; return False if it has it already.

    Raises:
        ConfigError: the URL names neither an SQLite file nor a PostgreSQL database.
        DatabaseUnavailable: the database cannot be reached, or is newer than this program.
    """
    return await asyncio.to_thread(_migrate, parse_url(url))


def _migrate(url: URL) -> bool:
    if is_sqlite(url):
        refuse_hard_links(Path(url.database or ""))
    # On SQLite the driver begins no transactions, because it would not begin one for DDL.
    sqlite_options = {"isolation_level": None, "timeout": BUSY_TIMEOUT_MS / 1000}
    options = sqlite_options if is_sqlite(url) else connect_parameters(url)
    engine = create_engine(url, poolclass=NullPool, connect_args=options, hide_parameters=True)
    name = "SQLite" if is_sqlite(url) else "PostgreSQL"
    with _rights_explained(), translate_errors(name, DBAPIError, but=_STATEMENT_FAULTS):
        with engine.connect() as connection:
            if schema_version(connection) == VERSION:
                return False
        with engine.begin() as connection:
            if is_sqlite(url):
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            else:
                connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))
            is_upgraded = _upgrade(connection)
        if is_upgraded and is_sqlite(url):
            _rebuild(engine)
        return is_upgraded


def _rebuild(engine: Engine) -> None:
    """Write the file again, without what earlier versions deleted; on a full disk it stays as it is."""
    with suppress(OperationalError), engine.connect() as connection:
        connection.exec_driver_sql("VACUUM")


def refuse_hard_links(path: Path) -> None:
    """Refuse a file with a second name: SQLite keeps a journal and a lock for each, and loses data."""
    if path.exists() and path.stat().st_nlink > 1:
        raise DatabaseUnavailable(
            f"{path} has a second name (a hard link), under which another bot may use it.",
            advice="Stop every bot, delete the other names (find / -samefile), then start one.",
        )


@contextmanager
def _rights_explained() -> Iterator[None]:
    try:
        yield
    except ProgrammingError as error:
        if not isinstance(error.orig, InsufficientPrivilege):
            raise
        advice = "Run `discount-bot check`, which names the rights that the role lacks."
        raise DatabaseUnavailable(f"PostgreSQL: {error.orig}", advice=advice) from error


def schema_version(connection: Connection) -> str | None:
    """Read the version of the bot's tables; None if there are none."""
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    return connection.scalar(select(column("version_num")).select_from(table(VERSION_TABLE)))


def _upgrade(connection: Connection) -> bool:
    """Run the missing migrations, under the lock."""
    if schema_version(connection) == VERSION:
        return False
    # Loading Alembic takes as long as the rest of opening a database, and most starts need no migration.
    from alembic import command, config, util  # noqa: PLC0415

    settings = config.Config()
    settings.set_main_option("script_location", "bot.database:migrations")
    settings.attributes["connection"] = connection
    try:
        command.upgrade(settings, "head")
    except util.CommandError as error:
        raise DatabaseUnavailable(
            f"The database cannot be migrated to schema {VERSION}: {error}",
            advice="A newer version of this program may have used it: run that version, or restore a backup.",
        ) from error
    return True
