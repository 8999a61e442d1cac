"""The last version can work on a migrated database: during an upgrade both do."""

from itertools import pairwise
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, inspect


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", "bot.database:migrations")
    return config


def _columns(folder: Path, revision: str) -> dict[tuple[str, str], dict[str, Any]]:
    """Bring a new database to a revision, and read its columns, by table and name."""
    engine = create_engine(f"sqlite:///{folder / revision}.db")
    with engine.begin() as connection:
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
        found = inspect(connection)
        columns = {
            (table, str(one["name"])): dict(one)
            for table in found.get_table_names()
            for one in found.get_columns(table)
        }
    engine.dispose()
    return columns


def _is_required(column: dict[str, Any]) -> bool:
    return not column["nullable"] and column["default"] is None


def test_a_migration_drops_nothing_and_adds_only_what_the_last_version_can_ignore(
    tmp_path: Path,
) -> None:
    revisions = [
        script.revision for script in reversed(list(ScriptDirectory.from_config(_config()).walk_revisions()))
    ]
    for before, after in pairwise(_columns(tmp_path, revision) for revision in revisions):
        assert {where: str(column["type"]) for where, column in before.items()}.items() <= {
            where: str(column["type"]) for where, column in after.items()
        }.items()
        tables = {table for table, _ in before}
        needed = {where for where, column in after.items() if where[0] in tables and _is_required(column)}
        assert needed <= {where for where, column in before.items() if _is_required(column)}
