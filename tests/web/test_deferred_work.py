"""Background work starts after the acks, and never much later."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from bot.web.bolt import DeferredWork


class Tasks:
    """Runs work as plain tasks."""

    def __init__(self) -> None:
        self.tasks: list[asyncio.Task[object]] = []

    def wake(self) -> None:
        raise AssertionError

    def spawn(self, work: Coroutine[Any, Any, object]) -> None:
        self.tasks.append(asyncio.create_task(work))


async def test_work_starts_after_every_ack() -> None:
    background, events = Tasks(), list[str]()
    deferred_work = DeferredWork(background)
    with deferred_work.answering():
        with deferred_work.answering():
            deferred_work.spawn(_append(events, "form"))
        await _some_turns()
        assert events == []
        events.append("ack")
    await asyncio.gather(*background.tasks)
    assert events == ["ack", "form"]


async def test_work_does_not_wait_for_ever_when_acks_never_cease() -> None:
    background, events = Tasks(), list[str]()
    deferred_work = DeferredWork(background)
    with deferred_work.answering():
        deferred_work.spawn(_append(events, "form"))
        deferred_work.spawn(_append(events, "another"))
        await asyncio.wait_for(asyncio.gather(*background.tasks), 60)
    assert events == ["form", "another"]


async def test_a_new_click_is_acked_before_the_next_piece_of_work() -> None:
    background, events = Tasks(), list[str]()
    deferred_work = DeferredWork(background)

    async def clicks_again() -> None:
        events.append("first form")
        with deferred_work.answering():
            await _some_turns()
            events.append("ack")

    deferred_work.spawn(clicks_again())
    deferred_work.spawn(_append(events, "second form"))
    await asyncio.gather(*background.tasks)
    assert events == ["first form", "ack", "second form"]


async def test_work_that_has_not_started_at_shutdown_is_dropped() -> None:
    background, events = Tasks(), list[str]()
    deferred_work = DeferredWork(background)
    with deferred_work.answering():
        deferred_work.spawn(_append(events, "form"))
        await _some_turns()
        background.tasks[0].cancel()
        results = await asyncio.gather(*background.tasks, return_exceptions=True)
    assert isinstance(results[0], asyncio.CancelledError)
    assert events == []


async def _append(events: list[str], event: str) -> None:
    events.append(event)


async def _some_turns() -> None:
    for _ in range(10):
        await asyncio.sleep(0)
