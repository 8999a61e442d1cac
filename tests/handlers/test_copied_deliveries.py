"""A delivery that somebody copied changes nothing, in the same process or in another."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from bot.domain.requests.pause import Pause
from bot.domain.requests.request import State
from sandbox.slack.state.faults import Fault
from sandbox.slack.transport.switchboard import Delivery
from tests.support.slack_fixture import SPAR, Stand, open_stand


@pytest.fixture
async def other(sqlite_url: str) -> AsyncIterator[Stand]:
    """Another process over the same database, or the same one after a restart."""
    async with open_stand(sqlite_url) as opened:
        yield opened


async def come_again(stand: Stand, other: Stand, copied: Delivery) -> None:
    """Deliver a copy to both processes."""
    await stand.shop.slack.deliver(copied.kind, copied.payload)
    await other.shop.slack.deliver(copied.kind, copied.payload)
    await stand.errands.done()
    await other.errands.done()


async def test_a_copied_resume_does_not_end_a_later_pause(stand: Stand, other: Stand) -> None:
    chief, pauses = stand.shop.chief, stand.repository
    later = Pause(stand.clock.now(), chief.id, "again")
    for paused_before in (True, False):
        if paused_before:
            await pauses.begin_pause(later)
        await chief.command("/discount resume", stand.shop.support)
        await stand.errands.done()
        copied = stand.last("command")
        await pauses.begin_pause(later)
        await come_again(stand, other, copied)
        assert await pauses.pause() == later
        await pauses.end_pause(chief.id, later.since)


async def test_a_copied_pause_does_not_pause_again(stand: Stand, other: Stand) -> None:
    await stand.shop.chief.command("/discount pause for a while", stand.shop.support)
    await stand.errands.done()
    copied = stand.last("command")
    await stand.repository.end_pause(stand.shop.chief.id, stand.clock.now())
    await come_again(stand, other, copied)
    assert await stand.repository.pause() is None


async def test_a_copied_continue_does_not_continue_after_a_later_stop(stand: Stand, other: Stand) -> None:
    card = await stand.ask()
    request = await stand.request()

    async def stop() -> None:
        async with stand.repository.unit_of_work(request.id) as unit:
            assert unit
            await unit.save(replace(unit.request, state=State.STOPPED, started_at=stand.clock.now()))
        await stand.shop.ann.command(f"/discount status {request.short}", stand.shop.support)
        await stand.errands.done()

    await stop()
    await stand.shop.ann.press("Continue", card)
    await stand.errands.done()
    assert (await stand.request()).state is not State.STOPPED
    copied = stand.last("block_actions")
    await stop()
    await come_again(stand, other, copied)
    assert (await stand.request()).state is State.STOPPED


async def test_a_copied_form_does_not_bring_earlier_input_back(stand: Stand, other: Stand) -> None:
    form = await stand.form()
    await form.fill({"Rule": SPAR, "Customer IDs": "early" * 60})
    assert (await form.submit()).errors
    copied = stand.last("view_submission")
    await form.fill({"Customer IDs": "late" * 70})
    assert (await form.submit()).errors
    (draft,) = await stand.repository.in_state(State.DRAFT)
    await come_again(stand, other, copied)
    saved = await stand.repository.load_input(draft.id)
    assert saved
    assert saved.customers == "late" * 70


async def test_a_copied_command_opens_no_draft(stand: Stand, other: Stand) -> None:
    await stand.form()
    await come_again(stand, other, stand.last("command"))
    assert await stand.drafts() == 1


async def test_a_copy_does_not_do_later_what_was_refused(stand: Stand, other: Stand) -> None:
    pause = Pause(stand.clock.now(), stand.shop.chief.id, "")
    await stand.repository.begin_pause(pause)
    stand.shop.slack.faults.plan("users.info", Fault.SERVER_ERROR)
    await stand.shop.chief.command("/discount resume", stand.shop.support)
    await stand.shop.chief.is_told("Slack couldn't confirm who you are")
    await stand.errands.done()
    await come_again(stand, other, stand.last("command"))
    assert await stand.repository.pause() == pause


async def test_what_a_person_was_told_had_failed_is_not_done_by_a_copy(stand: Stand) -> None:
    card = await stand.ask()
    await stand.lose_the_table()
    await stand.shop.ann.press("Cancel request…", card)
    await stand.errands.done()
    await stand.shop.ann.is_told("Something went wrong")
    await stand.find_the_table()
    await stand.shop.slack.deliver_again()
    await stand.errands.done()
    assert (await stand.request()).state is State.WAITING
