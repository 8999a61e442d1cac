"""Bolt with a time limit: each payload is acked in time, whatever its handler waits for, and handled once."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final

import structlog
from slack_bolt import BoltResponse
from slack_bolt.async_app import AsyncApp, AsyncBoltRequest
from slack_sdk.web.async_client import AsyncWebClient

from bot.domain.delivery import Delivery, current_delivery, handling
from bot.domain.ports import BackgroundTasks
from bot.errors import DatabaseUnavailable, DeliveredBefore

ACK_SECONDS: Final = 2.0
"""After this time the person gets an answer without the handler's. Slack waits for 3 s."""
MAX_WAIT_SECONDS: Final = 0.5
"""How long work waits for acks: Slack gives 3 s in all to open a form."""
REMEMBERED_SECONDS: Final = 900.0
"""A signature counts for five minutes, from five minutes before its time at the earliest."""
REPEATED: Final = frozenset({"block_suggestion", "url_verification"})
"""Payloads that change nothing and come again as they are: a search, or Slack's check of the address."""

log = structlog.get_logger()
Failure = Callable[[Exception, AsyncBoltRequest], Awaitable[BoltResponse]]


class DeferredWork:
    """The port `BackgroundTasks` for handlers: nobody's ack waits for another person's form to be drawn.

    In `make bench` a lone click's median ack takes 0.16 of bare Bolt's time; the target is 0.25. Without this
    it took 0.14 to 0.30, on a loaded machine.
    """

    def __init__(self, background: BackgroundTasks) -> None:
        self._background = background
        self._acks = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self._turn = asyncio.Lock()

    @contextmanager
    def answering(self) -> Iterator[None]:
        """Hold work back until the block ends; the event loop sends the ack before it starts any."""
        self._acks += 1
        self._idle.clear()
        try:
            yield
        finally:
            self._acks -= 1
            if not self._acks:
                self._idle.set()

    def wake(self) -> None:
        """Look at once for what there is to give and to post."""
        self._background.wake()

    def spawn(self, work: Coroutine[Any, Any, object]) -> None:
        """Run work once no ack is pending."""
        if delivery := current_delivery():
            delivery.has_work = True
        self._background.spawn(self._run(work))

    async def _run(self, work: Coroutine[Any, Any, object]) -> None:
        try:
            with suppress(TimeoutError):
                # one at a time: between two pieces the loop notices new clicks
                async with asyncio.timeout(MAX_WAIT_SECONDS), self._turn:
                    await self._idle.wait()
        except BaseException:
            work.close()
            raise
        await work


class BoltApp(AsyncApp):
    """Bolt for HTTP and Socket Mode; an ack leaves when the listener returns, or when its time is over.

    A middleware could not limit the time: its `next()` returns before any listener runs.
    """

    def __init__(
        self,
        client: AsyncWebClient,
        deferred_work: DeferredWork,
        fail: Failure,
        remember: Callable[[], Awaitable[None]],
    ) -> None:
        """`fail` answers a payload whose handler was cut off, `remember` records one whose work follows."""
        super().__init__(
            name="discount-bot",  # else Bolt reads the source of each caller to find a name
            client=client,
            process_before_response=True,
            request_verification_enabled=False,
            ignoring_self_events_enabled=False,
            attaching_function_token_enabled=False,
            attaching_conversation_kwargs_enabled=False,
        )
        self._deferred_work = deferred_work
        self._fail = fail
        self._remember = remember
        self._late: set[asyncio.Task[Any]] = set()
        self._seen: dict[str, float] = {}

    async def async_dispatch(self, req: AsyncBoltRequest) -> BoltResponse:
        """Handle a payload, and return its ack in time."""
        if req.body.get("type") in REPEATED or "ssl_check" in req.body:
            with self._deferred_work.answering(), handling({}) as delivery:
                return await self._bounded(req, delivery)
        with self._deferred_work.answering(), handling(req.body) as delivery:
            if self._is_copy(delivery.key):
                return await self._fail(DeliveredBefore(), req)
            ack = await self._bounded(req, delivery)
            if delivery.has_work and not delivery.writes:
                self._deferred_work.spawn(self._record())
            return ack

    async def _record(self) -> None:
        try:
            await self._remember()
        except DatabaseUnavailable as error:
            log.warning("a delivery is remembered in this process only", why=str(error))

    async def _bounded(self, req: AsyncBoltRequest, delivery: Delivery) -> BoltResponse:
        answering = asyncio.create_task(super().async_dispatch(req))
        try:
            await asyncio.wait({answering}, timeout=ACK_SECONDS)
        finally:
            if not answering.done():  # the end of what it waits for is not worth waiting for
                delivery.close()
                answering.cancel()
                self._late.add(answering)
                answering.add_done_callback(self._late.discard)
        return answering.result() if answering.done() else await self._fail(TimeoutError(), req)

    def _is_copy(self, key: str) -> bool:
        """Remember a delivery in this process, which handles none twice, even if the database fails."""
        now = time.monotonic()
        while self._seen and now - self._seen[oldest := next(iter(self._seen))] > REMEMBERED_SECONDS:
            del self._seen[oldest]
        if key in self._seen:
            return True
        self._seen[key] = now
        return False
