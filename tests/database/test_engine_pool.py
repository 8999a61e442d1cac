"""The durable engine's connections: polls wait, work does not, and a dropped connection is replaced."""

import threading
from collections.abc import Iterator

import psycopg
import pytest

from bot.database.connection import parse_url
from bot.database.engine_pool import AWAKE_SECONDS, EnginePool


class Ticks:
    """A clock for the pool."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def ticks() -> Ticks:
    return Ticks()


@pytest.fixture
def pool(postgres_url: str, ticks: Ticks) -> Iterator[EnginePool]:
    pool = EnginePool(parse_url(postgres_url), ticks=ticks)
    yield pool
    pool.let_go()
    pool.engine.dispose()


def look(pool: EnginePool) -> int:
    """Run a statement, and return the number of the server's process that ran it."""
    with pool.engine.begin() as connection:
        return int(connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one())


def poll(pool: EnginePool) -> threading.Thread:
    """Run a statement in a thread with a name of the engine's."""
    thread = threading.Thread(target=look, args=(pool,), name="queue-worker-_dbos_internal_queue")
    thread.start()
    return thread


def test_a_poll_waits_until_it_is_woken_and_work_does_not(pool: EnginePool, ticks: Ticks) -> None:
    poll(pool).join(20)
    ticks.now = AWAKE_SECONDS + 1
    waiting = poll(pool)
    look(pool)
    assert waiting.is_alive()
    pool.wake()
    waiting.join(20)
    assert not waiting.is_alive()


def test_a_poll_that_waits_ends_with_the_engine(pool: EnginePool, ticks: Ticks) -> None:
    poll(pool).join(20)
    ticks.now = AWAKE_SECONDS + 1
    waiting = poll(pool)
    pool.let_go()
    waiting.join(20)
    assert not waiting.is_alive()


def test_a_connection_that_the_server_dropped_is_replaced(pool: EnginePool, postgres_url: str) -> None:
    before = look(pool)
    with psycopg.connect(postgres_url, autocommit=True) as admin:
        admin.execute("SELECT pg_terminate_backend(%s, 5000)", (before,))
    assert look(pool) != before
