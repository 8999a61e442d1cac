"""The durable engine's connections: polls wait, work does not, and a dropped connection is replaced."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import psycopg
import pytest

from bot.database.connection import parse_url
from bot.database.engine_pool import AWAKE_SECONDS, TURN_SECONDS, EnginePool


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


@pytest.fixture
def poll(pool: EnginePool, ticks: Ticks) -> Iterator[Future[int]]:
    """A second poll of one of the engine's threads, soon after it was awake."""
    with ThreadPoolExecutor(1, thread_name_prefix="queue-worker-") as thread:
        ticks.now = AWAKE_SECONDS - TURN_SECONDS
        thread.submit(look, pool).result(20)
        ticks.now = AWAKE_SECONDS + TURN_SECONDS
        yield thread.submit(look, pool)
        pool.wake()


def test_a_poll_waits_until_it_is_woken_and_work_does_not(pool: EnginePool, poll: Future[int]) -> None:
    look(pool)
    with pytest.raises(TimeoutError):
        poll.result(0.2)
    pool.wake()
    assert poll.result(20)


def test_a_poll_that_waits_ends_with_the_engine(pool: EnginePool, poll: Future[int]) -> None:
    pool.let_go()
    assert poll.result(20)


def test_a_connection_that_the_server_dropped_is_replaced(pool: EnginePool, postgres_url: str) -> None:
    before = look(pool)
    with psycopg.connect(postgres_url, autocommit=True) as admin:
        admin.execute("SELECT pg_terminate_backend(%s, 5000)", (before,))
    assert look(pool) != before
