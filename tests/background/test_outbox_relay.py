"""Said exactly once and in order, whatever Slack answers and whenever the program ends."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.background.outbox_relay import OutboxRelay
from bot.database.repositories.repository import SqlRepository
from bot.domain.ids import RequestId
from bot.domain.requests.notification import ChannelKind, Notification, NotificationType, OutboxMessage
from bot.errors import DeliveryDeferred
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
    """A request of which there is something to be said."""
    async with open_telling(sqlite_books) as opened:
        yield opened


def goes_wrong(telling: Telling, wrong: dict[tuple[str, int], str]) -> None:
    """Let the so-many-eth calls of some methods go wrong."""

    async def on_call(point: str, method: str, number: int) -> None:
        where, error = WRONG.get(wrong.get((method, number), ""), ("", Cut))
        if where == point:
            raise error()

    telling.shop.slack.faults.on_call = on_call


async def test_each_message_is_said_once_and_in_order(telling: Telling) -> None:
    assert await telling.outbox().deliver_due() == 5
    telling.each_was_said_once_in_order()
    assert await telling.outbox().deliver_due() == 0


@pytest.mark.parametrize("number", [1, 2, 3, 4])
@pytest.mark.parametrize("what", WRONG)
async def test_whatever_goes_wrong_with_a_post_it_is_said_once(
    telling: Telling, what: str, number: int
) -> None:
    goes_wrong(telling, {(POSTS, number): what, (POSTS, number + 1): what})
    await telling.all_is_said()
    telling.each_was_said_once_in_order()


@pytest.mark.parametrize("method", METHODS[1:])
@pytest.mark.parametrize("what", WRONG)
async def test_whatever_goes_wrong_with_any_other_call_all_is_said_once(
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
async def test_whatever_goes_wrong_all_is_said_once_and_in_order(
    sqlite_books: SqlRepository, wrong: dict[tuple[str, int], str]
) -> None:
    async with open_telling(sqlite_books) as telling:
        goes_wrong(telling, wrong)
        await telling.all_is_said()
        telling.each_was_said_once_in_order()


@pytest.mark.parametrize("point", ["before", "after"])
@pytest.mark.parametrize("number", [1, 2, 3, 4])
async def test_what_a_killed_process_was_saying_is_said_once_by_the_next(
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


async def test_the_longer_slack_is_away_the_longer_are_the_waits_up_to_five_minutes(telling: Telling) -> None:
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


async def test_what_can_never_be_said_is_given_up_and_holds_up_nobody(telling: Telling) -> None:
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
    """An announcer with a fault of its own, which shows with direct messages."""

    telling: Telling
    times: int = 1

    async def deliver(self, outbox_message: OutboxMessage) -> str:
        if outbox_message.notification.kind is ChannelKind.DIRECT and self.times:
            self.times -= 1
            raise ZeroDivisionError
        return await self.telling.announcer.deliver(outbox_message)

    async def redraw(self, request: RequestId) -> None:
        await self.telling.announcer.redraw(request)


async def test_a_fault_of_the_bots_own_holds_up_no_other_message_and_is_tried_again(telling: Telling) -> None:
    relay = OutboxRelay(repository=telling.repository, announcer=Stumbling(telling), clock=telling.clock)
    await relay.deliver_due()
    assert len(telling.thread()) == 2
    assert not telling.direct()
    telling.clock.pass_by(minutes=1)
    await relay.deliver_due()
    telling.each_was_said_once_in_order()


async def test_when_the_books_fail_for_one_message_none_under_way_is_said_twice(
    sqlite_url: str, telling: Telling
) -> None:
    with closing(sqlite3.connect(sqlite_url.removeprefix("sqlite:///"))) as connection:
        connection.execute(
            "CREATE TRIGGER no BEFORE UPDATE ON outbox WHEN NEW.kind = 'direct' BEGIN SELECT RAISE(FAIL, 'disk is full'); END"
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
    assert any("its card could not be posted" in told for told in telling.direct())


async def test_one_whose_turn_is_over_says_nothing_more_and_leaves_what_is_written_to_whoever_goes_on(
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
