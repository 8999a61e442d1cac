"""Messages are delivered exactly once and in order, after any answer of Slack and any restart."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain, repeat

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.background.outbox_relay import OutboxRelay
from bot.database.repositories.repository import SqlRepository
from bot.domain.ids import RequestId
from bot.domain.requests.notification import ChannelKind, Notification, NotificationType, OutboxMessage
from bot.errors import DeliveryDeferred
from bot.services.fallbacks import FallbackNotifier
from sandbox.slack import Cut, Fault
from sandbox.slack.state.faults import Refuse
from tests.support.outbox_fixture import Telling, open_telling

NOW = datetime(2026, 3, 4, tzinfo=UTC)
POSTS = "chat.postMessage"
METHODS = (
    POSTS,
    "chat.update",
    "chat.getPermalink",
    "conversations.open",
    "conversations.history",
    "conversations.replies",
)

WRONG: dict[str, tuple[str, Callable[[], Exception]]] = {
    "429": ("before", lambda: Refuse(429, {"Retry-After": "3"})),
    "429 that does not say how long": ("before", lambda: Refuse(429)),
    "500 before": ("before", lambda: Refuse(500)),
    "500 after": ("after", lambda: Refuse(500)),
    "503 after": ("after", lambda: Refuse(503)),
    "cut before": ("before", Cut),
    "cut after": ("after", Cut),
}


@pytest.fixture
async def telling(sqlite_books: SqlRepository) -> AsyncIterator[Telling]:
    """A request with messages in the outbox."""
    async with open_telling(sqlite_books) as opened:
        yield opened


def goes_wrong(telling: Telling, wrong: dict[tuple[str, int], str]) -> None:
    """Let calls fail, by method and number."""

    async def on_call(point: str, method: str, number: int) -> None:
        where, error = WRONG.get(wrong.get((method, number), ""), ("", Cut))
        if where == point:
            raise error()

    telling.shop.slack.faults.on_call = on_call


async def test_each_message_is_delivered_once_and_in_order(telling: Telling) -> None:
    assert await telling.outbox().deliver_due() == 5
    telling.each_was_said_once_in_order()
    assert await telling.outbox().deliver_due() == 0


@pytest.mark.parametrize("number", [1, 2, 3, 4])
@pytest.mark.parametrize("what", WRONG)
async def test_a_post_is_delivered_once_despite_failures(telling: Telling, what: str, number: int) -> None:
    goes_wrong(telling, {(POSTS, number): what, (POSTS, number + 1): what})
    await telling.all_is_said()
    telling.each_was_said_once_in_order()


@pytest.mark.parametrize("method", METHODS[1:])
@pytest.mark.parametrize("what", WRONG)
async def test_all_is_delivered_once_despite_failures_of_other_calls(
    telling: Telling, what: str, method: str
) -> None:
    goes_wrong(
        telling, {(POSTS, 1): "cut after", (POSTS, 2): "cut after", (method, 1): what, (method, 2): what}
    )
    await telling.all_is_said()
    telling.each_was_said_once_in_order()


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    max_examples=40,
    deadline=None,
)
@given(
    wrong=st.dictionaries(
        st.tuples(st.sampled_from(METHODS), st.integers(min_value=1, max_value=8)),
        st.sampled_from(list(WRONG)),
    )
)
async def test_all_is_delivered_once_and_in_order_despite_any_failures(
    sqlite_books: SqlRepository, wrong: dict[tuple[str, int], str]
) -> None:
    async with open_telling(sqlite_books) as telling:
        goes_wrong(telling, wrong)
        await telling.all_is_said()
        telling.each_was_said_once_in_order()


@pytest.mark.parametrize("point", ["before", "after"])
@pytest.mark.parametrize("number", [1, 2, 3, 4])
async def test_the_next_process_delivers_the_messages_of_a_killed_one_once(
    telling: Telling, point: str, number: int
) -> None:
    reached, over = asyncio.Event(), asyncio.Event()

    async def on_call(where: str, method: str, calls: int) -> None:
        if (where, method, calls) == (point, POSTS, number):
            reached.set()
        if reached.is_set() and not over.is_set():
            await over.wait()
            raise Cut

    telling.shop.slack.faults.on_call = on_call
    saying = asyncio.ensure_future(telling.outbox().deliver_due())
    await asyncio.wait_for(reached.wait(), 60)
    saying.cancel()
    with suppress(asyncio.CancelledError):
        await saying
    over.set()
    await telling.all_is_said()
    telling.each_was_said_once_in_order()


async def test_slack_is_left_alone_for_as_long_as_it_asks(telling: Telling) -> None:
    async def busy(_point: str, _method: str, _number: int) -> None:
        raise Refuse(429, {"Retry-After": "30"})

    telling.shop.slack.faults.on_call = busy
    relay, calls = telling.outbox(), telling.shop.slack.faults.calls
    await relay.deliver_due()
    telling.clock.pass_by(seconds=29)
    await relay.deliver_due()
    assert calls[POSTS] == 1
    telling.clock.pass_by(seconds=2)
    await relay.deliver_due()
    assert calls[POSTS] == 2


@pytest.mark.parametrize("back", [{"hours": 2}, {"minutes": 9}, {"seconds": 40}])
async def test_a_clock_put_back_while_slack_is_away_silences_no_message(
    telling: Telling, back: dict[str, float]
) -> None:
    relay = telling.outbox()
    telling.shop.slack.faults.outage = True
    for _ in range(8):
        await relay.deliver_due()
        telling.clock.pass_by(seconds=300)
    await relay.deliver_due()
    telling.clock.pass_by(**{unit: -much for unit, much in back.items()})
    await relay.deliver_due()
    telling.shop.slack.faults.outage = False
    for _ in range(40):
        telling.clock.pass_by(seconds=30)
        await relay.deliver_due()
    assert await telling.left() == 0
    telling.each_was_said_once_in_order()


async def test_a_clock_put_back_ends_every_wait_for_slack(telling: Telling) -> None:
    async def busy(_point: str, _method: str, _number: int) -> None:
        raise Refuse(429, {"Retry-After": "500"})

    relay = telling.outbox()
    telling.shop.slack.faults.on_call = busy
    await relay.deliver_due()
    telling.shop.slack.faults.on_call = None
    telling.clock.pass_by(minutes=-5)
    await relay.deliver_due()
    assert await telling.left() == 0


async def test_waits_grow_up_to_five_minutes_while_slack_is_away(telling: Telling) -> None:
    telling.shop.slack.faults.outage = True
    relay, calls, waits = telling.outbox(), telling.shop.slack.faults.calls, list[int]()
    for _ in range(11):
        before, waited = calls[POSTS] + calls["conversations.history"], 0
        while calls[POSTS] + calls["conversations.history"] == before:
            waited += 1
            telling.clock.pass_by(seconds=1)
            await relay.deliver_due()
        waits.append(waited)
    assert waits[1:9] == [1, 2, 4, 8, 16, 32, 64, 128]
    assert max(waits) <= 300
    telling.shop.slack.faults.outage = False
    await telling.all_is_said()
    telling.each_was_said_once_in_order()


async def test_a_message_that_slack_never_takes_holds_up_no_other(telling: Telling) -> None:
    await telling.say(
        Notification(
            kind=ChannelKind.NOTICE, happened=NotificationType.DONE, at=NOW, to=telling.shop.campaigns.id
        )
    )
    telling.shop.slack.faults.plan(POSTS, Fault.REFUSED, error="restricted_action")
    await telling.outbox().deliver_due()
    assert await telling.left() == 0


@dataclass(slots=True)
class Stumbling:
    """An announcer with a bug in direct messages."""

    telling: Telling
    times: int = 1

    async def deliver(self, outbox_message: OutboxMessage) -> str:
        if outbox_message.notification.kind is ChannelKind.DIRECT and self.times:
            self.times -= 1
            raise ZeroDivisionError
        return await self.telling.announcer.deliver(outbox_message)

    async def withdraw(self, outbox_message: OutboxMessage, ts: str) -> None:
        raise NotImplementedError

    async def redraw(self, request: RequestId) -> None:
        await self.telling.announcer.redraw(request)


async def test_a_fault_of_the_bot_holds_up_no_other_message_and_is_tried_again(telling: Telling) -> None:
    relay = OutboxRelay(
        repository=telling.repository,
        announcer=Stumbling(telling),
        clock=telling.clock,
        fallback=FallbackNotifier(telling.repository, telling.clock),
    )
    await relay.deliver_due()
    assert len(telling.thread()) == 2
    assert not telling.direct()
    telling.clock.pass_by(minutes=1)
    await relay.deliver_due()
    telling.each_was_said_once_in_order()


async def test_a_database_failure_for_one_message_repeats_no_other(sqlite_url: str, telling: Telling) -> None:
    with closing(sqlite3.connect(sqlite_url.removeprefix("sqlite:///"))) as connection:
        connection.execute(
            "CREATE TRIGGER no BEFORE UPDATE ON outbox WHEN NEW.kind = 'direct' "
            "BEGIN SELECT RAISE(FAIL, 'disk is full'); END"
        )
        connection.commit()
        for _ in range(3):
            with pytest.raises(sqlite3.IntegrityError):
                await telling.outbox().deliver_due()
        connection.execute("DROP TRIGGER no")
        connection.commit()
    await telling.all_is_said()
    telling.each_was_said_once_in_order()


async def test_the_requester_is_told_of_a_card_that_can_never_be_posted(telling: Telling) -> None:
    telling.shop.slack.faults.plan(POSTS, Fault.REFUSED, error="restricted_action")
    await telling.outbox().deliver_due()
    assert any("couldn't post your request" in told for told in telling.direct())


async def test_a_former_leader_delivers_and_records_nothing_more(
    telling: Telling,
) -> None:
    turn_is_over = asyncio.Event()

    async def over(point: str, method: str, number: int) -> None:
        if (point, method, number) == ("after", POSTS, 2):
            turn_is_over.set()
            raise Refuse(500)

    slack = telling.shop.slack.faults
    slack.on_call = over
    relay, announcer = telling.outbox_while(lambda: not turn_is_over.is_set())
    await relay.deliver_due()
    posted = slack.calls[POSTS]
    await relay.deliver_due()
    assert slack.calls[POSTS] == posted
    slack.on_call = None
    await telling.outbox().deliver_due()
    telling.each_was_said_once_in_order()
    await telling.say(Notification(kind=ChannelKind.LINE, happened=NotificationType.APPROVED, at=NOW))
    posted = slack.calls[POSTS]
    with pytest.raises(DeliveryDeferred, match="another process"):
        await announcer.deliver(await telling.next())
    assert slack.calls[POSTS] == posted


@pytest.mark.parametrize("number", [1, 2, 3])
async def test_a_copy_that_arrives_after_its_successor_looked_is_deleted(
    telling: Telling, number: int
) -> None:
    """As when a process is suspended while its message is on the way."""
    held, goes_on = asyncio.Event(), asyncio.Event()

    async def hold(point: str, method: str, calls: int) -> None:
        if (point, method, calls) == ("before", POSTS, number):
            held.set()
            await goes_on.wait()

    telling.shop.slack.faults.on_call = hold
    relay, _ = telling.outbox_while(lambda: not held.is_set())
    suspended = asyncio.create_task(relay.deliver_due())
    await asyncio.wait_for(held.wait(), 20)
    await telling.outbox().deliver_due()
    telling.each_was_said_once_in_order()
    goes_on.set()
    await suspended
    telling.each_was_said_once_in_order()
    assert telling.shop.slack.faults.calls["chat.delete"] == 1


async def test_a_process_that_was_replaced_while_it_connected_posts_nothing(telling: Telling) -> None:
    leads = chain([True, True], repeat(False))  # for the look and the first check, and no more
    relay, _ = telling.outbox_while(lambda: next(leads))
    await relay.deliver_due()
    assert telling.shop.slack.faults.calls[POSTS] == 0
    await telling.outbox().deliver_due()
    telling.each_was_said_once_in_order()


async def test_a_process_that_was_replaced_while_it_connected_edits_nothing(telling: Telling) -> None:
    await telling.all_is_said()
    await telling.say(Notification(kind=ChannelKind.CARD, happened=NotificationType.APPROVED, at=NOW))
    leads = chain([True], repeat(False))  # for the first check, and no more
    _, announcer = telling.outbox_while(lambda: next(leads))
    edited = telling.shop.slack.faults.calls["chat.update"]
    with pytest.raises(DeliveryDeferred, match="another process"):
        await announcer.deliver(await telling.next())
    assert telling.shop.slack.faults.calls["chat.update"] == edited
