"""The recovery after PostgreSQL was away: stopped, suspended, or behind a network that carries nothing."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import psycopg
from sqlalchemy import make_url

from bench import raw_http
from bench.databases import PostgresServer, postgres
from bench.fixtures import approved, read_rule
from bench.metrics import Figure, within
from bench.processes import bot_process, stand_ins
from bench.workload import Workload, made_up
from bot.database.repositories.repository import SqlRepository, open_repository
from bot.domain.ids import RequestId, UserId
from bot.domain.requests.notification import ChannelKind, Notification, NotificationType
from bot.domain.rules.rule import Rule
from sandbox.tcp_proxy import TcpProxy, wire

AT_MOST: Final = 5.0
"""Seconds from the first accepted connection."""
SLOW: Final = 0.5
"""Latency of a call to Dintero: a giving that lasts longer than the outage."""
UNDER_WAY: Final = Workload(200_000, 100, 4)
HELD: Final = Workload(100, 100, 1)
PATIENCE: Final = 300.0
LOOK: Final = 0.05
GIVEN: Final = "SELECT 1 FROM requests WHERE id = %s AND state IN ('giving', 'done')"
POSTED: Final = "SELECT 1 FROM outbox WHERE request = %s AND addressee <> '' AND said_ts IS NOT NULL"


MEMBER: Final = UserId("U0BENCH01")


@dataclass(frozen=True, slots=True)
class Scene:
    """A bot that gives a long request; another request and a message are due while PostgreSQL is away."""

    server: PostgresServer
    network: TcpProxy
    port: int
    dintero: int
    held: RequestId

    async def change(self, how: str, *, away: bool) -> None:
        """Let PostgreSQL be away, or come back."""
        if how == "unreachable":
            self.network.silent = away
            return
        stop, start = (
            (self.server.stop, self.server.start)
            if how == "stopped"
            else (self.server.suspend, self.server.resume)
        )
        await asyncio.to_thread(stop if away else start)


async def measure(folder: Path, *, seconds: tuple[float, ...], suspended: float) -> list[Figure]:
    """Stop PostgreSQL for each of these times; suspend it once, and let its network be silent once."""
    outages = [*(("stopped", away) for away in seconds), ("suspended", suspended), ("unreachable", suspended)]
    figures: list[Figure] = []
    for number, (how, away) in enumerate(outages):
        (folder / str(number)).mkdir()
        async with _scene(folder / str(number), due=away / 2) as scene:
            figures += await _outage(scene, how, away)
    return figures


async def _outage(scene: Scene, how: str, away: float) -> list[Figure]:
    server = scene.server
    await scene.change(how, away=True)
    await asyncio.sleep(away)
    starting = asyncio.create_task(scene.change(how, away=False))
    back = await _first(lambda: _rows(server.url, "SELECT 1"))
    times = await asyncio.gather(
        _first(lambda: _ready(scene.port)),
        _first(lambda: _rows(server.url, GIVEN, scene.held)),
        _first(lambda: _rows(server.url, POSTED, scene.held)),
        _first(lambda: _called_since(scene.dintero, back)),
    )
    await starting
    names = ("/readyz is 200", "a waiting request is given", "a message is sent", "a giving goes on")
    return [
        within(f"PostgreSQL {how} for {away:.0f} s: until {name}", at - back, AT_MOST)
        for name, at in zip(names, times, strict=True)
    ]


@asynccontextmanager
async def _scene(folder: Path, *, due: float) -> AsyncIterator[Scene]:
    async with AsyncExitStack() as stack:
        slack, dintero = await stack.enter_async_context(stand_ins(folder, latency=SLOW))
        server = stack.enter_context(postgres(folder / "postgres"))
        address = make_url(server.url)
        socket = f"{address.query['host']}/.s.PGSQL.{address.port or 5432}"
        network = await stack.enter_async_context(wire(lambda: asyncio.open_unix_connection(socket)))
        url = address.set(host="127.0.0.1", port=network.port, query={}).render_as_string(hide_password=False)
        bot = bot_process(folder, slack=slack, dintero=dintero, database_url=url)
        _, port = await stack.enter_async_context(bot)
        rule = await read_rule(dintero)
        async with open_repository(server.url) as repository:
            await approved(repository, rule, made_up(UNDER_WAY.customers), UNDER_WAY)
            held = await _held(repository, rule, datetime.now(UTC) + timedelta(seconds=due))
            await repository.notify("bench")
        await _first(lambda: _called_since(dintero, 0.0))
        yield Scene(server, network, port, dintero, held)


async def _held(repository: SqlRepository, rule: Rule, due: datetime) -> RequestId:
    """Save an approved request on hold, and a message, that are due at this time."""
    held = await approved(repository, rule, made_up(HELD.customers), HELD, give_after=due)
    async with repository.unit_of_work(held) as unit:
        if unit:
            kind, happened = ChannelKind.DIRECT, NotificationType.APPROVED
            await unit.enqueue(Notification(kind=kind, happened=happened, at=due, to=MEMBER))
    message = (await repository.due_messages(datetime.now(UTC), limit=1))[0]
    await repository.reschedule(message, until=due, clean=True)
    return held


async def _first(look: Callable[[], Awaitable[object]]) -> float:
    """Wait until it is so, and return the time."""
    async with asyncio.timeout(PATIENCE):
        while True:
            with suppress(psycopg.Error, OSError, EOFError, ValueError):
                if await look():
                    return time.monotonic()
            await asyncio.sleep(LOOK)


async def _rows(url: str, statement: str, *values: str) -> bool:
    async with await psycopg.AsyncConnection.connect(url, connect_timeout=2) as connection:
        return bool(await (await connection.execute(statement.encode(), values)).fetchall())


async def _ready(port: int) -> bool:
    async with raw_http.line_to(port) as line:
        return bool(await line.ask(raw_http.question("/readyz")))


async def _called_since(dintero: int, since: float) -> bool:
    calls = json.loads(await raw_http.get(dintero, "/bench/times"))
    return bool(calls) and calls[-1] > since
