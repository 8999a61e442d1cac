"""Several processes on one database: leadership, eviction and terms."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field

import psycopg
import pytest

from bot.cluster import replica as module
from bot.cluster.replica import Replica, SingleProcess, join_cluster, open_replica
from bot.database.connection import parse_url
from bot.database.repositories.repository import open_repository
from bot.errors import DatabaseUnavailable, LeaseLost

SOON = 20.0


@dataclass(slots=True)
class Changes:
    """Receives changes, and waits for their effect."""

    happened: asyncio.Event = field(default_factory=asyncio.Event)

    async def until(self, look: Callable[[], bool], within: float = SOON) -> None:
        async with asyncio.timeout(within):
            while not look():
                self.happened.clear()
                with suppress(TimeoutError):
                    await asyncio.wait_for(self.happened.wait(), 0.05)


@asynccontextmanager
async def _one(url: str) -> AsyncIterator[tuple[Replica, Changes]]:
    changes = Changes()
    async with open_replica(parse_url(url)) as one:
        one.when_changed(changes.happened.set)
        yield one, changes


async def _rows(url: str, sql: str) -> list[tuple[object, ...]]:
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        cursor = await connection.execute(sql.encode())
        return await cursor.fetchall() if cursor.description else []


async def test_the_oldest_process_is_leader_and_the_next_one_follows(postgres_url: str) -> None:
    async with _one(postgres_url) as (second, changes):
        assert second.is_leader
        async with _one(postgres_url) as (third, _):
            assert not third.is_leader
            assert third.has_peers
            assert second.name != third.name
        await changes.until(lambda: not second.has_peers)
    async with AsyncExitStack() as firsts_time:
        first, _ = await firsts_time.enter_async_context(_one(postgres_url))
        async with _one(postgres_url) as (next_one, changes):
            await firsts_time.aclose()
            assert not first.is_leader
            await changes.until(lambda: next_one.is_leader)


async def test_a_dead_process_is_evicted_long_before_its_lease_ends(
    postgres_url: str,
) -> None:
    await _rows(
        postgres_url,
        "INSERT INTO replicas (name, until)"
        " SELECT 'dead', (extract(epoch FROM now()) * 1e6)::bigint + 9000000",
    )
    async with _one(postgres_url) as (one, changes):
        await changes.until(lambda: one.is_leader)
        assert await _rows(postgres_url, "SELECT name FROM replicas") == [(one.name,)]


async def test_a_process_that_holds_its_lock_is_evicted_only_after_its_lease(
    postgres_url: str,
) -> None:
    async with await psycopg.AsyncConnection.connect(postgres_url, autocommit=True) as hung:
        row = await (
            await hung.execute("INSERT INTO replicas (name, until) VALUES ('hung', 0) RETURNING term")
        ).fetchone()
        assert row
        await hung.execute("SELECT pg_advisory_lock(%s, %s::integer)", (module._LOCKS, row[0]))  # noqa: SLF001 - as it does
        await hung.execute("UPDATE replicas SET until = (extract(epoch FROM now()) * 1e6)::bigint + 3000000")
        began = module.now()
        async with _one(postgres_url) as (one, changes):
            await changes.until(lambda: one.is_leader)
            assert module.now() - began > 2.9


async def test_an_evicted_process_starts_a_new_term_behind_its_peers(
    postgres_url: str,
) -> None:
    async with _one(postgres_url) as (one, changes), _one(postgres_url) as (other, _):
        before = one.term
        await one.ours(before)
        await _rows(postgres_url, f"DELETE FROM replicas WHERE term = {one.term}")
        await changes.until(lambda: one.term != before)
        with pytest.raises(LeaseLost):
            await one.ours(before)
        await one.ours(one.term)
        await changes.until(lambda: other.is_leader)
        assert not one.is_leader


async def test_a_process_that_loses_its_connection_resumes_its_term_when_it_is_back(
    postgres_url: str,
) -> None:
    async with _one(postgres_url) as (one, changes):
        term = one.term
        await _rows(
            postgres_url,
            "SELECT pg_terminate_backend(pid) FROM pg_locks JOIN pg_database d ON d.oid = database"
            " WHERE locktype = 'advisory' AND d.datname = current_database() AND pid <> pg_backend_pid()",
        )
        await changes.until(lambda: not one.leased)
        assert not one.is_leader
        await asyncio.wait_for(one.ours(term), SOON)
        assert one.is_leader


async def test_a_notification_reaches_the_peers_and_not_its_sender(postgres_url: str) -> None:
    async with (
        open_repository(postgres_url) as repository,
        _one(postgres_url) as (one, heard),
        _one(postgres_url) as (other, not_heard),
    ):
        assert await repository.live_replicas() == {one.name, other.name}
        heard.happened.clear()
        not_heard.happened.clear()
        await repository.notify(other.name)
        await asyncio.wait_for(heard.happened.wait(), SOON)
        assert not not_heard.happened.is_set()


async def test_a_single_process_on_sqlite_is_always_leader_without_peers(sqlite_url: str) -> None:
    async with join_cluster(sqlite_url) as alone:
        assert alone == SingleProcess()
        assert (alone.is_leader, alone.has_peers, alone.term) == (True, False, 0)
        await alone.ours(0)


async def test_an_unreachable_postgresql_is_reported() -> None:
    with pytest.raises(DatabaseUnavailable, match="cannot be reached"):
        async with join_cluster("postgresql://nobody@127.0.0.1:1/none"):
            pass


async def test_a_dead_process_is_evicted_though_the_servers_clock_was_put_back(postgres_url: str) -> None:
    async with await psycopg.AsyncConnection.connect(postgres_url, autocommit=True) as hung:
        await _rows(
            postgres_url,
            "INSERT INTO replicas (name, until)"
            " SELECT 'hung', (extract(epoch FROM now()) * 1e6)::bigint + 7200000000",
        )
        await hung.execute(
            "SELECT pg_advisory_lock(%s, (SELECT term::integer FROM replicas))", (0x64_69_73_63,)
        )
        async with _one(postgres_url) as (one, changes):
            await changes.until(lambda: one.is_leader)
            assert await _rows(postgres_url, "SELECT name FROM replicas") == [(one.name,)]
