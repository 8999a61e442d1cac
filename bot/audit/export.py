"""Writes the audit out, row by row, so that it can be any size: JSON lines for machines, CSV for a spreadsheet."""

import csv
import json
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from typing import Any, Final, TextIO

from bot.audit.formats import Format
from bot.database.audit.chain import Row
from bot.database.encoding import decode, from_micros
from bot.domain.customers.tables import escape_formula

COLUMNS: Final = ("seq", "at", "who", "channel", "request", "kind", "facts", "previous", "hash")


async def export(rows: AsyncIterator[Row], to: TextIO, how: Format) -> int:
    """Write rows, and say how many."""
    write = _csv(to) if how is Format.CSV else _jsonl(to)
    written = 0
    async for row in rows:
        write(row)
        written += 1
    return written


def _jsonl(to: TextIO) -> Callable[[Row], object]:
    return lambda row: to.write(json.dumps({**_told(row), "facts": _facts(row)}, ensure_ascii=True) + "\n")


def _csv(to: TextIO) -> Callable[[Row], object]:
    writer = csv.writer(to, lineterminator="\n")
    writer.writerow(COLUMNS)
    return lambda row: writer.writerow([escape_formula(value) for value in _told(row).values()])


def _told(row: Row) -> dict[str, Any]:
    at: datetime = from_micros(row.at)
    names = {name: _plain(getattr(row, name)) for name in ("who", "channel", "request", "kind")}
    return {
        "seq": row.seq,
        "at": at.isoformat(),
        **names,
        "facts": row.facts,
        "previous": row.previous,
        "hash": row.hash,
    }


def _facts(row: Row) -> Any:
    """Read the facts; what somebody put there in their place is written as it stands."""
    try:
        return json.loads(row.facts)
    except ValueError:
        return row.facts


def _plain(kept: str | None) -> str | None:
    return None if kept is None else decode(kept)
