"""Databases as earlier versions left them."""

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, MetaData, Table, insert, select, text

from bot.database.schema import VERSION_TABLE, metadata, requests


def put_back(connection: Connection, revision: str) -> None:
    """Drop all tables, and make them as they were at a revision, with the requests that are there."""
    rows = connection.execute(select(requests)).mappings().all()
    metadata.drop_all(connection)
    connection.execute(text(f"DROP TABLE {VERSION_TABLE}"))
    if connection.dialect.name == "postgresql":
        connection.execute(text("DROP FUNCTION discount_bot_audit_is_kept"))
    config = Config()
    config.set_main_option("script_location", "bot.database:migrations")
    config.attributes["connection"] = connection
    command.upgrade(config, revision)
    old = Table("requests", MetaData(), autoload_with=connection)
    for row in rows:
        connection.execute(insert(old), {name: row[name] for name in old.columns.keys() & row.keys()})
