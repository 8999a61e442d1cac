"""Exports the audit row by row, at any size: JSON lines for machines, CSV for a spreadsheet."""

import csv
import json
from collections.abc import AsyncIterator
from dataclasses import asdict, fields
from typing import Any, Final, Literal, TextIO

from bot.database.audit.log import Row
from bot.database.mapping import decode, from_micros
from bot.domain.customers.tables import escape_formula

COLUMNS: Final = tuple(field.name for field in fields(Row))


async def export(rows: AsyncIterator[Row], to: TextIO, form: Literal["csv", "jsonl"]) -> None:
    """Write rows, each before the next is read."""
    writer = csv.writer(to, lineterminator="\n")
    if form == "csv":
        writer.writerow(COLUMNS)
    async for row in rows:
        values = _decoded(row)
        if form == "csv":
            writer.writerow([escape_formula(values[name]) for name in COLUMNS])
        else:
            to.write(json.dumps({**values, "facts": _facts(row)}) + "\n")


def _decoded(row: Row) -> dict[str, Any]:
    values = asdict(row) | {"at": from_micros(row.at).isoformat()}
    for name in ("who", "channel", "request", "kind"):
        values[name] = None if values[name] is None else decode(values[name])
    return values


def _facts(row: Row) -> Any:
    """Parse the facts; anything else in their place is exported unchanged."""
    try:
        return json.loads(row.facts)
    except ValueError:
        return row.facts
