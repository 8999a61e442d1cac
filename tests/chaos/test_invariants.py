"""What a day is held to finds what must not be: a comparison that finds nothing would always be content."""

from dataclasses import replace

from bot.database.repositories.repository import open_books
from bot.domain.requests.notification import Happened, Kind, Notice
from bot.domain.requests.request import State
from chaos.invariants import compare
from chaos.run import STORMY
from chaos.start_watcher import Witness
from sandbox.dintero import Point
from sandbox.shop import open_shop
from tests.journeys.process import RULE, approved
from tests.support.clock import HandClock
from tests.support.engine_fixture import customers


async def test_the_comparison_finds_what_is_lost_given_without_consent_and_unsaid(sqlite_url: str) -> None:
    who = customers(3)
    async with open_shop() as shop, open_books(sqlite_url) as books:
        request = await books.find(await approved(books, shop, who))
        assert request
        ledger = shop.dintero.ledger
        ledger.carry_out(ledger.arrived(RULE, who, request.once_key, HandClock().now()), HandClock().now())
        ledger.carry_out(ledger.arrived(RULE, who, None, HandClock().now()), HandClock().now())
        async with books.page(request.id) as page:
            assert page
            await page.say(Notice(kind=Kind.LINE, happened=Happened.STARTED, at=HandClock().now()))
        faults = "\n".join((await compare(shop, books, sqlite_url, STORMY)).faults)
    for fault in (
        "holds",
        "2 times",
        "given under a key of no request",
        "did not come to its end",
        "says nothing of 3",
        "before it was started",
        "never said",
    ):
        assert fault in faults


async def test_the_comparison_counts_as_unknown_what_the_bot_tells_as_unknown(sqlite_url: str) -> None:
    who, now = customers(3), HandClock().now()
    async with open_shop() as shop, open_books(sqlite_url) as books:
        request = await books.find(await approved(books, shop, who))
        assert request
        async with books.page(request.id) as page:
            assert page
            await page.keep(replace(request, state=State.GIVING, started_at=now))
        assert await books.take_up(request.id, 0)
        shop.dintero.ledger.carry_out(shop.dintero.ledger.arrived(RULE, who, request.once_key, now), now)
        async with books.page(request.id) as page:
            assert page
            await page.keep(
                replace(page.request, state=State.CANCELLED, cancel_asked_by=request.requester, ended_at=now)
            )
        found = await compare(shop, books, sqlite_url, STORMY)
    assert (found.ends["unknown"], found.ends["not tried"]) == (3, 0)
    assert not [fault for fault in found.faults if "who hold" in fault]


async def test_a_witness_says_what_was_given_before_it_was_started_and_nothing_of_what_was(
    sqlite_url: str,
) -> None:
    who, now = customers(3), HandClock().now()
    async with open_shop() as shop, open_books(sqlite_url) as books:
        request = await books.find(await approved(books, shop, who))
        assert request
        ledger = shop.dintero.ledger
        witness = Witness(books, ledger)
        await witness.sees(Point.BEFORE, ledger.arrived(RULE, who, "of nobody", now).number)
        async with books.page(request.id) as page:
            assert page
            await page.keep(replace(request, state=State.GIVING, started_at=now))
        await witness.sees(Point.BEFORE, ledger.arrived(RULE, who, request.once_key, now).number)
    assert witness.faults == ["of nobody was given before it was started"]
