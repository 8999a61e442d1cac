"""The end of a giving: its outcomes are added up and announced once, however often it is finished."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.clock import SystemClock
from bot.database.repositories.repository import SqlRepository
from bot.domain.ids import TeamId, UserId
from bot.domain.policy.policy import AppliedTier, Policy, Tier, TierTrigger
from bot.domain.requests.notification import ChannelKind, NotificationType
from bot.domain.requests.request import Request, State, StopReason
from bot.giving.finish import Completion
from bot.giving.lookups import RuleLookups
from bot.giving.scheduler import CallScheduler
from bot.services.access import AccessControl
from bot.slack.client.connection import open_client
from bot.slack.client.directory import SlackDirectory
from sandbox.dintero import Fault, Operation, Point
from sandbox.shop import CAMPAIGNS, POLICY, SUPPORT
from tests.support.engine_fixture import RULE, Ground, customers, open_ground

LATER = datetime.max.replace(tzinfo=UTC)
TEAM = TeamId("T0")


@pytest.fixture
async def ground(repository: SqlRepository) -> AsyncIterator[Ground]:
    """Each kind of database and a Dintero."""
    async with open_ground(repository) as opened:
        yield opened


@pytest.fixture
async def directory() -> AsyncIterator[SlackDirectory]:
    """A directory that cannot be reached: the end of a giving needs no lookup in Slack."""
    async with open_client("http://127.0.0.1:1/", "xoxb-nobody") as client:
        yield SlackDirectory(client, TEAM, SystemClock())


@pytest.fixture
def completion(ground: Ground, directory: SlackDirectory) -> Completion:
    """Ends givings by the sandbox's policy."""
    return completion_of(ground, directory, POLICY)


def completion_of(ground: Ground, directory: SlackDirectory, policy: Policy) -> Completion:
    return Completion(
        repository=ground.repository,
        lookups=RuleLookups(ground.dintero, CallScheduler(first=0.01, longest=0.05)),
        access=AccessControl(policy, directory, TEAM, "T11112222"),
        clock=SystemClock(),
    )


async def open_request(ground: Ground, number: int = 8) -> Request:
    return await ground.change(await ground.asked(customers(number)), channel=SUPPORT)


async def deliver(ground: Ground) -> list[tuple[NotificationType, ChannelKind, str]]:
    """List the messages in the outbox, and mark them as sent."""
    sent = []
    while unsaid := await ground.repository.due_messages(LATER, limit=50):
        for one in unsaid:
            sent.append((one.notification.happened, one.notification.kind, one.notification.to))
            await ground.repository.mark_sent(one, ts="1.0")
    return sorted(sent)


def messages_of_end(
    happened: NotificationType, *, summary: bool
) -> list[tuple[NotificationType, ChannelKind, str]]:
    """List the messages of an end: with a summary, or with a line in the thread."""
    last = ChannelKind.SUMMARY if summary else ChannelKind.LINE
    return sorted(
        [
            (happened, ChannelKind.CARD, ""),
            (happened, last, ""),
            (happened, ChannelKind.DIRECT, "U0ANN"),
            (happened, ChannelKind.NOTICE, str(CAMPAIGNS)),
        ]
    )


async def test_a_giving_is_done_and_announced_once_however_often_it_is_finished(
    ground: Ground, completion: Completion
) -> None:
    request = await open_request(ground)
    await ground.give(request)
    await asyncio.gather(*(completion.finish(request.id, 1) for _ in range(3)))
    await completion.finish(request.id, 1)
    done = await ground.now(request)
    assert (done.state, done.stop) == (State.DONE, None)
    assert done.ended_at
    assert await deliver(ground) == messages_of_end(NotificationType.DONE, summary=True)


async def test_refused_customers_end_it_all_the_same(ground: Ground, completion: Completion) -> None:
    who = customers(4)
    ground.sandbox.refuses.update(who)
    request = await ground.asked(who)
    await ground.give(request)
    await completion.finish(request.id, 1)
    assert (await ground.now(request)).state is State.DONE


async def test_too_many_refused_end_it_with_the_rest_not_tried(
    ground: Ground, completion: Completion
) -> None:
    who = customers(60)
    ground.sandbox.refuses.update(who)
    request = await ground.asked(who, size=60)
    assert (await ground.give(request)).not_tried > 0
    await completion.finish(request.id, 1)
    assert (await ground.now(request)).state is State.DONE


async def test_unknown_outcomes_stop_it(ground: Ground, completion: Completion) -> None:
    request = await open_request(ground)
    ground.sandbox.faults.always(Fault.cut(after=True))
    await ground.give(request)
    await completion.finish(request.id, 1)
    stopped = await ground.now(request)
    assert (stopped.state, stopped.stop, stopped.ended_at) == (
        State.STOPPED,
        StopReason.UNKNOWN_FOR_GOOD,
        None,
    )
    admin = [(NotificationType.PAUSED, ChannelKind.DIRECT, who) for who in POLICY.admins]
    assert await deliver(ground) == sorted(
        [*messages_of_end(NotificationType.STOPPED, summary=False), *admin]
    )


async def test_batches_without_an_outcome_never_count_as_done(ground: Ground, completion: Completion) -> None:
    request = await open_request(ground)
    await ground.repository.start_portion(request.id, 0)
    await completion.finish(request.id, 1)
    assert ((await ground.now(request)).state, (await ground.now(request)).stop) == (
        State.STOPPED,
        StopReason.UNKNOWN_FOR_GOOD,
    )


async def test_the_stop_reason_is_kept(ground: Ground, completion: Completion) -> None:
    request = await open_request(ground)
    ground.sandbox.faults.always(Fault.forbidden())
    await ground.give(request)
    await completion.finish(request.id, 1)
    stopped = await ground.now(request)
    assert (stopped.state, stopped.stop) == (State.STOPPED, StopReason.SCOPE_MISSING)
    assert stopped.note


async def test_a_cancelled_giving_names_who_cancelled_it_and_sums_it_up(
    ground: Ground, completion: Completion
) -> None:
    request = await open_request(ground)
    await ground.change(request, cancel_asked_by=UserId("U0BO"))
    await ground.give(request)
    await completion.finish(request.id, 1)
    cancelled = await ground.now(request)
    assert (cancelled.state, cancelled.decided_by, cancelled.stop) == (State.CANCELLED, "U0BO", None)
    kinds = [kind for _, kind, _ in await deliver(ground)]
    assert sorted(kinds) == sorted(
        [ChannelKind.CARD, ChannelKind.SUMMARY, ChannelKind.DIRECT, ChannelKind.LIST]
    )


async def test_the_end_of_an_earlier_round_changes_nothing(ground: Ground, completion: Completion) -> None:
    request = await ground.next_round(await open_request(ground))
    await completion.finish(request.id, 1)
    assert (await ground.now(request)).state is State.GIVING
    assert await deliver(ground) == []


async def test_dinteros_last_answer_is_looked_up_if_a_crash_lost_it(
    ground: Ground, completion: Completion
) -> None:
    request = await open_request(ground)
    await ground.give(request)
    await ground.change(request, last_answer=None)
    await completion.finish(request.id, 1)
    assert (await ground.now(request)).last_answer


async def test_the_summary_can_do_without_dinteros_last_answer(
    ground: Ground, completion: Completion
) -> None:
    request = await open_request(ground)
    await ground.give(request)
    await ground.change(request, last_answer=None)
    ground.sandbox.faults.always(Fault.broken(), on=Operation.RULE)
    await completion.finish(request.id, 1)
    assert (await ground.now(request)).state is State.DONE


async def give_while_rule_changes(ground: Ground) -> Request:
    request = await open_request(ground)
    request = await ground.agreed(request)
    first = len(ground.ledger.calls) + 1

    async def worth_more(point: Point, number: int) -> None:
        if (point, number) == (Point.BEFORE, first):
            ground.sandbox.rules[RULE]["reward"]["value"] = 99_900

    ground.sandbox.on_call = worth_more
    await ground.give(request)
    ground.sandbox.on_call = None
    return await ground.now(request)


async def test_a_rule_that_changed_during_the_giving_waits_for_a_new_approval(
    ground: Ground, completion: Completion
) -> None:
    request = await give_while_rule_changes(ground)
    await completion.finish(request.id, 1)
    await completion.finish(request.id, 1)
    waiting = await ground.now(request)
    assert (waiting.state, waiting.round, waiting.stop, waiting.ended_at) == (State.WAITING, 2, None, None)
    assert waiting.rule
    assert waiting.rule.reward.value == 99_900
    assert waiting.expires_at
    assert (
        await ground.repository.votes(request.id, 2),
        (await ground.repository.tally(request.id)).given,
    ) == ((), 4)
    assert {happened for happened, _, _ in await deliver(ground)} == {NotificationType.RULE_CHANGED}


async def test_a_rule_that_became_more_expensive_falls_under_its_new_tier(
    ground: Ground, directory: SlackDirectory
) -> None:
    strict = Tier(approvals=3, above_amount=200_000)
    policy = replace(POLICY, channels={SUPPORT: replace(POLICY.channels[SUPPORT], tiers=(strict,))})
    request = await give_while_rule_changes(ground)
    await completion_of(ground, directory, policy).finish(request.id, 1)
    waiting = await ground.now(request)
    assert (waiting.approvals, waiting.tier) == (3, AppliedTier(3, TierTrigger.AMOUNT, 200_000))


async def test_without_approvers_a_changed_rule_stops_it(ground: Ground, completion: Completion) -> None:
    request = await ground.change(await give_while_rule_changes(ground), approvals=0)
    await completion.finish(request.id, 1)
    assert ((await ground.now(request)).state, (await ground.now(request)).stop) == (
        State.STOPPED,
        StopReason.RULE_CHANGED,
    )


async def test_a_changed_rule_that_cannot_be_read_stops_it(ground: Ground, completion: Completion) -> None:
    request = await give_while_rule_changes(ground)
    ground.sandbox.faults.always(Fault.broken(503), on=Operation.RULE)
    await completion.finish(request.id, 1)
    assert ((await ground.now(request)).state, (await ground.now(request)).stop) == (
        State.STOPPED,
        StopReason.RULE_CHANGED,
    )


async def test_a_cancel_weighs_more_than_a_changed_rule(ground: Ground, completion: Completion) -> None:
    request = await ground.change(await give_while_rule_changes(ground), cancel_asked_by=UserId("U0BO"))
    await completion.finish(request.id, 1)
    assert (await ground.now(request)).state is State.CANCELLED
