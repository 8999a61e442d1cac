"""What the books promise of what is to be said, on both databases."""

from datetime import timedelta

from hypothesis import given

from bot.database.repositories.repository import SqlBooks
from bot.domain.requests.notification import Happened, Kind, Notice, Unsaid
from tests.contracts.repository import (
    NOW,
    as_it_stands,
    kept,
    notice,
    only,
    over_one_database,
    say,
    to_be_said,
)
from tests.support import hostile_values

# what is to be said


@over_one_database
@given(spoken=hostile_values.notices)
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
    assert told == [
        (request.id, Kind.CARD),
        (request.id, Kind.LINE),
        (request.id, Kind.SUMMARY),
        (other.id, Kind.LINE),
    ]


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
    assert (await as_it_stands(books, request)).card_ts == "17.001"
    await books.said(await only(books), ts="18.002")
    assert (await as_it_stands(books, request)).card_ts == "17.001"
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


async def test_a_person_who_cannot_be_written_to_holds_up_neither_the_thread_nor_a_channel(
    books: SqlBooks,
) -> None:
    request = await kept(books)
    direct, channel = notice(Kind.DIRECT, to="U1"), notice(Kind.NOTICE, to="C2")
    await say(books, request, direct, notice(Kind.LINE), channel, notice(Kind.DIRECT, Happened.DONE, to="U1"))
    first, *_ = await books.unsaid(NOW, limit=10)
    await books.put_off(first, until=NOW + timedelta(minutes=9), clean=True)
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


async def test_an_attempt_whose_end_is_not_known_is_remembered_past_a_later_clean_one(
    books: SqlBooks,
) -> None:
    await say(books, await kept(books), notice())
    for clean in (False, True):
        unsaid = await only(books)
        await books.saying(unsaid)
        await books.put_off(unsaid, until=NOW, clean=clean)
    again = await only(books)
    assert (again.tried, again.attempts) == (True, 2)


async def test_the_books_tell_that_they_are_there(books: SqlBooks) -> None:
    await books.ping()
