"""Approved requests end after any failure of the process, of Slack, or of the databases."""

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
from bot.domain.policy.policy import RefusalReason
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
class Bots:
    """Bots that start and close on one shop and one database."""

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

    async def is_told_in_the_thread(self, words: str) -> Message:
        ann = self.shop.ann

        def look() -> Message | None:
            replies = (one for one in reversed(ann.reads(self.shop.support)) if one.is_reply)
            return next((reply for reply in replies if words in ann.read(reply)), None)

        return await self.shop.slack.until(look)

    async def state(self, request: RequestId) -> State:
        found = await self.repository.find(request)
        assert found
        return found.state

    async def change(self, request: RequestId, **changes: object) -> None:
        async with self.repository.unit_of_work(request) as unit:
            assert unit
            await unit.save(replace(unit.request, **changes))  # type: ignore[arg-type]

    def at(self, call: int) -> tuple[asyncio.Event, asyncio.Event]:
        """Hold a call after it was carried out, and all later ones; returns an event for that, and a release.

        If only one were held, the others would end the giving before a slow click takes effect.
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
async def open_bots(url: str) -> AsyncIterator[Bots]:
    async with AsyncExitStack() as stack:
        shop = await stack.enter_async_context(open_shop())
        yield Bots(
            shop, await stack.enter_async_context(open_repository(url, pool_timeout=BUSY_SECONDS)), url
        )


@pytest.fixture
async def bots(sqlite_url: str) -> AsyncIterator[Bots]:
    """On SQLite."""
    async with open_bots(sqlite_url) as opened:
        yield opened


@pytest.fixture
async def either(database_url: str) -> AsyncIterator[Bots]:
    """On each kind of database."""
    async with open_bots(database_url) as opened:
        yield opened


async def test_the_next_process_gives_what_was_approved_before_a_crash(either: Bots) -> None:
    who = customers(10)
    request = await approved(either.repository, either.shop, who)
    async with either.bot():
        await either.is_told("Given to 10 of 10")
    assert either.shop.dintero.ledger.holders(RULE) == dict.fromkeys(who, 1)
    assert await either.state(request) is State.DONE


async def test_the_next_sweep_finds_an_approved_request(
    bots: Bots,
) -> None:
    async with bots.bot() as running:
        await approved(bots.repository, bots.shop, customers(4))
        running.background.wake()
        await bots.is_told("Given to 4 of 4")


async def test_many_sweeps_give_a_request_once(either: Bots) -> None:
    await approved(either.repository, either.shop, customers(20))
    held, let_go = either.at(2)
    async with either.bot() as running:
        await asyncio.wait_for(held.wait(), 60)
        for _ in range(20):
            running.background.wake()
            await either.repository.ping()
        let_go.set()
        card = await either.is_told("✅ Given to 20 of 20")
        await either.is_told_in_the_thread("Given to 20 of 20")
    assert len(either.shop.dintero.ledger.calls) == 5
    assert either.shop.slack.messages(either.shop.support) == [card]


async def test_nothing_is_given_while_slack_cannot_be_asked_but_later(
    bots: Bots,
) -> None:
    asked = asyncio.Event()

    async def away(point: str, method: str, _number: int) -> None:
        if point == "before" and method in LOOKS:
            asked.set()
            raise Refuse(503)

    async with bots.bot() as running:
        bots.shop.slack.faults.on_call = away
        request = await approved(bots.repository, bots.shop, customers(4))
        running.background.wake()
        await asyncio.wait_for(asked.wait(), 60)
        await bots.is_told("approved (2 of 2)")
        assert await bots.state(request) is State.APPROVED
        assert not bots.shop.dintero.ledger.calls
        bots.shop.slack.faults.on_call = None
        running.background.wake()
        await bots.is_told("Given to 4 of 4")


async def test_a_broken_request_holds_up_no_other(bots: Bots) -> None:
    broken = await approved(bots.repository, bots.shop, customers(4))
    await bots.change(broken, rule=None)
    await approved(bots.repository, bots.shop, customers(4))
    async with bots.bot():
        await bots.is_told("Given to 4 of 4")
    assert await bots.state(broken) is State.APPROVED


async def test_a_request_is_given_at_once_while_another_waits_for_dintero(bots: Bots) -> None:
    slow, next_one = [await approved(bots.repository, bots.shop, customers(4)) for _ in range(2)]
    await bots.change(next_one, state=State.WAITING, expires_at=bots.clock.now() + timedelta(hours=1))
    bots.shop.dintero.faults.next(Fault.hang(), on=Operation.RULE)
    async with bots.bot() as running:
        async with asyncio.timeout(60):
            while bots.shop.dintero.faults.lined_up(Operation.RULE):
                await bots.repository.ping()
        await bots.change(next_one, state=State.APPROVED)
        running.background.wake()
        await bots.is_told("Given to 4 of 4")
        assert await bots.state(slow) is State.APPROVED
    assert await bots.state(next_one) is State.DONE


async def test_an_overdue_request_that_cannot_be_ended_holds_up_no_other(bots: Bots) -> None:
    overdue = await approved(bots.repository, bots.shop, customers(4))
    await bots.change(overdue, state=State.WAITING, expires_at=bots.clock.now() - timedelta(hours=1))
    await approved(bots.repository, bots.shop, customers(4))
    no = (
        "CREATE TRIGGER no BEFORE UPDATE ON requests WHEN NEW.state = 'expired' "
        "BEGIN SELECT RAISE(FAIL, 'no'); END"
    )
    await elsewhere(bots.url, no)
    async with bots.bot():
        await bots.is_told("Given to 4 of 4")
    assert await bots.state(overdue) is State.WAITING


async def test_a_restored_older_database_stops_the_giving_and_nobody_gets_it_twice(
    bots: Bots,
) -> None:
    request = await approved(bots.repository, bots.shop, customers(12))
    async with bots.bot() as running:
        await bots.is_told("Given to 12 of 12")
        await elsewhere(bots.url, "DELETE FROM batches", "UPDATE customers SET starts = 0")
        await bots.change(request, state=State.GIVING, ended_at=None)
        running.background.wake()
        await bots.is_told("Stopped:")
        await bots.is_told("A backup was restored that is older than what happened here.")
        found = await bots.repository.find(request)
        assert found
        assert (found.stop, found.note) == (
            StopReason.POLICY,
            RefusalReason.DATABASE_OLDER,
        )
        assert (await bots.repository.tally(request)).unknown == 12
        await bots.shop.ann.press("Continue", bots.shop.slack.messages(bots.shop.support)[0])
        async with asyncio.timeout(60):
            while await bots.state(request) is not State.DONE:
                await bots.repository.ping()
    assert set(bots.shop.dintero.ledger.holders(RULE).values()) == {1}


async def test_portions_that_only_the_engine_knows_are_given_again(bots: Bots) -> None:
    request = await approved(bots.repository, bots.shop, customers(40))
    held, let_go = bots.at(5)
    async with bots.bot() as running:
        await asyncio.wait_for(held.wait(), 60)
        running.background.drain()
        let_go.set()
    assert (await bots.repository.tally(request)).given >= 16  # at least one portion of 8 is done
    await elsewhere(bots.url, "DELETE FROM batches", "UPDATE customers SET starts = 0")
    async with bots.bot():
        await bots.is_told("Given to 40 of 40")
    assert set(bots.shop.dintero.ledger.holders(RULE).values()) == {1}


async def test_a_request_expires_when_its_time_is_over(bots: Bots) -> None:
    request = await approved(bots.repository, bots.shop, customers(4))
    await bots.change(request, state=State.WAITING, expires_at=bots.clock.now() + timedelta(hours=24))
    async with bots.bot() as running:
        bots.clock.pass_by(hours=23, minutes=59)
        running.background.wake()
        await bots.is_told("approved (2 of 2)")
        assert await bots.state(request) is State.WAITING
        bots.clock.pass_by(minutes=1)
        running.background.wake()
        await bots.is_told("Expired: nobody approved it in time")
    assert await bots.state(request) is State.EXPIRED
    assert not bots.shop.dintero.ledger.calls


async def test_a_closing_bot_finishes_the_call_under_way_and_the_next_one_goes_on(either: Bots) -> None:
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


async def test_bots_can_follow_one_another_in_one_process_and_each_closes_at_once(bots: Bots) -> None:
    lasted = list[float]()
    for _ in range(3):
        async with bots.bot():
            began = asyncio.get_running_loop().time()
        lasted.append(asyncio.get_running_loop().time() - began)
    assert min(lasted) < 5  # the grace is 8
    await asyncio.to_thread(bots.shop.slack.messages, bots.shop.support)
    assert {task.get_name() for task in asyncio.all_tasks() if "give" in str(task.get_coro())} == set()


async def test_a_giving_waits_while_nothing_can_be_written(bots: Bots) -> None:
    await approved(bots.repository, bots.shop, customers(12))
    held, let_go = bots.at(1)
    await elsewhere(
        bots.url,
        "CREATE TRIGGER full BEFORE INSERT ON batches BEGIN SELECT RAISE(FAIL, 'disk is full'); END",
    )
    async with bots.bot():
        await asyncio.wait_for(held.wait(), 60)
        let_go.set()
        await bots.is_told("approved (2 of 2)")
        await elsewhere(bots.url, "DROP TRIGGER full")
        await bots.is_told("Given to 12 of 12")
    assert not bots.shop.dintero.ledger.more_than_once(RULE)


async def test_a_giving_whose_workflow_failed_stops_and_can_be_continued(bots: Bots) -> None:
    request = await approved(bots.repository, bots.shop, customers(20))
    held, let_go = bots.at(2)
    async with bots.bot() as running:
        await asyncio.wait_for(held.wait(), 60)
        await DBOS.cancel_workflow_async(f"{request}:1")
        running.background.wake()
        await bots.is_told_in_the_thread("Stopped:")
        let_go.set()
        found = await bots.repository.find(request)
        assert found
        assert (found.state, found.stop) == (State.STOPPED, StopReason.UNKNOWN_FOR_GOOD)
        await bots.shop.chief.command(
            "/discount resume", bots.shop.support
        )  # what is unknown for good pauses the bot
        await bots.shop.chief.is_told("Resumed")
        await bots.shop.ann.press("Continue", bots.shop.slack.messages(bots.shop.support)[0])
        await bots.is_told("Given to 20 of 20")
    assert set(bots.shop.dintero.ledger.holders(RULE).values()) == {1}


async def test_work_after_a_click_ends_before_the_bot_closes(bots: Bots) -> None:
    request = await approved(bots.repository, bots.shop, customers(1))
    began = asyncio.Event()

    async def click() -> None:
        began.set()
        for _ in range(20):
            await bots.repository.ping()
        await bots.change(request, note="written")

    async with bots.bot() as running:
        running.background.spawn(click())
        await began.wait()
    found = await bots.repository.find(request)
    assert found
    assert found.note == "written"


async def test_a_failure_after_a_click_affects_no_other_work(bots: Bots) -> None:
    async def fail() -> None:
        raise ZeroDivisionError

    async with bots.bot() as running:
        running.background.spawn(fail())
        await approved(bots.repository, bots.shop, customers(1))
        running.background.wake()
        await bots.is_told("Given to 1 of 1")


async def test_drafts_that_were_never_submitted_are_deleted_after_a_day(bots: Bots) -> None:
    who = Person(bots.shop.ann.id, bots.shop.slack.team)
    drafts = [
        Request(
            id=new_request_id(),
            short=new_short_id(),
            team=who.team,
            account="T12345678",
            channel=SUPPORT,
            requester=who.id,
            created_at=bots.clock.now() - timedelta(hours=hours),
        )
        for hours in (25, 23)
    ]
    for draft in drafts:
        await bots.repository.open_draft(draft, FormInput())
    async with bots.bot(), asyncio.timeout(60):
        while await bots.repository.find(drafts[0].id):
            await bots.repository.ping()
    assert await bots.repository.find(drafts[1].id)
