"""Progress edits never delay the outbox, keep Slack's limits, and end with the true card."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest

from bot.background.progress_updates import ProgressUpdater
from bot.database.repositories.repository import SqlRepository
from bot.domain.ids import CustomerId, RequestId
from bot.domain.requests.batches import BatchOutcome
from bot.domain.requests.notification import ChannelKind, Notification, NotificationType, OutboxMessage
from bot.domain.requests.request import State
from bot.errors import DeliveryDeferred
from sandbox.slack import Fault
from tests.journeys.process import approved
from tests.support.engine_fixture import customers
from tests.support.progress_fixture import UPDATES, Show, open_show, start_giving


@pytest.fixture
async def show(sqlite_books: SqlRepository) -> AsyncIterator[Show]:
    """A request of three customers whose giving has just begun, in batches of one."""
    async with open_show(sqlite_books) as opened:
        yield opened


async def test_after_three_seconds_the_card_shows_how_far_it_is(show: Show) -> None:
    await show.run_once()
    await show.batch(0)
    await show.run_once(after=2.9)
    assert show.edits == 0
    await show.run_once(after=0.1)
    assert show.edits == 1
    assert "33%" in show.read()
    assert "1 of 3 given" in show.read()


async def test_a_giving_that_ends_sooner_shows_no_progress(show: Show) -> None:
    await show.run_once()
    await show.batch(0)
    await show.run_once(after=5, giving=())
    assert show.edits == 0


async def test_a_card_is_edited_every_three_seconds_at_most_and_only_if_it_changed(
    show: Show,
) -> None:
    await show.run_once()
    for number in range(3):
        await show.batch(number, refused=("c",) if number == 1 else ())
        for _ in range(3):
            await show.run_once(after=1)
    assert show.edits == 3
    for _ in range(20):
        await show.run_once(after=1)
    assert show.edits == 3
    assert "2 of 3 given, 1 refused" in show.read()


async def test_edits_of_many_givings_leave_calls_for_the_outbox(show: Show) -> None:
    others = [
        RequestId(await approved(show.telling.repository, show.telling.shop, customers(3))) for _ in range(9)
    ]
    for other in others:
        await start_giving(show.telling, other)
    many = (show.request, *others)
    await show.run_once(giving=many)
    for second in range(60):
        for each in many:
            await show.telling.repository.record_outcomes(
                each, BatchOutcome(0, second % 3, 1, unknown=() if second % 2 else (CustomerId("c"),))
            )
        await show.run_once(after=1, giving=many)
    assert 25 <= show.edits <= 30


async def test_nothing_is_written_into_the_outbox(show: Show) -> None:
    await show.run_once()
    await show.batch(0)
    await show.run_once(after=3)
    assert await show.telling.left() == 0


async def test_the_card_shows_the_end_even_if_it_comes_during_an_edit(show: Show) -> None:
    await show.run_once()
    await show.batch(0)
    reached, over = asyncio.Event(), asyncio.Event()

    async def hold_up_the_first(point: str, method: str, number: int) -> None:
        if (point, method, number) == ("before", UPDATES, 1):
            reached.set()
            await over.wait()

    show.telling.shop.slack.faults.on_call = hold_up_the_first
    looking = asyncio.ensure_future(show.run_once(after=3))
    await reached.wait()
    await show.state(State.DONE)
    saying = asyncio.ensure_future(show.relay.deliver_due())
    over.set()
    await asyncio.gather(looking, saying)
    assert "Given to 1 of 3 customers" in show.read()
    await show.run_once(after=1, giving=())
    await show.relay.deliver_due()
    assert "Given to 1 of 3 customers" in show.read()


@pytest.mark.parametrize("fault", [Fault.CUT_BEFORE, Fault.CUT_AFTER, Fault.SERVER_ERROR_AFTER])
async def test_an_edit_that_may_arrive_late_is_redrawn_after_the_giving(show: Show, fault: Fault) -> None:
    await show.run_once()
    await show.batch(0)
    show.telling.shop.slack.faults.plan(UPDATES, fault)
    await show.run_once(after=3)
    await show.state(State.DONE)
    await show.relay.deliver_due()
    before = show.edits
    await show.run_once(after=1, giving=())
    await show.relay.deliver_due()
    assert show.edits == before + 1
    assert "Given to 1 of 3 customers" in show.read()


async def test_edits_obey_a_retry_after_and_the_next_one_shows_all(show: Show) -> None:
    await show.run_once()
    await show.batch(0)
    show.telling.shop.slack.faults.plan(UPDATES, Fault.RATE_LIMITED, retry_after=30)
    await show.run_once(after=3)
    await show.batch(1)
    for _ in range(9):
        await show.run_once(after=3)
    assert show.edits == 1
    await show.run_once(after=4)
    assert show.edits == 2
    assert "2 of 3 given" in show.read()


async def test_no_edit_is_tried_while_the_outbox_leaves_slack_alone(show: Show) -> None:
    await show.run_once()
    await show.batch(0)
    show.telling.shop.slack.faults.plan("chat.postMessage", Fault.RATE_LIMITED, retry_after=30)
    await show.telling.say(
        Notification(kind=ChannelKind.LINE, happened=NotificationType.STARTED, at=show.telling.clock.now())
    )
    await show.relay.deliver_due()
    await show.run_once(after=29)
    assert show.edits == 0
    await show.run_once(after=2)
    assert show.edits == 1


async def test_a_missing_card_holds_up_no_other(show: Show) -> None:
    other = RequestId(await approved(show.telling.repository, show.telling.shop, customers(3)))
    await start_giving(show.telling, other)
    show.telling.shop.slack.faults.plan(UPDATES, Fault.REFUSED, error="message_not_found")
    both = (show.request, other)
    await show.run_once(giving=both)
    for each in both:
        await show.telling.repository.record_outcomes(each, BatchOutcome(0, 0, 1))
    for _ in range(5):
        await show.run_once(after=1, giving=both)
    assert show.edits == 2


@dataclass(slots=True)
class Hanging:
    """An announcer whose edits never get an answer."""

    asked: list[RequestId] = field(default_factory=list)

    async def deliver(self, outbox_message: OutboxMessage) -> str:
        raise DeliveryDeferred(str(outbox_message), after=1, clean=False)

    async def withdraw(self, outbox_message: OutboxMessage, ts: str) -> None:
        raise NotImplementedError

    async def redraw(self, request: RequestId) -> None:
        self.asked.append(request)
        await asyncio.Event().wait()


async def test_an_edit_that_hangs_is_abandoned(show: Show) -> None:
    hanging = Hanging()
    stuck = ProgressUpdater(
        repository=show.telling.repository,
        announcer=hanging,
        clock=show.telling.clock,
        progress_tracker=show.progress_tracker,
    )
    await stuck.run_once((show.request,))
    await show.batch(0)
    show.telling.clock.pass_by(seconds=3)
    await asyncio.wait_for(stuck.run_once((show.request,)), 60)
    assert hanging.asked == [show.request]


@pytest.mark.parametrize("back", [5, 300, 7200])
async def test_a_clock_put_back_does_not_stop_the_progress(show: Show, back: int) -> None:
    await show.run_once()
    await show.batch(0)
    await show.run_once(after=4)
    assert show.edits == 1
    show.telling.clock.pass_by(seconds=-back)
    await show.batch(1)
    await show.run_once()
    await show.run_once(after=4)
    assert show.edits == 2
