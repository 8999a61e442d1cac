"""A message is posted, found again, edited, deferred or given up, depending on Slack's answer."""

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
from sandbox.shop import SUPPORT
from sandbox.slack import Fault
from tests.support.outbox_fixture import LOOK, Telling, open_telling

NOW = datetime(2026, 3, 4, tzinfo=UTC)
POSTS = "chat.postMessage"


@pytest.fixture
async def telling(sqlite_books: SqlRepository) -> AsyncIterator[Telling]:
    """A request with its card due."""
    async with open_telling(sqlite_books) as opened:
        yield opened


async def _card_posted(telling: Telling) -> str:
    card = await telling.next()
    ts = await telling.announcer.deliver(card)
    await telling.repository.mark_sent(card, ts=ts)
    return ts


def _outbox_message(
    telling: Telling,
    kind: ChannelKind,
    happened: NotificationType = NotificationType.APPROVED,
    *,
    to: str = "",
    tried: bool = False,
) -> OutboxMessage:
    notification = Notification(kind=kind, happened=happened, at=NOW, to=to, by=telling.shop.bo.id)
    return OutboxMessage(1, f"key-{kind}", telling.request, notification, tried=tried, attempts=0)


async def test_a_card_carries_its_key_and_what_finds_a_lost_request(telling: Telling) -> None:
    card = await telling.next()
    ts = await telling.announcer.deliver(card)
    (posted,) = telling.shop.slack.messages(telling.shop.support)
    assert posted.ts == ts
    assert posted.text
    found = await telling.repository.find(telling.request)
    assert found
    assert found.rule
    facts = {"request": found.id, "short": found.short, "rule": found.rule.id}
    assert posted.metadata == {"event_type": EVENT_TYPE, "event_payload": {"key": card.key, **facts}}
    assert await telling.announcer.deliver(replace(card, tried=True)) == ts
    assert len(telling.shop.slack.messages(telling.shop.support)) == 1


async def test_a_posted_card_is_found_behind_hundreds_of_other_messages(
    telling: Telling,
) -> None:
    card = await telling.next()
    ts = await telling.announcer.deliver(card)
    for number in range(450):
        telling.shop.slack.workspace.post(
            telling.shop.support, text=f"small talk {number}", by=telling.shop.ann.id
        )
    assert await telling.announcer.deliver(replace(card, tried=True)) == ts


async def test_a_posted_line_is_found_at_the_end_of_a_long_thread(
    telling: Telling,
) -> None:
    card_ts = await _card_posted(telling)
    line = _outbox_message(telling, ChannelKind.LINE)
    for number in range(250):
        telling.shop.slack.workspace.post(
            telling.shop.support, text=f"talk {number}", by=telling.shop.ann.id, thread_ts=card_ts
        )
    ts = await telling.announcer.deliver(line)
    assert await telling.announcer.deliver(replace(line, tried=True)) == ts


async def test_another_apps_metadata_is_ignored(telling: Telling) -> None:
    card = await telling.next()
    theirs = {"event_type": "another", "event_payload": {"key": card.key}}
    telling.shop.slack.workspace.post(
        telling.shop.support, text="mine", by=telling.shop.ann.id, metadata=theirs
    )
    telling.shop.slack.workspace.post(telling.shop.support, text="none", by=telling.shop.ann.id, metadata={})
    await telling.announcer.deliver(replace(card, tried=True))
    assert len(telling.shop.slack.messages(telling.shop.support)) == 3


async def test_a_posted_card_is_edited_to_the_current_state(telling: Telling) -> None:
    ts = await _card_posted(telling)
    async with telling.repository.unit_of_work(telling.request) as unit:
        assert unit
        await unit.save(replace(unit.request, state=State.CANCELLED))
    assert await telling.announcer.deliver(_outbox_message(telling, ChannelKind.CARD)) == ts
    (card,) = telling.shop.slack.messages(telling.shop.support)
    assert len(card.edits) == 1
    assert "ancelled" in telling.shop.ann.read(card)


@pytest.mark.parametrize("kind", [ChannelKind.LINE, ChannelKind.SUMMARY])
async def test_lines_and_the_summary_go_into_the_cards_thread(telling: Telling, kind: ChannelKind) -> None:
    card_ts = await _card_posted(telling)
    await telling.announcer.deliver(_outbox_message(telling, kind))
    (reply,) = telling.shop.slack.thread(telling.shop.slack.messages(telling.shop.support)[0])
    assert reply.thread_ts == card_ts


async def test_a_notice_in_another_channel_links_to_the_card(telling: Telling) -> None:
    await _card_posted(telling)
    await telling.announcer.deliver(
        _outbox_message(telling, ChannelKind.NOTICE, NotificationType.DONE, to=telling.shop.campaigns.id)
    )
    (notice,) = telling.shop.slack.messages(telling.shop.campaigns)
    assert "Open request" in telling.shop.ann.read(notice)


async def test_a_direct_message_has_no_link_to_a_deleted_card(
    telling: Telling,
) -> None:
    await _card_posted(telling)
    telling.shop.slack.workspace.delete(telling.shop.slack.messages(telling.shop.support)[0])
    await telling.announcer.deliver(_outbox_message(telling, ChannelKind.DIRECT, to=telling.shop.ann.id))
    (told,) = telling.direct()
    assert "Open request" not in told


@pytest.mark.parametrize("error", ["channel_not_found", "not_in_channel", "is_archived"])
async def test_a_card_waits_for_a_channel_without_the_bot_and_then_fails(
    telling: Telling, error: str
) -> None:
    telling.shop.slack.faults.plan(POSTS, Fault.REFUSED, error=error, times=2)
    deferred = await _deferred(telling)
    assert (deferred.clean, deferred.after) == (True, 60)
    with pytest.raises(DeliveryFailed, match=error):
        await telling.announcer.deliver(replace(await telling.next(), attempts=MAX_CARD_ATTEMPTS))


@pytest.mark.parametrize("error", ["msg_too_long", "invalid_blocks", "restricted_action", "user_not_found"])
async def test_a_message_that_slack_will_never_take_fails(telling: Telling, error: str) -> None:
    telling.shop.slack.faults.plan(POSTS, Fault.REFUSED, error=error)
    with pytest.raises(DeliveryFailed, match=error):
        await telling.announcer.deliver(await telling.next())


@pytest.mark.parametrize("error", ["invalid_auth", "token_revoked", "account_inactive", "missing_scope"])
async def test_a_message_waits_for_the_operator_and_was_not_posted(telling: Telling, error: str) -> None:
    telling.shop.slack.faults.plan(POSTS, Fault.REFUSED, error=error)
    deferred = await _deferred(telling)
    assert (deferred.clean, deferred.after) == (True, 60)


async def test_a_429_sets_the_wait_and_nothing_was_posted(telling: Telling) -> None:
    telling.shop.slack.faults.plan(POSTS, Fault.RATE_LIMITED, retry_after=17)
    deferred = await _deferred(telling)
    assert (deferred.clean, deferred.after) == (True, 17)


@pytest.mark.parametrize(
    "fault", [Fault.SERVER_ERROR, Fault.SERVER_ERROR_AFTER, Fault.CUT_BEFORE, Fault.CUT_AFTER]
)
async def test_a_message_without_an_answer_may_have_been_posted(telling: Telling, fault: Fault) -> None:
    telling.shop.slack.faults.plan(POSTS, fault)
    assert not (await _deferred(telling)).clean
    assert telling.shop.slack.faults.calls[POSTS] == 1


@pytest.mark.parametrize("error", ["internal_error", "fatal_error", "service_unavailable"])
async def test_after_an_error_of_slacks_own_it_may_have_been_posted(telling: Telling, error: str) -> None:
    telling.shop.slack.faults.plan(POSTS, Fault.REFUSED, error=error)
    assert not (await _deferred(telling)).clean


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
async def test_a_gateways_answer_is_classified(
    telling: Telling, status: int, body: str, kind: str, *, clean: bool
) -> None:
    async with _a_slack_that_answers(status, body, kind) as url, open_client(url, "xoxb-any") as client:
        announcer = SlackAnnouncer(
            client=client, repository=telling.repository, access=telling.access, formatter=LOOK
        )
        with pytest.raises(DeliveryDeferred) as deferred:
            await announcer.deliver(await telling.next())
    assert deferred.value.clean is clean
    assert deferred.value.after > 0


async def test_a_message_about_a_deleted_request_fails(telling: Telling) -> None:
    with pytest.raises(DeliveryFailed):
        await telling.announcer.deliver(
            replace(_outbox_message(telling, ChannelKind.CARD), request=RequestId("gone"))
        )


async def test_everything_is_posted_in_the_channel_of_the_request(telling: Telling) -> None:
    await telling.outbox().deliver_due()
    assert {message.channel for message in telling.shop.support.messages} == {SUPPORT}


async def _deferred(telling: Telling) -> DeliveryDeferred:
    with pytest.raises(DeliveryDeferred) as deferred:
        await telling.announcer.deliver(await telling.next())
    return deferred.value


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
