"""Loads a release's SQLite file into an empty PostgreSQL database, in the schema that the release had."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

import psycopg
from alembic import command
from alembic.config import Config
from psycopg import sql
from sqlalchemy import create_engine

from bot.database.connection import parse_url
from bot.database.schema import VERSION_TABLE

SERIALS: Final = (("votes", "id"), ("outbox", "id"))
"""Columns that PostgreSQL counts up by itself."""


def load(file: Path, url: str) -> None:
    """Make the schema of the file's version, and put all rows into it.

    The rows go in as a copy does, without triggers: the audit's own would refuse them.
    """
    with closing(sqlite3.connect(file)) as old:
        tables = [
            str(name)
            for (name,) in old.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
            )
        ]
        _make_schema(url, str(old.execute(f"SELECT version_num FROM {VERSION_TABLE}").fetchone()[0]))
        with psycopg.connect(url) as new:
            new.execute("SET session_replication_role = replica")
            for table in tables:
                _copy(old, new, table)
            for table, column in SERIALS:
                new.execute(
                    f"SELECT setval(pg_get_serial_sequence('{table}', '{column}'), (SELECT max({column}) FROM {table}))"
                )


def _make_schema(url: str, revision: str) -> None:
    engine = create_engine(parse_url(url))
    config = Config()
    config.set_main_option("script_location", "bot.database:migrations")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    engine.dispose()


def _copy(old: sqlite3.Connection, new: psycopg.Connection, table: str) -> None:
    rows = old.execute(f"SELECT * FROM {table}")
    columns = [sql.Identifier(str(column[0])) for column in rows.description]
    into = sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(
        sql.Identifier(table),
        sql.SQL(", ").join(columns),
        sql.SQL(", ").join([sql.Placeholder()] * len(columns)),
    )
    new.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table)))
    with new.cursor() as cursor:
        cursor.executemany(into, rows.fetchall())
