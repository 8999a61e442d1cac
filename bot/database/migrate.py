"""Migrates a database to the current schema; several processes can do it at once."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from psycopg.errors import InsufficientPrivilege
from sqlalchemy import URL, Connection, Engine, Select, column, create_engine, func, inspect, select, table
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, OperationalError, ProgrammingError
from sqlalchemy.pool import NullPool

from bot.database.connection import is_sqlite, parse_url, translate_errors
from bot.database.postgres import connect_parameters
from bot.database.schema import VERSION, VERSION_TABLE
from bot.database.sqlite import BUSY_TIMEOUT_MS
from bot.errors import DatabaseUnavailable

_LOCK: Final = 0x64_69_73_63_6F_75_6E_74
"""The number of the advisory lock: "discount" in ASCII. Earlier versions wait for it, in a statement."""
_TURN: Final = _LOCK + 1
"""The number of the lock that is held from the first migration to the last."""
_TURN_SECONDS: Final = 0.1
_STATEMENT_FAULTS: Final = (DataError, IntegrityError, ProgrammingError)


async def migrate(url: str) -> bool:
    """Migrate to the current schema; False if it has it; raises ConfigError or DatabaseUnavailable."""
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
        return _upgrade_sqlite(engine) if is_sqlite(url) else _upgrade_postgres(engine)


def _upgrade_sqlite(engine: Engine) -> bool:
    with engine.begin() as connection:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        if schema_version(connection) == VERSION:
            return False
        _upgrade(connection)
    _rebuild(engine)
    return True


def _upgrade_postgres(engine: Engine) -> bool:
    """Migrate while a second connection holds the lock, because a migration may commit and build indexes.

    Such a build waits for every statement that began before. So nobody waits in a statement for this lock:
    it is looked at every moment, and the lock of earlier versions ends with what is committed.
    """
    # With a stricter isolation, the lock's transaction would be one of those that the build waits for.
    with engine.execution_options(isolation_level="READ COMMITTED").connect() as turn:
        while not turn.scalar(select(func.pg_try_advisory_xact_lock(_TURN))):
            turn.rollback()
            time.sleep(_TURN_SECONDS)
        turn.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 0")
        if schema_version(turn) == VERSION:
            return False
        with engine.connect() as connection:
            _upgrade(connection, begin=select(func.pg_advisory_xact_lock(_LOCK)))
    return True


def _rebuild(engine: Engine) -> None:
    """Write the file again, without what earlier versions deleted; on a full disk it stays as it is."""
    with suppress(OperationalError), engine.connect() as connection:
        connection.exec_driver_sql("VACUUM")


def refuse_hard_links(path: Path) -> None:
    """Refuse a file with a second name: SQLite keeps a journal and a lock for each, and loses data."""
    if path.exists() and path.stat().st_nlink > 1:
        raise DatabaseUnavailable(
            f"{path} has a second name (a hard link), so another bot may be using it.",
            advice="Stop every bot, delete the other names (find / -samefile), then start one.",
        )


@contextmanager
def _rights_explained() -> Iterator[None]:
    try:
        yield
    except ProgrammingError as error:
        if not isinstance(error.orig, InsufficientPrivilege):
            raise
        advice = "Run discount-bot check: it names the missing rights."
        raise DatabaseUnavailable(f"PostgreSQL: {error.orig}", advice=advice) from error


def schema_version(connection: Connection) -> str | None:
    """Read the version of the bot's tables; None if there are none."""
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    return connection.scalar(select(column("version_num")).select_from(table(VERSION_TABLE)))


def _upgrade(connection: Connection, *, begin: Select[Any] | None = None) -> None:
    """Run the missing migrations, under the lock; `begin` is run first in their transaction."""
    # Loading Alembic takes as long as the rest of opening a database, and most starts need no migration.
    from alembic import command, config, util  # noqa: PLC0415

    settings = config.Config()
    settings.set_main_option("script_location", "bot.database:migrations")
    settings.attributes.update(connection=connection, begin=begin)
    try:
        command.upgrade(settings, "head")
    except util.CommandError as error:
        raise DatabaseUnavailable(
            f"Can't update the database to schema {VERSION}: {error}",
            advice="A newer version may have used it. Run that version, or restore a backup.",
        ) from error
