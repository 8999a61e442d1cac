"""Socket Mode that has gone silent is told by the age of the last frame, and connected anew."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.client.connection import open_client, socket_mode
from bot.slack.client.socket_watchdog import SocketWatch
from sandbox.slack import SandboxSlack

PING = 0.2


@pytest.fixture
async def slack() -> AsyncIterator[SandboxSlack]:
    """A workspace with nobody in it."""
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


async def test_slack_that_says_nothing_is_not_heard_and_is_heard_again_when_it_answers(
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
            while slack.faults.calls["apps.connections.open"] < connected + 2:
                assert not await watch.is_heard()
                await client.auth_test()
        slack.socket_mode.silent = False
        await until_heard(watch, client, heard=True)
