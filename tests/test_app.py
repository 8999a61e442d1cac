"""The assembled bot: errors that keep it from starting, and its health."""

import asyncio
import json
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import psycopg
import pytest

from bot.background.durable_engine import engine_url
from bot.database.mapping import from_micros
from bot.errors import ConfigError
from sandbox.dintero import Fault, Operation
from sandbox.shop import database_in, open_bot, open_shop
from sandbox.slack.state.faults import Cut
from tests.support.other_process import elsewhere


async def ready(port: int) -> tuple[int, dict[str, Any]]:
    async with aiohttp.ClientSession() as http, http.get(f"http://127.0.0.1:{port}/readyz") as answer:
        return answer.status, json.loads(await answer.text())


@pytest.mark.parametrize(
    ("ours", "engines"),
    [
        ("sqlite:///discount-bot.db", "sqlite:///discount-bot.dbos.db"),
        ("sqlite:////var/lib/bot/books", "sqlite:////var/lib/bot/books.dbos.db"),
        ("postgresql://ann@db/bot", "postgresql://ann@db/bot"),
    ],
)
def test_the_engine_keeps_its_records_beside_ours(ours: str, engines: str) -> None:
    assert engine_url(ours) == engines


async def test_the_bot_does_not_start_with_a_token_that_slack_refuses(tmp_path: Path) -> None:
    async with open_shop() as shop:
        with pytest.raises(ConfigError, match="SLACK_BOT_TOKEN"):
            async with open_bot(shop, database_in(tmp_path), SLACK_BOT_TOKEN="xoxb-made-up"):
                pass
        with pytest.raises(ConfigError, match="SLACK_APP_TOKEN") as refused:
            async with open_bot(
                shop, database_in(tmp_path), socket_mode=True, SLACK_APP_TOKEN="xapp-made-up"
            ):
                pass
    assert "xapp-made-up" not in str(refused.value)


async def test_the_bot_does_not_start_on_a_port_that_is_taken(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        async with open_shop() as shop:
            with pytest.raises(ConfigError, match="HOST, PORT"):
                async with open_bot(shop, database_in(tmp_path), PORT=str(other.getsockname()[1])):
                    pass
            async with open_bot(shop, database_in(tmp_path)) as running:
                assert (await ready(running.port))[0] == 200


async def test_the_bot_lives_but_is_not_ready_while_slack_is_away_at_its_start(tmp_path: Path) -> None:
    port, called = free_port(), asyncio.Event()

    async def away(_point: str, _method: str, _number: int) -> None:
        called.set()
        raise Cut

    async with open_shop() as shop:
        shop.slack.faults.on_call = away

        async def bot_is_ready() -> tuple[int, dict[str, Any]]:
            async with open_bot(shop, database_in(tmp_path), PORT=str(port)):
                return await ready(port)

        starting = asyncio.create_task(bot_is_ready())
        await asyncio.wait_for(called.wait(), 60)
        async with aiohttp.ClientSession() as http, http.get(f"http://127.0.0.1:{port}/healthz") as alive:
            assert alive.status == 200
        assert (await ready(port))[0] == 503
        shop.slack.faults.on_call = None
        assert (await starting)[0] == 200


@pytest.mark.parametrize("socket_mode", [False, True])
async def test_a_web_api_that_dies_is_noticed_and_so_is_its_return(
    tmp_path: Path, *, socket_mode: bool
) -> None:
    async with (
        open_shop() as shop,
        open_bot(shop, database_in(tmp_path), socket_mode=socket_mode) as running,
    ):
        shop.slack.faults.outage = True
        await shop.ann.command("/discount status", shop.support)  # asks Slack who that is
        for status in (503, 200):
            async with asyncio.timeout(60):
                while (answered := await ready(running.port))[0] != status:
                    pass
            assert answered[1]["slack"] is (status == 200)
            shop.slack.faults.outage = False


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


async def test_on_postgresql_the_bot_uses_the_servers_time(postgres_url: str) -> None:
    name = postgres_url.rpartition("?")[0].rpartition("/")[2]
    with psycopg.connect(postgres_url, autocommit=True) as admin:
        tomorrow = "SELECT pg_catalog.clock_timestamp() + interval '1 day'"
        admin.execute(
            f"CREATE FUNCTION public.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS $${tomorrow}$$"
        )
        admin.execute(f'ALTER DATABASE "{name}" SET search_path = public, pg_catalog')
    async with open_shop() as shop, open_bot(shop, postgres_url) as running:
        (policy_row, *_) = [row async for row in running.repository.audit.rows()]
    assert from_micros(policy_row.at) - datetime.now(UTC) > timedelta(hours=23)


@pytest.mark.parametrize("way", ["http", "socket mode"])
async def test_readiness_depends_on_the_database_but_not_on_dintero(tmp_path: Path, way: str) -> None:
    async with (
        open_shop() as shop,
        open_bot(shop, database_in(tmp_path), socket_mode=way == "socket mode") as running,
    ):
        await running.catalog.refresh()
        assert await ready(running.port) == (
            200,
            {"ready": True, "database": True, "slack": True, "dintero": "ok"},
        )
        shop.dintero.faults.always(Fault.error(500, "down"), on=Operation.RULES)
        await running.catalog.refresh()
        status, body = await ready(running.port)
        assert status == 200
        assert body["dintero"] not in {"ok", ""}
        await elsewhere(f"sqlite:///{tmp_path}/discount-bot.db", "ALTER TABLE requests RENAME TO lost")
        status, body = await ready(running.port)
        assert (status, body["database"]) == (503, False)
