"""The bot's connection to Slack: its Web API client, a watch on it, and Socket Mode.

No connection of ours, not Socket Mode's either, shows that Slack's Web API is away.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import aiohttp
import stamina
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.domain.ids import TeamId
from bot.errors import ConfigError
from bot.outages import Outage
from bot.slack.client.errors import CALL_ERRORS, NOT_SLACK, ErrorKind, describe, is_transient, kind_of
from bot.slack.client.socket_watchdog import PING_SECONDS, SocketWatch

CALL_SECONDS: Final = 10
"""Slack documents no limit, and people wait."""
QUIET_SECONDS: Final = 30.0
"""How long nothing is heard from Slack before it is asked."""
WATCH_RETRY_SECONDS: Final = 1.0
WATCH_ANSWER_SECONDS: Final = 5.0
MAX_FAILURES: Final = 2
"""After so many unanswered questions in a row `/readyz` reports Slack as away: within 42 s in all."""

_check: Final[ContextVar[Callable[[], None] | None]] = ContextVar("check", default=None)


@contextmanager
def checked_before_sending(check: Callable[[], None]) -> Iterator[None]:
    """Check before each call of the block, and once more when its connection is there; `check` may raise.

    A process may be suspended while it connects: what it was about to send may have been sent by another.
    """
    check()
    token = _check.set(check)
    try:
        yield
    finally:
        _check.reset(token)


class CheckingConnector(aiohttp.TCPConnector):
    """Checks at the last moment before a request goes out."""

    async def connect(self, *args: Any, **kwargs: Any) -> aiohttp.connector.Connection:
        """Find a connection."""
        connection = await super().connect(*args, **kwargs)
        try:
            if check := _check.get():
                check()
        except BaseException:
            connection.release()
            raise
        return connection


class ApiClient(AsyncWebClient):
    """The SDK's client, which tells how each call ended, with its error if it failed."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.on_end_listeners: list[Callable[[Exception | None], None]] = []

    async def api_call(self, *arguments: Any, **options: Any) -> AsyncSlackResponse:
        """Call a method.

        Raises:
            aiohttp.ClientError: among others, if an answer in plain text shows that this is not Slack.
        """
        try:
            answer = await self._called(*arguments, **options)
        except CALL_ERRORS as error:
            self.tell(error)
            raise
        self.tell(None)
        return answer

    async def _called(self, *arguments: Any, **options: Any) -> AsyncSlackResponse:
        try:
            return await super().api_call(*arguments, **options)
        except AttributeError as error:  # of the SDK, which takes a text of status 200 for an object
            raise aiohttp.ClientPayloadError(NOT_SLACK) from error

    def tell(self, error: Exception | None) -> None:
        """Tell the listeners how a call ended."""
        for listener in self.on_end_listeners:
            listener(error)


def _note(outage: Outage, error: Exception | None) -> None:
    """Note how a call ended: any answer shows that Slack is there."""
    if error and kind_of(error) is ErrorKind.TRANSIENT:
        answered = "it answered " if isinstance(error, SlackApiError) else ""
        outage.failed(f"{answered}{describe(error)}")
    else:
        outage.answered()


@asynccontextmanager
async def open_client(api_url: str, token: str) -> AsyncIterator[ApiClient]:
    """Open the one client of the process until the block ends."""
    timeout = aiohttp.ClientTimeout(total=CALL_SECONDS)
    async with aiohttp.ClientSession(timeout=timeout, connector=CheckingConnector()) as session:
        # the SDK's own handler repeats a call whose connection was cut, which would post a message twice
        client = ApiClient(
            token=token, base_url=api_url, session=session, timeout=CALL_SECONDS, retry_handlers=[]
        )
        outage = Outage("Slack", "Messages are kept, and posted when it is back.")
        client.on_end_listeners.append(partial(_note, outage))
        yield client


class ApiWatch:
    """Asks Slack once nothing was heard for a while, or soon after a call failed; one question at a time."""

    def __init__(
        self,
        client: ApiClient,
        *,
        quiet: float = QUIET_SECONDS,
        retry: float = WATCH_RETRY_SECONDS,
        answer: float = WATCH_ANSWER_SECONDS,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._quiet = quiet
        self._retry = retry
        self._answer = answer
        self._ticks = ticks
        self._heard_at = ticks()
        self._doubtful = False
        self._failures = 0
        self._refused = False
        """Whether Slack answered last that it does not take the token."""
        client.on_end_listeners.append(self._on_end)

    async def is_heard(self) -> bool:
        """Tell whether Slack answers, and takes the token."""
        return self._failures < MAX_FAILURES and not self._refused

    async def watch(self) -> None:
        """Ask when it is time, until cancelled."""
        while True:
            await asyncio.sleep(self._retry)
            if self.is_due:
                await self.ask()

    @property
    def is_due(self) -> bool:
        """Whether it is time to ask."""
        return self._doubtful or self._ticks() - self._heard_at >= self._quiet

    async def ask(self) -> None:
        """Ask Slack, and count it if no answer comes."""
        heard_at = self._heard_at
        try:
            async with asyncio.timeout(self._answer):
                await self._client.auth_test()
        except TimeoutError as error:
            self._client.tell(error)  # a cancelled call has told nobody
        except Exception:  # noqa: BLE001, S110 - the client has told how it ended
            pass
        if self._heard_at == heard_at:
            self._failures, self._doubtful = self._failures + 1, True

    def _on_end(self, error: Exception | None) -> None:
        """Whatever Slack answers, it is there; a single method may fail, so a failure only raises doubt."""
        kind = kind_of(error) if error else None
        if kind is ErrorKind.TRANSIENT:
            self._doubtful = True
            return
        self._heard_at, self._doubtful, self._failures = self._ticks(), False, 0
        self._refused = kind is ErrorKind.TOKEN_REJECTED


@asynccontextmanager
async def watch_api(client: ApiClient, **how: Any) -> AsyncIterator[ApiWatch]:
    """Watch until the block ends."""
    watch = ApiWatch(client, **how)
    watching = asyncio.create_task(watch.watch())
    try:
        yield watch
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)


@dataclass(frozen=True, slots=True)
class Workspace:
    """The workspace of the bot's token."""

    team: TeamId
    url: str
    """With a slash at its end; empty if Slack does not say."""


async def own_workspace(client: AsyncWebClient) -> Workspace:
    """Ask Slack for the token's workspace, for as long as Slack is unreachable.

    Raises:
        ConfigError: Slack rejects the token.
    """
    answer = await _accepted(client.auth_test, "SLACK_BOT_TOKEN", "Reinstall the app and copy the new token.")
    url = str(answer.get("url") or "")
    return Workspace(TeamId(str(answer["team_id"])), url if url.startswith("https://") else "")


@asynccontextmanager
async def socket_mode(
    app: AsyncApp, api_url: str, token: str, *, ping: float = PING_SECONDS
) -> AsyncIterator[SocketWatch]:
    """Connect, and receive what Slack sends until the block ends.

    Raises:
        ConfigError: Slack rejects the app-level token.
    """
    client = AsyncWebClient(token=token, base_url=api_url, timeout=CALL_SECONDS)
    # the SDK would retry a rejected token for ever without a word
    await _accepted(
        lambda: client.apps_connections_open(app_token=token),
        "SLACK_APP_TOKEN",
        "Create one with the scope connections:write.",
    )
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


async def _accepted(
    call: Callable[[], Awaitable[AsyncSlackResponse]], setting: str, advice: str
) -> AsyncSlackResponse:
    """Repeat a call until Slack answers; a token that it rejects is a `ConfigError`."""
    retry = stamina.AsyncRetryingCaller(attempts=None, timeout=None, wait_max=30)
    try:
        return await retry(is_transient, call)
    except SlackApiError as error:
        raise ConfigError([f"{setting}: Slack rejected this token ({describe(error)}). {advice}"]) from error
