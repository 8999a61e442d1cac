"""A start that follows its approval at once relies on what that has just asked; any other asks again."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from bot.clock import SystemClock
from bot.database.repositories.repository import SqlRepository
from bot.dintero.connection import open_dintero
from bot.domain.ids import GroupId
from bot.domain.policy.policy import Refusal
from bot.domain.requests.pause import Pause
from bot.domain.requests.person import Person
from bot.domain.requests.request import State, digest
from bot.giving.lookups import HEAD_START_SECONDS, HeadStart
from bot.giving.start import Preflight
from bot.services.approving.approvals import ApprovalService
from sandbox.dintero import Fault, Operation
from sandbox.dintero.server import ACCOUNT, CLIENT_ID, CLIENT_SECRET
from sandbox.shop import LEADS, POLICY, SUPPORT, open_shop, with_channel
from tests.giving.test_start import CHIEF, LATER, Scene
from tests.journeys.process import approved
from tests.support.engine_fixture import customers
from tests.support.service_fixture import Wakes

LOOKUPS = {"users.info": 2, "usergroups.users.list": 1}


@pytest.fixture
async def waiting(repository: SqlRepository) -> AsyncIterator[Scene]:
    """A request by Ann that waits for one approval."""
    async with AsyncExitStack() as stack:
        shop = await stack.enter_async_context(open_shop())
        client = open_dintero(shop.dintero.url, ACCOUNT, CLIENT_ID, CLIENT_SECRET)
        dintero = await stack.enter_async_context(client)
        request = await approved(repository, shop, customers(8))
        scene = Scene(shop, repository, dintero, request, stack)
        await scene.change(state=State.WAITING, expires_at=LATER)
        yield scene


async def approve(scene: Scene, preflight: Preflight) -> None:
    """Approve the request as Cleo."""
    approvals = ApprovalService(
        repository=scene.repository,
        access=preflight.access,
        clock=SystemClock(),
        background=Wakes(),
        prepare_start=preflight.head_starts.begin,
    )
    cleo = Person(scene.shop.cleo.id, scene.shop.slack.team)
    shown = digest(await scene.now())
    done = await approvals.approve(scene.request, 1, cleo, typed="", shown=shown, named=())
    assert not isinstance(done, Refusal)


def asked(scene: Scene) -> tuple[dict[str, int], int]:
    """Count the look-ups in Slack, and the reads of a rule in Dintero."""
    log = scene.shop.dintero.ledger.access_log
    reads = sum(entry.operation == Operation.RULE for entry in log)
    return {method: scene.shop.slack.faults.calls[method] for method in LOOKUPS}, reads


async def test_the_start_after_an_approval_asks_nothing_twice(waiting: Scene) -> None:
    preflight = await waiting.open_preflight()
    _, reads = asked(waiting)
    await approve(waiting, preflight)
    assert asked(waiting) == (LOOKUPS | {"users.info": 2}, reads + 1)
    assert await preflight.begin(waiting.request)
    assert asked(waiting)[1] == reads + 1


async def test_a_start_that_had_to_wait_asks_again(waiting: Scene) -> None:
    preflight, repository = await waiting.open_preflight(), waiting.repository
    await approve(waiting, preflight)
    await repository.begin_pause(Pause(SystemClock().now(), CHIEF, "lunch"))
    assert await preflight.begin(waiting.request) is None
    await repository.end_pause(CHIEF, SystemClock().now())
    leads = waiting.shop.slack.workspace.groups[GroupId(LEADS)]
    leads.members.clear()
    assert await preflight.begin(waiting.request) is None
    assert (await waiting.now()).state is not State.GIVING


@pytest.mark.parametrize(
    ("hold", "approvals"), [(5, 1), (0, 3)], ids=["before a hold", "with another one to come"]
)
async def test_an_approval_that_starts_nothing_asks_nothing_for_a_start(
    waiting: Scene, hold: int, approvals: int
) -> None:
    await waiting.change(approvals=approvals)
    preflight = await waiting.open_preflight(with_channel(POLICY, SUPPORT, hold_minutes=hold))
    reads = asked(waiting)[1]
    await approve(waiting, preflight)
    assert preflight.head_starts.take(waiting.request) is None
    assert asked(waiting)[1] == reads


async def test_a_failed_look_at_the_rule_delays_the_start_alone(waiting: Scene) -> None:
    waiting.shop.dintero.faults.next(Fault.broken(), on=Operation.RULE)
    preflight = await waiting.open_preflight()
    await approve(waiting, preflight)
    assert await preflight.begin(waiting.request) is None
    assert (await waiting.now()).state is State.APPROVED
    assert await preflight.begin(waiting.request)


async def test_answers_count_for_two_seconds(waiting: Scene) -> None:
    preflight = await waiting.open_preflight()
    rule = asyncio.create_task(waiting.dintero.rule((await waiting.now()).rule.id))  # type: ignore[union-attr]
    asked_at = time.monotonic() - HEAD_START_SECONDS
    assert not HeadStart(1, preflight.access, rule, asked_at).is_recent
    assert HeadStart(1, preflight.access, rule, asked_at + 1).is_recent
    await rule
