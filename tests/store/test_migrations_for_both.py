"""Every migration can be lived with by the version before it too: during an upgrade both work on one database."""

from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, inspect


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", "bot.store:migrations")
    return config


def _tables(folder: Path, revision: str) -> dict[str, dict[str, dict[str, Any]]]:
    """Bring a new database to a revision, and read its columns, by table and name."""
    engine = create_engine(f"sqlite:///{folder / revision}.db")
    with engine.begin() as connection:
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
        found = inspect(connection)
        tables = {table: {str(one["name"]): dict(one) for one in found.get_columns(table)} for table in found.get_table_names()}
    engine.dispose()
    return tables


def test_a_migration_takes_nothing_away_and_adds_what_the_version_before_can_do_without(tmp_path: Path) -> None:
    revisions = [script.revision for script in reversed(list(ScriptDirectory.from_config(_config()).walk_revisions()))]
    schemas = [_tables(tmp_path, revision) for revision in revisions]
    for before, after in zip(schemas, schemas[1:], strict=False):
        for table, columns in before.items():
            now = after[table]
            assert {name: str(column["type"]) for name, column in columns.items()}.items() <= {
                name: str(column["type"]) for name, column in now.items()
            }.items()
            for name, column in now.items():
                needs_it = not column["nullable"] and column["default"] is None
                assert not needs_it or (name in columns and not columns[name]["nullable"]), f"{table}.{name}"
