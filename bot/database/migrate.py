"""Brings a database to the present schema; several processes can start at once."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, create_engine, event, func, inspect, select
from sqlalchemy import column as named
from sqlalchemy import table as of_table
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, ProgrammingError
from sqlalchemy.pool import NullPool

from bot.database.connection import is_sqlite, parse_url
from bot.database.postgres import CONNECT
from bot.database.schema import VERSION, VERSION_TABLE
from bot.database.sqlite import PATIENCE
from bot.errors import DatabaseUnavailable

_LOCK: Final = 0x64_69_73_63_6F_75_6E_74
"""The advisory lock's number: "discount", in ASCII."""


async def migrate(url: str) -> bool:
    """Bring the database to the present schema; say whether there was anything to do.

    Raises:
        ConfigError: the address is none of ours.
        DatabaseUnavailable: the database cannot be reached, or is newer than this program.
    """
    return await asyncio.to_thread(_migrate, parse_url(url))


def _migrate(url: URL) -> bool:
    with translate_errors("SQLite" if is_sqlite(url) else "PostgreSQL"), _engine(url) as engine:
        with engine.connect() as connection:
            if _version(connection) == VERSION:
                return False
        with engine.begin() as connection:
            if not is_sqlite(url):
                connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))
            return _upgrade(connection)


def _version(connection: Connection) -> str | None:
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    return connection.scalar(select(named("version_num")).select_from(of_table(VERSION_TABLE)))


def _upgrade(connection: Connection) -> bool:
    """Run what migrations there are to run, now that nobody else can."""
    if _version(connection) == VERSION:
        return False
    # Only a database that has to be changed pays for loading Alembic, which takes as long as the rest of opening it.
    from alembic import command, config, util  # noqa: PLC0415

    settings = config.Config()
    settings.set_main_option("script_location", "bot.database:migrations")
    settings.attributes["connection"] = connection
    try:
        command.upgrade(settings, "head")
    except util.CommandError as error:
        raise DatabaseUnavailable(
            f"The database cannot be brought to schema {VERSION}: {error}",
            advice="It may have been used by a newer version of this program: use that one, or an older copy of the database.",
        ) from error
    return True


@contextmanager
def _engine(url: URL) -> Iterator[Engine]:
    """Make an engine for this one occasion; on SQLite with real transactions, which the driver would not begin for DDL."""
    if is_sqlite(url):
        engine = create_engine(
            url, poolclass=NullPool, connect_args={"isolation_level": None, "timeout": PATIENCE / 1000}
        )
        event.listen(engine, "begin", _begin_immediate)
    else:
        engine = create_engine(url, poolclass=NullPool, connect_args=CONNECT, hide_parameters=True)
    try:
        yield engine
    finally:
        engine.dispose()


def _begin_immediate(connection: Connection) -> Any:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


@contextmanager
def translate_errors(database: str) -> Iterator[None]:
    """Raise what is the database's own trouble as `DatabaseUnavailable`, without the statement."""
    try:
        yield
    except DBAPIError as error:
        if (
            isinstance(error, (DataError, IntegrityError, ProgrammingError))
            and not error.connection_invalidated
        ):
            raise
        raise DatabaseUnavailable(f"{database}: {error.orig}") from error
