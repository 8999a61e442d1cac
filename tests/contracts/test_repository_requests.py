"""The contract of the repository on both databases: drafts, requests and units of work."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given

from bot.database.repositories.repository import SqlRepository
from bot.domain.customers.packing import pack
from bot.domain.customers.uploads import Column, FileRead, RowProblem, UnreadableRow
from bot.domain.ids import ChannelId, RequestId, ShortId, UserId
from bot.domain.preferences import Preferences, Results
from bot.domain.requests.pause import Pause
from bot.domain.requests.request import Approval, FormInput, Request, State, new_request_id, new_short_id
from bot.errors import ShortIdConflict
from tests.contracts.repository import (
    CHANNEL,
    NOW,
    ids,
    new_draft,
    notice,
    over_one_database,
    reload,
    save,
    saved_request,
)
from tests.support import hostile_values

# drafts and requests


async def test_a_draft_is_found_by_both_of_its_ids(repository: SqlRepository) -> None:
    draft = new_draft()
    await repository.open_draft(draft, FormInput(rule="rule", customers="ann\nbo", more=True))
    assert await repository.find(draft.id) == draft
    assert await repository.find_short(draft.short) == draft
    assert await repository.load_input(draft.id) == FormInput(rule="rule", customers="ann\nbo", more=True)


async def test_an_unknown_id_finds_nothing(repository: SqlRepository) -> None:
    for unknown in ("", "R-00000", "\x00", "\ud800", "' OR 1=1 --"):
        assert await repository.find(RequestId(unknown)) is None
        assert await repository.find_short(ShortId(unknown)) is None
        assert await repository.load_input(RequestId(unknown)) is None


async def test_a_short_id_is_unique(repository: SqlRepository) -> None:
    first, second = new_draft(), new_draft()
    await repository.open_draft(first, FormInput())
    with pytest.raises(ShortIdConflict):
        await repository.open_draft(replace(second, short=first.short), FormInput())
    assert await repository.find(second.id) is None
    assert await repository.find_short(first.short) == first


async def test_fifty_people_can_open_drafts_at_once(repository: SqlRepository) -> None:
    drafts = [new_draft() for _ in range(50)]
    await asyncio.gather(*(repository.open_draft(draft, FormInput(reason=draft.short)) for draft in drafts))
    assert await asyncio.gather(*(repository.find(draft.id) for draft in drafts)) == drafts


async def test_the_input_of_a_draft_is_saved(repository: SqlRepository) -> None:
    draft = new_draft()
    await repository.open_draft(draft, FormInput(reason="first"))
    await repository.save_input(draft.id, FormInput(reason="second"))
    assert await repository.load_input(draft.id) == FormInput(reason="second")


async def test_input_is_not_saved_after_the_request_was_submitted(repository: SqlRepository) -> None:
    request = await saved_request(repository, State.WAITING)
    await repository.save_input(request.id, FormInput(reason="too late"))
    assert await repository.load_input(request.id) == FormInput()
    assert await repository.find(request.id) == request


@over_one_database
@given(draft=hostile_values.requests, form_input=hostile_values.typed)
async def test_a_request_with_any_values_is_read_back_unchanged(
    repository: SqlRepository, draft: Request, form_input: FormInput
) -> None:
    draft = replace(draft, id=new_request_id(), short=new_short_id())
    await repository.open_draft(draft, form_input)
    assert await repository.find(draft.id) == draft
    assert await repository.load_input(draft.id) == form_input


@over_one_database
@given(later=hostile_values.requests)
async def test_a_request_saved_by_a_unit_of_work_is_read_back_unchanged(
    repository: SqlRepository, later: Request
) -> None:
    draft = new_draft()
    await repository.open_draft(draft, FormInput())
    later = replace(later, id=draft.id, short=draft.short)
    await save(repository, later)
    assert await repository.find(draft.id) == later


@over_one_database
@given(files=hostile_values.files_read)
async def test_what_was_read_of_files_is_read_back_unchanged(
    repository: SqlRepository, files: tuple[FileRead, ...]
) -> None:
    draft = new_draft()
    await repository.open_draft(draft, FormInput())
    assert await repository.files_read(draft.id) == ()
    async with repository.unit_of_work(draft.id) as unit:
        assert unit
        await unit.put_files_read(files)
        await unit.save(replace(unit.request, reason="saved afterwards"))
    kept = tuple(replace(file, column=replace(file.column, samples=())) for file in files)
    assert await repository.files_read(draft.id) == kept
    async with repository.unit_of_work(draft.id) as unit:  # as an older version saves it
        assert unit
        await unit.save(replace(unit.request, customers_digest="of other customers"))
    assert await repository.files_read(draft.id) == ()


async def test_the_content_of_unreadable_rows_is_never_stored(repository: SqlRepository) -> None:
    draft = await saved_request(repository, State.DRAFT)
    odd = UnreadableRow(7, RowProblem.SEVERAL, "somebody's private words")
    read = FileRead(name="vip.csv", found=1, column=Column(1), odd=1, odd_rows=(odd,))
    async with repository.unit_of_work(draft.id) as unit:
        assert unit
        await unit.put_files_read([read])
    assert await repository.files_read(draft.id) == (replace(read, odd_rows=(replace(odd, text=""),)),)
    async with repository.unit_of_work(draft.id) as unit:
        assert unit
        await unit.redact(NOW)
    assert await repository.files_read(draft.id) == ()


async def test_old_drafts_are_deleted_with_all_their_rows(
    repository: SqlRepository,
) -> None:
    old, new = (
        await saved_request(repository, State.DRAFT),
        await saved_request(repository, State.DRAFT, minutes=10),
    )
    asked = await saved_request(repository, State.WAITING)
    async with repository.unit_of_work(old.id) as unit:
        assert unit
        await unit.put_packed(pack(ids("ann"), portion=10))
    assert await repository.forget_drafts(NOW + timedelta(minutes=10)) == 1
    assert await repository.find(old.id) is None
    assert await repository.load_input(old.id) is None
    assert await repository.portions(old.id) == 0
    assert await repository.find(new.id) == new
    assert await repository.find(asked.id) == asked
    assert await repository.forget_drafts(NOW + timedelta(minutes=10)) == 0


async def test_recent_lists_requests_not_ended_and_then_the_newest(repository: SqlRepository) -> None:
    done = await saved_request(repository, State.DONE, minutes=5)
    old, waiting = (
        await saved_request(repository, State.STOPPED, minutes=1),
        await saved_request(repository, State.WAITING, minutes=3),
    )
    rejected = await saved_request(repository, State.REJECTED, minutes=9)
    await saved_request(repository, State.DRAFT, minutes=20)
    await save(repository, replace(await saved_request(repository, minutes=30), channel=ChannelId("C0OTHER")))
    assert await repository.recent(CHANNEL, limit=10) == (waiting, old, rejected, done)
    assert await repository.recent(CHANNEL, limit=3) == (waiting, old, rejected)
    assert await repository.recent(CHANNEL, limit=2, skip=1) == (old, rejected)
    assert await repository.recent(ChannelId("C0NOBODY"), limit=3) == ()


async def test_a_persons_requests_are_listed_under_either_of_their_ids(repository: SqlRepository) -> None:
    done = await saved_request(repository, State.DONE, minutes=5)
    waiting = await saved_request(repository, State.WAITING, minutes=3)
    other = await saved_request(repository, State.WAITING, minutes=4)
    await save(repository, replace(other, requester=UserId("W0SAME")))
    await save(repository, replace(await saved_request(repository), requester=UserId("U0OTHER")))
    await saved_request(repository, State.DRAFT, minutes=20)
    own = {waiting.requester, UserId("W0SAME")}
    other = replace(other, requester=UserId("W0SAME"))
    assert await repository.recent_of(own, limit=10) == (other, waiting, done)
    assert await repository.recent_of(own, limit=1, skip=1) == (waiting,)
    assert await repository.recent_of({waiting.requester}, limit=10) == (waiting, done)


async def test_requests_are_listed_by_their_state_oldest_first(repository: SqlRepository) -> None:
    late, early = (
        await saved_request(repository, State.GIVING, minutes=2),
        await saved_request(repository, State.APPROVED, minutes=1),
    )
    await saved_request(repository, State.DONE)
    assert await repository.in_state(State.APPROVED, State.GIVING) == (early, late)
    assert await repository.in_state(State.APPROVED) == (early,)
    assert await repository.in_state(State.EXPIRED) == ()
    assert await repository.in_state() == ()


async def test_only_expired_waiting_requests_are_overdue(repository: SqlRepository) -> None:
    over = replace(await saved_request(repository), expires_at=NOW - timedelta(hours=1))
    just = replace(await saved_request(repository), expires_at=NOW)
    for request in (over, just):
        await save(repository, request)
    await save(
        repository, replace(await saved_request(repository), expires_at=NOW + timedelta(microseconds=1))
    )
    await save(
        repository,
        replace(await saved_request(repository, State.APPROVED), expires_at=NOW - timedelta(hours=1)),
    )
    await saved_request(repository)
    assert await repository.overdue(NOW) == (over.id, just.id)


# pages


async def test_there_is_no_unit_of_work_for_an_unknown_request(repository: SqlRepository) -> None:
    async with repository.unit_of_work(new_request_id()) as unit:
        assert unit is None


async def test_a_unit_of_work_has_the_request_as_last_saved(repository: SqlRepository) -> None:
    request = await saved_request(repository)
    async with repository.unit_of_work(request.id) as unit:
        assert unit
        assert unit.request == request
        await unit.save(replace(request, note="changed"))
        assert unit.request.note == "changed"
    found = await repository.find(request.id)
    assert found == replace(request, note="changed")


class Slip(Exception):
    """A failure inside a unit of work."""


async def test_a_unit_of_work_that_raises_writes_nothing(repository: SqlRepository) -> None:
    request = await saved_request(repository)
    with pytest.raises(Slip):
        await _write_all(repository, request, then=Slip())
    assert await _written(repository, request) == (False,) * 4
    await _write_all(repository, request)
    assert await _written(repository, request) == (True,) * 4


async def _write_all(repository: SqlRepository, request: Request, *, then: Exception | None = None) -> None:
    async with repository.unit_of_work(request.id) as unit:
        assert unit
        await unit.save(replace(request, note="written"))
        await unit.put_packed(pack(ids("ann"), portion=1))
        await unit.vote(Approval(request.id, request.round, UserId("U1"), NOW, "digest"))
        await unit.enqueue(notice())
        if then:
            raise then


async def _written(repository: SqlRepository, request: Request) -> tuple[bool, ...]:
    found = await repository.find(request.id)
    assert found
    return (
        found.note == "written",
        await repository.portions(request.id) == 1,
        await repository.votes(request.id, request.round) != (),
        await repository.due_messages(NOW, limit=1) != (),
    )


async def test_a_unit_of_work_cancelled_while_it_waits_writes_nothing(
    repository: SqlRepository,
) -> None:
    request, written, never = await saved_request(repository), asyncio.Event(), asyncio.Event()

    async def hang() -> None:
        async with repository.unit_of_work(request.id) as unit:
            assert unit
            await unit.save(replace(request, note="written"))
            written.set()
            await never.wait()

    task = asyncio.create_task(hang())
    await written.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await repository.find(request.id) == request
    await save(repository, replace(request, note="free again"))


def _cancel_after(turns: int, task: asyncio.Task[None]) -> None:
    """Cancel a task after this many turns of the event loop."""
    loop = asyncio.get_running_loop()
    if turns:
        loop.call_soon(_cancel_after, turns - 1, task)
    else:
        loop.call_soon(task.cancel)


@pytest.mark.parametrize("cancellations", [1, 2])
async def test_a_unit_of_work_cancelled_at_any_moment_writes_all_or_nothing(
    repository: SqlRepository, cancellations: int
) -> None:
    for patience in range(0, 60, 3):
        request = await saved_request(repository)
        task = asyncio.create_task(_write_all(repository, request))
        for again in range(cancellations):
            _cancel_after(patience + again, task)
        await asyncio.gather(task, return_exceptions=True)
        async with repository.unit_of_work(request.id) as unit:
            assert unit, "the books are free again"
        note, customers, votes, _ = await _written(repository, request)
        assert note == customers == votes


async def test_units_of_work_of_one_request_run_one_after_the_other(repository: SqlRepository) -> None:
    request = await saved_request(repository)

    async def add_one() -> None:
        async with repository.unit_of_work(request.id) as unit:
            assert unit
            before = unit.request
            await unit.votes()
            await unit.save(replace(before, repeated=before.repeated + 1))

    await asyncio.gather(*(add_one() for _ in range(12)))
    assert (await reload(repository, request)).repeated == 12


async def test_of_two_simultaneous_approvers_one_sees_the_other(repository: SqlRepository) -> None:
    request = await saved_request(repository)

    async def approve(who: str) -> bool:
        async with repository.unit_of_work(request.id) as unit:
            assert unit
            if unit.request.state is not State.WAITING:
                return False
            await unit.vote(Approval(request.id, 1, UserId(who), NOW, "digest"))
            await unit.save(replace(unit.request, state=State.APPROVED, decided_by=UserId(who)))
            return True

    assert sorted(await asyncio.gather(approve("U1"), approve("U2"), approve("U3"))) == [False, False, True]
    (approval,) = await repository.votes(request.id, 1)
    assert (await reload(repository, request)).decided_by == approval.by


async def test_a_person_approves_once_in_a_round(repository: SqlRepository) -> None:
    request = await saved_request(repository)

    async def vote(who: str, at: datetime, round_: int = 1) -> bool:
        async with repository.unit_of_work(request.id) as unit:
            assert unit
            return await unit.vote(Approval(request.id, round_, UserId(who), at, f"digest {who}"))

    assert sorted(await asyncio.gather(vote("U1", NOW), vote("U1", NOW))) == [False, True]
    assert await vote("U2", NOW - timedelta(seconds=1))
    assert await vote("U1", NOW, round_=2)
    assert [(one.by, one.digest) for one in await repository.votes(request.id, 1)] == [
        ("U2", "digest U2"),
        ("U1", "digest U1"),
    ]
    assert await repository.votes(request.id, 2) == (Approval(request.id, 2, UserId("U1"), NOW, "digest U1"),)


async def test_a_unit_of_work_reads_the_approvals_of_the_current_round(repository: SqlRepository) -> None:
    request = await saved_request(repository)
    async with repository.unit_of_work(request.id) as unit:
        assert unit
        await unit.vote(Approval(request.id, 1, UserId("U1"), NOW, "one"))
        assert [approval.digest for approval in await unit.votes()] == ["one"]
        await unit.save(replace(request, round=2))
        assert await unit.votes() == ()


# what people prefer


async def test_what_a_person_prefers_is_kept_and_replaced(repository: SqlRepository) -> None:
    ann, bo = UserId("U0ANN"), UserId("U0BO")
    assert await repository.preferences(ann) == Preferences(ann, Results.ALWAYS, "", None)
    chosen = Preferences(ann, Results.NEVER, "nb", NOW)
    await repository.save_preferences(replace(chosen, results=Results.PROBLEMS))
    await repository.save_preferences(chosen)
    assert await repository.preferences(ann) == chosen
    assert await repository.preferences(bo) == Preferences(bo)


async def test_a_later_reason_replaces_that_of_the_pause_and_keeps_its_time(
    repository: SqlRepository,
) -> None:
    later = Pause(NOW + timedelta(minutes=5), UserId("U0DI"), "other")
    assert not await repository.replace_pause(later)
    await repository.begin_pause(Pause(NOW, None, "unknown"))
    await repository.mark_announced(1)
    assert await repository.replace_pause(later)
    assert await repository.pause() == replace(later, since=NOW)
    assert await repository.unannounced_change() == 2
