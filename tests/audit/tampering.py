"""Tampering by a person who has the database and drops its triggers."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import create_engine, text

from bot.database.connection import parse_url

TABLES = ("audit", "audit_heads", "audit_customers", "audit_head")


def run(url: str, *statements: str, **values: Any) -> None:
    """Run statements."""
    engine = create_engine(parse_url(url))
    try:
        with engine.begin() as connection:
            for statement in statements:
                connection.execute(text(statement), values)
    finally:
        engine.dispose()


def unguard(url: str) -> None:
    """Drop every trigger."""
    if url.startswith("sqlite"):
        kinds = ("no_update", "no_delete", "no_replace")
        run(
            url,
            *[f"DROP TRIGGER {table}_{kind}" for table in TABLES[:3] for kind in kinds],
            "DROP TRIGGER audit_head_stays",
        )
    else:
        run(url, *[f"ALTER TABLE {table} DISABLE TRIGGER ALL" for table in TABLES])


def rows(url: str) -> list[Mapping[str, Any]]:
    """Read the audit in order."""
    engine = create_engine(parse_url(url))
    try:
        with engine.connect() as connection:
            return [
                dict(row) for row in connection.execute(text("SELECT * FROM audit ORDER BY seq")).mappings()
            ]
    finally:
        engine.dispose()
