"""A failed delivery is repeated, in order and once, or falls back to people who can be reached."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest

from bot.background.outbox_relay import OutboxRelay
from bot.database.repositories.repository import SqlRepository
from bot.domain.requests.notification import ChannelKind, Notification, NotificationType
from bot.services.fallbacks import FallbackNotifier
from sandbox.slack import Cut, Fault
from sandbox.slack.state.errors import SlackSays
from sandbox.slack.state.faults import Refuse
from tests.support.outbox_fixture import Telling, open_telling

NOW = datetime(2026, 3, 4, tzinfo=UTC)
POSTS, EDITS = "chat.postMessage", "chat.update"

EVERYTHING: dict[str, Callable[[], Exception]] = {
    "429": lambda: Refuse(429, {"Retry-After": "30"}),
    "an outage": lambda: Refuse(503),
    "no connection": Cut,
    "token_revoked": lambda: SlackSays("token_revoked"),
    "invalid_auth": lambda: SlackSays("invalid_auth"),
    "account_inactive": lambda: SlackSays("account_inactive"),
}
AWAY = {
    "not_in_channel": "I can't post in #loyalty-support (I'm not in that channel).",
    "channel_not_found": "I can't post in #loyalty-support (I can't see that channel, or it was deleted).",
    "is_archived": "I can't post in #loyalty-support (that channel is archived).",
}


@pytest.fixture
async def telling(sqlite_books: SqlRepository) -> AsyncIterator[Telling]:
    """A request with messages in the outbox."""
    async with open_telling(sqlite_books) as opened:
        yield opened


def outbox_of(telling: Telling) -> OutboxRelay:
    """Open a relay whose fallback knows the admin."""
    fallback = FallbackNotifier(telling.repository, telling.clock, [telling.shop.chief.id])
    return OutboxRelay(
        repository=telling.repository, announcer=telling.announcer, clock=telling.clock, fallback=fallback
    )


async def hours_pass(telling: Telling, relay: OutboxRelay, *, minutes: int = 60) -> None:
    for _ in range(minutes):
        telling.clock.pass_by(minutes=1)
        await relay.deliver_due()


@asynccontextmanager
async def all_calls_raise(telling: Telling, trouble: Callable[[], Exception]) -> AsyncIterator[None]:
    async def on_call(point: str, _method: str, _number: int) -> None:
        if point == "before":
            raise trouble()

    telling.shop.slack.faults.on_call = on_call
    yield
    telling.shop.slack.faults.on_call = None


def told(telling: Telling, words: str) -> list[str]:
    return [one for one in telling.direct() if words in one]


def messages_to_chief(telling: Telling) -> list[str]:
    return [telling.shop.chief.read(message) for message in telling.shop.chief.direct.messages]


@pytest.mark.parametrize("trouble", EVERYTHING)
async def test_after_an_hour_of_trouble_all_is_delivered_once_and_in_order(
    telling: Telling, trouble: str
) -> None:
    relay = outbox_of(telling)
    async with all_calls_raise(telling, EVERYTHING[trouble]):
        await hours_pass(telling, relay)
    await hours_pass(telling, relay, minutes=6)
    telling.each_was_said_once_in_order()
    assert await telling.left() == 0


@pytest.mark.parametrize("trouble", ["429", "an outage", "token_revoked"])
async def test_few_of_many_waiting_messages_probe_whether_slack_is_back(
    telling: Telling, trouble: str
) -> None:
    for number in range(60):
        await telling.say(
            Notification(
                kind=ChannelKind.DIRECT,
                happened=NotificationType.GOES_ON,
                at=NOW,
                to=telling.shop.slack.add_person(f"P{number}").id,
            )
        )
    relay, calls = outbox_of(telling), telling.shop.slack.faults.calls
    await relay.deliver_due()
    assert await telling.left() == 0
    for number in range(60):
        await telling.say(
            Notification(
                kind=ChannelKind.NOTICE, happened=NotificationType.GOES_ON, at=NOW, to=f"C0OTHER{number}"
            )
        )
    calls.clear()
    async with all_calls_raise(telling, EVERYTHING[trouble]):
        for _ in range(60):
            telling.clock.pass_by(seconds=1)
            await relay.deliver_due()
    assert calls.total() <= 50


async def test_a_message_that_always_fails_delays_others_by_half_a_minute_at_most(
    telling: Telling,
) -> None:
    relay = outbox_of(telling)
    telling.shop.slack.faults.plan(POSTS, Fault.SERVER_ERROR, times=10)
    await hours_pass(telling, relay, minutes=9)
    before = relay.troubled_until
    assert before - telling.clock.now() <= timedelta(seconds=30)


@pytest.mark.parametrize("error", AWAY)
async def test_the_requester_hears_once_of_a_closed_channel_and_all_follows_later(
    telling: Telling, error: str
) -> None:
    relay = outbox_of(telling)
    await relay.deliver_due()
    for happened in (NotificationType.STARTED, NotificationType.WAITING, NotificationType.GOES_ON):
        await telling.say(Notification(kind=ChannelKind.LINE, happened=happened, at=telling.clock.now()))
    telling.shop.slack.faults.plan(POSTS, Fault.REFUSED, error=error, times=6)
    await hours_pass(telling, relay, minutes=6)
    (word,) = told(telling, "I can't post in")
    assert AWAY[error] in word
    assert "I'll post what's missing once that's fixed." in word
    await hours_pass(telling, relay, minutes=60)
    assert len(told(telling, "I can't post in")) == 1
    thread = telling.thread()[2:]
    said = ("The wait is over", "Dintero isn't answering", "Dintero is back")
    assert [words in line for words, line in zip(said, thread, strict=True)] == [True] * 3


async def test_messages_to_a_closed_channel_fail_after_a_week(telling: Telling) -> None:
    relay = outbox_of(telling)
    await relay.deliver_due()
    await telling.say(
        Notification(kind=ChannelKind.LINE, happened=NotificationType.STARTED, at=telling.clock.now())
    )
    telling.shop.support.members.discard(telling.shop.slack.bot.id)
    await hours_pass(telling, relay, minutes=6)
    telling.clock.pass_by(days=7)
    await hours_pass(telling, relay, minutes=6)
    assert (await telling.left(), len(telling.thread())) == (0, 2)


@pytest.mark.parametrize("error", ["msg_too_long", "invalid_blocks"])
@pytest.mark.parametrize("kind", [ChannelKind.LINE, ChannelKind.CARD])
async def test_the_requester_gets_what_the_thread_will_never_show(
    telling: Telling, kind: ChannelKind, error: str
) -> None:
    relay = outbox_of(telling)
    await relay.deliver_due()
    telling.shop.slack.faults.plan(POSTS if kind is ChannelKind.LINE else EDITS, Fault.REFUSED, error=error)
    await telling.say(Notification(kind=kind, happened=NotificationType.STARTED, at=NOW))
    await relay.deliver_due()
    (word,) = told(telling, "I can't post in")
    assert "Send this to @Chief." in word or "runs discount-bot." in word
    assert "/discount status R-" in word
    assert await telling.left() == 0


async def test_what_the_requester_cannot_get_goes_to_the_admins(telling: Telling) -> None:
    relay = outbox_of(telling)
    await relay.deliver_due()
    telling.shop.slack.faults.plan("conversations.open", Fault.REFUSED, error="user_disabled")
    await telling.say(
        Notification(kind=ChannelKind.DIRECT, happened=NotificationType.DONE, at=NOW, to=telling.shop.ann.id)
    )
    await relay.deliver_due()
    (word,) = messages_to_chief(telling)
    assert word.startswith("I can't message Ann, so this message to Ann comes to you:")


async def test_what_no_admin_can_get_ends_in_the_log(telling: Telling) -> None:
    relay = outbox_of(telling)
    await relay.deliver_due()
    telling.shop.slack.faults.plan("conversations.open", Fault.REFUSED, error="user_disabled", times=9)
    await telling.say(
        Notification(kind=ChannelKind.DIRECT, happened=NotificationType.DONE, at=NOW, to=telling.shop.ann.id)
    )
    await relay.deliver_due()
    assert (messages_to_chief(telling), await telling.left()) == ([], 0)


async def test_the_admins_hear_once_of_a_channel_that_cannot_be_notified(telling: Telling) -> None:
    relay = outbox_of(telling)
    await relay.deliver_due()
    telling.shop.campaigns.archived = True
    for _ in range(2):
        await telling.say(
            Notification(
                kind=ChannelKind.NOTICE,
                happened=NotificationType.DONE,
                at=telling.clock.now(),
                to=telling.shop.campaigns.id,
            )
        )
    await hours_pass(telling, relay, minutes=20)
    telling.shop.campaigns.archived = False
    await hours_pass(telling, relay, minutes=20)
    (word,) = messages_to_chief(telling)
    assert "I can't post in #campaigns (that channel is archived)." in word
    assert len(telling.shop.campaigns.messages) == 2


@pytest.mark.parametrize(
    "faults", [(Fault.CUT_AFTER,), (Fault.CUT_BEFORE, Fault.CUT_AFTER), (Fault.CUT_AFTER,) * 3, ()]
)
async def test_a_deleted_card_is_posted_again_once_despite_failures(
    telling: Telling, faults: tuple[Fault, ...]
) -> None:
    """An edit of the card and a line of its thread meet the deletion side by side."""
    relay = outbox_of(telling)
    await relay.deliver_due()
    telling.shop.slack.workspace.delete(telling.shop.slack.messages(telling.shop.support)[0])
    for fault in faults:
        telling.shop.slack.faults.plan(POSTS, fault)
    await telling.say(
        *(
            Notification(kind=kind, happened=NotificationType.STARTED, at=NOW)
            for kind in (ChannelKind.CARD, ChannelKind.LINE)
        )
    )
    await hours_pass(telling, relay, minutes=5)
    (line,) = telling.thread()
    assert "The wait is over" in line


async def test_a_reply_to_a_deleted_card_posts_the_card_again_once(
    telling: Telling,
) -> None:
    relay = outbox_of(telling)
    await relay.deliver_due()
    telling.shop.slack.workspace.delete(telling.shop.slack.messages(telling.shop.support)[0])
    telling.shop.slack.faults.plan(POSTS, Fault.CUT_BEFORE)
    telling.shop.slack.faults.plan(POSTS, Fault.CUT_AFTER)
    await telling.say(Notification(kind=ChannelKind.LINE, happened=NotificationType.WAITING, at=NOW))
    await hours_pass(telling, relay, minutes=5)
    (line,) = telling.thread()
    assert "Dintero isn't answering" in line


async def test_a_clock_that_was_put_back_delays_no_message(telling: Telling) -> None:
    relay = outbox_of(telling)
    async with all_calls_raise(telling, lambda: Refuse(429, {"Retry-After": "300"})):
        await relay.deliver_due()
    telling.clock.pass_by(hours=-2)
    await relay.deliver_due()
    telling.each_was_said_once_in_order()
