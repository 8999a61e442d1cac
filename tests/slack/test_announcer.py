"""One message: posted, found again, edited, put off or given up, by what Slack answers."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from aiohttp import web

from bot.database.repositories.repository import SqlRepository
from bot.domain.ids import RequestId
from bot.domain.requests.notification import ChannelKind, Notification, NotificationType, OutboxMessage
from bot.domain.requests.request import State
from bot.errors import DeliveryDeferred, DeliveryFailed
from bot.slack.announcer import EVENT_TYPE, MAX_CARD_ATTEMPTS, SlackAnnouncer
from bot.slack.client.connection import open_client
from sandbox.shop import POLICY, SUPPORT
from sandbox.slack import Fault
from tests.support.outbox_fixture import LOOK, Telling, open_telling

NOW = datetime(2026, 3, 4, tzinfo=UTC)
POSTS = "chat.postMessage"


@pytest.fixture
async def telling(sqlite_books: SqlRepository) -> AsyncIterator[Telling]:
    """A request whose card is to be posted."""
    async with open_telling(sqlite_books) as opened:
        yield opened


async def _card_posted(telling: Telling) -> str:
    card = await telling.next()
    ts = await telling.announcer.deliver(card)
    await telling.repository.mark_sent(card, ts=ts)
    return ts


def _unsaid(
    telling: Telling,
    kind: ChannelKind,
    happened: NotificationType = NotificationType.APPROVED,
    *,
    to: str = "",
    tried: bool = False,
) -> OutboxMessage:
    notification = Notification(kind=kind, happened=happened, at=NOW, to=to, by=telling.shop.bo.id)
    return OutboxMessage(1, f"key-{kind}", telling.request, notification, tried=tried, attempts=0)


async def test_a_message_carries_its_key_where_it_is_found_again(telling: Telling) -> None:
    card = await telling.next()
    ts = await telling.announcer.deliver(card)
    (posted,) = telling.shop.slack.messages(telling.shop.support)
    assert posted.ts == ts
    assert posted.text
    assert posted.metadata == {"event_type": EVENT_TYPE, "event_payload": {"key": card.key}}
    assert await telling.announcer.deliver(replace(card, tried=True)) == ts
    assert len(telling.shop.slack.messages(telling.shop.support)) == 1


async def test_a_card_that_may_have_been_posted_is_found_behind_hundreds_of_other_messages(
    telling: Telling,
) -> None:
    card = await telling.next()
    ts = await telling.announcer.deliver(card)
    for number in range(450):
        telling.shop.slack.workspace.post(
            telling.shop.support, text=f"small talk {number}", by=telling.shop.ann.id
        )
    assert await telling.announcer.deliver(replace(card, tried=True)) == ts


async def test_a_line_that_may_have_been_posted_is_found_at_the_end_of_a_long_thread(
    telling: Telling,
) -> None:
    card_ts = await _card_posted(telling)
    line = _unsaid(telling, ChannelKind.LINE)
    for number in range(250):
        telling.shop.slack.workspace.post(
            telling.shop.support, text=f"talk {number}", by=telling.shop.ann.id, thread_ts=card_ts
        )
    ts = await telling.announcer.deliver(line)
    assert await telling.announcer.deliver(replace(line, tried=True)) == ts


async def test_the_metadata_of_somebody_else_is_none_of_ours(telling: Telling) -> None:
    card = await telling.next()
    theirs = {"event_type": "another", "event_payload": {"key": card.key}}
    telling.shop.slack.workspace.post(
        telling.shop.support, text="mine", by=telling.shop.ann.id, metadata=theirs
    )
    telling.shop.slack.workspace.post(telling.shop.support, text="none", by=telling.shop.ann.id, metadata={})
    await telling.announcer.deliver(replace(card, tried=True))
    assert len(telling.shop.slack.messages(telling.shop.support)) == 3


async def test_a_card_that_stands_is_edited_and_shows_what_is_so_now(telling: Telling) -> None:
    ts = await _card_posted(telling)
    async with telling.repository.unit_of_work(telling.request) as unit:
        assert unit
        await unit.save(replace(unit.request, state=State.CANCELLED))
    assert await telling.announcer.deliver(_unsaid(telling, ChannelKind.CARD)) == ts
    (card,) = telling.shop.slack.messages(telling.shop.support)
    assert len(card.edits) == 1
    assert "ancelled" in telling.shop.ann.read(card)


@pytest.mark.parametrize("kind", [ChannelKind.LINE, ChannelKind.SUMMARY])
async def test_lines_and_the_summary_stand_in_the_cards_thread(telling: Telling, kind: ChannelKind) -> None:
    card_ts = await _card_posted(telling)
    await telling.announcer.deliver(_unsaid(telling, kind))
    (reply,) = telling.shop.slack.thread(telling.shop.slack.messages(telling.shop.support)[0])
    assert reply.thread_ts == card_ts


async def test_what_is_told_elsewhere_links_to_the_card(telling: Telling) -> None:
    await _card_posted(telling)
    await telling.announcer.deliver(
        _unsaid(telling, ChannelKind.NOTICE, NotificationType.DONE, to=telling.shop.campaigns.id)
    )
    (notice,) = telling.shop.slack.messages(telling.shop.campaigns)
    assert "See the request" in telling.shop.ann.read(notice)


async def test_what_is_told_elsewhere_is_told_without_a_link_when_the_card_was_deleted(
    telling: Telling,
) -> None:
    await _card_posted(telling)
    telling.shop.slack.workspace.delete(telling.shop.slack.messages(telling.shop.support)[0])
    await telling.announcer.deliver(_unsaid(telling, ChannelKind.DIRECT, to=telling.shop.ann.id))
    (told,) = telling.direct()
    assert "See the request" not in told


@pytest.mark.parametrize("error", ["channel_not_found", "not_in_channel", "is_archived"])
async def test_a_channel_that_the_bot_was_taken_out_of_is_waited_for_and_then_given_up(
    telling: Telling, error: str
) -> None:
    telling.shop.slack.faults.plan(POSTS, Fault.REFUSED, error=error, times=2)
    later = await _later(telling)
    assert (later.clean, later.after) == (True, 60)
    with pytest.raises(DeliveryFailed, match=error):
        await telling.announcer.deliver(replace(await telling.next(), attempts=MAX_CARD_ATTEMPTS))


@pytest.mark.parametrize("error", ["msg_too_long", "invalid_blocks", "restricted_action", "user_not_found"])
async def test_what_slack_will_never_take_is_never_said(telling: Telling, error: str) -> None:
    telling.shop.slack.faults.plan(POSTS, Fault.REFUSED, error=error)
    with pytest.raises(DeliveryFailed, match=error):
        await telling.announcer.deliver(await telling.next())


@pytest.mark.parametrize("error", ["invalid_auth", "token_revoked", "account_inactive", "missing_scope"])
async def test_what_somebody_has_to_mend_is_kept_and_surely_not_posted(telling: Telling, error: str) -> None:
    telling.shop.slack.faults.plan(POSTS, Fault.REFUSED, error=error)
    later = await _later(telling)
    assert (later.clean, later.after) == (True, 60)


async def test_a_429_is_surely_not_posted_and_says_how_long_to_wait(telling: Telling) -> None:
    telling.shop.slack.faults.plan(POSTS, Fault.RATE_LIMITED, retry_after=17)
    later = await _later(telling)
    assert (later.clean, later.after) == (True, 17)


@pytest.mark.parametrize(
    "fault", [Fault.SERVER_ERROR, Fault.SERVER_ERROR_AFTER, Fault.CUT_BEFORE, Fault.CUT_AFTER]
)
async def test_what_got_no_answer_that_counts_may_have_been_posted(telling: Telling, fault: Fault) -> None:
    telling.shop.slack.faults.plan(POSTS, fault)
    assert not (await _later(telling)).clean
    assert telling.shop.slack.faults.calls[POSTS] == 1


@pytest.mark.parametrize("error", ["internal_error", "fatal_error", "service_unavailable"])
async def test_slacks_own_faults_tell_nothing_of_whether_it_was_posted(telling: Telling, error: str) -> None:
    telling.shop.slack.faults.plan(POSTS, Fault.REFUSED, error=error)
    assert not (await _later(telling)).clean


@pytest.mark.parametrize(
    ("status", "body", "kind", "clean"),
    [
        (502, "<html>Bad gateway</html>", "text/html", False),
        (503, "no healthy upstream", "text/plain", False),
        (500, '{"ok": false, "error": "ratelimited"}', "application/json", False),
        (200, "<html>hello</html>", "text/html", False),
        (200, "{", "application/json", False),
        (200, '{"ok": false}', "application/json", False),
        (429, "", "text/plain", True),
        (429, '{"ok": false, "error": "ratelimited"}', "application/json", True),
        (200, '{"ok": false, "error": "ratelimited"}', "application/json", True),
    ],
)
async def test_whatever_a_gateway_answers_is_told_apart(
    telling: Telling, status: int, body: str, kind: str, *, clean: bool
) -> None:
    async with _a_slack_that_answers(status, body, kind) as url, open_client(url, "xoxb-any") as client:
        announcer = SlackAnnouncer(
            client=client, repository=telling.repository, policy=POLICY, formatter=LOOK
        )
        with pytest.raises(DeliveryDeferred) as later:
            await announcer.deliver(await telling.next())
    assert later.value.clean is clean
    assert later.value.after > 0


async def test_a_request_that_is_gone_is_nothing_to_talk_about(telling: Telling) -> None:
    with pytest.raises(DeliveryFailed):
        await telling.announcer.deliver(
            replace(_unsaid(telling, ChannelKind.CARD), request=RequestId("gone"))
        )


async def test_everything_is_posted_where_it_was_asked(telling: Telling) -> None:
    await telling.outbox().deliver_due()
    assert {message.channel for message in telling.shop.support.messages} == {SUPPORT}


async def _later(telling: Telling) -> DeliveryDeferred:
    with pytest.raises(DeliveryDeferred) as later:
        await telling.announcer.deliver(await telling.next())
    return later.value


@asynccontextmanager
async def _a_slack_that_answers(status: int, body: str, kind: str) -> AsyncIterator[str]:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(status=status, text=body, content_type=kind)

    app = web.Application()
    app.router.add_route("*", "/{method}", answer)
    runner = web.AppRunner(app, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/"
    finally:
        await runner.cleanup()
