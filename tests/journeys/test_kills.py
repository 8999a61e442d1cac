"""A process is killed at numbered points under every fault; after a restart, the result is the same."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.database.repositories.repository import SqlRepository, open_repository
from bot.domain.ids import CustomerId, RequestId
from bot.domain.requests.request import State
from sandbox.dintero import Fault, Point
from sandbox.shop import Shop, open_shop
from sandbox.slack import Cut
from sandbox.slack import Fault as SlackFault
from tests.journeys.killer import ADD, Kill, Killer
from tests.journeys.process import RULE, BotProcess, a_process, approved
from tests.support.postgres import BUSY_SECONDS

EVERYBODY = tuple(CustomerId(f"customer-{number:02}") for number in range(20))
REFUSED = frozenset({EVERYBODY[6], EVERYBODY[13]})
PATIENT = 150.0
"""Seconds for several starts, waits for Slack or Dintero, and a busy machine."""
MANY_SECONDS = 30.0
"""Limit for a stop: at most ten on an idle machine, and far fewer than the wait for Dintero."""

BEFORE, AFTER = Point.BEFORE, Point.AFTER

FAULTS: dict[str, list[Fault | None]] = {
    "all well": [],
    "500 after": [None, Fault.broken(500, after=True)],
    "cut after": [None, None, Fault.cut(after=True)],
    "cut before": [Fault.cut(), None, None, Fault.cut()],
    "no JSON": [None, Fault.no_json()],
    "429": [Fault.busy(1)],
    "hang after": [None, Fault.hang(after=True)],
}

POSTS, EDITS, LISTS = "chat.postMessage", "chat.update", "files.completeUploadExternal"
PLANS = {
    "first call, then late": [Kill(BEFORE, ADD), Kill(AFTER, ADD), Kill(AFTER, ADD, 4)],
    "again and again": [Kill(AFTER, ADD, 2), Kill(BEFORE, ADD, 2), Kill(AFTER, ADD, 3), Kill(AFTER, ADD, 1)],
    "while refused ids are looked for": [Kill(AFTER, ADD, 5), Kill(AFTER, ADD, 3)],
    "first posts": [Kill(BEFORE, POSTS), Kill(AFTER, POSTS), Kill(AFTER, POSTS)],
    "posts and edits": [Kill(AFTER, EDITS), Kill(AFTER, POSTS), Kill(BEFORE, EDITS)],
    "one of the last posts": [Kill(AFTER, POSTS, 5)],
    "the very last post": [Kill(BEFORE, ADD, 6), Kill(AFTER, POSTS, 3)],
    "the list": [Kill(BEFORE, LISTS), Kill(AFTER, "upload"), Kill(AFTER, LISTS)],
    "giving and telling": [Kill(AFTER, POSTS), Kill(AFTER, ADD, 3), Kill(AFTER, EDITS), Kill(AFTER, POSTS)],
}


MATRIX = [
    (fault, plan)
    for at, fault in enumerate(FAULTS)
    for of, plan in enumerate(PLANS)
    if at == 0 or (at + of) % 8 == 0
]
"""Every plan without a fault, and every fault with one plan; `make chaos` combines them all."""
ON_POSTGRESQL = ("again and again", "giving and telling")

SLACK_FAULTS = [
    (POSTS, SlackFault.CUT_AFTER),
    (POSTS, SlackFault.SERVER_ERROR_AFTER),
    (EDITS, SlackFault.CUT_AFTER),
]


@pytest.mark.parametrize(("fault", "plan"), MATRIX)
async def test_a_kill_at_any_point_does_not_change_the_result(
    tmp_path: Path, sqlite_url: str, fault: str, plan: str
) -> None:
    await _killed_and_told(tmp_path, sqlite_url, FAULTS[fault], PLANS[plan])


@pytest.mark.parametrize("plan", ON_POSTGRESQL)
async def test_on_postgresql_too(tmp_path: Path, postgres_url: str, plan: str) -> None:
    await _killed_and_told(tmp_path, postgres_url, FAULTS["cut after"], PLANS[plan])


@pytest.mark.parametrize(("method", "fault"), SLACK_FAULTS)
async def test_a_message_without_an_answer_is_posted_once_despite_kills(
    tmp_path: Path, sqlite_url: str, method: str, fault: SlackFault
) -> None:
    def plan(shop: Shop) -> None:
        shop.slack.faults.plan(method, fault, times=2)

    await _killed_and_told(tmp_path, sqlite_url, [], [Kill(AFTER, method, 3), Kill(BEFORE, method, 1)], plan)


async def test_twenty_interrupted_runs_all_continue(tmp_path: Path, sqlite_url: str) -> None:
    async with _bot(tmp_path, sqlite_url) as (shop, process, repository, first):
        others = [await approved(repository, shop, _customers_of(number)) for number in range(19)]
        killer = Killer(shop, process, [Kill(AFTER, ADD, 25)])
        await process.start()
        await shop.slack.until(
            lambda: killer.over and len(shop.slack.messages(shop.campaigns)) == 20, within=PATIENT
        )
        await process.ready()
        assert await process.stop() == 0, process.log
        assert set(shop.dintero.ledger.holders(RULE).values()) == {1}
        for request in (first, *others):
            tally = await repository.tally(request)
            assert (tally.given + tally.refused, tally.left) == (20, 0)


async def test_a_stop_lets_calls_in_flight_end_and_starts_no_other(tmp_path: Path, database_url: str) -> None:
    async with _bot(tmp_path, database_url, refused=frozenset()) as (shop, process, repository, asked):
        code, seconds = await _told_to_end_at(shop, process, 3, 4)
        assert (code, len(shop.dintero.ledger.calls)) == (0, 4), process.log
        assert seconds < MANY_SECONDS
        tally = await repository.tally(asked)
        assert (tally.given, tally.left) == (16, 4)
        await process.start()
        await shop.slack.until(
            lambda: "Given to 20 of 20" in shop.slack.transcript(shop.support), within=PATIENT
        )
        assert len(shop.dintero.ledger.calls) == 5
        assert set(shop.dintero.ledger.holders(RULE).values()) == {1}


async def test_a_stop_while_dintero_hangs_ends_before_the_answer(tmp_path: Path, sqlite_url: str) -> None:
    async with _bot(tmp_path, sqlite_url, patience="120") as (shop, process, repository, asked):
        shop.dintero.faults.next(None, None, Fault.hang(after=True), Fault.hang())
        code, seconds = await _told_to_end_at(shop, process, 3, 4)
        assert code == 0, process.log
        assert seconds < MANY_SECONDS
        assert len(shop.dintero.ledger.calls) == 4
        assert (await repository.tally(asked)).unknown > 0
        await process.start()
        await _all_is_told(shop, Killer(shop, process, []))
        await process.ready()
        assert await process.stop() == 0, process.log
        await _it_came_out_right(shop, repository, asked)


async def test_a_stop_while_it_waits_for_slack_is_immediate(tmp_path: Path, sqlite_url: str) -> None:
    async with _bot(tmp_path, sqlite_url) as (shop, process, _, _):
        called = asyncio.Event()

        async def away(_point: str, _method: str, _number: int) -> None:
            called.set()
            raise Cut

        shop.slack.faults.on_call = away
        await process.start()
        await asyncio.wait_for(called.wait(), PATIENT)
        assert await asyncio.wait_for(process.stop(), MANY_SECONDS) == 0, process.log


def _customers_of(number: int) -> tuple[CustomerId, ...]:
    return tuple(CustomerId(f"{number}-{at}") for at in range(20))


async def _told_to_end_at(shop: Shop, process: BotProcess, *calls: int) -> tuple[int, float]:
    """Start, stop the process during these calls, and return its exit code and duration in seconds."""
    under_way, all_there = set[int](), asyncio.Event()

    async def hold(point: Point, number: int) -> None:
        if point is Point.BEFORE and number in calls:
            under_way.add(number)
            if under_way.issuperset(calls):
                all_there.set()
            await process.closing.wait()

    shop.dintero.on_call = hold
    await process.start()
    await asyncio.wait_for(all_there.wait(), PATIENT)
    began = asyncio.get_running_loop().time()
    return await process.stop(), asyncio.get_running_loop().time() - began


async def _killed_and_told(
    folder: Path,
    database_url: str,
    faults: list[Fault | None],
    kills: list[Kill],
    plan: Callable[[Shop], None] = lambda _: None,
) -> None:
    async with _bot(folder, database_url) as (shop, process, repository, request):
        shop.dintero.faults.next(*faults)
        plan(shop)
        killer = Killer(shop, process, kills)
        await process.start()
        await _all_is_told(shop, killer)
        await process.ready()
        assert await process.stop() == 0, process.log
        assert (killer.done, process.starts) == (len(kills), len(kills) + 1)
        await _it_came_out_right(shop, repository, request)


@asynccontextmanager
async def _bot(
    folder: Path, database_url: str, *, patience: str = "1", refused: frozenset[CustomerId] = REFUSED
) -> AsyncIterator[tuple[Shop, BotProcess, SqlRepository, RequestId]]:
    """Open the shop, save an approved request, and prepare a process that will find it."""
    async with (
        open_shop() as shop,
        open_repository(database_url, pool_timeout=BUSY_SECONDS) as repository,
        a_process(shop, folder, database_url, DINTERO_TIMEOUT=patience) as process,
    ):
        shop.dintero.refuses.update(refused)
        yield shop, process, repository, await approved(repository, shop, EVERYBODY)


async def _all_is_told(shop: Shop, killer: Killer) -> None:
    """Wait for the last messages: the card's edit, the summary, and those to Ann and the other channel."""

    def told() -> bool:
        cards = shop.slack.messages(shop.support)
        replies = [shop.ann.read(reply) for card in cards for reply in shop.slack.thread(card)]
        return (
            killer.over
            and any("Given to" in reply for reply in replies)
            and any("iven to 18 of 20" in shop.ann.read(card) for card in cards)
            and len(shop.slack.messages(shop.campaigns)) > 0
            and any("Given to" in shop.ann.read(one) for one in shop.ann.direct.messages)
            and any(one.files for one in shop.ann.direct.messages)
        )

    await shop.slack.until(told, within=PATIENT)


async def _it_came_out_right(shop: Shop, repository: SqlRepository, request: RequestId) -> None:
    """Check that everything visible is as if nothing had failed."""
    assert shop.dintero.ledger.holders(RULE) == {
        customer: 1 for customer in EVERYBODY if customer not in REFUSED
    }
    assert len({call.key for call in shop.dintero.ledger.calls}) == 1

    (card,) = shop.slack.messages(shop.support)
    replies = [shop.ann.read(reply) for reply in shop.slack.thread(card)]
    assert len(replies) == 3, replies
    first, last, summary = replies
    assert "approved (1 of 2)" in first
    assert "approved (2 of 2)" in last
    assert summary.startswith("Given to 18 of 20 customers")
    assert "2 refused" in summary or "2 customers refused" in summary

    (notice,) = shop.slack.messages(shop.campaigns)
    assert "Given to 18 of 20 customers" in shop.ann.read(notice)
    yes, done, listed = (shop.ann.read(message) for message in shop.ann.direct.messages)
    assert "Approved by" in yes
    assert "Given to 18 of 20 customers" in done
    assert all(customer in done for customer in REFUSED)
    assert "not given to 2 of 20 customers" in listed

    found, tally = await repository.find(request), await repository.tally(request)
    assert found
    assert found.state is State.DONE
    assert (tally.given, tally.refused, tally.left) == (18, 2, 0)
    assert not await repository.due_messages(datetime.max.replace(tzinfo=UTC), limit=10)
    assert not shop.slack.refused
