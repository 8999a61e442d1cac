"""The bot's own connection to Slack: its client, which workspace it is for, and Socket Mode."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Final

import aiohttp
import stamina
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.domain.ids import TeamId
from bot.errors import ConfigError
from bot.slack.client.socket_watchdog import PING, SocketWatch

SLACK_TIMEOUT: Final = 10
"""Seconds; Slack documents none, and people wait."""
AWAY: Final = frozenset({"ratelimited", "internal_error", "fatal_error", "service_unavailable", None})


@asynccontextmanager
async def open_client(api_url: str, token: str) -> AsyncIterator[AsyncWebClient]:
    """Open the one client of the process, and close it in the end."""
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=SLACK_TIMEOUT)) as session:
        # the SDK's own handler repeats a call whose connection was cut, and a message that had gone out would be there twice
        yield AsyncWebClient(
            token=token, base_url=api_url, session=session, timeout=SLACK_TIMEOUT, retry_handlers=[]
        )


async def own_team(client: AsyncWebClient) -> TeamId:
    """Ask Slack which workspace the token is for, for as long as Slack is away.

    Raises:
        ConfigError: Slack does not take the token.
    """
    try:
        async for attempt in stamina.retry_context(on=_is_away, attempts=None, timeout=None, wait_max=30):
            with attempt:
                return TeamId(str((await client.auth_test())["team_id"]))
    except SlackApiError as error:
        refused = f"SLACK_BOT_TOKEN: Slack does not take it ({_error(error)}); install the app again and copy the new token"
        raise ConfigError([refused]) from error
    raise AssertionError  # stamina returns or raises


@asynccontextmanager
async def socket_mode(
    app: AsyncApp, api_url: str, token: str, *, ping: float = PING
) -> AsyncIterator[SocketWatch]:
    """Connect, and take what Slack sends until the block ends.

    Raises:
        ConfigError: Slack does not take the app-level token.
    """
    await _check(AsyncWebClient(token=token, base_url=api_url, timeout=SLACK_TIMEOUT), token)
    handler = AsyncSocketModeHandler(
        app, token, web_client=AsyncWebClient(token=token, base_url=api_url), ping_interval=ping
    )
    watch = SocketWatch(handler.client, ping=ping)
    watching = asyncio.create_task(watch.watch())
    try:
        await handler.connect_async()  # type: ignore[no-untyped-call]
        yield watch
    finally:
        watching.cancel()
        with suppress(Exception):
            await handler.close_async()  # type: ignore[no-untyped-call]


async def _check(client: AsyncWebClient, token: str) -> None:
    """Ask for a connection beforehand: the SDK would go on asking with a token that Slack does not take, and never say so."""
    try:
        async for attempt in stamina.retry_context(on=_is_away, attempts=None, timeout=None, wait_max=30):
            with attempt:
                await client.apps_connections_open(app_token=token)
    except SlackApiError as error:
        refused = (
            f"SLACK_APP_TOKEN: Slack does not take it ({_error(error)}); make one with connections:write"
        )
        raise ConfigError([refused]) from error


def _is_away(error: Exception) -> bool:
    if isinstance(error, SlackApiError):
        return _error(error) in AWAY
    return isinstance(error, aiohttp.ClientError | TimeoutError | OSError)


def _error(error: SlackApiError) -> str | None:
    """Read Slack's word for what went wrong; behind a proxy that fails there is none."""
    data = getattr(error.response, "data", None)
    return data.get("error") if isinstance(data, Mapping) else None
