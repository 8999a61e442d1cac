"""A thread is told once that its giving waits for Dintero, and once that it goes on, whatever ends in between."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

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


async def said(ground: Ground) -> list[Notification]:
    """Say all that there is to say about waiting, and answer it."""
    told: list[Notification] = []
    while messages := await ground.repository.due_messages(HandClock().now(), limit=100):
        for one in messages:
            await ground.repository.mark_sent(one, ts=f"{one.id}.0")
            told.append(one.notification)
    return told


def silence_of(ground: Ground, request: Request, told_after: float = 0.0) -> OutageNotifier:
    return OutageNotifier(request, ground.repository, ground.clock, told_after=told_after)


async def until_told(ground: Ground, request: Request) -> None:
    async with asyncio.timeout(60):
        while (await ground.now(request)).waits_since is None:
            await ground.repository.may_continue(request.id)


async def test_a_long_outage_is_told_once_to_each_request_and_once_that_it_is_over(ground: Ground) -> None:
    ground.sandbox.faults.always(Fault.broken(503))
    requests = [await ground.asked(customers(16), concurrency=2) for _ in range(3)]
    giving = asyncio.gather(*(ground.give(request, retry_policy=TOLD) for request in requests))
    await asyncio.gather(*(until_told(ground, request) for request in requests))
    told = await said(ground)
    assert [(notification.happened, notification.note) for notification in told] == [
        (NotificationType.WAITING, "Dintero answered 503")
    ] * 3
    ground.sandbox.faults.clear()
    assert [tally.given for tally in await giving] == [16] * 3
    assert [notification.happened for notification in await said(ground)] == [NotificationType.GOES_ON] * 3
    assert {(await ground.now(request)).waits_since for request in requests} == {None}


async def test_whoever_only_waits_because_another_was_asked_to_is_told_too(ground: Ground) -> None:
    ground.sandbox.faults.next(Fault.busy(3))
    requests = [await ground.asked(customers(4)) for _ in range(2)]
    await ground.give(requests[0], retry_policy=replace(TOLD, total=0.5))
    giving = asyncio.ensure_future(ground.give(requests[1], retry_policy=TOLD))
    await until_told(ground, requests[1])
    assert (await giving).given == 4
    assert [notification.happened for notification in await said(ground)] == [
        NotificationType.WAITING,
        NotificationType.GOES_ON,
    ]


async def test_of_what_passes_soon_nothing_is_told(ground: Ground) -> None:
    ground.sandbox.faults.next(*[Fault.cut()] * 3)
    assert (
        await ground.give(await ground.asked(customers(16)), retry_policy=replace(TOLD, told=5.0))
    ).given == 16
    assert await said(ground) == []


async def test_who_starts_after_a_crash_tells_the_end_of_what_another_process_told(ground: Ground) -> None:
    request = await ground.asked(customers(4))
    await silence_of(ground, request).lasts(WHY)
    again = silence_of(ground, await ground.now(request))
    await again.lasts(WHY)
    assert [notification.happened for notification in await said(ground)] == [NotificationType.WAITING]
    assert again.ends()
    await again.tell_end()
    assert [notification.happened for notification in await said(ground)] == [NotificationType.GOES_ON]


async def test_several_lanes_and_processes_tell_it_once(ground: Ground) -> None:
    request = await ground.asked(customers(4))
    processes = [silence_of(ground, request) for _ in range(3)]
    await asyncio.gather(*(process.lasts(WHY) for process in processes for _ in range(3)))
    assert [notification.happened for notification in await said(ground)] == [NotificationType.WAITING]


async def test_of_a_request_that_is_not_being_given_any_more_nothing_is_told(ground: Ground) -> None:
    request = await ground.change(await ground.asked(customers(4)), state=State.STOPPED)
    await silence_of(ground, request).lasts(WHY)
    assert await said(ground) == []


async def test_silence_is_counted_from_the_last_answer_of_any_lane(ground: Ground) -> None:
    request = await ground.asked(customers(4))
    outage_notifier = silence_of(ground, request, told_after=5.0)
    outage_notifier.ends()
    await outage_notifier.lasts(WHY, since=asyncio.get_running_loop().time() - 60)
    assert await said(ground) == []
