"""What the books promise of drafts, requests and their pages, on both databases."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given

from bot.database.repositories.repository import SqlBooks
from bot.domain.ids import ChannelId, RequestId, ShortId, UserId
from bot.domain.ports import Books
from bot.domain.requests.request import Request, State, Typed, Vote, new_request_id, new_short_id
from bot.errors import ShortIdTaken
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


async def test_a_draft_is_found_by_both_of_its_ids(books: SqlBooks) -> None:
    draft = a_draft()
    await books.open_draft(draft, Typed(rule="rule", customers="ann\nbo", more=True))
    assert await books.find(draft.id) == draft
    assert await books.find_short(draft.short) == draft
    assert await books.typed(draft.id) == Typed(rule="rule", customers="ann\nbo", more=True)


async def test_nobody_is_found_under_an_id_that_was_never_given(books: SqlBooks) -> None:
    for unknown in ("", "R-00000", "\x00", "\ud800", "' OR 1=1 --"):
        assert await books.find(RequestId(unknown)) is None
        assert await books.find_short(ShortId(unknown)) is None
        assert await books.typed(RequestId(unknown)) is None


async def test_a_short_id_is_given_once(books: SqlBooks) -> None:
    first, second = a_draft(), a_draft()
    await books.open_draft(first, Typed())
    with pytest.raises(ShortIdTaken):
        await books.open_draft(replace(second, short=first.short), Typed())
    assert await books.find(second.id) is None
    assert await books.find_short(first.short) == first


async def test_fifty_people_can_open_a_draft_at_once(books: SqlBooks) -> None:
    drafts = [a_draft() for _ in range(50)]
    await asyncio.gather(*(books.open_draft(draft, Typed(reason=draft.short)) for draft in drafts))
    assert await asyncio.gather(*(books.find(draft.id) for draft in drafts)) == drafts


async def test_what_is_typed_into_a_draft_is_kept(books: SqlBooks) -> None:
    draft = a_draft()
    await books.open_draft(draft, Typed(reason="first"))
    await books.fill_in(draft.id, Typed(reason="second"))
    assert await books.typed(draft.id) == Typed(reason="second")


async def test_what_is_typed_after_it_was_asked_for_changes_nothing(books: SqlBooks) -> None:
    request = await kept(books, State.WAITING)
    await books.fill_in(request.id, Typed(reason="too late"))
    assert await books.typed(request.id) == Typed()
    assert await books.find(request.id) == request


@over_one_database
@given(draft=hostile_values.requests, typed=hostile_values.typed)
async def test_whatever_a_request_holds_comes_back(books: SqlBooks, draft: Request, typed: Typed) -> None:
    draft = replace(draft, id=new_request_id(), short=new_short_id())
    await books.open_draft(draft, typed)
    assert await books.find(draft.id) == draft
    assert await books.typed(draft.id) == typed


@over_one_database
@given(later=hostile_values.requests)
async def test_whatever_a_page_keeps_comes_back(books: SqlBooks, later: Request) -> None:
    draft = a_draft()
    await books.open_draft(draft, Typed())
    later = replace(later, id=draft.id, short=draft.short)
    await change(books, later)
    assert await books.find(draft.id) == later


async def test_drafts_are_forgotten_after_their_time_with_all_that_hangs_on_them(books: SqlBooks) -> None:
    old, new = await kept(books, State.DRAFT), await kept(books, State.DRAFT, minutes=10)
    asked = await kept(books, State.WAITING)
    async with books.page(old.id) as page:
        assert page
        await page.put_customers(ids("ann"), portion=10)
    assert await books.forget_drafts(NOW + timedelta(minutes=10)) == 1
    assert await books.find(old.id) is None
    assert await books.typed(old.id) is None
    assert await books.portions(old.id) == 0
    assert await books.find(new.id) == new
    assert await books.find(asked.id) == asked
    assert await books.forget_drafts(NOW + timedelta(minutes=10)) == 0


async def test_recent_requests_are_those_not_ended_then_the_newest(books: SqlBooks) -> None:
    done = await kept(books, State.DONE, minutes=5)
    old, waiting = await kept(books, State.STOPPED, minutes=1), await kept(books, State.WAITING, minutes=3)
    rejected = await kept(books, State.REJECTED, minutes=9)
    await kept(books, State.DRAFT, minutes=20)
    await change(books, replace(await kept(books, minutes=30), channel=ChannelId("C0OTHER")))
    assert await books.recent(CHANNEL, limit=10) == (waiting, old, rejected, done)
    assert await books.recent(CHANNEL, limit=3) == (waiting, old, rejected)
    assert await books.recent(ChannelId("C0NOBODY"), limit=3) == ()


async def test_requests_are_listed_by_their_state_oldest_first(books: SqlBooks) -> None:
    late, early = await kept(books, State.GIVING, minutes=2), await kept(books, State.APPROVED, minutes=1)
    await kept(books, State.DONE)
    assert await books.in_state(State.APPROVED, State.GIVING) == (early, late)
    assert await books.in_state(State.APPROVED) == (early,)
    assert await books.in_state(State.EXPIRED) == ()
    assert await books.in_state() == ()


async def test_only_waiting_requests_whose_time_is_over_are_overdue(books: SqlBooks) -> None:
    over = replace(await kept(books), expires_at=NOW - timedelta(hours=1))
    just = replace(await kept(books), expires_at=NOW)
    for request in (over, just):
        await change(books, request)
    await change(books, replace(await kept(books), expires_at=NOW + timedelta(microseconds=1)))
    await change(books, replace(await kept(books, State.APPROVED), expires_at=NOW - timedelta(hours=1)))
    await kept(books)
    assert await books.overdue(NOW) == (over.id, just.id)


# pages


async def test_there_is_no_page_of_a_request_that_is_not_there(books: SqlBooks) -> None:
    async with books.page(new_request_id()) as page:
        assert page is None


async def test_a_page_shows_the_request_and_what_was_kept_of_it(books: SqlBooks) -> None:
    request = await kept(books)
    async with books.page(request.id) as page:
        assert page
        assert page.request == request
        await page.keep(replace(request, note="changed"))
        assert page.request.note == "changed"
    found = await books.find(request.id)
    assert found == replace(request, note="changed")


class Slip(Exception):
    """Something goes wrong in the middle of a page."""


async def test_nothing_is_written_of_a_page_in_which_something_goes_wrong(books: SqlBooks) -> None:
    request = await kept(books)
    with pytest.raises(Slip):
        await _write_all(books, request, then=Slip())
    assert await _written(books, request) == (False,) * 4
    await _write_all(books, request)
    assert await _written(books, request) == (True,) * 4


async def _write_all(books: Books, request: Request, *, then: Exception | None = None) -> None:
    async with books.page(request.id) as page:
        assert page
        await page.keep(replace(request, note="written"))
        await page.put_customers(ids("ann"), portion=1)
        await page.vote(Vote(request.id, request.round, UserId("U1"), NOW, "digest"))
        await page.say(notice())
        if then:
            raise then


async def _written(books: Books, request: Request) -> tuple[bool, ...]:
    found = await books.find(request.id)
    assert found
    return (
        found.note == "written",
        await books.portions(request.id) == 1,
        await books.votes(request.id, request.round) != (),
        await books.unsaid(NOW, limit=1) != (),
    )


async def test_nothing_is_written_of_a_page_that_is_cancelled_while_it_waits(books: SqlBooks) -> None:
    request, written, never = await kept(books), asyncio.Event(), asyncio.Event()

    async def hang() -> None:
        async with books.page(request.id) as page:
            assert page
            await page.keep(replace(request, note="written"))
            written.set()
            await never.wait()

    task = asyncio.create_task(hang())
    await written.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await books.find(request.id) == request
    await change(books, replace(request, note="free again"))


def _cancel_after(turns: int, task: asyncio.Task[None]) -> None:
    """Cancel a task after so many turns of the loop."""
    loop = asyncio.get_running_loop()
    if turns:
        loop.call_soon(_cancel_after, turns - 1, task)
    else:
        loop.call_soon(task.cancel)


@pytest.mark.parametrize("cancellations", [1, 2])
async def test_a_page_cancelled_at_any_moment_is_written_whole_or_not_at_all(
    books: SqlBooks, cancellations: int
) -> None:
    for patience in range(0, 60, 3):
        request = await kept(books)
        task = asyncio.create_task(_write_all(books, request))
        for again in range(cancellations):
            _cancel_after(patience + again, task)
        await asyncio.gather(task, return_exceptions=True)
        async with books.page(request.id) as page:
            assert page, "the books are free again"
        note, customers, votes, _ = await _written(books, request)
        assert note == customers == votes


async def test_pages_of_one_request_are_open_one_after_the_other(books: SqlBooks) -> None:
    request = await kept(books)

    async def add_one() -> None:
        async with books.page(request.id) as page:
            assert page
            before = page.request
            await page.votes()
            await page.keep(replace(before, repeated=before.repeated + 1))

    await asyncio.gather(*(add_one() for _ in range(12)))
    assert (await as_it_stands(books, request)).repeated == 12


async def test_of_two_who_approve_at_once_one_sees_the_other(books: SqlBooks) -> None:
    request = await kept(books)

    async def approve(who: str) -> bool:
        async with books.page(request.id) as page:
            assert page
            if page.request.state is not State.WAITING:
                return False
            await page.vote(Vote(request.id, 1, UserId(who), NOW, "digest"))
            await page.keep(replace(page.request, state=State.APPROVED, decided_by=UserId(who)))
            return True

    assert sorted(await asyncio.gather(approve("U1"), approve("U2"), approve("U3"))) == [False, False, True]
    (vote,) = await books.votes(request.id, 1)
    assert (await as_it_stands(books, request)).decided_by == vote.by


async def test_a_person_says_yes_once_in_a_round(books: SqlBooks) -> None:
    request = await kept(books)

    async def vote(who: str, at: datetime, round_: int = 1) -> bool:
        async with books.page(request.id) as page:
            assert page
            return await page.vote(Vote(request.id, round_, UserId(who), at, f"digest {who}"))

    assert sorted(await asyncio.gather(vote("U1", NOW), vote("U1", NOW))) == [False, True]
    assert await vote("U2", NOW - timedelta(seconds=1))
    assert await vote("U1", NOW, round_=2)
    assert [(one.by, one.digest) for one in await books.votes(request.id, 1)] == [
        ("U2", "digest U2"),
        ("U1", "digest U1"),
    ]
    assert await books.votes(request.id, 2) == (Vote(request.id, 2, UserId("U1"), NOW, "digest U1"),)


async def test_a_page_reads_the_yeses_of_the_present_round(books: SqlBooks) -> None:
    request = await kept(books)
    async with books.page(request.id) as page:
        assert page
        await page.vote(Vote(request.id, 1, UserId("U1"), NOW, "one"))
        assert [vote.digest for vote in await page.votes()] == ["one"]
        await page.keep(replace(request, round=2))
        assert await page.votes() == ()
