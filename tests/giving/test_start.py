"""The last check before giving finds every change since the approval; nothing else is given."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.clock import SystemClock
from bot.database.repositories.repository import SqlRepository
from bot.dintero.connection import open_dintero
from bot.domain.ids import GroupId, RequestId, UserId
from bot.domain.policy.policy import Policy, Refusal, RefusalReason
from bot.domain.ports import Clock, DinteroApi
from bot.domain.requests.notification import STARTS_AFTER, ChannelKind, Notification, NotificationType
from bot.domain.requests.pause import Pause
from bot.domain.requests.person import AccountKind, Person
from bot.domain.requests.request import Request, State, StopReason, digest
from bot.giving.lookups import RuleLookups
from bot.giving.scheduler import CallScheduler
from bot.giving.start import Preflight
from bot.services.access import AccessControl
from bot.services.approving.approvals import ApprovalService
from bot.slack.client.connection import open_client
from bot.slack.client.directory import SlackDirectory
from sandbox.dintero import Fault, Operation
from sandbox.dintero.server import ACCOUNT, CLIENT_ID, CLIENT_SECRET
from sandbox.shop import LEADS, POLICY, SUPPORT, Shop, open_shop, with_channel
from tests.journeys.process import approved
from tests.support.clock import HandClock
from tests.support.engine_fixture import RULE, customers
from tests.support.service_fixture import Wakes

LATER = datetime.max.replace(tzinfo=UTC)
CHIEF = UserId("U0CHIEF")


@dataclass(slots=True)
class Scene:
    """A shop in which Bo has approved a request by Ann."""

    shop: Shop
    repository: SqlRepository
    dintero: DinteroApi
    request: RequestId
    stack: AsyncExitStack

    async def open_preflight(self, policy: Policy = POLICY, *, clock: Clock | None = None) -> Preflight:
        """Open a preflight with an empty directory cache."""
        slack = self.shop.slack
        client = await self.stack.enter_async_context(open_client(slack.api_url, slack.credentials.bot_token))
        access = AccessControl(policy, SlackDirectory(client, slack.team, SystemClock()), slack.team, ACCOUNT)
        return Preflight(
            repository=self.repository,
            lookups=RuleLookups(self.dintero, CallScheduler(first=0.01, longest=0.05)),
            access=access,
            clock=clock or SystemClock(),
        )

    async def begin(self, policy: Policy = POLICY) -> Request | None:
        return await (await self.open_preflight(policy)).begin(self.request)

    async def now(self) -> Request:
        found = await self.repository.find(self.request)
        assert found
        return found

    async def change(self, **changes: object) -> None:
        async with self.repository.unit_of_work(self.request) as unit:
            assert unit
            await unit.save(replace(unit.request, **changes))  # type: ignore[arg-type]

    async def channels_of(self, happened: NotificationType) -> list[ChannelKind]:
        """Deliver the outbox, and list the channels of one event."""
        return sorted(notification.kind for notification in await self.deliver(happened))

    async def deliver(self, happened: NotificationType) -> list[Notification]:
        """Deliver the outbox, and return the notifications of one event."""
        sent = []
        while unsaid := await self.repository.due_messages(LATER, limit=50):
            sent += [one.notification for one in unsaid if one.notification.happened is happened]
            for one in unsaid:
                await self.repository.mark_sent(one, ts="1.0")
        return sent


@pytest.fixture
async def scene(repository: SqlRepository) -> AsyncIterator[Scene]:
    """Each kind of database."""
    async with AsyncExitStack() as stack:
        shop = await stack.enter_async_context(open_shop())
        dintero = await stack.enter_async_context(
            open_dintero(shop.dintero.url, ACCOUNT, CLIENT_ID, CLIENT_SECRET)
        )
        yield Scene(shop, repository, dintero, await approved(repository, shop, customers(8)), stack)


async def test_people_and_groups_are_looked_up_again_at_once_and_each_once(scene: Scene) -> None:
    together, calls = asyncio.Barrier(3), list[str]()

    async def wait_for_the_others(point: str, method: str, _number: int) -> None:
        if point == "before":
            calls.append(method)
            await asyncio.wait_for(together.wait(), 20)

    scene.shop.slack.faults.on_call = wait_for_the_others
    assert await scene.begin()
    assert sorted(calls) == ["usergroups.users.list", "users.info", "users.info"]


async def test_an_approved_request_starts(scene: Scene) -> None:
    giving = await scene.begin()
    assert giving == await scene.now()
    assert giving
    assert giving.state is State.GIVING
    assert giving.started_at
    assert await scene.channels_of(NotificationType.STARTED) == [ChannelKind.CARD]


async def test_of_two_simultaneous_starts_one_is_announced(scene: Scene) -> None:
    one, another = await scene.open_preflight(), await scene.open_preflight()
    first, second = await asyncio.gather(one.begin(scene.request), another.begin(scene.request))
    assert {giving.state for giving in (first, second) if giving} == {State.GIVING}
    assert (await scene.begin()) == await scene.now()
    assert await scene.channels_of(NotificationType.STARTED) == [ChannelKind.CARD]


@pytest.mark.parametrize("state", sorted(set(State) - {State.APPROVED, State.GIVING}))
async def test_nothing_else_is_started(scene: Scene, state: State) -> None:
    await scene.change(state=state)
    assert await scene.begin() is None
    assert (await scene.now()).state is state


async def test_an_unknown_request_does_not_start(scene: Scene) -> None:
    assert await (await scene.open_preflight()).begin(RequestId("nobody")) is None


async def test_it_stays_approved_while_slack_cannot_be_asked(scene: Scene) -> None:
    scene.shop.slack.faults.outage = True
    assert await scene.begin() is None
    assert (await scene.now()).state is State.APPROVED
    scene.shop.slack.faults.outage = False
    assert await scene.begin()


@pytest.mark.parametrize("fault", [Fault.busy(1), Fault.broken(), Fault.cut(), Fault.answer(200, "no JSON")])
async def test_it_stays_approved_while_dintero_cannot_be_asked(scene: Scene, fault: Fault) -> None:
    scene.shop.dintero.faults.always(fault, on=Operation.RULE)
    assert await scene.begin() is None
    assert (await scene.now()).state is State.APPROVED
    scene.shop.dintero.faults.clear()
    assert await scene.begin()


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (Fault.unauthorized(), StopReason.TOKEN_REFUSED),
        (Fault.forbidden(), StopReason.SCOPE_MISSING),
        (Fault.not_found(), StopReason.RULE_GONE),
    ],
)
async def test_a_refusal_by_dintero_stops_it_before_anything_is_given(
    scene: Scene, fault: Fault, reason: StopReason
) -> None:
    scene.shop.dintero.faults.always(fault, on=Operation.RULE)
    assert await scene.begin() is None
    await assert_stopped(scene, reason)


async def test_a_deleted_rule_stops_it(scene: Scene) -> None:
    scene.shop.dintero.delete(RULE)
    assert await scene.begin() is None
    await assert_stopped(scene, StopReason.RULE_GONE)


async def test_a_rule_that_was_switched_off_stops_it(scene: Scene) -> None:
    scene.shop.dintero.rules[RULE]["active"] = False
    assert await scene.begin() is None
    await assert_stopped(scene, StopReason.RULE_INACTIVE)


async def test_an_expired_rule_stops_it(scene: Scene) -> None:
    scene.shop.dintero.rules[RULE]["requirement"]["purchase_to"] = (
        datetime.now(UTC) - timedelta(minutes=1)
    ).isoformat()
    assert await scene.begin() is None
    await assert_stopped(scene, StopReason.RULE_EXPIRED)


async def test_a_changed_rule_needs_a_new_approval(scene: Scene) -> None:
    scene.shop.dintero.rules[RULE]["reward"]["value"] = 1
    assert await scene.begin() is None
    waiting = await scene.now()
    assert (waiting.state, waiting.round) == (State.WAITING, 2)
    assert waiting.rule
    assert waiting.rule.reward.value == 1
    assert waiting.expires_at
    assert not await scene.repository.votes(scene.request, waiting.round)
    assert await scene.channels_of(NotificationType.RULE_CHANGED) == [
        ChannelKind.CARD,
        ChannelKind.DIRECT,
        ChannelKind.LINE,
    ]


async def test_a_changed_rule_stops_a_request_without_approvers(scene: Scene) -> None:
    await scene.change(approvals=0, round=2)
    scene.shop.dintero.rules[RULE]["reward"]["value"] = 1
    await scene.begin(with_channel(POLICY, SUPPORT, approvals=0))
    await assert_stopped(scene, StopReason.RULE_CHANGED)


async def test_statistics_and_words_of_a_rule_may_change(scene: Scene) -> None:
    scene.shop.dintero.use(RULE, times=5)
    scene.shop.dintero.rules[RULE]["description"] = "other words"
    assert await scene.begin()


@pytest.mark.parametrize("kind", [AccountKind.DEACTIVATED, AccountKind.GUEST])
async def test_a_request_whose_requester_left_waits_for_approval_again(
    scene: Scene, kind: AccountKind
) -> None:
    scene.shop.ann.account.kind = kind
    assert await scene.begin() is None
    await assert_waits_again(scene, approvals=1)


async def test_an_approval_by_somebody_who_may_no_longer_approve_is_void(
    scene: Scene,
) -> None:
    scene.shop.slack.workspace.groups[next(iter(scene.shop.slack.workspace.groups))].members.discard(
        scene.shop.bo.id
    )
    assert await scene.begin() is None
    await assert_waits_again(scene, approvals=1)


async def test_a_revocation_counts_at_the_start_however_fresh_the_cache(scene: Scene) -> None:
    preflight, shop = await scene.open_preflight(), scene.shop
    request = await scene.now()
    assert await preflight.access.may_decide(Person(shop.bo.id, shop.slack.team), request) is None
    shop.slack.workspace.groups[GroupId(LEADS)].members.discard(shop.bo.id)
    assert await preflight.access.may_decide(Person(shop.bo.id, shop.slack.team), request) is None
    assert await preflight.begin(scene.request) is None
    assert (await scene.now()).state is State.WAITING


async def test_a_revocation_counts_at_an_approval_however_fresh_the_cache(scene: Scene) -> None:
    preflight, shop = await scene.open_preflight(), scene.shop
    request, cleo = await scene.now(), Person(shop.cleo.id, shop.slack.team)
    await scene.change(state=State.WAITING, approvals=2, expires_at=LATER)
    approvals = ApprovalService(
        repository=scene.repository, access=preflight.access, clock=SystemClock(), background=Wakes()
    )
    assert not isinstance(await approvals.open(request.id, cleo, SUPPORT), Refusal)
    shop.slack.workspace.groups[GroupId(LEADS)].members.discard(cleo.id)
    shown = digest(await scene.now())
    refused = await approvals.approve(request.id, 1, cleo, typed="", shown=shown, named=())
    assert isinstance(refused, Refusal)
    assert refused.reason is RefusalReason.NOT_AN_APPROVER


async def test_a_request_that_the_policy_no_longer_allows_stops(scene: Scene) -> None:
    for stricter in (
        replace(POLICY, channels={}),
        with_channel(POLICY, SUPPORT, rules=frozenset({"another"})),
        with_channel(POLICY, SUPPORT, max_customers=7),
        with_channel(POLICY, SUPPORT, max_amount=1),
        with_channel(POLICY, SUPPORT, require_reason=True),
    ):
        assert await scene.begin(stricter) is None
        assert ((await scene.now()).state, (await scene.now()).stop) == (State.STOPPED, StopReason.POLICY)
        await scene.change(state=State.APPROVED, stop=None)
    assert await scene.begin()


async def test_an_approval_of_other_content_is_void(scene: Scene) -> None:
    await scene.change(customers_digest="of other customers")
    assert await scene.begin() is None
    await assert_waits_again(scene, approvals=1)


@pytest.mark.parametrize(
    ("stricter", "approvals"),
    [({"approvers": ("U0CLEO",)}, 1), ({"approvals": 2}, 2)],
    ids=["who", "how many"],
)
async def test_a_stricter_policy_needs_a_new_approval(
    scene: Scene, stricter: dict[str, Any], approvals: int
) -> None:
    assert await scene.begin(with_channel(POLICY, SUPPORT, **stricter)) is None
    await assert_waits_again(scene, approvals=approvals)


async def assert_waits_again(scene: Scene, *, approvals: int) -> None:
    waiting = await scene.now()
    assert (waiting.state, waiting.round, waiting.approvals) == (State.WAITING, 2, approvals)
    assert await scene.channels_of(NotificationType.CONSENT_VOID) == [
        ChannelKind.CARD,
        ChannelKind.DIRECT,
        ChannelKind.LINE,
    ]


async def test_a_cancel_during_the_preflight_counts(scene: Scene) -> None:
    async def cancel(_point: str, _method: str, _number: int) -> None:
        scene.shop.slack.faults.on_call = None
        await scene.change(state=State.CANCELLED)

    scene.shop.slack.faults.on_call = cancel
    assert await scene.begin() is None
    assert (await scene.now()).state is State.CANCELLED


async def assert_stopped(scene: Scene, reason: StopReason) -> None:
    stopped = await scene.now()
    assert (stopped.state, stopped.stop) == (State.STOPPED, reason)
    assert not scene.shop.dintero.ledger.calls
    assert await scene.channels_of(NotificationType.STOPPED) == [
        ChannelKind.CARD,
        ChannelKind.DIRECT,
        ChannelKind.LINE,
        ChannelKind.NOTICE,
    ]


async def test_a_start_that_waits_for_an_answer_is_posted_once_and_so_is_its_end(scene: Scene) -> None:
    clock = HandClock()
    preflight = await scene.open_preflight(clock=clock)
    scene.shop.dintero.faults.always(Fault.cut(), on=Operation.RULE)
    assert await preflight.begin(scene.request) is None
    assert not (await scene.now()).waits_since  # the very next look may have an answer
    since = clock.now()
    for _ in range(3):
        clock.pass_by(seconds=20)
        assert await preflight.begin(scene.request) is None
    assert (await scene.now()).waits_since == since
    assert await scene.channels_of(NotificationType.WAITING) == [ChannelKind.CARD, ChannelKind.LINE]
    scene.shop.dintero.faults.clear()
    giving = await preflight.begin(scene.request)
    assert giving
    assert (giving.state, giving.waits_since) == (State.GIVING, None)
    assert await scene.channels_of(NotificationType.STARTED) == [ChannelKind.CARD, ChannelKind.LINE]


async def test_a_pause_between_two_failed_checks_is_no_outage(scene: Scene) -> None:
    clock = HandClock()
    preflight = await scene.open_preflight(clock=clock)
    scene.shop.dintero.faults.always(Fault.cut(), on=Operation.RULE)
    assert await preflight.begin(scene.request) is None
    await scene.repository.begin_pause(Pause(clock.now(), CHIEF, "lunch"))
    clock.pass_by(hours=2)
    assert await preflight.begin(scene.request) is None
    await scene.repository.end_pause(CHIEF, clock.now())
    assert await preflight.begin(scene.request) is None
    assert not (await scene.now()).waits_since


async def test_the_post_names_the_service_that_does_not_answer(scene: Scene) -> None:
    clock = HandClock()
    preflight = await scene.open_preflight(clock=clock)
    scene.shop.slack.faults.outage = True
    for _ in range(2):
        assert await preflight.begin(scene.request) is None
        clock.pass_by(seconds=20)
    assert {
        notification.facts[STARTS_AFTER] for notification in await scene.deliver(NotificationType.WAITING)
    } == {"Slack"}


async def test_a_request_that_needs_a_new_approval_no_longer_waits_for_a_service(scene: Scene) -> None:
    await scene.change(waits_since=datetime.now(UTC))
    scene.shop.dintero.rules[RULE]["reward"]["value"] = 12_345
    assert await scene.begin() is None
    waiting = await scene.now()
    assert (waiting.state, waiting.waits_since) == (State.WAITING, None)
