"""What the books promise (`bot.giving.ports.Books`), on both databases."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.errors import ShortIdTaken
from bot.giving.batches import BatchOutcome, LeftOut, Portion, Refused, Tally
from bot.giving.holding import TakenOver
from bot.giving.ids import ChannelId, CustomerId, RequestId, RuleId, ShortId, TeamId, UserId
from bot.giving.notices import Happened, Kind, Notice, Unsaid
from bot.giving.ports import Books
from bot.giving.request import Request, State, StopReason, Typed, Vote, new_request_id, new_short_id
from bot.giving.rewards import Reward, Rule, Statistics
from bot.store.books import SqlBooks
from tests.store import extremes

NOW = datetime(2026, 3, 4, 12, 0, 0, 123456, tzinfo=UTC)
RULE = Rule(id=RuleId("rule"), reward=Reward(type="discount_amount", value=Decimal(10_000)))
CHANNEL = ChannelId("C0123")
over_one_database = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25, deadline=None)


def as_the_port(books: SqlBooks) -> Books:
    """The type checker proves by this that the books are what the heart asks for."""
    return books


def a_draft(minutes: int = 0) -> Request:
    return Request(
        id=new_request_id(),
        short=new_short_id(),
        team=TeamId("T0"),
        account="T12345678",
        channel=CHANNEL,
        requester=UserId("U0ASKS"),
        created_at=NOW + timedelta(minutes=minutes),
        rule=RULE,
    )


async def kept(books: Books, state: State = State.WAITING, *, minutes: int = 0) -> Request:
    """Write a request that stands in this state."""
    draft = a_draft(minutes)
    await books.open_draft(draft, Typed())
    request = replace(draft, state=state, asked_at=None if state is State.DRAFT else draft.created_at)
    await change(books, request)
    return request


async def change(books: Books, request: Request) -> None:
    async with books.page(request.id) as page:
        assert page
        await page.keep(request)


async def giving(books: Books, customers: Sequence[str], *, size: int, batches: int = 2) -> Request:
    """Write a request that is being given, in batches of this size."""
    request = replace(await kept(books, State.GIVING), batch_size=size, batches_per_portion=batches, customers=len(customers))
    async with books.page(request.id) as page:
        assert page
        await page.keep(request)
        await page.put_customers([CustomerId(customer) for customer in customers], portion=size * batches)
    return request


def ids(*customers: str) -> tuple[CustomerId, ...]:
    return tuple(map(CustomerId, customers))


def notice(kind: Kind = Kind.LINE, happened: Happened = Happened.ASKED, *, to: str = "") -> Notice:
    return Notice(kind=kind, happened=happened, at=NOW, to=to)


async def say(books: Books, request: Request, *notices: Notice) -> None:
    async with books.page(request.id) as page:
        assert page
        await page.say(*notices)


async def to_be_said(books: Books, *, after: timedelta = timedelta(0)) -> list[Notice]:
    return [unsaid.notice for unsaid in await books.unsaid(NOW + after, limit=100)]


async def only(books: Books) -> Unsaid:
    (unsaid,) = await books.unsaid(NOW, limit=100)
    return unsaid


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
@given(draft=extremes.requests, typed=extremes.typed)
async def test_whatever_a_request_holds_comes_back(books: SqlBooks, draft: Request, typed: Typed) -> None:
    draft = replace(draft, id=new_request_id(), short=new_short_id())
    await books.open_draft(draft, typed)
    assert await books.find(draft.id) == draft
    assert await books.typed(draft.id) == typed


@over_one_database
@given(later=extremes.requests)
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


@pytest.mark.parametrize("cancellations", [1, 2])
async def test_a_page_cancelled_at_any_moment_is_written_whole_or_not_at_all(books: SqlBooks, cancellations: int) -> None:
    for patience in range(0, 60, 3):
        request = await kept(books)
        task = asyncio.create_task(_write_all(books, request))
        for _ in range(patience):
            await asyncio.sleep(0)
        for _ in range(cancellations):
            task.cancel()
            await asyncio.sleep(0)
        await asyncio.gather(task, return_exceptions=True)
        async with books.page(request.id) as page:
            assert page, "the books are free again"
        note, customers, votes, _ = await _written(books, request)
        assert note == customers == votes


async def _found(books: Books, request: Request) -> Request:
    found = await books.find(request.id)
    assert found
    return found


async def test_pages_of_one_request_are_open_one_after_the_other(books: SqlBooks) -> None:
    request = await kept(books)

    async def add_one() -> None:
        async with books.page(request.id) as page:
            assert page
            before = page.request
            await asyncio.sleep(0)
            await page.keep(replace(before, repeated=before.repeated + 1))

    await asyncio.gather(*(add_one() for _ in range(12)))
    assert (await _found(books, request)).repeated == 12


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
    assert (await _found(books, request)).decided_by == vote.by


async def test_a_person_says_yes_once_in_a_round(books: SqlBooks) -> None:
    request = await kept(books)

    async def vote(who: str, at: datetime, round_: int = 1) -> bool:
        async with books.page(request.id) as page:
            assert page
            return await page.vote(Vote(request.id, round_, UserId(who), at, f"digest {who}"))

    assert sorted(await asyncio.gather(vote("U1", NOW), vote("U1", NOW))) == [False, True]
    assert await vote("U2", NOW - timedelta(seconds=1))
    assert await vote("U1", NOW, round_=2)
    assert [(one.by, one.digest) for one in await books.votes(request.id, 1)] == [("U2", "digest U2"), ("U1", "digest U1")]
    assert await books.votes(request.id, 2) == (Vote(request.id, 2, UserId("U1"), NOW, "digest U1"),)


async def test_a_page_reads_the_yeses_of_the_present_round(books: SqlBooks) -> None:
    request = await kept(books)
    async with books.page(request.id) as page:
        assert page
        await page.vote(Vote(request.id, 1, UserId("U1"), NOW, "one"))
        assert [vote.digest for vote in await page.votes()] == ["one"]
        await page.keep(replace(request, round=2))
        assert await page.votes() == ()


# customers


async def test_customers_are_kept_in_portions_and_in_order(books: SqlBooks) -> None:
    request = await giving(books, ["e", "d", "c", "b", "a"], size=1, batches=2)
    assert await books.portions(request.id) == 3
    assert [await books.customers(request.id, at) for at in range(4)] == [ids("e", "d"), ids("c", "b"), ids("a"), ()]


async def test_customers_that_are_put_again_take_the_place_of_the_others(books: SqlBooks) -> None:
    request = await giving(books, ["a", "b", "c"], size=1, batches=1)
    async with books.page(request.id) as page:
        assert page
        await page.put_customers(ids("z"), portion=10)
    assert await books.portions(request.id) == 1
    assert await books.customers(request.id, 0) == ids("z")
    assert await books.tally(request.id) == Tally(1)


@over_one_database
@given(customers=st.lists(extremes.texts, unique=True, min_size=1, max_size=20))
async def test_customer_ids_come_back_whatever_they_hold(books: SqlBooks, customers: list[str]) -> None:
    request = await giving(books, customers, size=3)
    portions = [await books.customers(request.id, at) for at in range(await books.portions(request.id))]
    assert [customer for portion in portions for customer in portion] == customers


async def test_a_hundred_thousand_customers_are_kept(books: SqlBooks) -> None:
    request = await giving(books, [f"customer-{number}" for number in range(100_000)], size=500, batches=8)
    assert await books.portions(request.id) == 25
    assert (await books.customers(request.id, 24))[-1] == "customer-99999"
    assert await books.tally(request.id) == Tally(100_000)


# what came of it


async def test_a_portion_that_is_taken_up_again_says_so(books: SqlBooks) -> None:
    request = await giving(books, ["a", "b", "c", "d", "e"], size=2, batches=2)
    assert await books.take_up(request.id, 0) == Portion(ids("a", "b", "c", "d"), again=False)
    assert await books.take_up(request.id, 0) == Portion(ids("a", "b", "c", "d"), again=True)
    assert await books.take_up(request.id, 1) == Portion(ids("e"), again=False)
    assert await books.take_up(request.id, 2) is None


async def test_nothing_is_taken_up_of_a_giving_that_does_not_go_on(books: SqlBooks) -> None:
    request = await giving(books, ["a", "b"], size=1)
    await change(books, replace(request, cancel_asked_by=UserId("U1")))
    assert await books.take_up(request.id, 0) is None
    assert await books.tally(request.id) == Tally(2)


async def test_what_may_have_gone_out_is_unknown_whether_the_giving_goes_on_or_not(books: SqlBooks) -> None:
    request = await giving(books, ["a", "b", "c", "d", "e"], size=2, batches=1)
    other = await giving(books, ["a", "b"], size=1)
    await change(books, replace(request, cancel_asked_by=UserId("U1")))
    await books.settle(request.id, BatchOutcome(1, 0, 2))
    await books.may_have_gone_out(request.id)
    assert await books.tally(request.id) == Tally(5, given=2, unknown=3)
    assert await books.tally(other.id) == Tally(2)


async def test_what_came_of_a_batch_is_kept_and_takes_the_place_of_what_came_of_it_before(books: SqlBooks) -> None:
    request = await giving(books, ["a", "b", "c", "d", "e"], size=4, batches=2)
    first = BatchOutcome(0, 0, 4, refused=(Refused(CustomerId("a"), "not\x00known"),), unknown=ids("b"), not_tried=ids("c"))
    other = BatchOutcome(0, 1, 1)
    await books.settle(request.id, other)
    await books.settle(request.id, first)
    assert await books.outcomes(request.id, 0) == (first, other)
    second = replace(first, unknown=(), not_tried=())
    await books.settle(request.id, second)
    assert await books.outcomes(request.id, 0) == (second, other)
    assert await books.outcomes(request.id, 1) == ()


@over_one_database
@given(refused=extremes.few(st.tuples(extremes.texts, extremes.texts)), unknown=extremes.few(extremes.texts))
async def test_an_outcome_comes_back_whatever_it_holds(
    books: SqlBooks, refused: tuple[tuple[str, str], ...], unknown: tuple[str, ...]
) -> None:
    request = await giving(books, ["a"], size=10)
    whys = tuple(Refused(CustomerId(customer), why) for customer, why in refused)
    outcome = BatchOutcome(0, 0, 10, refused=whys, unknown=ids(*unknown))
    await books.settle(request.id, outcome)
    assert await books.outcomes(request.id, 0) == (outcome,)


async def test_the_four_ends_add_up_at_every_step(books: SqlBooks) -> None:
    request = await giving(books, ["a", "b", "c", "d", "e", "f", "g"], size=2, batches=2)
    assert await books.tally(request.id) == Tally(7)
    await books.take_up(request.id, 0)
    assert await books.tally(request.id) == Tally(7, unknown=4)
    await books.settle(request.id, BatchOutcome(0, 0, 2, refused=(Refused(CustomerId("a"), "no"),)))
    assert await books.tally(request.id) == Tally(7, given=1, refused=1, unknown=2)
    await books.settle(request.id, BatchOutcome(0, 1, 2, unknown=ids("c"), not_tried=ids("d")))
    assert await books.tally(request.id) == Tally(7, given=1, refused=1, unknown=1)
    await books.take_up(request.id, 0)
    assert await books.tally(request.id) == Tally(7, given=1, refused=1, unknown=1)
    await books.take_up(request.id, 1)
    await books.settle(request.id, BatchOutcome(0, 1, 2))
    assert await books.tally(request.id) == Tally(7, given=3, refused=1, unknown=3)
    await books.settle(request.id, BatchOutcome(1, 0, 2))
    await books.settle(request.id, BatchOutcome(1, 1, 1))
    assert await books.tally(request.id) == Tally(7, given=6, refused=1)
    assert await books.tally(new_request_id()) == Tally(0)


async def test_the_refused_are_told_in_the_order_they_were_asked_for(books: SqlBooks) -> None:
    request = await giving(books, [str(number) for number in range(40)], size=2, batches=2)

    async def refuse(portion: int, batch: int, *customers: str) -> None:
        refused = tuple(Refused(CustomerId(customer), f"no {customer}") for customer in customers)
        await books.settle(request.id, BatchOutcome(portion, batch, 2, refused=refused))

    await refuse(9, 1, "39")
    await refuse(2, 1, "11", "10")
    await refuse(2, 0, "9")
    assert await books.refused(request.id) == tuple(Refused(CustomerId(who), f"no {who}") for who in ("9", "10", "11", "39"))
    assert await books.refused(new_request_id()) == ()


async def test_who_is_left_out_is_told_at_every_step_as_the_tally_counts_them(books: SqlBooks) -> None:
    request = await giving(books, ["g", "f", "e", "d", "c", "b", "a"], size=2, batches=2)

    async def left() -> LeftOut:
        told, tally = await books.left_out(request.id, most=100), await books.tally(request.id)
        assert (len(told.unknown), len(told.not_tried)) == (tally.unknown, tally.not_tried)
        return told

    assert await left() == LeftOut(not_tried=ids("g", "f", "e", "d", "c", "b", "a"))
    await books.take_up(request.id, 0)
    assert await left() == LeftOut(unknown=ids("g", "f", "e", "d"), not_tried=ids("c", "b", "a"))
    await books.settle(request.id, BatchOutcome(0, 1, 2, unknown=ids("d"), not_tried=ids("e")))
    assert await left() == LeftOut(unknown=ids("g", "f", "d"), not_tried=ids("e", "c", "b", "a"))
    await books.settle(request.id, BatchOutcome(0, 0, 2, refused=(Refused(CustomerId("g"), "no"),)))
    await books.take_up(request.id, 1)
    await books.settle(request.id, BatchOutcome(1, 1, 1, not_tried=ids("a")))
    assert await left() == LeftOut(unknown=ids("d", "c", "b"), not_tried=ids("e", "a"))
    await books.settle(request.id, BatchOutcome(0, 1, 2))
    await books.settle(request.id, BatchOutcome(1, 0, 2))
    await books.settle(request.id, BatchOutcome(1, 1, 1))
    assert await left() == LeftOut()
    assert await books.left_out(new_request_id(), most=100) == LeftOut()


@pytest.mark.parametrize("most", [0, 1, 3, 4, 6])
async def test_of_many_who_are_left_out_the_first_are_told(books: SqlBooks, most: int) -> None:
    request = await giving(books, ["a", "b", "c", "d", "e", "f", "g"], size=2, batches=1)
    await books.take_up(request.id, 0)
    told = await books.left_out(request.id, most=most)
    assert told == LeftOut(unknown=ids("a", "b")[:most], not_tried=ids("c", "d", "e", "f", "g")[: max(most - 2, 0)])


async def test_the_rest_is_all_who_are_unknown_or_not_tried_as_they_were_asked_for(books: SqlBooks) -> None:
    request = await giving(books, ["g", "f", "e", "d", "c", "b", "a", "9", "8"], size=2, batches=2)
    for portion in (0, 1):
        await books.take_up(request.id, portion)
    await books.settle(request.id, BatchOutcome(0, 0, 2, unknown=ids("f"), not_tried=ids("g")))
    await books.settle(request.id, BatchOutcome(0, 1, 2, refused=(Refused(CustomerId("e"), "no"),)))
    for batch in (0, 1):
        await books.settle(request.id, BatchOutcome(1, batch, 2))
    assert [portion async for portion in books.rest(request.id)] == [ids("g", "f"), ids("8")]
    assert [portion async for portion in books.rest(new_request_id())] == []


async def test_giving_goes_on_until_somebody_cancels(books: SqlBooks) -> None:
    request = await giving(books, ["a", "b"], size=1)
    assert await books.goes_on(request.id)
    assert await books.settle(request.id, BatchOutcome(0, 0, 1))
    await change(books, replace(request, cancel_asked_by=UserId("U1")))
    assert not await books.goes_on(request.id)
    assert not await books.settle(request.id, BatchOutcome(0, 1, 1))
    assert await books.tally(request.id) == Tally(2, given=2)


async def test_giving_goes_on_until_there_is_a_reason_to_stop_and_the_first_reason_stands(books: SqlBooks) -> None:
    request = await giving(books, ["a"], size=1)
    await books.halt(request.id, StopReason.SCOPE_MISSING, "403\x00")
    await books.halt(request.id, StopReason.RULE_GONE, "404")
    assert await _found(books, request) == replace(request, stop=StopReason.SCOPE_MISSING, note="403\x00")
    assert not await books.goes_on(request.id)
    assert not await books.settle(request.id, BatchOutcome(0, 0, 1))


async def test_a_new_round_that_was_continued_goes_on_and_can_be_stopped_anew(books: SqlBooks) -> None:
    request = await giving(books, ["a"], size=1)
    await books.halt(request.id, StopReason.SCOPE_MISSING, "403")
    await change(books, replace(request, round=2, stop=None, note=""))
    assert await books.goes_on(request.id)
    await books.halt(request.id, StopReason.RULE_GONE, "404")
    assert (await _found(books, request)).stop is StopReason.RULE_GONE


@pytest.mark.parametrize("state", [state for state in State if state is not State.GIVING])
async def test_what_is_not_being_given_cannot_be_stopped_and_does_not_go_on(books: SqlBooks, state: State) -> None:
    request = await kept(books, state)
    await books.halt(request.id, StopReason.RULE_GONE, "404")
    assert await books.find(request.id) == request
    assert not await books.goes_on(request.id)


async def test_dinteros_last_answer_is_kept(books: SqlBooks) -> None:
    request = await giving(books, ["a"], size=1)
    await books.answered(request.id, replace(RULE, statistics=Statistics(usage=1)))
    await books.answered(request.id, replace(RULE, statistics=Statistics(usage=2)))
    found = await _found(books, request)
    assert found == replace(request, last_answer=replace(RULE, statistics=Statistics(usage=2)))


async def test_what_happens_beside_an_open_page_is_not_lost_by_it(books: SqlBooks) -> None:
    request = await giving(books, ["a", "b", "c"], size=1, batches=3)
    async with books.page(request.id) as page:
        assert page
        beside = [
            asyncio.create_task(books.halt(request.id, StopReason.RULE_GONE, "404")),
            asyncio.create_task(books.answered(request.id, RULE)),
            asyncio.create_task(books.settle(request.id, BatchOutcome(0, 0, 1))),
        ]
        await asyncio.sleep(0)
        await page.keep(replace(page.request, cancel_asked_by=UserId("U1")))
    await asyncio.gather(*beside)
    expected = replace(request, cancel_asked_by=UserId("U1"), stop=StopReason.RULE_GONE, note="404", last_answer=RULE)
    assert await books.find(request.id) == expected
    assert (await books.tally(request.id)).given == 1


async def test_eight_lanes_can_settle_at_once(books: SqlBooks) -> None:
    request = await giving(books, [str(number) for number in range(64)], size=1, batches=8)
    outcomes = [BatchOutcome(portion, batch, 1) for portion in range(8) for batch in range(8)]
    assert all(await asyncio.gather(*(books.settle(request.id, outcome) for outcome in outcomes)))
    assert await books.tally(request.id) == Tally(64, given=64)


async def test_only_who_took_a_request_last_writes_what_came_of_it(books: SqlBooks) -> None:
    request = await giving(books, ["a", "b", "c", "d"], size=1, batches=2)
    older = await books.claim(request.id)
    assert older
    assert await books.take_up(request.id, 0, fence=older)
    assert await books.settle(request.id, BatchOutcome(0, 0, 1), fence=older)
    newer = await books.claim(request.id)
    assert newer == older + 1
    for late in (books.take_up(request.id, 1, fence=older), books.settle(request.id, BatchOutcome(0, 1, 1), fence=older)):
        with pytest.raises(TakenOver):
            await late
    await books.halt(request.id, StopReason.RULE_GONE, "404", fence=older)
    await books.answered(request.id, RULE, fence=older)
    assert await _found(books, request) == request
    assert await books.tally(request.id) == Tally(4, given=1, unknown=1)
    assert await books.take_up(request.id, 1, fence=newer)
    assert await books.settle(request.id, BatchOutcome(0, 1, 1), fence=newer)
    await books.answered(request.id, RULE, fence=newer)
    await books.halt(request.id, StopReason.RULE_GONE, "404", fence=newer)
    assert await _found(books, request) == replace(request, last_answer=RULE, stop=StopReason.RULE_GONE, note="404")
    assert await books.take_up(request.id, 0, fence=newer) is None


# what is to be said


@over_one_database
@given(spoken=extremes.notices)
async def test_a_notice_comes_out_as_it_was_put_in(books: SqlBooks, spoken: Notice) -> None:
    request = await kept(books)
    await say(books, request, spoken)
    unsaid = await only(books)
    assert unsaid == Unsaid(unsaid.id, unsaid.key, request.id, spoken, tried=False, attempts=0)
    await books.give_up(unsaid, why="\x00")


async def test_of_a_thread_one_notice_at_a_time_can_be_said_in_order(books: SqlBooks) -> None:
    request, other = await kept(books), await kept(books)
    await say(books, request, notice(Kind.CARD), notice(Kind.LINE), notice(Kind.SUMMARY))
    await say(books, other, notice(Kind.LINE, Happened.DONE))
    assert await to_be_said(books) == [notice(Kind.CARD), notice(Kind.LINE, Happened.DONE)]
    told = []
    while unsaid := await books.unsaid(NOW, limit=1):
        told.append((unsaid[0].request, unsaid[0].notice.kind))
        await books.said(unsaid[0], ts="1.1")
    assert told == [(request.id, Kind.CARD), (request.id, Kind.LINE), (request.id, Kind.SUMMARY), (other.id, Kind.LINE)]


async def test_every_message_has_a_key_of_its_own_that_stays(books: SqlBooks) -> None:
    request, other = await kept(books), await kept(books)
    await say(books, request, notice())
    await say(books, other, notice())
    keys = {unsaid.key for unsaid in await books.unsaid(NOW, limit=10)}
    assert len(keys) == 2
    assert {unsaid.key for unsaid in await books.unsaid(NOW, limit=10)} == keys


async def test_a_cards_place_in_slack_goes_to_its_request(books: SqlBooks) -> None:
    request = await kept(books)
    await say(books, request, notice(Kind.CARD), notice(Kind.LINE))
    await books.said(await only(books), ts="17.001")
    assert (await _found(books, request)).card_ts == "17.001"
    await books.said(await only(books), ts="18.002")
    assert (await _found(books, request)).card_ts == "17.001"
    assert await books.unsaid(NOW, limit=10) == ()


async def test_a_notice_that_is_put_off_holds_up_its_thread_until_its_time(books: SqlBooks) -> None:
    request = await kept(books)
    await say(books, request, notice(Kind.CARD), notice(Kind.LINE))
    await books.put_off(await only(books), until=NOW + timedelta(seconds=5), clean=True)
    assert await to_be_said(books) == []
    assert await to_be_said(books, after=timedelta(seconds=4, microseconds=999_999)) == []
    assert await to_be_said(books, after=timedelta(seconds=5)) == [notice(Kind.CARD)]


async def test_a_notice_that_can_never_be_said_holds_up_nobody(books: SqlBooks) -> None:
    request = await kept(books)
    await say(books, request, notice(Kind.CARD), notice(Kind.LINE), notice(Kind.DIRECT, to="U1"))
    await books.give_up(await only(books), why="channel_not_found")
    assert await to_be_said(books) == [notice(Kind.LINE), notice(Kind.DIRECT, to="U1")]


async def test_what_links_to_the_card_waits_until_it_is_posted(books: SqlBooks) -> None:
    request = await kept(books)
    linking = [notice(Kind.NOTICE, to="C2"), notice(Kind.NOTICE, to="C3"), notice(Kind.DIRECT, to="U1")]
    await say(books, request, notice(Kind.CARD), *linking, notice(Kind.CARD, Happened.DONE))
    assert await to_be_said(books) == [notice(Kind.CARD)]
    await books.said(await only(books), ts="17.001")
    assert await to_be_said(books) == [*linking, notice(Kind.CARD, Happened.DONE)]


async def test_a_person_who_cannot_be_written_to_holds_up_neither_the_thread_nor_a_channel(books: SqlBooks) -> None:
    request = await kept(books)
    direct, channel = notice(Kind.DIRECT, to="U1"), notice(Kind.NOTICE, to="C2")
    await say(books, request, direct, notice(Kind.LINE), channel, notice(Kind.DIRECT, Happened.DONE, to="U1"))
    first, *_ = await books.unsaid(NOW, limit=10)
    await books.put_off(first, until=NOW + timedelta(hours=1), clean=True)
    assert await to_be_said(books) == [notice(Kind.LINE), channel]


async def test_an_attempt_is_counted_before_it_goes_out(books: SqlBooks) -> None:
    await say(books, await kept(books), notice())
    await books.saying(await only(books))
    unsaid = await only(books)
    assert (unsaid.tried, unsaid.attempts) == (True, 1)


async def test_an_attempt_that_posted_nothing_for_sure_leaves_nothing_to_look_for(books: SqlBooks) -> None:
    await say(books, await kept(books), notice())
    unsaid = await only(books)
    await books.saying(unsaid)
    await books.put_off(unsaid, until=NOW, clean=True)
    again = await only(books)
    assert (again.tried, again.attempts) == (False, 1)


async def test_an_attempt_whose_end_is_not_known_is_remembered_past_a_later_clean_one(books: SqlBooks) -> None:
    await say(books, await kept(books), notice())
    for clean in (False, True):
        unsaid = await only(books)
        await books.saying(unsaid)
        await books.put_off(unsaid, until=NOW, clean=clean)
    again = await only(books)
    assert (again.tried, again.attempts) == (True, 2)


async def test_the_books_tell_that_they_are_there(books: SqlBooks) -> None:
    await books.ping()
