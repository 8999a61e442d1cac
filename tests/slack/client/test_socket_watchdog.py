"""A silent Socket Mode connection is recognised by the age of its last frame, and replaced."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.client.connection import open_client, socket_mode
from bot.slack.client.socket_watchdog import MAX_SILENT_PINGS, SocketWatch
from sandbox.slack import SandboxSlack

PING = 0.2


@pytest.fixture
async def slack() -> AsyncIterator[SandboxSlack]:
    """An empty workspace."""
    async with SandboxSlack() as slack:
        yield slack


@pytest.fixture
async def client(slack: SandboxSlack) -> AsyncIterator[AsyncWebClient]:
    """The bot's client."""
    async with open_client(slack.api_url, slack.credentials.bot_token) as client:
        yield client


async def until_heard(watch: SocketWatch, client: AsyncWebClient, *, heard: bool) -> None:
    async with asyncio.timeout(60):
        while await watch.is_heard() is not heard:
            await client.auth_test()


async def test_the_silence_counts_from_the_last_frame(slack: SandboxSlack, client: AsyncWebClient) -> None:
    app, loop, ping = (
        AsyncApp(client=client, request_verification_enabled=False),
        asyncio.get_running_loop(),
        1.0,
    )
    async with socket_mode(app, slack.api_url, slack.credentials.app_token, ping=ping) as watch:
        for _ in range(2):  # the second pong is one of an unhurried connection
            answered = slack.socket_mode.answered_pings
            while slack.socket_mode.answered_pings == answered:
                await client.auth_test()
        slack.socket_mode.silent, last_frame = True, loop.time()
        while loop.time() < last_frame + (MAX_SILENT_PINGS + 0.6) * ping:
            await client.auth_test()
        assert watch.silent


async def test_a_silent_slack_counts_as_away_until_it_answers_again(
    slack: SandboxSlack, client: AsyncWebClient
) -> None:
    app = AsyncApp(client=client, request_verification_enabled=False)
    async with socket_mode(app, slack.api_url, slack.credentials.app_token, ping=PING) as watch:
        await until_heard(watch, client, heard=True)
        slack.socket_mode.silent = True
        async with asyncio.timeout(60):
            while not watch.silent:
                await client.auth_test()
        connected = slack.faults.calls["apps.connections.open"]
        async with asyncio.timeout(60):
            while (more := slack.faults.calls["apps.connections.open"] - connected) < 3:
                assert not (more and await watch.is_heard())  # the first connection may have a pong unread
                await client.auth_test()
        slack.socket_mode.silent = False
        await until_heard(watch, client, heard=True)
