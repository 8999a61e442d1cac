"""Progress with several processes on one database: one edits the cards, and all know the pace."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from bot.background.progress_updates import CARD_INTERVAL, ProgressUpdater
from bot.database.repositories.repository import SqlRepository
from bot.domain.requests.batches import BatchOutcome
from bot.domain.requests.progress import ProgressTracker
from tests.support.progress_fixture import Show, open_show, progressing


@pytest.fixture
async def show(sqlite_books: SqlRepository) -> AsyncIterator[Show]:
    """A request of three customers whose giving has just begun, in batches of one."""
    async with open_show(sqlite_books) as opened:
        yield opened


def another(show: Show) -> tuple[ProgressUpdater, ProgressTracker]:
    """Open the updater of another process."""
    progress_tracker = ProgressTracker(show.telling.clock.now)
    return progressing(show.telling, show.announcer, show.relay, progress_tracker), progress_tracker


async def test_one_of_three_processes_edits_and_all_know_the_pace(show: Show) -> None:
    others = [another(show) for _ in range(2)]
    for second in range(1, 14):
        if second % 4 == 0:
            await show.batch(second // 4 - 1)
        await show.run_once(after=1)
        for progressing_, _ in others:
            await progressing_.run_once((show.request,), edits=False)
    assert show.edits == 3
    request, tally = (
        await show.telling.repository.find(show.request),
        await show.telling.repository.tally(show.request),
    )
    assert request
    known = [
        progress_tracker.of(request, tally)
        for progress_tracker in (show.progress_tracker, *(progress_tracker for _, progress_tracker in others))
    ]
    assert known[0]
    assert known[0].a_second
    assert known == [known[0]] * 3


async def test_a_new_leader_leaves_each_card_its_three_seconds(show: Show) -> None:
    other, _ = another(show)
    await show.run_once()
    await other.run_once((show.request,), edits=False)
    await show.batch(0)
    await show.run_once(after=3)
    await other.run_once((show.request,), edits=False)
    assert show.edits == 1
    edited_at = show.telling.clock.now()
    await show.telling.repository.record_outcomes(show.request, BatchOutcome(0, 1, 1))
    while show.edits == 1:
        show.telling.clock.pass_by(seconds=0.5)
        await other.run_once((show.request,))
    assert CARD_INTERVAL <= show.telling.clock.now() - edited_at <= 2 * CARD_INTERVAL


async def test_a_deleted_card_is_left_to_the_outbox(
    show: Show,
) -> None:
    await show.run_once()
    show.telling.shop.slack.workspace.delete(show.card())
    await show.batch(0)
    for _ in range(30):
        await show.run_once(after=1)
    assert show.edits == 1
    await show.relay.deliver_due()
    assert "1 of 3 given" in show.read()
    await show.batch(1)
    await show.run_once(after=timedelta(minutes=1).total_seconds())
    assert "2 of 3 given" in show.read()
