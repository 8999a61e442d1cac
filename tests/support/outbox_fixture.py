"""Fixtures of the outbox tests: a request with messages, and the relay over the sandbox Slack."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from slack_sdk.web.async_client import AsyncWebClient

from bot.background.outbox_relay import OutboxRelay
from bot.database.repositories.repository import SqlRepository
from bot.domain.ids import RequestId, TeamId
from bot.domain.requests.notification import Notification, OutboxMessage
from bot.services.access import AccessControl
from bot.services.fallbacks import FallbackNotifier
from bot.slack.announcer import SlackAnnouncer
from bot.slack.client.connection import open_client
from bot.slack.client.directory import SlackDirectory
from bot.slack.rendering.formatting import Formatter
from sandbox.dintero.server import ACCOUNT
from sandbox.shop import POLICY, Shop, open_shop
from tests.journeys.process import approved
from tests.support.clock import HandClock
from tests.support.engine_fixture import customers

LATER = datetime.max.replace(tzinfo=UTC)
LOOK = Formatter(POLICY.currency, POLICY.timezone, POLICY.admins)


@dataclass(slots=True)
class Telling:
    """Ann's request, approved by Bo, with five messages due: card, line, card, line, and one to Ann."""

    shop: Shop
    repository: SqlRepository
    request: RequestId
    announcer: SlackAnnouncer
    clock: HandClock
    access: AccessControl
    _client: AsyncWebClient

    def outbox(self) -> OutboxRelay:
        """Open the relay of a process that has just started."""
        return OutboxRelay(
            repository=self.repository,
            announcer=self.announcer,
            clock=self.clock,
            fallback=FallbackNotifier(self.repository, self.clock),
        )

    def outbox_while(self, may: Callable[[], bool]) -> tuple[OutboxRelay, SlackAnnouncer]:
        """Open the relay of a process that delivers while `may` is true."""
        announcer = SlackAnnouncer(
            client=self._client, repository=self.repository, access=self.access, formatter=LOOK, may=may
        )
        return OutboxRelay(
            repository=self.repository,
            announcer=announcer,
            clock=self.clock,
            fallback=FallbackNotifier(self.repository, self.clock),
            may=may,
        ), announcer

    async def say(self, *notices: Notification) -> None:
        async with self.repository.unit_of_work(self.request) as unit:
            assert unit
            await unit.enqueue(*notices)

    async def next(self) -> OutboxMessage:
        """Read the first message."""
        return (await self.repository.due_messages(LATER, limit=1))[0]

    async def left(self) -> int:
        return len(await self.repository.due_messages(LATER, limit=100))

    async def all_is_said(self) -> None:
        """Deliver until nothing is left, while time passes."""
        relay = self.outbox()
        for _ in range(60):
            await relay.deliver_due()
            if not await self.left():
                return
            self.clock.pass_by(minutes=10)
        raise AssertionError(self.shop.slack.transcript(self.shop.support))

    def thread(self) -> list[str]:
        """Read the replies to the one card."""
        (card,) = self.shop.slack.messages(self.shop.support)
        return [self.shop.ann.read(reply) for reply in self.shop.slack.thread(card)]

    def direct(self) -> list[str]:
        return [
            self.shop.ann.read(message) for message in self.shop.ann.direct.messages if not message.deleted
        ]

    def each_was_said_once_in_order(self) -> None:
        first, last = self.thread()
        assert "approved (1 of 2)" in first
        assert "approved (2 of 2)" in last
        (told,) = self.direct()
        assert "Approved by" in told


@asynccontextmanager
async def open_telling(repository: SqlRepository) -> AsyncIterator[Telling]:
    """Open the shop, with one request in it."""
    async with (
        open_shop() as shop,
        open_client(shop.slack.api_url, shop.slack.credentials.bot_token) as client,
    ):
        clock, team = HandClock(), TeamId(shop.slack.team)
        directory = SlackDirectory(client, team, clock)
        access = AccessControl(POLICY, directory, team, ACCOUNT)
        look = replace(LOOK, names=directory.last_known_name)
        announcer = SlackAnnouncer(client=client, repository=repository, access=access, formatter=look)
        request = await approved(repository, shop, customers(3))
        yield Telling(shop, repository, request, announcer, clock, access, client)
