"""Fills a database with ended requests: copies of one that the bot itself made, gave and announced.

The filled database is as a bot leaves it that was never stopped: what is over a week old has no messages and
no workflow any more, and what is older than the retention is purged.
"""

import random
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Any, Final

import psycopg
from psycopg import sql
from sqlalchemy import BigInteger

from bench.shop_bot import approve, ask, filled_in
from bot.background.durable_engine import engine_url
from bot.background.runner import MESSAGES_KEPT, WORKFLOWS_KEPT
from bot.clock import SystemClock
from bot.database.connection import is_sqlite, parse_url
from bot.database.repositories.repository import open_repository
from bot.database.schema import metadata
from bot.domain.requests.audit_entries import canonical
from bot.domain.requests.request import KEY_PREFIX, SHORT_ALPHABET
from bot.services.retention import RetentionService
from sandbox.shop import POLICY, database_in, open_bot, open_shop

CHUNK: Final = 10_000

OURS: Final = ("requests", "votes", "customers", "batches", "outbox", "audit", "audit_customers")
ENGINE: Final = ("workflow_status", "workflow_input", "workflow_output", "operation_outputs")
TIMES_MS: Final = frozenset({
    "created_at", "updated_at", "completed_at", "retention_timestamp",
    "started_at_epoch_ms", "completed_at_epoch_ms",
})  # fmt: skip
TIMES: Final = frozenset(
    column.name
    for name in OURS
    for column in metadata.tables[name].c
    if isinstance(column.type, BigInteger) and column.name not in {"id", "seq", "due", "granted_amount"}
)
RETENTION: Final = timedelta(days=POLICY.retention_days)

Row = dict[str, Any]
Rows = Mapping[str, Sequence[Row]]
"""Rows by table."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """How many requests ended, and how they spread; more of them reach further back."""

    count: int
    a_day: int = 1_000
    channels: int = 20
    rules: int = 130
    people: int = 50
    messages_kept: timedelta = MESSAGES_KEPT


@dataclass(frozen=True, slots=True)
class Sample:
    """The rows of one request: after its end, and after it was purged."""

    kept: Rows
    purged: Rows
    audit_key: str


async def make_sample(folder: Path) -> Sample:
    """Let a bot give a request in a database of its own, and read what it leaves."""
    url = database_in(folder)
    async with open_shop() as shop, open_bot(shop, url, policy=POLICY) as running:
        await ask(shop, filled_in("given-1\ngiven-2\ngiven-3"))
        await approve(shop)
        await shop.ann.sees("Given to 3 of 3", shop.support)
        while await running.repository.due_messages(datetime.now(UTC) + timedelta(days=1), limit=1):
            await running.repository.ping()
    kept, key = _read(url), _read_key(url)
    async with open_repository(url) as repository:

        async def nothing(_requests: object) -> None:
            """Leave the engine's file alone."""

        await RetentionService(repository=repository, clock=SystemClock(), days=0, elsewhere=nothing).purge()
    return Sample(kept, _read(url), key)


def _read(url: str) -> Rows:
    found: dict[str, list[Row]] = {}
    for where, tables in ((url, OURS), (engine_url(url), ENGINE)):
        with closing(sqlite3.connect(parse_url(where).database or "")) as file:
            file.row_factory = sqlite3.Row
            for table in tables:
                found[table] = [dict(row) for row in file.execute(f"SELECT * FROM {table}")]  # noqa: S608 - our own names
    found["audit"] = [row for row in found["audit"] if row["request"]]
    for row in (*found["votes"], *found["outbox"]):
        del row["id"]
    return found


def _read_key(url: str) -> str:
    with closing(sqlite3.connect(parse_url(url).database or "")) as file:
        return str(file.execute("SELECT key FROM audit_key").fetchone()[0])


@dataclass(slots=True)
class Copier:
    """Copies a sample, the oldest copy first, and goes on with the audit's chain."""

    sample: Sample
    shape: Shape
    seq: int
    hash: str
    _random: random.Random = field(default_factory=lambda: random.Random(12))  # noqa: S311 - the same history each time
    _now: datetime = field(default_factory=lambda: datetime.now(UTC))

    def chunks(self) -> Iterator[dict[str, list[Row]]]:
        """Make the copies, some thousands at a time."""
        numbers = iter(range(self.shape.count, 0, -1))
        while chunk := list(islice(numbers, CHUNK)):
            rows: dict[str, list[Row]] = {}
            for number in chunk:
                for table, copies in self._copy(number):
                    rows.setdefault(table, []).extend(copies)
            yield rows

    def _copy(self, number: int) -> Iterator[tuple[str, list[Row]]]:
        """Copy all rows of the request that ended as the last but so many."""
        age = timedelta(hours=1) + timedelta(days=1) * number / self.shape.a_day
        rows = self.sample.purged if age > RETENTION else self.sample.kept
        shift = age // timedelta(microseconds=1)
        names = self._names(number)
        for table in OURS:
            if table == "outbox" and age > self.shape.messages_kept:
                continue
            copies = [_shifted(row, names, TIMES, shift) for row in rows[table]]
            if table == "outbox":
                for copy in copies:
                    copy["key"] = self._hex()
            yield table, self._chained(copies) if table == "audit" else copies
        if age <= WORKFLOWS_KEPT:
            for table in ENGINE:
                yield table, [_shifted(row, names, TIMES_MS, shift // 1_000) for row in rows[table]]

    def _names(self, number: int) -> Row:
        """Choose ids, channel, person and rule; every so often those of the sample."""
        id_ = self._hex()
        names: Row = {"id": id_, "request": id_, "short": _short(number), "workflow_uuid": f"{id_}:1"}
        names["once_key"] = f"{KEY_PREFIX}{self._hex()[:22]}"
        shape = self.shape
        for name, other, of in (
            ("channel", "C0OTHER", shape.channels),
            ("rule_id", "other-rule-", shape.rules),
            ("requester", "U0OTHER", shape.people),
        ):
            if number % of:
                names[name] = f"{other}{number % of}"
        return names

    def _hex(self) -> str:
        return f"{self._random.getrandbits(128):032x}"

    def _chained(self, rows: list[Row]) -> list[Row]:
        for row in rows:
            self.seq += 1
            row["seq"], row["previous"] = self.seq, self.hash
            del row["hash"]
            row["hash"] = self.hash = sha256(canonical(row).encode()).hexdigest()
        return rows


def _short(number: int) -> str:
    digits = ""
    for _ in range(6):  # one more than the bot's own, so that none clashes
        number, digit = divmod(number, len(SHORT_ALPHABET))
        digits += SHORT_ALPHABET[digit]
    return f"R-{digits}"


def _shifted(row: Row, names: Row, times: frozenset[str], shift: int) -> Row:
    copy = {**row, **{name: names[name] for name in names.keys() & row.keys()}}
    for name in times & row.keys():
        if copy[name] is not None:
            copy[name] -= shift
    return copy


def fill(url: str, sample: Sample, shape: Shape) -> None:
    """Write the copies into a migrated database, and into the engine's if it has run there."""
    if is_sqlite(parse_url(url)):
        _fill_sqlite(url, sample, shape)
    else:
        _fill_postgres(url, sample, shape)


def _fill_sqlite(url: str, sample: Sample, shape: Shape) -> None:
    ours, engine = parse_url(url).database, Path(parse_url(engine_url(url)).database or "")
    with closing(sqlite3.connect(ours or "", isolation_level=None)) as file:
        tables = set(OURS)
        if engine.exists():
            file.execute("ATTACH ? AS engine", (str(engine),))
            tables |= set(ENGINE)
        for pragma in ("synchronous=OFF", "engine.synchronous=OFF", "cache_size=-500000"):
            if "engine" not in pragma or engine.exists():
                file.execute(f"PRAGMA {pragma}")
        file.execute("DELETE FROM audit_key")
        file.execute("INSERT INTO audit_key VALUES (1, ?)", (sample.audit_key,))
        copier = Copier(sample, shape, *file.execute("SELECT seq, hash FROM audit_head").fetchone())
        for chunk in copier.chunks():
            file.execute("BEGIN")
            for table in tables & chunk.keys():
                names = list(chunk[table][0])
                values = ", ".join(f":{name}" for name in names)
                insert = f"INSERT INTO {table} ({', '.join(names)}) VALUES ({values})"  # noqa: S608 - our own names
                file.executemany(insert, chunk[table])
            file.execute("UPDATE audit_head SET seq = ?, hash = ?", (copier.seq, copier.hash))
            file.execute("COMMIT")
        file.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _fill_postgres(url: str, sample: Sample, shape: Shape) -> None:
    """Fill it as a superuser, without triggers: each row of the audit would ask for a row with its number."""
    with psycopg.connect(url, autocommit=True) as server:
        server.execute("SET session_replication_role = replica; SET synchronous_commit = off")
        server.execute("DELETE FROM audit_key")
        server.execute("INSERT INTO audit_key VALUES (1, %s)", (sample.audit_key,))
        has_engine = server.execute("SELECT to_regclass('dbos.workflow_status')").fetchone() != (None,)
        head = server.execute("SELECT seq, hash FROM audit_head").fetchone()
        copier = Copier(sample, shape, *(head or ()))
        for chunk in copier.chunks():
            with server.transaction():
                for table in chunk:
                    if table in OURS or has_engine:
                        _copy_into(server, (table,) if table in OURS else ("dbos", table), chunk[table])
                server.execute("UPDATE audit_head SET seq = %s, hash = %s", (copier.seq, copier.hash))
        server.execute("ANALYZE")


def _copy_into(server: psycopg.Connection[Any], table: Iterable[str], rows: Sequence[Row]) -> None:
    columns = sql.SQL(", ").join(map(sql.Identifier, rows[0]))
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(*table), columns)
    with server.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(list(row.values()))
