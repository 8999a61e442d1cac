"""Approved requests come to their end whatever happens to the process, to Slack, or to the databases under it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest
from dbos import DBOS

from bot.app import RunningBot
from bot.database.repositories.repository import SqlRepository, open_repository
from bot.domain.ids import RequestId
from bot.domain.requests.person import Person
from bot.domain.requests.request import FormInput, Request, State, StopReason, new_request_id, new_short_id
from bot.giving.retry import RetryPolicy
from sandbox.dintero import Fault, Operation, Point
from sandbox.shop import SUPPORT, Shop, open_bot, open_shop
from sandbox.slack.state.faults import Refuse
from sandbox.slack.state.workspace import Message
from tests.journeys.process import approved
from tests.support.clock import HandClock
from tests.support.engine_fixture import RULE, customers
from tests.support.other_process import elsewhere
from tests.support.postgres import BUSY_SECONDS

QUICKLY = RetryPolicy(first=0.01, longest=0.05, total=5.0, attempts=5)
LOOKS = ("users.info", "usergroups.users.list")


@dataclass(slots=True)
class World:
    """A shop and its books, in which a bot can be started and ended again and again."""

    shop: Shop
    repository: SqlRepository
    url: str
    clock: HandClock = field(default_factory=HandClock)

    @asynccontextmanager
    async def bot(self) -> AsyncIterator[RunningBot]:
        async with open_bot(self.shop, self.url, clock=self.clock, retry_policy=QUICKLY) as running:
            yield running

    async def is_told(self, words: str) -> Message:
        return await self.shop.ann.sees(words, self.shop.support, within=60)

    async def state(self, request: RequestId) -> State:
        found = await self.repository.find(request)
        assert found
        return found.state

    async def change(self, request: RequestId, **changes: object) -> None:
        async with self.repository.unit_of_work(request) as unit:
            assert unit
            await unit.save(replace(unit.request, **changes))  # type: ignore[arg-type]

    def at(self, call: int) -> tuple[asyncio.Event, asyncio.Event]:
        """Hold the so-many-eth call once it was carried out, and all after it: an event for when it is held, and one to let them go.

        Held alone, it would leave its place to the others, which end the giving before a slow click is heard.
        """
        held, let_go = asyncio.Event(), asyncio.Event()

        async def hold(point: Point, number: int) -> None:
            if point is Point.AFTER and number >= call:
                if number == call:
                    held.set()
                await let_go.wait()

        self.shop.dintero.on_call = hold
        return held, let_go


@asynccontextmanager
async def _world(url: str) -> AsyncIterator[World]:
    async with AsyncExitStack() as stack:
        shop = await stack.enter_async_context(open_shop())
        yield World(shop, await stack.enter_async_context(open_repository(url, patience=BUSY_SECONDS)), url)


@pytest.fixture
async def resources(sqlite_url: str) -> AsyncIterator[World]:
    """On SQLite."""
    async with _world(sqlite_url) as opened:
        yield opened


@pytest.fixture
async def either(database_url: str) -> AsyncIterator[World]:
    """On each kind of database."""
    async with _world(database_url) as opened:
        yield opened


async def test_what_was_approved_when_the_last_process_died_is_given_by_the_next(either: World) -> None:
    who = customers(10)
    request = await approved(either.repository, either.shop, who)
    async with either.bot():
        await either.is_told("Given to 10 of 10")
    assert either.shop.dintero.ledger.holders(RULE) == dict.fromkeys(who, 1)
    assert await either.state(request) is State.DONE


async def test_what_was_approved_without_a_word_to_the_jobs_is_found_by_the_next_look(
    resources: World,
) -> None:
    async with resources.bot() as running:
        await approved(resources.repository, resources.shop, customers(4))
        running.background.wake()
        await resources.is_told("Given to 4 of 4")


async def test_however_often_it_is_looked_for_it_is_given_once(either: World) -> None:
    await approved(either.repository, either.shop, customers(20))
    held, let_go = either.at(2)
    async with either.bot() as running:
        await asyncio.wait_for(held.wait(), 60)
        for _ in range(20):
            running.background.wake()
            await either.repository.ping()
        let_go.set()
        card = await either.is_told("all 20 were given it")
        await either.is_told("Given to 20 of 20")
    assert len(either.shop.dintero.ledger.calls) == 5
    assert either.shop.slack.messages(either.shop.support) == [card]


async def test_while_slack_cannot_say_who_people_are_nothing_is_given_and_later_it_is(
    resources: World,
) -> None:
    asked = asyncio.Event()

    async def away(point: str, method: str, _number: int) -> None:
        if point == "before" and method in LOOKS:
            asked.set()
            raise Refuse(503)

    async with resources.bot() as running:
        resources.shop.slack.faults.on_call = away
        request = await approved(resources.repository, resources.shop, customers(4))
        running.background.wake()
        await asyncio.wait_for(asked.wait(), 60)
        await resources.is_told("approved it")
        assert await resources.state(request) is State.APPROVED
        assert not resources.shop.dintero.ledger.calls
        resources.shop.slack.faults.on_call = None
        running.background.wake()
        await resources.is_told("Given to 4 of 4")


async def test_a_request_with_which_something_is_wrong_holds_up_no_other(resources: World) -> None:
    broken = await approved(resources.repository, resources.shop, customers(4))
    await resources.change(broken, rule=None)
    await approved(resources.repository, resources.shop, customers(4))
    async with resources.bot():
        await resources.is_told("Given to 4 of 4")
    assert await resources.state(broken) is State.APPROVED


async def test_what_is_approved_while_another_waits_for_dintero_is_given_at_once(resources: World) -> None:
    slow, next_one = [await approved(resources.repository, resources.shop, customers(4)) for _ in range(2)]
    await resources.change(
        next_one, state=State.WAITING, expires_at=resources.clock.now() + timedelta(hours=1)
    )
    resources.shop.dintero.faults.next(Fault.hang(), on=Operation.RULE)
    async with resources.bot() as running:
        async with asyncio.timeout(60):
            while resources.shop.dintero.faults.lined_up(Operation.RULE):
                await resources.repository.ping()
        await resources.change(next_one, state=State.APPROVED)
        running.background.wake()
        await resources.is_told("Given to 4 of 4")
        assert await resources.state(slow) is State.APPROVED
    assert await resources.state(next_one) is State.DONE


async def test_an_overdue_request_that_cannot_be_ended_holds_up_no_other(resources: World) -> None:
    overdue = await approved(resources.repository, resources.shop, customers(4))
    await resources.change(
        overdue, state=State.WAITING, expires_at=resources.clock.now() - timedelta(hours=1)
    )
    await approved(resources.repository, resources.shop, customers(4))
    no = "CREATE TRIGGER no BEFORE UPDATE ON requests WHEN NEW.state = 'expired' BEGIN SELECT RAISE(FAIL, 'no'); END"
    await elsewhere(resources.url, no)
    async with resources.bot():
        await resources.is_told("Given to 4 of 4")
    assert await resources.state(overdue) is State.WAITING


async def test_books_that_are_older_than_what_was_done_stop_the_giving_and_continuing_gives_nobody_anything_more(
    resources: World,
) -> None:
    request = await approved(resources.repository, resources.shop, customers(12))
    async with resources.bot() as running:
        await resources.is_told("Given to 12 of 12")
        await elsewhere(resources.url, "DELETE FROM batches", "UPDATE customers SET starts = 0")
        await resources.change(request, state=State.GIVING, ended_at=None)
        running.background.wake()
        await resources.is_told("It stopped")
        found = await resources.repository.find(request)
        assert found
        assert (found.stop, found.note) == (
            StopReason.UNKNOWN_FOR_GOOD,
            "the database is older than what was done",
        )
        assert (await resources.repository.tally(request)).unknown == 12
        await resources.shop.chief.command(
            "/discount resume", resources.shop.support
        )  # what is unknown for good pauses the bot
        await resources.shop.chief.is_told("Resumed")
        await resources.shop.ann.press("Continue…", resources.shop.slack.messages(resources.shop.support)[0])
        async with asyncio.timeout(60):
            while await resources.state(request) is not State.DONE:
                await resources.repository.ping()
    assert set(resources.shop.dintero.ledger.holders(RULE).values()) == {1}


async def test_when_its_time_is_over_a_request_expires(resources: World) -> None:
    request = await approved(resources.repository, resources.shop, customers(4))
    await resources.change(
        request, state=State.WAITING, expires_at=resources.clock.now() + timedelta(hours=24)
    )
    async with resources.bot() as running:
        resources.clock.pass_by(hours=23, minutes=59)
        running.background.wake()
        await resources.is_told("asked for this")
        assert await resources.state(request) is State.WAITING
        resources.clock.pass_by(minutes=1)
        running.background.wake()
        await resources.is_told("It expired")
    assert await resources.state(request) is State.EXPIRED
    assert not resources.shop.dintero.ledger.calls


async def test_a_bot_that_closes_lets_the_call_under_way_end_and_the_next_one_goes_on(either: World) -> None:
    request = await approved(either.repository, either.shop, customers(20))
    held, let_go = either.at(2)
    async with either.bot() as running:
        await asyncio.wait_for(held.wait(), 60)
        running.background.drain()
        let_go.set()
    calls = len(either.shop.dintero.ledger.calls)
    assert calls <= 3
    tally = await either.repository.tally(request)
    assert tally.given == calls * 4
    async with either.bot():
        await either.is_told("Given to 20 of 20")
    assert len(either.shop.dintero.ledger.calls) == 5


async def test_bots_can_follow_one_another_in_one_process_and_each_is_out_at_once(resources: World) -> None:
    lasted = list[float]()
    for _ in range(3):
        async with resources.bot():
            began = asyncio.get_running_loop().time()
        lasted.append(asyncio.get_running_loop().time() - began)
    assert min(lasted) < 5  # the grace is 8
    await asyncio.to_thread(resources.shop.slack.messages, resources.shop.support)
    assert {task.get_name() for task in asyncio.all_tasks() if "give" in str(task.get_coro())} == set()


async def test_while_nothing_can_be_written_a_giving_waits_and_then_goes_on(resources: World) -> None:
    await approved(resources.repository, resources.shop, customers(12))
    held, let_go = resources.at(1)
    await elsewhere(
        resources.url,
        "CREATE TRIGGER full BEFORE INSERT ON batches BEGIN SELECT RAISE(FAIL, 'disk is full'); END",
    )
    async with resources.bot():
        await asyncio.wait_for(held.wait(), 60)
        let_go.set()
        await resources.is_told("asked for this")
        await elsewhere(resources.url, "DROP TRIGGER full")
        await resources.is_told("Given to 12 of 12")
    assert not resources.shop.dintero.ledger.more_than_once(RULE)


async def test_a_giving_that_the_engine_gave_up_stops_and_can_be_continued(resources: World) -> None:
    request = await approved(resources.repository, resources.shop, customers(20))
    held, let_go = resources.at(2)
    async with resources.bot() as running:
        await asyncio.wait_for(held.wait(), 60)
        await DBOS.cancel_workflow_async(f"{request}:1")
        running.background.wake()
        card = await resources.is_told("It stopped")
        let_go.set()
        found = await resources.repository.find(request)
        assert found
        assert (found.state, found.stop) == (State.STOPPED, StopReason.UNKNOWN_FOR_GOOD)
        await resources.shop.chief.command(
            "/discount resume", resources.shop.support
        )  # what is unknown for good pauses the bot
        await resources.shop.chief.is_told("Resumed")
        await resources.shop.ann.press("Continue…", resources.shop.slack.messages(resources.shop.support)[0])
        await resources.is_told("Given to 20 of 20")
    assert card.is_reply
    assert set(resources.shop.dintero.ledger.holders(RULE).values()) == {1}


async def test_what_was_clicked_is_written_before_the_bot_is_out(resources: World) -> None:
    request = await approved(resources.repository, resources.shop, customers(1))
    began = asyncio.Event()

    async def click() -> None:
        began.set()
        for _ in range(20):
            await resources.repository.ping()
        await resources.change(request, note="written")

    async with resources.bot() as running:
        running.background.spawn(click())
        await began.wait()
    found = await resources.repository.find(request)
    assert found
    assert found.note == "written"


async def test_what_fails_after_a_click_is_none_of_the_others_business(resources: World) -> None:
    async def fail() -> None:
        raise ZeroDivisionError

    async with resources.bot() as running:
        running.background.spawn(fail())
        await approved(resources.repository, resources.shop, customers(1))
        running.background.wake()
        await resources.is_told("Given to 1 of 1")


async def test_drafts_that_nobody_asked_with_are_forgotten_after_a_day(resources: World) -> None:
    who = Person(resources.shop.ann.id, resources.shop.slack.team)
    drafts = [
        Request(
            id=new_request_id(),
            short=new_short_id(),
            team=who.team,
            account="T12345678",
            channel=SUPPORT,
            requester=who.id,
            created_at=resources.clock.now() - timedelta(hours=hours),
        )
        for hours in (25, 23)
    ]
    for draft in drafts:
        await resources.repository.open_draft(draft, FormInput())
    async with resources.bot(), asyncio.timeout(60):
        while await resources.repository.find(drafts[0].id):
            await resources.repository.ping()
    assert await resources.repository.find(drafts[1].id)
