import asyncio
from dataclasses import replace

import psycopg
import pytest
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import DBAPIError

from bot.database.connection import parse_url
from bot.database.engine_pool import EnginePool
from bot.database.postgres import (
    TimedConnection,
    cancellations_ended,
    connect_parameters,
    open_postgres,
)
from bot.database.repositories.repository import open_repository
from bot.database.schema import channels
from bot.domain.requests.request import FormInput
from bot.errors import DatabaseUnavailable
from tests.contracts.repository import new_draft, saved_request
from tests.journeys.partition import network_to
from tests.support.postgres import Server


async def test_connections_that_the_server_dropped_are_not_reused(postgres_url: str) -> None:
    async with open_repository(postgres_url) as repository:
        await repository.open_draft(new_draft(), FormInput())
        with psycopg.connect(postgres_url, autocommit=True) as admin:
            others = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            admin.execute(f"SELECT pg_terminate_backend(pid, 5000) {others}")
        await repository.open_draft(new_draft(), FormInput())


async def test_the_first_statement_does_not_wait_for_a_connection(postgres_url: str) -> None:
    async with open_repository(postgres_url, pool_timeout=0.001) as repository:
        await repository.ping()


async def test_a_lost_database_raises_database_unavailable(postgres: Server) -> None:
    with postgres.database() as url:
        async with open_repository(url) as repository:
            with psycopg.connect(postgres.uri, autocommit=True) as admin:
                name = url.rpartition("?")[0].rpartition("/")[2]
                admin.execute(f'ALTER DATABASE "{name}" WITH ALLOW_CONNECTIONS false')
                admin.execute(
                    f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
                )
            with pytest.raises(DatabaseUnavailable):
                await repository.ping()


async def test_an_error_never_contains_form_input(postgres_url: str) -> None:
    async with open_repository(postgres_url) as repository:
        draft = new_draft()
        await repository.open_draft(draft, FormInput())
        with psycopg.connect(postgres_url, autocommit=True) as admin:
            admin.execute("DROP TABLE requests CASCADE")
        with pytest.raises(Exception, match="requests") as caught:
            await repository.save_input(draft.id, FormInput(customers="customer-of-ours"))
        assert "customer-of-ours" not in str(caught.value)


async def test_a_process_suspended_in_a_unit_of_work_blocks_its_peers_only_for_seconds(
    postgres_url: str,
) -> None:
    async with open_repository(postgres_url) as stopped, open_repository(postgres_url) as other:
        request = await saved_request(stopped)

        async def stop_in_the_middle() -> None:
            async with stopped.unit_of_work(request.id) as unit:
                assert unit
                async with asyncio.timeout(30), other.unit_of_work(request.id) as others:
                    assert others
                    await others.save(replace(others.request, note="goes on"))
                await unit.save(replace(unit.request, note="woken too late"))

        with pytest.raises(DatabaseUnavailable):
            await stop_in_the_middle()
        found = await other.find(request.id)
        assert found
        assert found.note == "goes on"


WRITE = insert(channels).values(id="C0TEST").on_conflict_do_nothing()


async def test_a_connection_to_a_read_only_server_is_dropped(postgres_url: str) -> None:
    async with open_postgres(parse_url(postgres_url)) as database:
        async with database.pool.connection() as connection:
            await connection.execute("SET default_transaction_read_only = on")
        with pytest.raises(DatabaseUnavailable):
            await database.run(WRITE, {})
        await database.run(WRITE, {})


def test_the_engine_drops_a_connection_to_a_read_only_server(postgres_url: str) -> None:
    engine = EnginePool(parse_url(postgres_url)).engine
    with engine.begin() as connection:
        connection.exec_driver_sql("SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY")
    with pytest.raises(DBAPIError) as caught, engine.begin() as connection:
        connection.execute(WRITE)
    assert caught.value.connection_invalidated
    with engine.begin() as connection:
        connection.execute(WRITE)
    engine.dispose()


async def test_a_database_that_takes_no_writes_is_not_ready(postgres_url: str) -> None:
    async with open_repository(postgres_url) as repository:
        await repository.ping()
        name = parse_url(postgres_url).database
        with psycopg.connect(postgres_url, autocommit=True) as admin:
            admin.execute(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on'.encode())
            admin.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        with pytest.raises(DatabaseUnavailable):
            await repository.ping()


async def test_a_server_that_does_not_answer_is_given_up(postgres_url: str) -> None:
    async with network_to(postgres_url) as (network, through):
        connection = await TimedConnection.connect(**connect_parameters(parse_url(through)))
        network.up.clear()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await connection.execute("SELECT 1")
        assert connection.closed
        network.up.set()
        await cancellations_ended()


async def test_a_cancelled_statement_is_not_done_when_its_lock_is_released(postgres_url: str) -> None:
    async with open_postgres(parse_url(postgres_url)) as database:
        with psycopg.connect(postgres_url) as other:
            other.execute("LOCK TABLE channels IN ACCESS EXCLUSIVE MODE")
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.3):
                    await database.run(WRITE, {})
            with psycopg.connect(postgres_url, autocommit=True) as admin:
                waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted"
                async with asyncio.timeout(20):
                    while admin.execute(waiting).fetchone() != (0,):
                        await asyncio.to_thread(lambda: None)
        assert await database.run(select(channels.c.id), {}) == []
