"""Fixtures of the progress tests: a request that is being given, and its progress updater."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from bot.background.outbox_relay import OutboxRelay
from bot.background.progress_updates import ProgressUpdater
from bot.database.repositories.repository import SqlRepository
from bot.domain.ids import CustomerId, RequestId
from bot.domain.requests.batches import BatchOutcome, Refused
from bot.domain.requests.notification import ChannelKind, Notification, NotificationType
from bot.domain.requests.progress import ProgressTracker
from bot.domain.requests.request import State
from bot.services.fallbacks import FallbackNotifier
from bot.slack.announcer import SlackAnnouncer
from bot.slack.client.connection import open_client
from sandbox.slack import Message
from tests.support.outbox_fixture import LOOK, Telling, open_telling

UPDATES = "chat.update"


@dataclass(slots=True)
class Show:
    """A request that is given batch by batch as the test says, and its progress updater."""

    telling: Telling
    announcer: SlackAnnouncer
    relay: OutboxRelay
    progress_updater: ProgressUpdater
    progress_tracker: ProgressTracker

    @property
    def request(self) -> RequestId:
        return self.telling.request

    @property
    def edits(self) -> int:
        return self.telling.shop.slack.faults.calls[UPDATES]

    def card(self) -> Message:
        return self.telling.shop.slack.messages(self.telling.shop.support)[0]

    def read(self) -> str:
        return self.telling.shop.ann.read(self.card())

    async def batch(self, number: int, *, refused: Sequence[str] = ()) -> None:
        """Settle one more customer."""
        why = tuple(Refused(CustomerId(customer), "no") for customer in refused)
        await self.telling.repository.record_outcomes(self.request, BatchOutcome(0, number, 1, refused=why))

    async def run_once(self, *, after: float = 0, giving: Sequence[RequestId] | None = None) -> None:
        self.telling.clock.pass_by(seconds=after)
        await self.progress_updater.run_once((self.request,) if giving is None else giving)

    async def state(self, state: State) -> None:
        async with self.telling.repository.unit_of_work(self.request) as unit:
            assert unit
            await unit.save(replace(unit.request, state=state, ended_at=self.telling.clock.now()))
            await unit.enqueue(
                Notification(
                    kind=ChannelKind.CARD, happened=NotificationType.DONE, at=self.telling.clock.now()
                )
            )


@asynccontextmanager
async def open_show(repository: SqlRepository) -> AsyncIterator[Show]:
    """Open the shop with a request of three customers whose giving has just begun, in batches of one."""
    async with (
        open_telling(repository) as telling,
        open_client(telling.shop.slack.api_url, telling.shop.slack.credentials.bot_token) as client,
    ):
        await telling.all_is_said()
        await start_giving(telling, telling.request)
        progress_tracker = ProgressTracker(telling.clock.now)
        announcer = SlackAnnouncer(
            client=client,
            repository=repository,
            access=telling.access,
            formatter=LOOK,
            progress_tracker=progress_tracker,
        )
        relay = OutboxRelay(
            repository=repository,
            announcer=announcer,
            clock=telling.clock,
            fallback=FallbackNotifier(repository, telling.clock),
        )
        telling.shop.slack.faults.calls.clear()
        yield Show(
            telling,
            announcer,
            relay,
            progressing(telling, announcer, relay, progress_tracker),
            progress_tracker,
        )


def progressing(
    telling: Telling, announcer: SlackAnnouncer, relay: OutboxRelay, progress_tracker: ProgressTracker
) -> ProgressUpdater:
    return ProgressUpdater(
        repository=telling.repository,
        announcer=announcer,
        clock=telling.clock,
        progress_tracker=progress_tracker,
        troubled_until=lambda: relay.troubled_until,
    )


async def start_giving(telling: Telling, request: RequestId) -> None:
    async with telling.repository.unit_of_work(request) as unit:
        assert unit
        now = telling.clock.now()
        await unit.save(
            replace(
                unit.request,
                state=State.GIVING,
                started_at=now,
                batch_size=1,
                batches_per_portion=3,
                card_ts=card_of(telling),
            )
        )
    await telling.repository.start_portion(request, 0)


def card_of(telling: Telling) -> str:
    return telling.shop.slack.messages(telling.shop.support)[0].ts
