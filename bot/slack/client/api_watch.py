"""Watches Slack's Web API: no connection of ours, not Socket Mode's either, shows that it is away."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Final

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.slack.client.errors import CALL_ERRORS, NOT_SLACK, ErrorKind, kind_of

QUIET_SECONDS: Final = 30.0
"""How long nothing is heard from Slack before it is asked."""
RETRY_SECONDS: Final = 1.0
ANSWER_SECONDS: Final = 5.0
MAX_FAILURES: Final = 2
"""After so many unanswered questions in a row `/readyz` reports Slack as away: within 42 s in all."""


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


class ApiWatch:
    """Asks Slack once nothing was heard for a while, or soon after a call failed; one question at a time."""

    def __init__(
        self,
        client: ApiClient,
        *,
        quiet: float = QUIET_SECONDS,
        retry: float = RETRY_SECONDS,
        answer: float = ANSWER_SECONDS,
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
