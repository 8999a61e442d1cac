"""A thread hears once that its giving waits for Dintero, and once that it goes on."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from functools import partial

import pytest

from bot.database.repositories.repository import SqlRepository
from bot.domain.requests.notification import Notification, NotificationType
from bot.domain.requests.request import Request, State
from bot.errors import OutcomeUnknownError
from bot.giving.outage_notice import OutageNotifier
from bot.giving.retry import RetryPolicy
from sandbox.dintero import Fault
from tests.support.clock import HandClock
from tests.support.engine_fixture import Ground, customers, open_ground, traffic_of

TOLD = RetryPolicy(first=0.05, longest=0.1, total=20.0, attempts=200, told=0.3)
WHY = OutcomeUnknownError("Dintero answered 503")


@pytest.fixture
async def ground(repository: SqlRepository) -> AsyncIterator[Ground]:
    """Each kind of database and a Dintero, called by one process."""
    async with open_ground(repository) as opened:
        opened.scheduler = traffic_of(TOLD)
        yield opened


async def deliver(ground: Ground) -> list[Notification]:
    """Mark all messages as sent, and return them."""
    sent: list[Notification] = []
    while messages := await ground.repository.due_messages(HandClock().now(), limit=100):
        for one in messages:
            await ground.repository.mark_sent(one, ts=f"{one.id}.0")
            sent.append(one.notification)
    return sent


def notifier_of(ground: Ground, request: Request, told_after: float = 0.0) -> OutageNotifier:
    return OutageNotifier(
        partial(ground.repository.unit_of_work, request.id),
        ground.clock,
        told_after,
        posted=request.waits_since is not None,
    )


async def until_posted(ground: Ground, request: Request) -> None:
    async with asyncio.timeout(60):
        while (await ground.now(request)).waits_since is None:
            await ground.repository.may_continue(request.id)


async def test_a_long_outage_and_its_end_are_posted_once_for_each_request(ground: Ground) -> None:
    ground.sandbox.faults.always(Fault.broken(503))
    requests = [await ground.asked(customers(16), concurrency=2) for _ in range(3)]
    giving = asyncio.gather(*(ground.give(request, retry_policy=TOLD) for request in requests))
    await asyncio.gather(*(until_posted(ground, request) for request in requests))
    sent = await deliver(ground)
    assert [(notification.happened, notification.note) for notification in sent] == [
        (NotificationType.WAITING, "Dintero answered 503")
    ] * 3
    ground.sandbox.faults.clear()
    assert [tally.given for tally in await giving] == [16] * 3
    assert [notification.happened for notification in await deliver(ground)] == [NotificationType.GOES_ON] * 3
    assert {(await ground.now(request)).waits_since for request in requests} == {None}


async def test_a_request_that_waits_for_the_retry_after_of_another_posts_it_too(ground: Ground) -> None:
    ground.sandbox.faults.next(Fault.busy(3))
    requests = [await ground.asked(customers(4)) for _ in range(2)]
    await ground.give(requests[0], retry_policy=replace(TOLD, total=0.5))
    giving = asyncio.ensure_future(ground.give(requests[1], retry_policy=TOLD))
    await until_posted(ground, requests[1])
    assert (await giving).given == 4
    assert [notification.happened for notification in await deliver(ground)] == [
        NotificationType.WAITING,
        NotificationType.GOES_ON,
    ]


async def test_a_short_outage_is_not_posted(ground: Ground) -> None:
    ground.sandbox.faults.next(*[Fault.cut()] * 3)
    assert (
        await ground.give(await ground.asked(customers(16)), retry_policy=replace(TOLD, told=5.0))
    ).given == 16
    assert await deliver(ground) == []


async def test_after_a_crash_the_next_process_posts_the_end_of_the_outage(ground: Ground) -> None:
    request = await ground.asked(customers(4))
    await notifier_of(ground, request).failed(WHY)
    again = notifier_of(ground, await ground.now(request))
    await again.failed(WHY)
    assert [notification.happened for notification in await deliver(ground)] == [NotificationType.WAITING]
    await again.answered()
    assert [notification.happened for notification in await deliver(ground)] == [NotificationType.GOES_ON]


async def test_several_lanes_and_processes_post_it_once(ground: Ground) -> None:
    request = await ground.asked(customers(4))
    processes = [notifier_of(ground, request) for _ in range(3)]
    await asyncio.gather(*(process.failed(WHY) for process in processes for _ in range(3)))
    assert [notification.happened for notification in await deliver(ground)] == [NotificationType.WAITING]


async def test_no_outage_is_posted_for_a_request_that_is_no_longer_given(ground: Ground) -> None:
    request = await ground.change(await ground.asked(customers(4)), state=State.STOPPED)
    await notifier_of(ground, request).failed(WHY)
    assert await deliver(ground) == []


async def test_an_outage_begins_with_the_last_answer_to_any_lane(ground: Ground) -> None:
    request = await ground.asked(customers(4))
    outage_notifier = notifier_of(ground, request, told_after=5.0)
    await outage_notifier.answered()
    await outage_notifier.failed(WHY, since=asyncio.get_running_loop().time() - 60)
    assert await deliver(ground) == []
