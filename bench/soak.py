"""A soak: thousands of requests by clicks, and what they leave in memory, files and rows."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import psutil
import psycopg

from bench import shop_bot
from bench.databases import SQLITE, postgres
from bench.metrics import Figure, megabytes, pieces, within
from bench.shop_bot import ask, open_approval, shop_with_bot
from sandbox.dintero import SandboxDintero
from sandbox.dintero.catalogue import seed_rule
from sandbox.shop import LEADS, Shop
from sandbox.slack import Message

POLICY: Final = f"""{shop_bot.POLICY}
approvers = ["{LEADS}"]
allow_unpriced = true
"""
RULES: Final = 100
"""As many as keep the comparison with earlier requests of the same rule short."""
WARM: Final = 10
"""The part of all requests after which memory is measured first: one of so many."""
GROWTH: Final = 1.25
"""Memory at the end, against then: at most so much more."""
ROWS: Final = 60.0
"""Rows of both databases for one request, the audit's included."""
SPARE_FILES: Final = 8
"""Connections that a busy moment opens, and that close again."""
CUSTOMERS: Final = 2


@dataclass(frozen=True, slots=True)
class Use:
    """What the process and its databases hold."""

    memory: float
    files: int
    rows: int


async def measure(folder: Path, *, requests: int) -> list[Figure]:
    """Run the soak on SQLite, then on PostgreSQL."""
    figures: list[Figure] = []
    with postgres(folder / "postgres") as server:
        for name, url in (("SQLite", SQLITE), ("PostgreSQL", server.url)):
            own = folder / name
            own.mkdir()
            dintero = SandboxDintero(_rules())
            async with shop_with_bot(own, policy=POLICY, url=url, dintero=dintero) as (shop, watched):
                early = await _requests(shop, own, url, watched, range(requests // WARM))
                late = await _requests(shop, own, url, watched, range(requests // WARM, requests))
            figures += _figures(f"{requests:,} requests, {name}", early, late, requests - requests // WARM)
    return figures


def _figures(what: str, early: Use, late: Use, requests: int) -> list[Figure]:
    then = "after a tenth of them"
    return [
        within(
            f"{what}: memory",
            late.memory,
            early.memory * GROWTH,
            baseline=early.memory,
            against=then,
            unit=megabytes,
        ),
        within(
            f"{what}: open files",
            late.files,
            early.files + SPARE_FILES,
            baseline=early.files,
            against=then,
            unit=pieces,
        ),
        within(f"{what}: rows a request", (late.rows - early.rows) / requests, ROWS, unit=pieces),
    ]


def _rules() -> list[dict[str, Any]]:
    return [seed_rule(datetime.now(UTC)) | {"id": str(uuid4()), "name": _rule(at)} for at in range(RULES)]


def _rule(number: int) -> str:
    return f"Rule {number:03}"


async def _requests(shop: Shop, folder: Path, url: str, watched: psutil.Process, numbers: range) -> Use:
    for number in numbers:
        await _request(shop, number)
    return Use(float(watched.memory_info().rss), watched.num_fds(), _rows(folder, url))


async def _request(shop: Shop, number: int) -> None:
    """Request a discount as Ann, approve it as Bo, and wait until it is given and everybody was told."""
    ids = ", ".join(f"c-{number}-{one}" for one in range(CUSTOMERS))
    card = await ask(shop, {"Rule": _rule(number % RULES), "Customer IDs": ids})
    approval = await open_approval(shop, card)
    await approval.submit()
    await shop.slack.until(lambda: _is_told(shop, card))
    for person in shop.people:
        while person.view:
            await person.view.close()
        person.direct.messages.clear()
    shop.support.messages.clear()  # the stand-in's own memory


def _is_told(shop: Shop, card: Message) -> bool:
    """Tell whether the card, the summary and a direct message have the result."""
    given = f"Given to {CUSTOMERS} of {CUSTOMERS}"
    said = [card, *shop.slack.thread(card), *shop.ann.direct.messages]
    return [given in shop.ann.read(one) for one in said] == [True] * 3


def _rows(folder: Path, url: str) -> int:
    """Count all rows, the durable engine's too."""
    if url != SQLITE:
        with psycopg.connect(url, autocommit=True) as server:
            tables = server.execute(
                "SELECT quote_ident(schemaname) || '.' || quote_ident(relname) FROM pg_stat_user_tables"
            ).fetchall()
            return sum(_count(server.execute, name) for (name,) in tables)
    rows = 0
    for path in folder.glob("*.db"):
        with closing(sqlite3.connect(path)) as file:
            tables = file.execute(
                "SELECT '\"' || name || '\"' FROM sqlite_master WHERE type = 'table'"
            ).fetchall()
            rows += sum(_count(file.execute, name) for (name,) in tables)
    return rows


def _count(execute: Callable[[Any], Any], table: str) -> int:
    return int(execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # noqa: S608 - the database's own name
