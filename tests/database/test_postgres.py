import asyncio
from dataclasses import replace

import psycopg
import pytest

from bot.database.repositories.repository import open_books
from bot.domain.requests.request import Typed
from bot.errors import BooksUnavailable
from tests.contracts.repository import a_draft, kept
from tests.support.postgres import Server


async def test_connections_that_the_server_dropped_are_not_used_again(postgres_url: str) -> None:
    async with open_books(postgres_url) as books:
        await books.open_draft(a_draft(), Typed())
        with psycopg.connect(postgres_url, autocommit=True) as admin:
            others = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            admin.execute(f"SELECT pg_terminate_backend(pid, 5000) {others}")
        await books.open_draft(a_draft(), Typed())


async def test_a_database_that_went_away_is_said_in_our_words(postgres: Server) -> None:
    with postgres.database() as url:
        async with open_books(url) as books:
            with psycopg.connect(postgres.uri, autocommit=True) as admin:
                name = url.rpartition("?")[0].rpartition("/")[2]
                admin.execute(f'ALTER DATABASE "{name}" WITH ALLOW_CONNECTIONS false')
                admin.execute(
                    f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
                )
            with pytest.raises(BooksUnavailable):
                await books.ping()


async def test_an_error_never_tells_what_people_typed(postgres_url: str) -> None:
    async with open_books(postgres_url) as books:
        draft = a_draft()
        await books.open_draft(draft, Typed())
        with psycopg.connect(postgres_url, autocommit=True) as admin:
            admin.execute("DROP TABLE requests CASCADE")
        with pytest.raises(Exception, match="requests") as caught:
            await books.fill_in(draft.id, Typed(customers="customer-of-ours"))
        assert "customer-of-ours" not in str(caught.value)


async def test_a_process_that_stops_in_the_middle_of_a_page_keeps_the_others_from_it_for_seconds_only(
    postgres_url: str,
) -> None:
    async with open_books(postgres_url) as stopped, open_books(postgres_url) as other:
        request = await kept(stopped)

        async def stop_in_the_middle() -> None:
            async with stopped.page(request.id) as page:
                assert page
                async with asyncio.timeout(15), other.page(request.id) as others:
                    assert others
                    await others.keep(replace(others.request, note="goes on"))
                await page.keep(replace(page.request, note="woken too late"))

        with pytest.raises(BooksUnavailable):
            await stop_in_the_middle()
        found = await other.find(request.id)
        assert found
        assert found.note == "goes on"
