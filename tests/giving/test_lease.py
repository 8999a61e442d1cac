"""A giving that another process has taken over: nothing more goes out of it, and nothing of it is written."""

import asyncio
from dataclasses import dataclass, field

import pytest

from bot.background.claims import ClaimedRun, ClaimedRuns
from bot.cluster.membership import SingleProcess, Term
from bot.domain.ids import Fence
from bot.domain.requests.request import Request
from bot.errors import LeaseLost
from bot.giving.lease import FencedRepository, LeasedDinteroApi
from sandbox.dintero import Point
from tests.support.engine_fixture import AT_ONCE, Ground, customers, traffic_of


@dataclass(slots=True)
class Leased(SingleProcess):
    """A process whose lease ends when a test says so."""

    over: asyncio.Event = field(default_factory=asyncio.Event)

    async def ours(self, term: int) -> None:
        if self.over.is_set():
            raise LeaseLost(term)


def _begin(ground: Ground, request: Request, membership: SingleProcess) -> ClaimedRun:
    runs = ClaimedRuns(
        ground.repository,
        ground.dintero,
        AT_ONCE,
        ground.closing,
        ground.clock,
        traffic_of(AT_ONCE),
        membership,
    )
    return runs.register(request.id)


async def _all(run: ClaimedRun, ground: Ground, request: Request) -> None:
    for number in range(await ground.repository.portions(request.id)):
        await run.portion(number)


async def test_what_is_held_is_given_as_ever_and_by_a_second_run_nothing_more(both: Ground) -> None:
    request = await both.asked(customers(20), concurrency=2, batches=2)
    for _ in range(2):
        await _all(_begin(both, request, SingleProcess()), both, request)
        assert (await both.truth(request)).given == 20
    assert len(both.ledger.calls) == 5


async def test_once_its_lease_is_over_nothing_more_goes_out_and_another_gives_the_rest(both: Ground) -> None:
    request, leased = await both.asked(customers(20), batches=2), Leased()

    async def end_it(point: Point, number: int) -> None:
        if (point, number) == (Point.AFTER, 3):
            leased.over.set()

    both.sandbox.on_call = end_it
    with pytest.raises(LeaseLost):
        await _all(_begin(both, request, leased), both, request)
    assert len(both.ledger.calls) == 3
    with pytest.raises(LeaseLost):
        await _begin(both, request, leased).portion(0)
    await _all(_begin(both, request, SingleProcess()), both, request)
    assert (await both.truth(request)).given == 20
    assert len(both.ledger.calls) == 5


async def test_an_answer_that_comes_after_another_took_over_counts_for_nothing_and_nothing_follows_it(
    both: Ground,
) -> None:
    request, let_go, held = await both.asked(customers(20), batches=2), asyncio.Event(), asyncio.Event()

    async def hold(point: Point, number: int) -> None:
        if (point, number) == (Point.AFTER, 1):
            held.set()
            await let_go.wait()

    both.sandbox.on_call = hold
    leased = Leased()
    late = asyncio.create_task(_all(_begin(both, request, leased), both, request))
    await held.wait()
    leased.over.set()
    await _all(_begin(both, request, SingleProcess()), both, request)
    calls, tally = len(both.ledger.calls), await both.repository.tally(request.id)
    let_go.set()
    with pytest.raises(LeaseLost):
        await late
    assert (len(both.ledger.calls), await both.repository.tally(request.id)) == (calls, tally)
    assert (await both.truth(request)).given == 20


async def test_rules_are_read_whoever_holds_what(ground: Ground) -> None:
    leased = Leased()
    leased.over.set()
    held = LeasedDinteroApi(ground.dintero, _begin(ground, await ground.asked(customers(1)), leased).term)
    assert await held.rule(ground.rule.id) == ground.rule
    assert ground.rule.id in {rule.id for rule in await held.rules()}


async def test_without_a_lease_a_request_is_not_locked_to_post_an_outage_notice(ground: Ground) -> None:
    request, leased = await ground.asked(customers(1)), Leased()
    repository = FencedRepository(ground.repository, Fence(1), Term(leased, 0))
    async with repository.unit_of_work(request.id) as work:
        assert work
    leased.over.set()
    with pytest.raises(LeaseLost):
        async with repository.unit_of_work(request.id):
            pass
