"""Several at one database: which of them is first, which of them is over, and when."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field

import psycopg
import pytest

from bot.cluster import replica as module
from bot.cluster.membership import SingleProcess, join_cluster
from bot.cluster.replica import Replica, open_replica
from bot.database.connection import parse_url
from bot.database.repositories.repository import open_repository
from bot.errors import DatabaseUnavailable, LeaseLost

SOON = 20.0


@dataclass(slots=True)
class Changes:
    """Hears of changes, and waits for what they bring about."""

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


async def test_who_came_first_does_what_is_done_once_and_then_whoever_came_next(postgres_url: str) -> None:
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


async def test_one_whose_lock_is_free_and_who_renews_no_more_is_buried_long_before_its_lease_is_over(
    postgres_url: str,
) -> None:
    await _rows(
        postgres_url,
        "INSERT INTO replicas (name, until) SELECT 'dead', (extract(epoch FROM now()) * 1e6)::bigint + 9000000",
    )
    async with _one(postgres_url) as (one, changes):
        await changes.until(lambda: one.is_leader)
        assert await _rows(postgres_url, "SELECT name FROM replicas") == [(one.name,)]


async def test_one_that_holds_its_lock_is_buried_once_its_lease_is_over_and_not_before(
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


async def test_one_that_was_buried_begins_anew_behind_the_others_and_nothing_of_before_is_its_own(
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


async def test_one_that_loses_its_connection_has_no_lease_until_it_is_back_and_then_its_old_one(
    postgres_url: str,
) -> None:
    async with _one(postgres_url) as (one, changes):
        term = one.term
        await _rows(
            postgres_url,
            "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND pid <> pg_backend_pid()",
        )
        await changes.until(lambda: not one.leased)
        assert not one.is_leader
        await asyncio.wait_for(one.ours(term), SOON)
        assert one.is_leader


async def test_a_word_of_one_is_heard_by_the_others_at_once_and_not_by_itself(postgres_url: str) -> None:
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


async def test_the_only_one_on_a_sqlite_is_always_first_and_has_nobody_to_tell(sqlite_url: str) -> None:
    async with join_cluster(sqlite_url) as alone:
        assert alone == SingleProcess()
        assert (alone.is_leader, alone.has_peers, alone.term) == (True, False, 0)
        await alone.ours(0)


async def test_a_postgresql_that_is_not_there_is_said_plainly() -> None:
    with pytest.raises(DatabaseUnavailable, match="cannot be reached"):
        async with join_cluster("postgresql://nobody@127.0.0.1:1/none"):
            pass
