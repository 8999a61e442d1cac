"""After another process has claimed a request, this one makes no call for it and writes nothing."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from dbos import DBOS, SetWorkflowID

from bot.background.giving_workflow import GivingWorkflow, started_here
from bot.clock import FOREVER
from bot.cluster.replica import SingleProcess
from bot.database.repositories.repository import SqlRepository
from bot.domain.requests.request import Request
from bot.errors import LeaseLost
from bot.giving.engine import GivingRun
from bot.giving.finish import Completion
from bot.giving.lookups import RuleLookups
from bot.giving.retry import RetryPolicy
from bot.giving.start import Preflight
from bot.services.access import AccessControl
from sandbox.dintero import Fault, Point
from sandbox.dintero.server import ACCOUNT
from sandbox.shop import POLICY
from tests.background.test_runner import Bots, bots
from tests.support.engine_fixture import AT_ONCE, Ground, customers, traffic_of
from tests.support.interruptions import at
from tests.support.service_fixture import TEAM, Town

__all__ = ["bots"]


@dataclass(slots=True)
class Leased(SingleProcess):
    """A process whose lease ends when a test says so."""

    over: asyncio.Event = field(default_factory=asyncio.Event)

    async def ours(self, term: int) -> None:
        if self.over.is_set():
            raise LeaseLost(term)


async def claim(
    ground: Ground, request: Request, membership: SingleProcess, retry_policy: RetryPolicy = AT_ONCE
) -> GivingRun:
    assert isinstance(ground.repository, SqlRepository)
    scheduler = traffic_of(retry_policy)
    lookups, access = RuleLookups(ground.dintero, scheduler), AccessControl(POLICY, Town(), TEAM, ACCOUNT)
    completion = Completion(repository=ground.repository, lookups=lookups, access=access, clock=ground.clock)
    giving = GivingWorkflow(
        ground.repository,
        ground.dintero,
        ground.clock,
        retry_policy,
        scheduler,
        membership,
        completion,
        Preflight(ground.repository, lookups, access, ground.clock),
        engine_url="",
    )
    return await giving.claim(request.id, membership.term, until=FOREVER)


async def give_all(run: GivingRun, ground: Ground, request: Request) -> None:
    for number in range(await ground.repository.portions(request.id)):
        await run.portion(number)


async def test_a_second_claim_gives_nothing_more_once_all_is_given(both: Ground) -> None:
    request = await both.asked(customers(20), concurrency=2, batches=2)
    for _ in range(2):
        await give_all(await claim(both, request, SingleProcess()), both, request)
        assert (await both.truth(request)).given == 20
    assert len(both.ledger.calls) == 5


async def test_after_the_lease_no_call_goes_out_and_another_process_gives_the_rest(both: Ground) -> None:
    request, leased = await both.asked(customers(20), batches=2), Leased()

    async def end_it(point: Point, number: int) -> None:
        if (point, number) == (Point.AFTER, 3):
            leased.over.set()

    both.sandbox.on_call = end_it
    run = await claim(both, request, leased)
    with pytest.raises(LeaseLost):
        await give_all(run, both, request)
    assert len(both.ledger.calls) == 3
    with pytest.raises(LeaseLost):
        await claim(both, request, leased)
    await give_all(await claim(both, request, SingleProcess()), both, request)
    assert (await both.truth(request)).given == 20
    assert len(both.ledger.calls) == 5


async def test_an_answer_after_another_claim_is_not_written_and_no_call_follows(both: Ground) -> None:
    request, let_go, held = await both.asked(customers(20), batches=2), asyncio.Event(), asyncio.Event()

    async def hold(point: Point, number: int) -> None:
        if (point, number) == (Point.AFTER, 1):
            held.set()
            await let_go.wait()

    both.sandbox.on_call = hold
    leased = Leased()
    run = await claim(both, request, leased)
    late = asyncio.create_task(give_all(run, both, request))
    await held.wait()
    leased.over.set()
    await give_all(await claim(both, request, SingleProcess()), both, request)
    calls, tally = len(both.ledger.calls), await both.repository.tally(request.id)
    let_go.set()
    with pytest.raises(LeaseLost):
        await late
    assert (len(both.ledger.calls), await both.repository.tally(request.id)) == (calls, tally)
    assert (await both.truth(request)).given == 20


async def test_a_stale_run_starts_no_portion(both: Ground) -> None:
    request = await both.asked(customers(4))
    stale = await claim(both, request, SingleProcess())
    await claim(both, request, SingleProcess())
    with pytest.raises(LeaseLost):
        await stale.portion(0)
    assert (await both.repository.tally(request.id)).not_tried == 4


def then_claim(ground: Ground, request: Request) -> Callable[[], asyncio.Future[object]]:
    return lambda: asyncio.ensure_future(ground.repository.claim(request.id))


async def test_a_stale_run_writes_no_outcome(both: Ground) -> None:
    request = await both.asked(customers(8), batches=1)
    stale = await claim(both, request, SingleProcess())
    at(both.sandbox, Point.AFTER, 1, then_claim(both, request))
    with pytest.raises(LeaseLost):
        await stale.portion(0)
    assert (await both.repository.tally(request.id)).given == 0


async def test_a_stale_run_writes_no_answer_of_dintero(both: Ground) -> None:
    request = await both.asked(customers(8))
    stale = await claim(both, request, SingleProcess())
    at(both.sandbox, Point.AFTER, 2, then_claim(both, request))
    with pytest.raises(LeaseLost):
        await stale.portion(0)
    assert (await both.now(request)).last_answer is None


async def test_a_stale_run_stops_nothing(both: Ground) -> None:
    request = await both.asked(customers(4))
    both.sandbox.faults.always(Fault.forbidden())
    stale = await claim(both, request, SingleProcess())
    at(both.sandbox, Point.BEFORE, 1, then_claim(both, request))
    with pytest.raises(LeaseLost):
        await stale.portion(0)
    assert (await both.now(request)).stop is None


async def test_a_process_without_its_lease_posts_no_outage(ground: Ground) -> None:
    request, leased = await ground.asked(customers(4)), Leased()
    ground.sandbox.faults.always(Fault.cut(after=True))
    run = await claim(ground, request, leased, RetryPolicy(first=0.001, longest=0.002, attempts=3, told=0.0))

    async def end() -> None:
        leased.over.set()

    at(ground.sandbox, Point.AFTER, 1, end)
    with pytest.raises(LeaseLost):
        await run.portion(0)
    assert (await ground.now(request)).waits_since is None


async def test_a_handle_shows_whether_its_workflow_began_by_this_start(bots: Bots) -> None:
    async with bots.bot():

        @DBOS.workflow(name="nothing")
        async def nothing() -> None:
            """Do nothing."""

        begun = []
        for _ in range(2):
            with SetWorkflowID("nothing:1"):
                handle = await DBOS.start_workflow_async(nothing)
            begun.append(started_here(handle))
            await handle.get_result()
    assert begun == [True, False]
