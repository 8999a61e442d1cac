"""What a day is held to finds what must not be: a comparison that finds nothing would always be content."""

from dataclasses import replace

from bot.database.repositories.repository import open_repository
from bot.domain.requests.notification import ChannelKind, Notification, NotificationType
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
    async with open_shop() as shop, open_repository(sqlite_url) as repository:
        request = await repository.find(await approved(repository, shop, who))
        assert request
        ledger = shop.dintero.ledger
        ledger.carry_out(ledger.arrived(RULE, who, request.once_key, HandClock().now()), HandClock().now())
        ledger.carry_out(ledger.arrived(RULE, who, None, HandClock().now()), HandClock().now())
        async with repository.unit_of_work(request.id) as unit:
            assert unit
            await unit.enqueue(
                Notification(kind=ChannelKind.LINE, happened=NotificationType.STARTED, at=HandClock().now())
            )
        faults = "\n".join((await compare(shop, repository, sqlite_url, STORMY)).faults)
    for fault in (
        "holds",
        "2 times",
        "given under a key of no request",
        "did not come to its end",
        "says nothing of 3",
        "before it was started",
        "never posted",
    ):
        assert fault in faults


async def test_the_comparison_counts_as_unknown_what_the_bot_tells_as_unknown(sqlite_url: str) -> None:
    who, now = customers(3), HandClock().now()
    async with open_shop() as shop, open_repository(sqlite_url) as repository:
        request = await repository.find(await approved(repository, shop, who))
        assert request
        async with repository.unit_of_work(request.id) as page:
            assert page
            await page.save(replace(request, state=State.GIVING, started_at=now))
        assert await repository.start_portion(request.id, 0)
        shop.dintero.ledger.carry_out(shop.dintero.ledger.arrived(RULE, who, request.once_key, now), now)
        async with repository.unit_of_work(request.id) as unit:
            assert unit
            await unit.save(
                replace(unit.request, state=State.CANCELLED, cancel_asked_by=request.requester, ended_at=now)
            )
        found = await compare(shop, repository, sqlite_url, STORMY)
    assert (found.ends["unknown"], found.ends["not tried"]) == (3, 0)
    assert not [fault for fault in found.faults if "who hold" in fault]


async def test_a_witness_says_what_was_given_before_it_was_started_and_nothing_of_what_was(
    sqlite_url: str,
) -> None:
    who, now = customers(3), HandClock().now()
    async with open_shop() as shop, open_repository(sqlite_url) as repository:
        request = await repository.find(await approved(repository, shop, who))
        assert request
        ledger = shop.dintero.ledger
        witness = Witness(repository, ledger)
        await witness.sees(Point.BEFORE, ledger.arrived(RULE, who, "of nobody", now).number)
        async with repository.unit_of_work(request.id) as unit:
            assert unit
            await unit.save(replace(request, state=State.GIVING, started_at=now))
        await witness.sees(Point.BEFORE, ledger.arrived(RULE, who, request.once_key, now).number)
    assert witness.faults == ["of nobody was given before it was started"]
