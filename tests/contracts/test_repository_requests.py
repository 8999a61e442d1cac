"""What the books promise of drafts, requests and their pages, on both databases."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given

from bot.database.repositories.repository import SqlRepository
from bot.domain.customers.packing import pack
from bot.domain.ids import ChannelId, RequestId, ShortId, UserId
from bot.domain.ports import Repository
from bot.domain.requests.request import Approval, FormInput, Request, State, new_request_id, new_short_id
from bot.errors import ShortIdConflict
from tests.contracts.repository import (
    CHANNEL,
    NOW,
    a_draft,
    as_it_stands,
    change,
    ids,
    kept,
    notice,
    over_one_database,
)
from tests.support import hostile_values

# drafts and requests


async def test_a_draft_is_found_by_both_of_its_ids(repository: SqlRepository) -> None:
    draft = a_draft()
    await repository.open_draft(draft, FormInput(rule="rule", customers="ann\nbo", more=True))
    assert await repository.find(draft.id) == draft
    assert await repository.find_short(draft.short) == draft
    assert await repository.load_input(draft.id) == FormInput(rule="rule", customers="ann\nbo", more=True)


async def test_nobody_is_found_under_an_id_that_was_never_given(repository: SqlRepository) -> None:
    for unknown in ("", "R-00000", "\x00", "\ud800", "' OR 1=1 --"):
        assert await repository.find(RequestId(unknown)) is None
        assert await repository.find_short(ShortId(unknown)) is None
        assert await repository.load_input(RequestId(unknown)) is None


async def test_a_short_id_is_given_once(repository: SqlRepository) -> None:
    first, second = a_draft(), a_draft()
    await repository.open_draft(first, FormInput())
    with pytest.raises(ShortIdConflict):
        await repository.open_draft(replace(second, short=first.short), FormInput())
    assert await repository.find(second.id) is None
    assert await repository.find_short(first.short) == first


async def test_fifty_people_can_open_a_draft_at_once(repository: SqlRepository) -> None:
    drafts = [a_draft() for _ in range(50)]
    await asyncio.gather(*(repository.open_draft(draft, FormInput(reason=draft.short)) for draft in drafts))
    assert await asyncio.gather(*(repository.find(draft.id) for draft in drafts)) == drafts


async def test_what_is_typed_into_a_draft_is_kept(repository: SqlRepository) -> None:
    draft = a_draft()
    await repository.open_draft(draft, FormInput(reason="first"))
    await repository.save_input(draft.id, FormInput(reason="second"))
    assert await repository.load_input(draft.id) == FormInput(reason="second")


async def test_what_is_typed_after_it_was_asked_for_changes_nothing(repository: SqlRepository) -> None:
    request = await kept(repository, State.WAITING)
    await repository.save_input(request.id, FormInput(reason="too late"))
    assert await repository.load_input(request.id) == FormInput()
    assert await repository.find(request.id) == request


@over_one_database
@given(draft=hostile_values.requests, form_input=hostile_values.typed)
async def test_whatever_a_request_holds_comes_back(
    repository: SqlRepository, draft: Request, form_input: FormInput
) -> None:
    draft = replace(draft, id=new_request_id(), short=new_short_id())
    await repository.open_draft(draft, form_input)
    assert await repository.find(draft.id) == draft
    assert await repository.load_input(draft.id) == form_input


@over_one_database
@given(later=hostile_values.requests)
async def test_whatever_a_page_keeps_comes_back(repository: SqlRepository, later: Request) -> None:
    draft = a_draft()
    await repository.open_draft(draft, FormInput())
    later = replace(later, id=draft.id, short=draft.short)
    await change(repository, later)
    assert await repository.find(draft.id) == later


async def test_drafts_are_forgotten_after_their_time_with_all_that_hangs_on_them(
    repository: SqlRepository,
) -> None:
    old, new = await kept(repository, State.DRAFT), await kept(repository, State.DRAFT, minutes=10)
    asked = await kept(repository, State.WAITING)
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


async def test_recent_requests_are_those_not_ended_then_the_newest(repository: SqlRepository) -> None:
    done = await kept(repository, State.DONE, minutes=5)
    old, waiting = (
        await kept(repository, State.STOPPED, minutes=1),
        await kept(repository, State.WAITING, minutes=3),
    )
    rejected = await kept(repository, State.REJECTED, minutes=9)
    await kept(repository, State.DRAFT, minutes=20)
    await change(repository, replace(await kept(repository, minutes=30), channel=ChannelId("C0OTHER")))
    assert await repository.recent(CHANNEL, limit=10) == (waiting, old, rejected, done)
    assert await repository.recent(CHANNEL, limit=3) == (waiting, old, rejected)
    assert await repository.recent(ChannelId("C0NOBODY"), limit=3) == ()


async def test_requests_are_listed_by_their_state_oldest_first(repository: SqlRepository) -> None:
    late, early = (
        await kept(repository, State.GIVING, minutes=2),
        await kept(repository, State.APPROVED, minutes=1),
    )
    await kept(repository, State.DONE)
    assert await repository.in_state(State.APPROVED, State.GIVING) == (early, late)
    assert await repository.in_state(State.APPROVED) == (early,)
    assert await repository.in_state(State.EXPIRED) == ()
    assert await repository.in_state() == ()


async def test_only_waiting_requests_whose_time_is_over_are_overdue(repository: SqlRepository) -> None:
    over = replace(await kept(repository), expires_at=NOW - timedelta(hours=1))
    just = replace(await kept(repository), expires_at=NOW)
    for request in (over, just):
        await change(repository, request)
    await change(repository, replace(await kept(repository), expires_at=NOW + timedelta(microseconds=1)))
    await change(
        repository, replace(await kept(repository, State.APPROVED), expires_at=NOW - timedelta(hours=1))
    )
    await kept(repository)
    assert await repository.overdue(NOW) == (over.id, just.id)


# pages


async def test_there_is_no_page_of_a_request_that_is_not_there(repository: SqlRepository) -> None:
    async with repository.unit_of_work(new_request_id()) as unit:
        assert unit is None


async def test_a_page_shows_the_request_and_what_was_kept_of_it(repository: SqlRepository) -> None:
    request = await kept(repository)
    async with repository.unit_of_work(request.id) as unit:
        assert unit
        assert unit.request == request
        await unit.save(replace(request, note="changed"))
        assert unit.request.note == "changed"
    found = await repository.find(request.id)
    assert found == replace(request, note="changed")


class Slip(Exception):
    """Something goes wrong in the middle of a page."""


async def test_nothing_is_written_of_a_page_in_which_something_goes_wrong(repository: SqlRepository) -> None:
    request = await kept(repository)
    with pytest.raises(Slip):
        await _write_all(repository, request, then=Slip())
    assert await _written(repository, request) == (False,) * 4
    await _write_all(repository, request)
    assert await _written(repository, request) == (True,) * 4


async def _write_all(repository: Repository, request: Request, *, then: Exception | None = None) -> None:
    async with repository.unit_of_work(request.id) as unit:
        assert unit
        await unit.save(replace(request, note="written"))
        await unit.put_packed(pack(ids("ann"), portion=1))
        await unit.vote(Approval(request.id, request.round, UserId("U1"), NOW, "digest"))
        await unit.enqueue(notice())
        if then:
            raise then


async def _written(repository: Repository, request: Request) -> tuple[bool, ...]:
    found = await repository.find(request.id)
    assert found
    return (
        found.note == "written",
        await repository.portions(request.id) == 1,
        await repository.votes(request.id, request.round) != (),
        await repository.due_messages(NOW, limit=1) != (),
    )


async def test_nothing_is_written_of_a_page_that_is_cancelled_while_it_waits(
    repository: SqlRepository,
) -> None:
    request, written, never = await kept(repository), asyncio.Event(), asyncio.Event()

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
    await change(repository, replace(request, note="free again"))


def _cancel_after(turns: int, task: asyncio.Task[None]) -> None:
    """Cancel a task after so many turns of the loop."""
    loop = asyncio.get_running_loop()
    if turns:
        loop.call_soon(_cancel_after, turns - 1, task)
    else:
        loop.call_soon(task.cancel)


@pytest.mark.parametrize("cancellations", [1, 2])
async def test_a_page_cancelled_at_any_moment_is_written_whole_or_not_at_all(
    repository: SqlRepository, cancellations: int
) -> None:
    for patience in range(0, 60, 3):
        request = await kept(repository)
        task = asyncio.create_task(_write_all(repository, request))
        for again in range(cancellations):
            _cancel_after(patience + again, task)
        await asyncio.gather(task, return_exceptions=True)
        async with repository.unit_of_work(request.id) as unit:
            assert unit, "the books are free again"
        note, customers, votes, _ = await _written(repository, request)
        assert note == customers == votes


async def test_pages_of_one_request_are_open_one_after_the_other(repository: SqlRepository) -> None:
    request = await kept(repository)

    async def add_one() -> None:
        async with repository.unit_of_work(request.id) as unit:
            assert unit
            before = unit.request
            await unit.votes()
            await unit.save(replace(before, repeated=before.repeated + 1))

    await asyncio.gather(*(add_one() for _ in range(12)))
    assert (await as_it_stands(repository, request)).repeated == 12


async def test_of_two_who_approve_at_once_one_sees_the_other(repository: SqlRepository) -> None:
    request = await kept(repository)

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
    assert (await as_it_stands(repository, request)).decided_by == approval.by


async def test_a_person_says_yes_once_in_a_round(repository: SqlRepository) -> None:
    request = await kept(repository)

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


async def test_a_page_reads_the_yeses_of_the_present_round(repository: SqlRepository) -> None:
    request = await kept(repository)
    async with repository.unit_of_work(request.id) as unit:
        assert unit
        await unit.vote(Approval(request.id, 1, UserId("U1"), NOW, "one"))
        assert [approval.digest for approval in await unit.votes()] == ["one"]
        await unit.save(replace(request, round=2))
        assert await unit.votes() == ()
