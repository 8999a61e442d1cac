"""The pause: givings stop after their batches in flight and continue by themselves, once per customer."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from bot.database.audit.log import ChainHead
from bot.database.repositories.repository import SqlRepository, open_repository
from bot.domain.ids import UserId
from bot.domain.policy.policy import Refusal, RefusalReason
from bot.domain.requests.batches import BatchOutcome
from bot.domain.requests.notification import OPEN_HERE, ChannelKind, NotificationType
from bot.domain.requests.pause import Pause, PausedFor, PauseState
from bot.domain.requests.request import Request, State, StopReason
from bot.services.pausing import PauseChange
from bot.services.snapshots import load_snapshot
from tests.support.postgres import BUSY_SECONDS
from tests.support.service_fixture import (
    ANN,
    BO,
    CHIEF,
    CLEO,
    GUS,
    POLICY,
    QUICK,
    STRICT,
    SUPPORT,
    Office,
    open_office,
    person,
)


@pytest.fixture
async def office(repository: SqlRepository) -> Office:
    """Run over each kind of database."""
    return await open_office(repository)


async def approved(office: Office) -> Request:
    answer = await office.approve(await office.ask(), BO)
    assert isinstance(answer, Request)
    return answer


async def giving(office: Office) -> Request:
    request = await office.preflight.begin((await approved(office)).id)
    assert request
    return request


async def caught(office: Office) -> Request:
    """Make a giving whose run the pause has ended, with nothing given."""
    request = await giving(office)
    assert not isinstance(await office.decisions.pause_service.pause(person(CHIEF), "down"), Refusal)
    await office.completion.finish(request.id, request.round)
    return await office.now(request.id)


@pytest.mark.parametrize("who", [ANN, BO, CLEO])
async def test_only_admins_pause_and_resume(office: Office, who: UserId) -> None:
    assert await office.decisions.pause_service.pause(person(who), "") == Refusal(RefusalReason.NOT_AN_ADMIN)
    assert await office.decisions.pause_service.resume(person(who)) == Refusal(RefusalReason.NOT_AN_ADMIN)
    assert await office.decisions.pause_service.now() is None


async def test_an_admin_who_is_no_full_member_does_not_count(office: Office) -> None:
    office.under(replace(POLICY, admins=(GUS,)))
    answer = await office.decisions.pause_service.pause(person(GUS), "")
    assert isinstance(answer, Refusal)
    assert answer.reason is RefusalReason.GUEST


async def test_a_second_reason_replaces_the_first_and_the_pause_outlives_the_process(
    office: Office, database_url: str
) -> None:
    pausing, begun = office.decisions.pause_service, office.clock.now()
    wanted = Pause(begun, CHIEF, "Dintero is down <!channel>")
    assert await pausing.pause(person(CHIEF), " Dintero is down <!channel> ") == (wanted, PauseChange.BEGUN)
    office.clock.pass_by(minutes=1)
    wanted = replace(wanted, why="stocktaking")
    assert await pausing.pause(person(CHIEF), "stocktaking") == (wanted, PauseChange.REASON)
    assert await pausing.pause(person(CHIEF), " ") == (wanted, PauseChange.NONE)
    async with open_repository(database_url, pool_timeout=BUSY_SECONDS) as other:
        assert await other.pause() == wanted
    assert await office.decisions.pause_service.resume(person(CHIEF)) is True
    assert await office.decisions.pause_service.resume(person(CHIEF)) is False


async def test_nothing_starts_during_the_pause(office: Office) -> None:
    request = await approved(office)
    await office.decisions.pause_service.pause(person(CHIEF), "")
    assert await office.preflight.begin(request.id) is None
    assert (await office.now(request.id)).state is State.APPROVED
    await office.decisions.pause_service.resume(person(CHIEF))
    assert await office.preflight.begin(request.id)


async def test_a_start_during_the_pause_command_does_not_run_on(office: Office) -> None:
    requests = [await approved(office) for _ in range(8)]
    await asyncio.gather(
        *(office.preflight.begin(each.id) for each in requests),
        office.decisions.pause_service.pause(person(CHIEF), ""),
    )
    await office.decisions.pause_service.run_once()
    for each in requests:
        assert not await office.repository.may_continue(each.id)


async def test_a_paused_giving_continues_in_a_new_round_with_its_approvals(
    office: Office,
) -> None:
    request = await giving(office)
    assert await office.repository.may_continue(request.id)
    await office.decisions.pause_service.pause(person(CHIEF), "")
    assert not await office.repository.may_continue(request.id)
    assert await office.preflight.begin(request.id) == await office.now(
        request.id
    )  # its run is to come to its end
    await office.completion.finish(request.id, 1)
    await office.completion.finish(request.id, 1)
    parked = await office.now(request.id)
    assert (parked.state, parked.pausing, parked.round) == (State.GIVING, PauseState.PARKED, 2)
    assert [approval.by for approval in await office.repository.votes(request.id, 2)] == [BO]
    assert await office.preflight.begin(request.id) is None
    await office.decisions.pause_service.resume(person(CHIEF))
    begun = await office.preflight.begin(request.id)
    assert begun == await office.now(request.id)
    assert begun
    assert (begun.state, begun.pausing, begun.round) == (State.GIVING, PauseState.NO, 2)
    assert await office.repository.may_continue(request.id)


async def test_a_giving_resumed_before_its_run_ended_is_parked_first(office: Office) -> None:
    request = await giving(office)
    await office.decisions.pause_service.pause(person(CHIEF), "")
    await office.decisions.pause_service.resume(person(CHIEF))
    begun = await office.preflight.begin(request.id)
    assert begun
    assert begun.round == 1
    assert not await office.repository.may_continue(
        request.id
    )  # a second run beside the first could write over what that found out
    await office.completion.finish(request.id, 1)
    again = await office.preflight.begin(request.id)
    assert again
    assert (again.round, again.pausing) == (2, PauseState.NO)


async def test_a_giving_that_was_complete_at_the_pause_is_done(office: Office) -> None:
    request = await giving(office)
    await office.decisions.pause_service.pause(person(CHIEF), "")
    await office.repository.record_outcomes(request.id, BatchOutcome(0, 0, 1))
    await office.completion.finish(request.id, 1)
    done = await office.now(request.id)
    assert (done.state, done.pausing) == (State.DONE, PauseState.NO)


async def test_a_giving_cancelled_during_the_pause_ends(office: Office) -> None:
    request = await caught(office)
    assert isinstance(await office.decisions.cancel(request.id, person(ANN), SUPPORT), Request)
    begun = await office.preflight.begin(request.id)
    assert begun
    assert not await office.repository.may_continue(request.id)
    await office.completion.finish(begun.id, begun.round)
    assert (await office.now(request.id)).state is State.CANCELLED


async def test_everything_is_checked_again_after_the_pause(office: Office) -> None:
    request = await caught(office)
    await office.decisions.pause_service.resume(person(CHIEF))
    office.shelf.change(request.rule.id, active=False)  # type: ignore[union-attr]
    assert await office.preflight.begin(request.id) is None
    stopped = await office.now(request.id)
    assert (stopped.state, stopped.stop, stopped.pausing) == (
        State.STOPPED,
        StopReason.RULE_INACTIVE,
        PauseState.NO,
    )


async def test_an_approval_that_became_invalid_during_the_pause_is_renewed(office: Office) -> None:
    request = await caught(office)
    await office.decisions.pause_service.resume(person(CHIEF))
    office.town.groups = {group: {CLEO} for group in office.town.groups}
    assert await office.preflight.begin(request.id) is None
    waiting = await office.now(request.id)
    assert (waiting.state, waiting.pausing) == (State.WAITING, PauseState.NO)
    assert await office.repository.votes(request.id, waiting.round) == ()


async def test_every_open_card_is_redrawn_once_and_shows_the_pause(office: Office) -> None:
    waiting = await office.ask()
    office.clock.pass_by(seconds=1)  # the older one is redrawn first
    started = await giving(office)
    await office.unsaid()
    await office.decisions.pause_service.pause(person(CHIEF), "down")
    await office.decisions.pause_service.run_once()
    assert [(one.kind, one.happened) for one in await office.unsaid()] == [
        (ChannelKind.NOTICE, NotificationType.PAUSED),
        (ChannelKind.CARD, NotificationType.PAUSED),
        (ChannelKind.CARD, NotificationType.PAUSED),
    ]
    for request in (waiting, started):
        snapshot = await load_snapshot(office.repository, await office.now(request.id), POLICY)
        assert snapshot.pause == Pause(office.clock.now(), CHIEF, "down")
    await office.decisions.pause_service.resume(person(CHIEF))
    await office.decisions.pause_service.run_once()
    assert [(one.kind, one.happened) for one in await office.unsaid()] == [
        (ChannelKind.NOTICE, NotificationType.RESUMED),
        (ChannelKind.CARD, NotificationType.RESUMED),
        (ChannelKind.CARD, NotificationType.RESUMED),
    ]
    assert (await load_snapshot(office.repository, waiting, POLICY)).pause is None


async def said_of_the_pause(office: Office, kind: ChannelKind) -> list[NotificationType]:
    await office.decisions.pause_service.run_once()
    pausing = {NotificationType.PAUSED, NotificationType.RESUMED}
    return [one.happened for one in await office.unsaid() if one.kind is kind and one.happened in pausing]


async def test_the_thread_of_a_half_sent_request_hears_once_of_a_pause_and_once_of_its_end(
    office: Office,
) -> None:
    request = await caught(office)
    assert await said_of_the_pause(office, ChannelKind.LINE) == [NotificationType.PAUSED]
    await office.decisions.pause_service.pause(person(CHIEF), "still down")
    assert await said_of_the_pause(office, ChannelKind.LINE) == []
    await office.decisions.pause_service.resume(person(CHIEF))
    assert await said_of_the_pause(office, ChannelKind.LINE) == []
    await office.preflight.begin(request.id)
    assert await said_of_the_pause(office, ChannelKind.LINE) == [NotificationType.RESUMED]


@pytest.mark.parametrize("make", [Office.ask, approved])
async def test_the_thread_of_a_request_that_has_not_started_hears_of_no_pause(
    office: Office, make: Callable[[Office], Awaitable[Request]]
) -> None:
    request = await make(office)
    await office.decisions.pause_service.pause(person(CHIEF), "down")
    await office.decisions.pause_service.run_once()
    await office.decisions.pause_service.resume(person(CHIEF))
    await office.preflight.begin(request.id)
    assert await said_of_the_pause(office, ChannelKind.LINE) == []


async def test_a_run_that_ends_after_the_pause_hears_of_neither(office: Office) -> None:
    request = await giving(office)
    await office.decisions.pause_service.pause(person(CHIEF), "down")
    await office.decisions.pause_service.resume(person(CHIEF))
    await office.completion.finish(request.id, request.round)
    await office.preflight.begin(request.id)
    assert await said_of_the_pause(office, ChannelKind.LINE) == []


async def test_a_pause_that_ended_in_a_new_approval_is_told_again_the_next_time(office: Office) -> None:
    request = await caught(office)
    await office.decisions.pause_service.resume(person(CHIEF))
    office.town.groups = {group: {CLEO} for group in office.town.groups}
    assert await office.preflight.begin(request.id) is None
    assert await said_of_the_pause(office, ChannelKind.NOTICE) == [
        NotificationType.PAUSED,
        NotificationType.RESUMED,
    ]
    await office.decisions.pause_service.pause(person(CHIEF), "again")
    assert await said_of_the_pause(office, ChannelKind.NOTICE) == [NotificationType.PAUSED]


async def told_channels(office: Office) -> list[tuple[str, str, str]]:
    """Deliver everything; return each message about a pause: its channel, note and number of requests."""
    return [
        (one.to, one.note, one.facts[OPEN_HERE])
        for one in await office.unsaid()
        if one.kind is ChannelKind.NOTICE and one.happened is NotificationType.PAUSED
    ]


async def test_each_channel_with_open_requests_is_told_once_how_many_there_are(office: Office) -> None:
    await office.ask()
    await giving(office)
    await approved(office)
    await office.ask(channel=STRICT)
    await stop(office, StopReason.RULE_GONE)
    await office.decisions.cancel((await office.ask(channel=QUICK)).id, person(ANN), QUICK)
    await office.unsaid()
    await office.decisions.pause_service.pause(person(CHIEF), "down")
    await office.decisions.pause_service.pause(person(CHIEF), "down")
    await office.decisions.pause_service.run_once()
    assert sorted(await told_channels(office)) == [(STRICT, "down", "1"), (SUPPORT, "down", "3")]


async def test_a_new_reason_and_the_end_go_to_the_channels_that_were_told(office: Office) -> None:
    request = await office.ask()
    await office.decisions.pause_service.pause(person(CHIEF), "down")
    await office.ask(channel=STRICT)
    await office.decisions.cancel(request.id, person(ANN), SUPPORT)
    await office.decisions.pause_service.pause(person(CHIEF), "still down")
    assert await told_channels(office) == [(SUPPORT, "down", "1"), (SUPPORT, "still down", "0")]
    await office.decisions.pause_service.resume(person(CHIEF))
    (end,) = [one for one in await office.unsaid() if one.kind is ChannelKind.NOTICE]
    assert (end.happened, end.to, end.note) == (NotificationType.RESUMED, SUPPORT, "")


async def test_a_message_about_a_pause_is_kept_until_the_pause_has_ended(office: Office) -> None:
    await office.ask()
    await office.decisions.pause_service.pause(person(CHIEF), "down")
    await office.unsaid()
    office.clock.pass_by(days=30)
    await office.repository.forget_sent(office.clock.now())
    await office.decisions.pause_service.resume(person(CHIEF))
    (edit,) = [
        one
        for one in await office.repository.due_messages(office.clock.now(), limit=9)
        if one.notification.kind is ChannelKind.NOTICE
    ]
    oldest, newest, ts = await office.repository.versions(edit)
    assert ts
    assert (oldest.happened, newest.happened) == (NotificationType.PAUSED, NotificationType.RESUMED)


async def test_the_bots_own_pauses_are_told_too(office: Office) -> None:
    repository = office.repository
    assert isinstance(repository, SqlRepository)
    await office.ask()
    await stop(office, StopReason.UNKNOWN_FOR_GOOD)
    assert await told_channels(office) == [(SUPPORT, PausedFor.UNKNOWN, "1")]
    await office.decisions.pause_service.resume(person(CHIEF))
    await office.unsaid()
    lost = ChainHead(1, "a hash")
    for _ in range(2):
        await repository.begin_restore(lost, None, Pause(office.clock.now(), None, PausedFor.RESTORED))
    assert await told_channels(office) == [(SUPPORT, PausedFor.RESTORED, "1")]


async def stop(office: Office, why: StopReason) -> None:
    request = await giving(office)
    await office.repository.request_stop(request.id, why, "as it is")
    await office.completion.finish(request.id, 1)
    await office.completion.finish(request.id, 1)


async def test_three_faults_of_dintero_in_a_row_pause_the_bot_and_tell_the_admins_once(
    office: Office,
) -> None:
    for why in (StopReason.BUSY, StopReason.TOKEN_REFUSED):
        await stop(office, why)
        assert await office.decisions.pause_service.now() is None
    await office.unsaid()
    await stop(office, StopReason.SCOPE_MISSING)
    assert await office.decisions.pause_service.now() == Pause(office.clock.now(), None, PausedFor.FAULTS)
    told = [
        (notification.kind, notification.to, notification.note)
        for notification in await office.unsaid()
        if notification.happened is NotificationType.PAUSED
    ]
    assert told == [(ChannelKind.DIRECT, CHIEF, PausedFor.FAULTS)]


async def test_a_complete_giving_resets_the_fault_count_and_other_stops_do_not_count(
    office: Office,
) -> None:
    await stop(office, StopReason.BUSY)
    await stop(office, StopReason.BUSY)
    await stop(office, StopReason.RULE_GONE)
    request = await giving(office)
    await office.repository.record_outcomes(request.id, BatchOutcome(0, 0, 1))
    await office.completion.finish(request.id, 1)
    await stop(office, StopReason.BUSY)
    assert await office.decisions.pause_service.now() is None


async def test_an_unsettled_batch_pauses_the_bot(office: Office) -> None:
    await stop(office, StopReason.UNKNOWN_FOR_GOOD)
    assert await office.decisions.pause_service.now() == Pause(office.clock.now(), None, PausedFor.UNKNOWN)


async def test_without_admins_the_bot_never_pauses_itself(office: Office) -> None:
    office.under(replace(POLICY, admins=()))
    await stop(office, StopReason.UNKNOWN_FOR_GOOD)
    assert await office.decisions.pause_service.now() is None


async def test_every_modal_shows_the_pause(office: Office) -> None:
    request = await office.ask()
    await office.decisions.pause_service.pause(person(CHIEF), "down")
    draft = await office.draft()
    form = await office.drafts.form(draft, person(ANN))
    review = await office.drafts.review(draft, person(ANN))
    considered = await office.approvals.open(request.id, person(BO), SUPPORT)
    refusing = await office.decisions.open_rejection(request.id, person(BO), SUPPORT)
    roster = await office.decisions.customers(request.id, person(ANN), SUPPORT, 1)
    pauses = {shown.pause for shown in (form, review, considered.review, refusing, roster)}  # type: ignore[union-attr]
    assert pauses == {Pause(office.clock.now(), CHIEF, "down")}
