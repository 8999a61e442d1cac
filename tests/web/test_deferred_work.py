import asyncio
from collections.abc import Coroutine
from typing import Any

from bot.web.deferred_work import WAITING, DeferredWork


class AtOnce:
    """Jobs that are tasks, and no more."""

    def __init__(self) -> None:
        self.tasks: list[asyncio.Task[object]] = []

    def wake(self) -> None:
        raise AssertionError

    def spawn(self, work: Coroutine[Any, Any, object]) -> None:
        self.tasks.append(asyncio.create_task(work))


async def test_work_begins_once_every_answer_has_left() -> None:
    background, told = AtOnce(), list[str]()
    deferred_work = DeferredWork(background)
    with deferred_work.answering():
        with deferred_work.answering():
            deferred_work.spawn(_tell(told, "form"))
        await _a_while()
        assert told == []
        told.append("ack")
    await asyncio.gather(*background.tasks)
    assert told == ["ack", "form"]


async def test_work_does_not_wait_for_ever_where_answers_never_cease() -> None:
    background, told = AtOnce(), list[str]()
    deferred_work = DeferredWork(background)
    with deferred_work.answering():
        deferred_work.spawn(_tell(told, "form"))
        deferred_work.spawn(_tell(told, "another"))
        await asyncio.wait_for(asyncio.gather(*background.tasks), 60)
    assert told == ["form", "another"]


async def test_a_rush_that_lasts_piles_up_no_more_work_than_a_crowd_of_people_makes() -> None:
    background, told = AtOnce(), list[str]()
    deferred_work = DeferredWork(background)
    with deferred_work.answering():
        for number in range(WAITING + 3):
            deferred_work.spawn(_tell(told, str(number)))
        await _a_while()
        assert told == ["0", "1", "2"]
    await asyncio.gather(*background.tasks)
    assert told == [str(number) for number in range(WAITING + 3)]


async def test_a_new_click_is_answered_before_the_next_piece_of_work() -> None:
    background, told = AtOnce(), list[str]()
    deferred_work = DeferredWork(background)

    async def clicks_again() -> None:
        told.append("first form")
        with deferred_work.answering():
            await _a_while()
            told.append("ack")

    deferred_work.spawn(clicks_again())
    deferred_work.spawn(_tell(told, "second form"))
    await asyncio.gather(*background.tasks)
    assert told == ["first form", "ack", "second form"]


async def test_work_that_was_not_begun_when_the_program_closes_is_let_go() -> None:
    background, told = AtOnce(), list[str]()
    deferred_work = DeferredWork(background)
    with deferred_work.answering():
        deferred_work.spawn(_tell(told, "form"))
        await _a_while()
        background.tasks[0].cancel()
        ends = await asyncio.gather(*background.tasks, return_exceptions=True)
    assert isinstance(ends[0], asyncio.CancelledError)
    assert told == []


async def _tell(told: list[str], what: str) -> None:
    told.append(what)


async def _a_while() -> None:
    for _ in range(10):
        await asyncio.sleep(0)
