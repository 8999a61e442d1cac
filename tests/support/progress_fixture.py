"""What the tests of progress stand on: a request that is being given, and what shows how it gets on."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from bot.background.outbox_relay import Outbox
from bot.background.progress_updates import Progressing
from bot.database.repositories.repository import SqlBooks
from bot.domain.ids import CustomerId, RequestId
from bot.domain.requests.batches import BatchOutcome, Refused
from bot.domain.requests.notification import Happened, Kind, Notice
from bot.domain.requests.progress import Paces
from bot.domain.requests.request import State
from bot.slack.announcer import SlackAnnouncer
from bot.slack.client.connection import open_client
from sandbox.shop import POLICY
from sandbox.slack import Message
from tests.support.outbox_fixture import LOOK, Telling, open_telling

UPDATES = "chat.update"


@dataclass(slots=True)
class Show:
    """A request that is being given, one batch after another as the test says, and what shows its progress."""

    telling: Telling
    announcer: SlackAnnouncer
    outbox: Outbox
    progressing: Progressing
    paces: Paces

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
        await self.telling.books.settle(self.request, BatchOutcome(0, number, 1, refused=why))

    async def look(self, *, after: float = 0, giving: Sequence[RequestId] | None = None) -> None:
        self.telling.clock.pass_by(seconds=after)
        await self.progressing.look((self.request,) if giving is None else giving)

    async def state(self, state: State) -> None:
        async with self.telling.books.page(self.request) as page:
            assert page
            await page.keep(replace(page.request, state=state, ended_at=self.telling.clock.now()))
            await page.say(Notice(kind=Kind.CARD, happened=Happened.DONE, at=self.telling.clock.now()))


@asynccontextmanager
async def open_show(books: SqlBooks) -> AsyncIterator[Show]:
    """Open the shop with a request of three customers that has just begun to be given, in batches of one."""
    async with (
        open_telling(books) as telling,
        open_client(telling.shop.slack.api_url, telling.shop.slack.credentials.bot_token) as client,
    ):
        await telling.all_is_said()
        await given_in_batches_of_one(telling, telling.request)
        paces = Paces(telling.clock.now)
        announcer = SlackAnnouncer(client=client, books=books, policy=POLICY, look=LOOK, paces=paces)
        outbox = Outbox(books=books, announcer=announcer, clock=telling.clock)
        telling.shop.slack.faults.calls.clear()
        yield Show(telling, announcer, outbox, progressing(telling, announcer, outbox, paces), paces)


def progressing(telling: Telling, announcer: SlackAnnouncer, outbox: Outbox, paces: Paces) -> Progressing:
    return Progressing(
        books=telling.books,
        announcer=announcer,
        clock=telling.clock,
        paces=paces,
        troubled_until=lambda: outbox.troubled_until,
    )


async def given_in_batches_of_one(telling: Telling, request: RequestId) -> None:
    async with telling.books.page(request) as page:
        assert page
        now = telling.clock.now()
        await page.keep(
            replace(
                page.request,
                state=State.GIVING,
                started_at=now,
                batch_size=1,
                batches_per_portion=3,
                card_ts=card_of(telling),
            )
        )
    await telling.books.take_up(request, 0)


def card_of(telling: Telling) -> str:
    return telling.shop.slack.messages(telling.shop.support)[0].ts
