"""Messages go out side by side: nobody waits for another conversation, and each thread keeps its order."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import chain

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.background.outbox_relay import MAX_CONCURRENT_SENDS, OutboxRelay
from bot.database.mapping import THREAD_LANE, lane
from bot.database.repositories.repository import SqlRepository
from bot.domain.ids import RequestId
from bot.domain.requests.notification import ChannelKind, Notification, OutboxMessage
from bot.domain.requests.request import State
from bot.errors import DeliveryDeferred
from bot.services.fallbacks import FallbackNotifier
from tests.contracts.repository import notice, save, saved_request
from tests.support.clock import HandClock
from tests.support.outbox_fixture import LATER

Lane = tuple[RequestId, str]
MANY = 2 * MAX_CONCURRENT_SENDS + 1
AWAY = DeliveryDeferred("Slack is away", after=30.0, clean=False, all_wait=True)
BUSY = DeliveryDeferred("not now", after=1.0, clean=True)
FAILURES = {"busy": BUSY, "away": AWAY, "fault": ZeroDivisionError()}
MESSAGES = st.lists(st.sampled_from(list(ChannelKind)), min_size=1, max_size=5)
STEPS = ("end", "end", "end", "end", "more", "busy", "away", "fault", "cancel")


@dataclass(slots=True)
class Conversations:
    """An announcer whose messages take until the test ends them; it notes what was said where."""

    is_posted: bool = True
    under_way: dict[int, asyncio.Future[None]] = field(default_factory=dict)
    said: defaultdict[Lane, list[int]] = field(default_factory=lambda: defaultdict(list))
    attempts: list[int] = field(default_factory=list)
    most: int = 0
    overlaps: list[Lane] = field(default_factory=list)
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    _lanes: set[Lane] = field(default_factory=set)
    _places: set[int] = field(default_factory=set)

    async def deliver(self, outbox_message: OutboxMessage) -> str:
        where = (outbox_message.request, lane(outbox_message.notification, is_posted=self.is_posted))
        if outbox_message.id in self.said[where]:  # found by its key
            return f"{outbox_message.id}.0"
        if where in self._lanes:
            self.overlaps.append(where)
        ending = self.under_way[outbox_message.id] = asyncio.get_running_loop().create_future()
        self._lanes.add(where)
        self.attempts.append(outbox_message.id)
        if outbox_message.notification.kind is not ChannelKind.LIST:
            self._places.add(outbox_message.id)
        self.most = max(self.most, len(self._places))
        self.changed.set()
        try:
            await ending
            self.said[where].append(outbox_message.id)
        finally:
            self._lanes.discard(where)
            self._places.discard(outbox_message.id)
            self.under_way.pop(outbox_message.id, None)
            self.changed.set()
        return f"{outbox_message.id}.0"

    async def withdraw(self, outbox_message: OutboxMessage, ts: str) -> None:
        raise NotImplementedError

    async def redraw(self, request: RequestId) -> None:
        raise NotImplementedError

    def end(self, number: int, failure: Exception | None = None) -> None:
        """End the oldest message under way but so many."""
        ending = self.under_way.pop(list(self.under_way)[number % len(self.under_way)])
        if failure:
            ending.set_exception(failure)
        else:
            ending.set_result(None)

    async def until(self, look: Callable[[], object]) -> None:
        """Wait until it is so."""
        async with asyncio.timeout(30):
            while not look():
                self.changed.clear()
                await self.changed.wait()

    async def begun(self, count: int = 1) -> None:
        """Wait until so many messages are under way."""
        await self.until(lambda: len(self.under_way) >= count)


@dataclass(slots=True)
class Pool:
    """Requests with messages, and a relay."""

    repository: SqlRepository
    conversations: Conversations = field(default_factory=Conversations)
    clock: HandClock = field(default_factory=HandClock)
    leads: bool = True
    enqueued: int = 0

    def relay(self) -> OutboxRelay:
        return OutboxRelay(
            repository=self.repository,
            announcer=self.conversations,
            clock=self.clock,
            fallback=FallbackNotifier(self.repository, self.clock),
            may=lambda: self.leads,
        )

    async def request(self, *kinds: ChannelKind) -> RequestId:
        """Store a request whose card is posted, with messages of these kinds."""
        request = await saved_request(self.repository, State.GIVING)
        await save(self.repository, replace(request, card_ts="1.0"))
        await self.say(request.id, *kinds)
        return request.id

    async def say(self, request: RequestId, *kinds: ChannelKind) -> None:
        async with self.repository.unit_of_work(request) as unit:
            assert unit
            await unit.enqueue(*map(notice_of, kinds))
        self.enqueued += len(kinds)

    async def begun_or_over(self, relaying: asyncio.Task[int]) -> None:
        """Wait until a message is under way, or the relay has nothing more to do."""
        relaying.add_done_callback(lambda _: self.conversations.changed.set())
        await self.conversations.until(lambda: self.conversations.under_way or relaying.done())

    async def pending(self) -> Sequence[OutboxMessage]:
        return await self.repository.due_messages(LATER, limit=1_000)


def notice_of(kind: ChannelKind) -> Notification:
    return notice(
        kind, to="" if kind in {ChannelKind.CARD, ChannelKind.LINE, ChannelKind.SUMMARY} else "U0ANN"
    )


@pytest.fixture
def pool(sqlite_books: SqlRepository) -> Pool:
    return Pool(sqlite_books)


async def test_a_conversation_that_hangs_holds_up_no_other(pool: Pool) -> None:
    hanging = await pool.request(ChannelKind.LINE, ChannelKind.SUMMARY)
    (first,) = await pool.pending()
    for _ in range(MANY):
        await pool.request(ChannelKind.LINE, ChannelKind.SUMMARY)
    relaying = asyncio.create_task(pool.relay().deliver_due())
    for _ in range(2 * MANY):
        await pool.conversations.begun(2)
        pool.conversations.end(0 if first.id != next(iter(pool.conversations.under_way)) else 1)
    await pool.conversations.until(lambda: sum(map(len, pool.conversations.said.values())) == 2 * MANY)
    assert pool.conversations.said[hanging, THREAD_LANE] == []
    for _ in range(2):
        await pool.conversations.begun()
        pool.conversations.end(0)
    assert await relaying == pool.enqueued
    assert pool.conversations.most == MAX_CONCURRENT_SENDS


async def test_a_thread_does_not_wait_for_an_edit_of_its_card(pool: Pool) -> None:
    request = await pool.request(ChannelKind.CARD, ChannelKind.SUMMARY)
    relaying = asyncio.create_task(pool.relay().deliver_due())
    await pool.conversations.begun(2)
    pool.conversations.end(1)
    await pool.conversations.until(lambda: pool.conversations.said[request, THREAD_LANE])
    pool.conversations.end(0)
    assert await relaying == 2


async def test_a_thread_waits_until_its_card_is_posted(pool: Pool) -> None:
    pool.conversations.is_posted = False
    request = await saved_request(pool.repository)
    await pool.say(request.id, ChannelKind.CARD, ChannelKind.LINE, ChannelKind.CARD, ChannelKind.SUMMARY)
    relaying = asyncio.create_task(pool.relay().deliver_due())
    for _ in range(pool.enqueued):
        await pool.conversations.begun()
        pool.conversations.end(0)
    assert await relaying == pool.enqueued
    assert pool.conversations.overlaps == []
    assert pool.conversations.attempts == sorted(pool.conversations.attempts)


async def test_a_message_that_comes_while_another_is_under_way_goes_out_at_once(pool: Pool) -> None:
    await pool.request(ChannelKind.LINE)
    news = asyncio.Event()
    relaying = asyncio.create_task(pool.relay().deliver_due(news))
    await pool.conversations.begun()
    await pool.request(ChannelKind.LINE)
    news.set()
    await pool.conversations.begun(2)
    pool.conversations.end(0)
    pool.conversations.end(0)
    assert await relaying == 2


async def test_messages_under_way_when_the_relay_is_cancelled_are_searched_for_and_none_is_lost(
    pool: Pool,
) -> None:
    requests = [await pool.request(ChannelKind.LINE, ChannelKind.SUMMARY) for _ in range(MANY)]
    relaying = asyncio.create_task(pool.relay().deliver_due())
    await pool.conversations.begun(MAX_CONCURRENT_SENDS)
    begun = set(pool.conversations.under_way)
    relaying.cancel()
    with pytest.raises(asyncio.CancelledError):
        await relaying
    assert pool.conversations.under_way == {}
    pending = await pool.pending()
    assert len(pending) == len(requests)
    assert {message.id for message in pending if message.tried} == begun


async def test_a_relay_that_no_longer_leads_begins_nothing_more(pool: Pool) -> None:
    for _ in range(MANY):
        await pool.request(ChannelKind.LINE, ChannelKind.SUMMARY)
    relaying = asyncio.create_task(pool.relay().deliver_due())
    await pool.conversations.begun(MAX_CONCURRENT_SENDS)
    pool.leads = False
    for _ in range(MAX_CONCURRENT_SENDS):
        pool.conversations.end(0)
    assert await relaying == MAX_CONCURRENT_SENDS
    assert len(pool.conversations.attempts) == MAX_CONCURRENT_SENDS


async def test_nothing_more_goes_out_once_slack_is_away(pool: Pool) -> None:
    for _ in range(MANY):
        await pool.request(ChannelKind.LINE)
    relaying = asyncio.create_task(pool.relay().deliver_due())
    await pool.conversations.begun(MAX_CONCURRENT_SENDS)
    pool.conversations.end(0, AWAY)
    for _ in range(MAX_CONCURRENT_SENDS - 1):
        await pool.conversations.begun()
        pool.conversations.end(0)
    assert await relaying == MAX_CONCURRENT_SENDS - 1
    assert len(pool.conversations.attempts) == MAX_CONCURRENT_SENDS


async def test_lists_take_no_places(pool: Pool) -> None:
    for _ in range(MANY):
        await pool.request(ChannelKind.LIST, ChannelKind.LINE)
    relaying = asyncio.create_task(pool.relay().deliver_due())
    await pool.conversations.begun(MAX_CONCURRENT_SENDS + 1)
    while not relaying.done():
        await pool.begun_or_over(relaying)
        if pool.conversations.under_way:
            pool.conversations.end(-1)
    assert await relaying == 2 * MANY
    assert pool.conversations.most <= MAX_CONCURRENT_SENDS


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    max_examples=25,
    deadline=None,
)
@given(
    begin=st.lists(MESSAGES, min_size=1, max_size=12),
    steps=st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 30), MESSAGES), max_size=40),
)
async def test_no_lane_has_two_messages_under_way_and_each_keeps_its_order(
    sqlite_books: SqlRepository,
    begin: list[list[ChannelKind]],
    steps: list[tuple[str, int, list[ChannelKind]]],
) -> None:
    """Whatever takes how long, fails, comes in between, or is cancelled."""
    pool, news = Pool(sqlite_books), asyncio.Event()
    requests = [await pool.request(*kinds) for kinds in begin]
    relaying = asyncio.create_task(pool.relay().deliver_due(news))
    for step, number, kinds in steps:
        await pool.begun_or_over(relaying)
        match step:
            case "more":
                await pool.say(requests[number % len(requests)], *kinds)
                news.set()
            case "cancel":
                relaying.cancel()
                with suppress(asyncio.CancelledError):
                    await relaying
            case _ if pool.conversations.under_way:
                pool.conversations.end(number, FAILURES.get(step))
        if relaying.done():
            pool.clock.pass_by(minutes=1)
            relaying = asyncio.create_task(pool.relay().deliver_due(news))
    while await pool.pending():
        await pool.begun_or_over(relaying)
        if relaying.done():
            pool.clock.pass_by(minutes=10)
            relaying = asyncio.create_task(pool.relay().deliver_due(news))
        elif pool.conversations.under_way:
            pool.conversations.end(0)
    await relaying
    assert pool.conversations.overlaps == []
    assert pool.conversations.most <= MAX_CONCURRENT_SENDS
    for said in pool.conversations.said.values():
        assert said == sorted(said)
    assert len(set(chain.from_iterable(pool.conversations.said.values()))) == pool.enqueued
