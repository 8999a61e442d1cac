"""The not-given list is sent once as a file, after any answer of Slack and any restart."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from structlog.testing import capture_logs

from bot.database.repositories.repository import SqlRepository
from bot.domain.requests.batches import BatchOutcome, Refused
from bot.domain.requests.notification import ChannelKind, Notification, NotificationType
from bot.domain.requests.request import State
from sandbox.slack import Cut, Fault, Message
from sandbox.slack.api.web_api import UPLOAD
from sandbox.slack.state.faults import Refuse
from tests.support.lists import records_of, sent
from tests.support.outbox_fixture import Telling, open_telling

NOW = datetime(2026, 3, 4, tzinfo=UTC)
GETS, COMPLETES = "files.getUploadURLExternal", "files.completeUploadExternal"
METHODS = ("conversations.open", GETS, UPLOAD, COMPLETES)
WRONG: dict[str, tuple[str, Callable[[], Exception]]] = {
    "429": ("before", lambda: Refuse(429, {"Retry-After": "3"})),
    "500 before": ("before", lambda: Refuse(500)),
    "500 after": ("after", lambda: Refuse(500)),
    "cut before": ("before", Cut),
    "cut after": ("after", Cut),
}


@pytest.fixture
async def telling(sqlite_books: SqlRepository) -> AsyncIterator[Telling]:
    """Ann's request is done, with one customer refused and one unknown; their list is due."""
    async with open_telling(sqlite_books) as opened:
        await opened.all_is_said()
        await ended(opened)
        yield opened


async def ended(telling: Telling) -> None:
    repository, request = telling.repository, telling.request
    async with repository.unit_of_work(request) as page:
        assert page
        await page.save(replace(page.request, state=State.GIVING, started_at=NOW))
    taken = await repository.start_portion(request, 0)
    assert taken
    _, bad, lost = taken.customers
    await repository.record_outcomes(
        request, BatchOutcome(0, 0, 3, refused=(Refused(bad, "=no"),), unknown=(lost,))
    )
    async with repository.unit_of_work(request) as unit:
        assert unit
        await unit.save(replace(unit.request, state=State.DONE, ended_at=NOW))
        await unit.enqueue(list_for(telling))


def list_for(telling: Telling) -> Notification:
    return Notification(
        kind=ChannelKind.LIST, happened=NotificationType.LISTED, at=NOW, to=telling.shop.ann.id
    )


def files(telling: Telling) -> list[Message]:
    return [message for message in telling.shop.ann.direct.messages if message.files]


def read(telling: Telling) -> list[dict[str, str]]:
    (message,) = files(telling)
    (file,) = message.files
    return records_of(sent(telling.shop.slack.workspace.uploads, file["id"]))


async def test_the_requester_has_the_list_as_a_file(telling: Telling) -> None:
    await telling.outbox().deliver_due()
    assert [(row["row"], row["outcome"], row["reason"]) for row in read(telling)] == [
        ("2", "refused", "=no"),
        ("3", "unconfirmed", "No answer: may or may not have it"),
    ]
    assert await telling.left() == 0


async def test_nobody_else_sees_the_list(telling: Telling) -> None:
    await telling.outbox().deliver_due()
    assert not telling.shop.bo.can_see(files(telling)[0])
    assert not [message for message in telling.shop.support.messages if message.files]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("what", WRONG)
async def test_the_list_is_sent_once_despite_failures(telling: Telling, what: str, method: str) -> None:
    point, error = WRONG[what]
    first = telling.shop.slack.faults.calls[method] + 1

    async def on_call(where: str, called: str, number: int) -> None:
        if (where, called) == (point, method) and number in {first, first + 1}:
            raise error()

    telling.shop.slack.faults.on_call = on_call
    await telling.all_is_said()
    assert len(read(telling)) == 2


@pytest.mark.parametrize("point", ["before", "after"])
@pytest.mark.parametrize("method", METHODS)
async def test_the_next_process_sends_the_list_of_a_killed_one_once(
    telling: Telling, method: str, point: str
) -> None:
    reached, over = asyncio.Event(), asyncio.Event()

    async def on_call(where: str, called: str, _number: int) -> None:
        if (where, called) == (point, method):
            reached.set()
        if reached.is_set() and not over.is_set():
            await over.wait()
            raise Cut

    telling.shop.slack.faults.on_call = on_call
    sending = asyncio.ensure_future(telling.outbox().deliver_due())
    await asyncio.wait_for(reached.wait(), 60)
    sending.cancel()
    with suppress(asyncio.CancelledError):
        await sending
    over.set()
    await telling.all_is_said()
    assert len(read(telling)) == 2


@pytest.mark.parametrize("wrong", [[], [Fault.RATE_LIMITED], [Fault.CUT_AFTER]])
async def test_a_second_copy_of_the_list_is_deleted(telling: Telling, wrong: list[Fault]) -> None:
    for fault in wrong:
        telling.shop.slack.faults.plan("files.delete", fault)
    with capture_logs() as logs:
        await sent_twice(telling)
    first, second = files(telling)
    assert first.files[0]["mode"] == "hosted"
    assert second.files[0]["mode"] == "tombstone"
    assert "a copy of a message was deleted" in {line["event"] for line in logs}


async def test_a_copy_that_slack_keeps_is_named_in_the_log_and_stops_nothing(telling: Telling) -> None:
    telling.shop.slack.faults.plan("files.delete", Fault.REFUSED, error="cant_delete_file")
    with capture_logs() as logs:
        await sent_twice(telling)
    (line,) = [line for line in logs if line["event"] == "a message is in Slack twice"]
    assert line["ts"] == files(telling)[1].files[0]["id"]
    assert "cant_delete_file" in line["why"]


async def sent_twice(telling: Telling) -> None:
    """Let a process be suspended while its list is on the way, and another one send it meanwhile."""
    held, goes_on = asyncio.Event(), asyncio.Event()

    async def hold(point: str, method: str, number: int) -> None:
        if (point, method, number) == ("before", COMPLETES, 1):
            held.set()
            await goes_on.wait()

    telling.shop.slack.faults.on_call = hold
    suspended = asyncio.create_task(telling.outbox().deliver_due())
    await asyncio.wait_for(held.wait(), 20)
    await telling.outbox().deliver_due()
    goes_on.set()
    await suspended


async def test_a_second_list_of_the_same_request_is_another_file(telling: Telling) -> None:
    await telling.outbox().deliver_due()
    await telling.say(list_for(telling))
    outbox_message = await telling.next()
    await telling.repository.reschedule(outbox_message, until=NOW, clean=False)
    await telling.all_is_said()
    assert len(files(telling)) == 2


async def test_no_list_is_sent_if_all_customers_got_it_since(telling: Telling) -> None:
    await telling.repository.record_outcomes(telling.request, BatchOutcome(0, 0, 3))
    await telling.all_is_said()
    assert files(telling) == []
    assert telling.shop.slack.faults.calls[GETS] == 0


async def test_a_requester_without_the_list_learns_what_to_do(telling: Telling) -> None:
    telling.shop.slack.faults.plan(COMPLETES, Fault.REFUSED, error="file_uploads_disabled")
    await telling.all_is_said()
    assert files(telling) == []
    assert "couldn't send the list" in telling.direct()[-1]
    assert "Send me the list" in telling.direct()[-1]


async def test_without_the_scope_the_list_is_kept_until_it_is_granted(telling: Telling) -> None:
    telling.shop.slack.faults.plan(GETS, Fault.REFUSED, error="missing_scope")
    await telling.outbox().deliver_due()
    assert await telling.left() == 1
    telling.clock.pass_by(minutes=2)
    await telling.all_is_said()
    assert len(read(telling)) == 2


async def test_a_list_whose_customers_are_forgotten_is_never_sent(telling: Telling) -> None:
    async with telling.repository.unit_of_work(telling.request) as unit:
        assert unit
        await unit.redact(NOW)
    await telling.all_is_said()
    assert files(telling) == []
    assert "forgotten" in telling.direct()[-1]


async def test_a_list_under_way_delays_no_message(telling: Telling) -> None:
    comes, goes = asyncio.Event(), asyncio.Event()

    async def on_call(where: str, called: str, _number: int) -> None:
        if (where, called) == ("before", UPLOAD):
            comes.set()
            await goes.wait()

    telling.shop.slack.faults.on_call = on_call
    emptying = asyncio.ensure_future(telling.outbox().deliver_due())
    await asyncio.wait_for(comes.wait(), 60)
    await telling.say(Notification(kind=ChannelKind.LINE, happened=NotificationType.GOES_ON, at=NOW))
    await telling.shop.slack.until(lambda: "Dintero is back" in telling.thread()[-1] or None)
    assert files(telling) == []
    goes.set()
    assert await emptying == 2
    assert len(read(telling)) == 2
