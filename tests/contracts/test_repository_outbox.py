"""The contract of the repository on both databases: the outbox."""

from datetime import timedelta

import pytest
from hypothesis import given

from bot.database.repositories.outbox import ROWS_PER_DELETE
from bot.database.repositories.repository import SqlRepository
from bot.domain.requests.notification import ChannelKind, Notification, NotificationType, OutboxMessage
from tests.contracts.repository import (
    NOW,
    due_notifications,
    enqueue,
    notice,
    only_message,
    over_one_database,
    reload,
    saved_request,
)
from tests.support import hostile_values

# what is to be said


@over_one_database
@given(spoken=hostile_values.notices)
async def test_a_notification_is_read_back_unchanged(repository: SqlRepository, spoken: Notification) -> None:
    request = await saved_request(repository)
    await enqueue(repository, request, spoken)
    outbox_message = await only_message(repository)
    assert outbox_message == OutboxMessage(
        outbox_message.id, outbox_message.key, request.id, spoken, tried=False, attempts=0
    )
    await repository.mark_failed(outbox_message, why="\x00")


async def test_messages_of_a_thread_are_due_one_at_a_time_in_order(repository: SqlRepository) -> None:
    request, other = await saved_request(repository), await saved_request(repository)
    await enqueue(
        repository, request, notice(ChannelKind.CARD), notice(ChannelKind.LINE), notice(ChannelKind.SUMMARY)
    )
    await enqueue(repository, other, notice(ChannelKind.LINE, NotificationType.DONE))
    assert await due_notifications(repository) == [
        notice(ChannelKind.CARD),
        notice(ChannelKind.LINE, NotificationType.DONE),
    ]
    due = []
    while messages := await repository.due_messages(NOW, limit=1):
        due.append((messages[0].request, messages[0].notification.kind))
        await repository.mark_sent(messages[0], ts="1.1")
    assert due == [
        (request.id, ChannelKind.CARD),
        (request.id, ChannelKind.LINE),
        (request.id, ChannelKind.SUMMARY),
        (other.id, ChannelKind.LINE),
    ]


async def test_every_message_keeps_its_own_key(repository: SqlRepository) -> None:
    request, other = await saved_request(repository), await saved_request(repository)
    await enqueue(repository, request, notice())
    await enqueue(repository, other, notice())
    keys = {outbox_message.key for outbox_message in await repository.due_messages(NOW, limit=10)}
    assert len(keys) == 2
    assert {outbox_message.key for outbox_message in await repository.due_messages(NOW, limit=10)} == keys


async def test_the_ts_of_a_card_is_saved_with_its_request(repository: SqlRepository) -> None:
    request = await saved_request(repository)
    await enqueue(repository, request, notice(ChannelKind.CARD), notice(ChannelKind.LINE))
    await repository.mark_sent(await only_message(repository), ts="17.001")
    assert (await reload(repository, request)).card_ts == "17.001"
    await repository.mark_sent(await only_message(repository), ts="18.002")
    assert (await reload(repository, request)).card_ts == "17.001"
    assert await repository.due_messages(NOW, limit=10) == ()


@pytest.mark.parametrize("kind", [ChannelKind.CARD, ChannelKind.DIRECT])
async def test_only_a_message_sent_under_another_ts_is_a_copy(
    repository: SqlRepository, kind: ChannelKind
) -> None:
    await enqueue(repository, await saved_request(repository), notice(kind, to="U1"))
    message = await only_message(repository)
    assert await repository.mark_sent(message, ts="17.001")
    assert await repository.mark_sent(message, ts="17.001")
    assert not await repository.mark_sent(message, ts="18.002")


@pytest.mark.parametrize("kind", [ChannelKind.CARD, ChannelKind.DIRECT])
async def test_a_message_that_is_forgotten_by_now_is_no_copy(
    repository: SqlRepository, kind: ChannelKind
) -> None:
    request = await saved_request(repository)
    await enqueue(repository, request, notice(kind, to="U1"))
    message = await only_message(repository)
    await repository.mark_sent(message, ts="17.001")
    await repository.forget_sent(NOW + timedelta(seconds=1))
    assert await repository.mark_sent(message, ts="18.002")
    assert (await reload(repository, request)).card_ts == ("17.001" if kind is ChannelKind.CARD else None)


async def test_a_rescheduled_message_delays_its_thread(repository: SqlRepository) -> None:
    request = await saved_request(repository)
    await enqueue(repository, request, notice(ChannelKind.CARD), notice(ChannelKind.LINE))
    await repository.reschedule(await only_message(repository), until=NOW + timedelta(seconds=5), clean=True)
    assert await due_notifications(repository) == []
    assert await due_notifications(repository, after=timedelta(seconds=4, microseconds=999_999)) == []
    assert await due_notifications(repository, after=timedelta(seconds=5)) == [notice(ChannelKind.CARD)]


async def test_a_failed_message_delays_no_other(repository: SqlRepository) -> None:
    request = await saved_request(repository)
    await enqueue(
        repository,
        request,
        notice(ChannelKind.CARD),
        notice(ChannelKind.LINE),
        notice(ChannelKind.DIRECT, to="U1"),
    )
    await repository.mark_failed(await only_message(repository), why="channel_not_found")
    assert await due_notifications(repository) == [
        notice(ChannelKind.LINE),
        notice(ChannelKind.DIRECT, to="U1"),
    ]


async def test_messages_that_link_to_the_card_wait_until_it_is_posted(repository: SqlRepository) -> None:
    request = await saved_request(repository)
    linking = [
        notice(ChannelKind.NOTICE, to="C2"),
        notice(ChannelKind.NOTICE, to="C3"),
        notice(ChannelKind.DIRECT, to="U1"),
    ]
    await enqueue(
        repository,
        request,
        notice(ChannelKind.CARD),
        *linking,
        notice(ChannelKind.CARD, NotificationType.DONE),
    )
    assert await due_notifications(repository) == [notice(ChannelKind.CARD)]
    await repository.mark_sent(await only_message(repository), ts="17.001")
    assert await due_notifications(repository) == [*linking, notice(ChannelKind.CARD, NotificationType.DONE)]


async def test_an_unreachable_person_delays_neither_the_thread_nor_a_channel(
    repository: SqlRepository,
) -> None:
    request = await saved_request(repository)
    direct, channel = notice(ChannelKind.DIRECT, to="U1"), notice(ChannelKind.NOTICE, to="C2")
    await enqueue(
        repository,
        request,
        direct,
        notice(ChannelKind.LINE),
        channel,
        notice(ChannelKind.DIRECT, NotificationType.DONE, to="U1"),
    )
    first, *_ = await repository.due_messages(NOW, limit=10)
    await repository.reschedule(first, until=NOW + timedelta(minutes=9), clean=True)
    assert await due_notifications(repository) == [notice(ChannelKind.LINE), channel]


async def test_an_attempt_is_counted_before_it_is_made(repository: SqlRepository) -> None:
    await enqueue(repository, await saved_request(repository), notice())
    await repository.mark_attempt(await only_message(repository))
    outbox_message = await only_message(repository)
    assert (outbox_message.tried, outbox_message.attempts) == (True, 1)


async def test_an_attempt_that_surely_posted_nothing_needs_no_search(
    repository: SqlRepository,
) -> None:
    await enqueue(repository, await saved_request(repository), notice())
    outbox_message = await only_message(repository)
    await repository.mark_attempt(outbox_message)
    await repository.reschedule(outbox_message, until=NOW, clean=True)
    again = await only_message(repository)
    assert (again.tried, again.attempts) == (False, 1)


async def test_an_unclear_attempt_is_remembered_after_a_clean_one(
    repository: SqlRepository,
) -> None:
    await enqueue(repository, await saved_request(repository), notice())
    for clean in (False, True):
        outbox_message = await only_message(repository)
        await repository.mark_attempt(outbox_message)
        await repository.reschedule(outbox_message, until=NOW, clean=clean)
    again = await only_message(repository)
    assert (again.tried, again.attempts) == (True, 2)


async def test_sent_and_failed_messages_are_forgotten_and_waiting_ones_are_not(
    repository: SqlRepository,
) -> None:
    request = await saved_request(repository)
    await enqueue(
        repository,
        request,
        *(notice(ChannelKind.DIRECT, to=f"U{number}") for number in range(ROWS_PER_DELETE + 3)),
    )
    failed, *sent, waiting = await repository.due_messages(NOW, limit=2 * ROWS_PER_DELETE)
    await repository.mark_failed(failed, why="gone")
    for message in sent:
        await repository.mark_sent(message, ts="1.1")
    await repository.forget_sent(NOW + timedelta(days=7))
    assert [each.id for each in await repository.due_messages(NOW, limit=10)] == [waiting.id]
    async with repository.unit_of_work(request.id) as unit:
        assert unit
        assert not await unit.enqueue_once(waiting.notification)


async def test_ping_succeeds_while_the_database_answers(repository: SqlRepository) -> None:
    await repository.ping()
