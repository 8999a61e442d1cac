import asyncio
from dataclasses import replace

import psycopg
import pytest

from bot.database.repositories.repository import open_repository
from bot.domain.requests.request import FormInput
from bot.errors import DatabaseUnavailable
from tests.contracts.repository import a_draft, kept
from tests.support.postgres import Server


async def test_connections_that_the_server_dropped_are_not_used_again(postgres_url: str) -> None:
    async with open_repository(postgres_url) as repository:
        await repository.open_draft(a_draft(), FormInput())
        with psycopg.connect(postgres_url, autocommit=True) as admin:
            others = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            admin.execute(f"SELECT pg_terminate_backend(pid, 5000) {others}")
        await repository.open_draft(a_draft(), FormInput())


async def test_the_first_statement_does_not_wait_for_a_connection(postgres_url: str) -> None:
    async with open_repository(postgres_url, patience=0.001) as repository:
        await repository.ping()


async def test_a_database_that_went_away_is_said_in_our_words(postgres: Server) -> None:
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


async def test_an_error_never_tells_what_people_typed(postgres_url: str) -> None:
    async with open_repository(postgres_url) as repository:
        draft = a_draft()
        await repository.open_draft(draft, FormInput())
        with psycopg.connect(postgres_url, autocommit=True) as admin:
            admin.execute("DROP TABLE requests CASCADE")
        with pytest.raises(Exception, match="requests") as caught:
            await repository.save_input(draft.id, FormInput(customers="customer-of-ours"))
        assert "customer-of-ours" not in str(caught.value)


async def test_a_process_that_stops_in_the_middle_of_a_page_keeps_the_others_from_it_for_seconds_only(
    postgres_url: str,
) -> None:
    async with open_repository(postgres_url) as stopped, open_repository(postgres_url) as other:
        request = await kept(stopped)

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
