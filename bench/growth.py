"""What the operator and people wait for, with up to a million ended requests, against hardly any."""

import asyncio
import tempfile
import time
from collections import defaultdict
from collections.abc import Awaitable, Sequence
from contextlib import AsyncExitStack, ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import psycopg
from psycopg import sql

from bench import shop_bot
from bench.databases import postgres
from bench.history import Sample, Shape, fill, make_sample
from bench.metrics import Figure, median, shorter
from bench.processes import run_command
from bench.shop_bot import approve, ask, bot_of, filled_in
from bot.config.log_setup import set_up_logs
from bot.config.policy_file import load_policy
from bot.domain.policy.policy import Policy
from sandbox.shop import BOSS, LEADS, SUPPORT, Shop, open_bot, open_shop, settings_for

AT_MOST: Final = 1.3
EMPTY: Final = 12
"""Ended requests of the baseline: enough for a whole page of `/discount status`."""
AGAINST: Final = f"{EMPTY} ended requests"
PATIENCE: Final = 600.0
"""Seconds for a start, also of a version that reads everything."""
WHAT: Final = (
    "start to ready",
    "discount-bot check",
    "/discount status",
    "from the form to the card",
    "approval",
)
POLICY: Final = f"""{shop_bot.POLICY}
approvers = ["{LEADS}", "{BOSS}"]
budget = {{ days = 30, customers = 1_000_000 }}

[[channels.{SUPPORT}.tiers]]
above_customers = 400
approvals = 2
"""

Times = defaultdict[str, list[float]]


@dataclass(slots=True)
class Filled:
    """A database with its history, and the times measured so far."""

    requests: int
    url: str
    folder: Path
    times: Times = field(default_factory=lambda: defaultdict(list))


async def measure(
    folder: Path, *, sizes: Sequence[int], turns: int = 3, clicks: int = 10, on_postgres: bool = True
) -> list[Figure]:
    """Fill a database of each size, then measure them in turns."""
    set_up_logs(level="error")
    (folder / "policy.toml").write_text(POLICY)
    policy, sample = load_policy(folder / "policy.toml"), await make_sample(folder)
    figures: list[Figure] = []
    for kind in ("SQLite", "PostgreSQL")[: 1 + on_postgres]:
        with tempfile.TemporaryDirectory(dir=folder) as own, ExitStack() as stack:
            server = stack.enter_context(postgres(Path(own) / "postgres")).url if kind == "PostgreSQL" else ""
            async with open_shop() as shop:
                found = [
                    await _filled(shop, policy, Path(own), server, size, sample) for size in (EMPTY, *sizes)
                ]
                for _ in range(turns):
                    for database in found:
                        await _measure(shop, database, policy, clicks)
        figures += _figures(kind, found)
    return figures


async def _filled(shop: Shop, policy: Policy, folder: Path, server: str, size: int, sample: Sample) -> Filled:
    """Make a database, let the bot make its tables in it, and fill it."""
    own = folder / str(size)
    own.mkdir()
    url = _created(server, size) if server else f"sqlite:///{own}/discount-bot.db"
    database = Filled(size, url, own)
    (own / "policy.toml").write_text(POLICY)
    async with open_bot(shop, url, policy=policy):
        pass
    await asyncio.to_thread(fill, url, sample, Shape(count=size, channels=1 if size == EMPTY else 20))
    if server:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("VACUUM")  # the server itself would, while a year's requests come in
    return database


def _created(server: str, size: int) -> str:
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(f"with_{size}")))
    return server.replace("/postgres?", f"/with_{size}?")


async def _measure(shop: Shop, database: Filled, policy: Policy, clicks: int) -> None:
    async with AsyncExitStack() as stack:
        starting = bot_of(shop, database.folder, database.url, patience=PATIENCE)
        await _timed(database.times, "start to ready", stack.enter_async_context(starting))
    check = run_command("check", folder=database.folder, settings=settings_for(shop, database.url))
    await _timed(database.times, "discount-bot check", check)
    async with open_bot(shop, database.url, policy=policy) as running:
        await running.catalog.refresh()
        await asyncio.sleep(1)  # what a start begins in the background ends first
        for number in range(clicks + 1):
            times = database.times if number else defaultdict(list)  # the first warms up
            await _timed(times, "/discount status", _status(shop))
            form_input = filled_in(f"{time.time_ns()}-a\n{time.time_ns()}-b")
            await _timed(times, "from the form to the card", ask(shop, form_input))
            await _timed(times, "approval", approve(shop))
            await shop.slack.until(lambda: _is_told(shop))


def _is_told(shop: Shop) -> bool:
    card = shop.slack.messages(shop.support)[-1]
    return any("Given to 2 of 2" in shop.ann.read(message) for message in shop.slack.thread(card))


async def _timed(times: Times, what: str, work: Awaitable[object]) -> None:
    began = time.monotonic()
    await work
    times[what].append(time.monotonic() - began)


async def _status(shop: Shop) -> None:
    """Ask for the channel's requests, and see them."""
    seen = len(shop.ann.ephemerals)
    await shop.ann.command("/discount status", shop.support)
    await shop.slack.until(lambda: len(shop.ann.ephemerals) > seen)


def _figures(kind: str, found: Sequence[Filled]) -> list[Figure]:
    least = found[0]
    return [
        shorter(
            f"{what}, {database.requests:,} ended requests, {kind}",
            median(database.times[what]),
            median(least.times[what]),
            against=AGAINST,
            at_most=AT_MOST,
        )
        for what in WHAT
        for database in found[1:]
    ]
