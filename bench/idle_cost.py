"""The cost of an idle bot: share of a core, memory with ten thousand waiting requests, transactions."""

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import psutil
import psycopg
from sqlalchemy import insert

from bench.databases import postgres
from bench.fixtures import drafted, read_rule
from bench.metrics import Figure, megabytes, per_cent, per_second, within
from bench.processes import bot_process, stand_ins
from bench.workload import made_up
from bot.database.connection import ColumnValue, Transaction, parse_url
from bot.database.mapping import input_json, notification_row, request_row
from bot.database.migrate import migrate
from bot.database.schema import customers, outbox, requests
from bot.database.sqlite import open_sqlite
from bot.domain.customers.packing import packed
from bot.domain.ids import ShortId
from bot.domain.requests.notification import ChannelKind, Notification, NotificationType
from bot.domain.requests.request import FormInput, Request, State, new_once_key
from bot.domain.rules.rule import Rule

AT_MOST: Final = 0.03
"""Share of a core."""
AT_MOST_ON_POSTGRES: Final = 0.01
TRANSACTIONS: Final = 5.0
"""A second, at most."""
COUNT: Final = "SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = current_database()"
SETTLED: Final = 5.0
"""Seconds after the start, for one-time work."""
SETTLED_ON_POSTGRES: Final = 15.0
"""The durable engine polls more often for a while."""
IDS: Final = 100
"""Customers of each request."""
EMPTY: Final = "the same with nothing waiting"


async def measure(folder: Path, *, waiting: int, seconds: float) -> list[Figure]:
    """Watch two bots, one of them with waiting requests."""
    async with AsyncExitStack() as stack:
        slack, dintero = await stack.enter_async_context(stand_ins(folder))
        bots = []
        for count in (waiting, 0):
            own = folder / str(count)
            own.mkdir()
            await _fill(f"sqlite:///{own}/discount-bot.db", dintero, count)
            bots.append(await stack.enter_async_context(bot_process(own, slack=slack, dintero=dintero)))
        watched = [psutil.Process(child.pid) for child, _ in bots]
        await asyncio.sleep(min(SETTLED, seconds))
        before = list(map(_used, watched))
        await asyncio.sleep(seconds)
        shares = [(_used(one) - then) / seconds for one, then in zip(watched, before, strict=True)]
        memory = [float(one.memory_info().rss) for one in watched]
    what = f"idle with {waiting:,} requests waiting, {seconds:.0f} s"
    return [
        within(
            f"{what}: share of a core", shares[0], AT_MOST, baseline=shares[1], against=EMPTY, unit=per_cent
        ),
        within(f"{what}: memory", memory[0], None, baseline=memory[1], against=EMPTY, unit=megabytes),
    ]


async def measure_on_postgres(folder: Path, *, seconds: float) -> list[Figure]:
    """Watch one bot on PostgreSQL without any request."""
    async with AsyncExitStack() as stack:
        slack, dintero = await stack.enter_async_context(stand_ins(folder))
        url = stack.enter_context(postgres(folder / "postgres")).url
        bot = bot_process(folder, slack=slack, dintero=dintero, database_url=url)
        child, _ = await stack.enter_async_context(bot)
        watched = psutil.Process(child.pid)
        await asyncio.sleep(min(SETTLED_ON_POSTGRES, seconds))
        used, transactions = _used(watched), _transactions(url)
        await asyncio.sleep(seconds)
        share, rate = (_used(watched) - used) / seconds, (_transactions(url) - transactions) / seconds
    what = f"idle on PostgreSQL, {seconds:.0f} s"
    return [
        within(f"{what}: share of a core", share, AT_MOST_ON_POSTGRES, unit=per_cent),
        within(f"{what}: transactions", rate, TRANSACTIONS, unit=per_second),
    ]


def _transactions(url: str) -> int:
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute(COUNT).fetchone()
    return int(row[0]) if row else 0


def _used(process: psutil.Process) -> float:
    """The CPU seconds of a process."""
    times = process.cpu_times()
    return float(times.user + times.system)


async def _fill(database_url: str, dintero: int, count: int) -> None:
    """Save waiting requests in one transaction: clicking them would take minutes."""
    await migrate(database_url)
    rule = await read_rule(dintero)
    async with open_sqlite(parse_url(database_url)) as database, database.transaction() as transaction:
        for request in _waiting(rule, count):
            await _write(transaction, request)


def _waiting(rule: Rule, count: int) -> Iterator[Request]:
    """Make requests of the last twelve hours, with reminders and expiry due soon for some."""
    now = datetime.now(UTC)
    for number in range(count):
        asked_at = now - timedelta(hours=12) * (number + 1) / count
        draft = drafted()
        yield replace(
            draft,
            short=ShortId(f"R-{number:05}"),  # of so many drawn at random, two are the same
            state=State.WAITING,
            rule=rule,
            customers=IDS,
            once_key=new_once_key(),
            approvals=1,
            asked_at=asked_at,
            expires_at=asked_at + timedelta(hours=24),
            remind_at=asked_at + timedelta(hours=18),
            card_ts=f"17{number:08}.000100",
        )


async def _write(transaction: Transaction, request: Request) -> None:
    row: dict[str, ColumnValue] = {**request_row(request), "typed": input_json(FormInput())}
    await transaction.run(insert(requests), row)
    ids: dict[str, ColumnValue] = {
        "request": request.id,
        "portion": 0,
        "size": IDS,
        "starts": 0,
        "ids": packed(made_up(IDS)),
    }
    await transaction.run(insert(customers), ids)
    for kind in (ChannelKind.CARD, ChannelKind.LINE):
        notification = Notification(kind=kind, happened=NotificationType.ASKED, at=request.created_at)
        said: dict[str, ColumnValue] = {**notification_row(request.id, notification), "said_ts": "1.0"}
        await transaction.run(insert(outbox), said)
