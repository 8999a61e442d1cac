"""A giving under way is checked again before another process gives anything more of it."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from itertools import count

import pytest
from structlog.testing import capture_logs

from bot.app import RunningBot
from bot.domain.ids import GroupId
from bot.domain.policy.budget import Budget
from bot.domain.policy.policy import Policy, RefusalReason
from bot.domain.requests.person import AccountKind
from bot.domain.requests.request import Request, State, StopReason
from sandbox.dintero.catalogue import SEED_RULE
from sandbox.dintero.server import ACCOUNT
from sandbox.shop import LEADS, POLICY, SUPPORT, open_bot, with_channel
from sandbox.slack.state.faults import Refuse
from tests.background.test_runner import LOOKS, QUICKLY, Bots, bots, either
from tests.journeys.process import approved
from tests.support.engine_fixture import customers

__all__ = ["bots", "either"]

PRODUCTION = "P11112222"
SEVERAL = 20


async def half_given(bots: Bots) -> Request:
    """Give a part of a request in a process that is gone then."""
    request = await approved(bots.repository, bots.shop, customers(60))
    held, let_go = bots.at(2)
    async with bots.bot() as running:
        await asyncio.wait_for(held.wait(), 60)
        running.background.drain()
        let_go.set()
    bots.shop.dintero.on_call = None
    found = await bots.repository.find(request)
    assert found
    assert found.state is State.GIVING
    return found


def another(
    bots: Bots, policy: Policy = POLICY, *, account: str = ACCOUNT
) -> AbstractAsyncContextManager[RunningBot]:
    return open_bot(
        bots.shop,
        bots.url,
        policy=policy,
        clock=bots.clock,
        retry_policy=QUICKLY,
        DINTERO_ACCOUNT_ID=account,
    )


async def test_the_rest_is_given_by_the_next_process(either: Bots) -> None:
    await half_given(either)
    async with another(either):
        await either.is_told("Given to 60 of 60")


def leads_change(bots: Bots) -> None:
    bots.shop.slack.workspace.groups[GroupId(LEADS)].members.discard(bots.shop.bo.id)


def approver_leaves(bots: Bots) -> None:
    bots.shop.bo.account.kind = AccountKind.DEACTIVATED


def requester_leaves(bots: Bots) -> None:
    bots.shop.ann.account.kind = AccountKind.GUEST


def approvals_age(bots: Bots) -> None:
    bots.clock.pass_by(hours=25)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (leads_change, "The approval no longer counts (an approver lost access)."),
        (approver_leaves, "The approval no longer counts (somebody involved has a deactivated account)."),
        (requester_leaves, "Ann can't request discounts here any more, so nobody can approve this."),
        (approvals_age, "The approval no longer counts (it is too old)."),
    ],
)
async def test_an_approval_that_no_longer_counts_is_renewed_first(
    either: Bots, change: Callable[[Bots], None], told: str
) -> None:
    request = await half_given(either)
    calls = len(either.shop.dintero.ledger.calls)
    change(either)
    async with another(either):
        await either.is_told(told)
    assert len(either.shop.dintero.ledger.calls) == calls
    assert await either.state(request.id) is State.WAITING


async def test_a_rule_that_changed_meanwhile_is_not_given_by_the_next_process(either: Bots) -> None:
    request = await half_given(either)
    calls = len(either.shop.dintero.ledger.calls)
    either.shop.dintero.rules[SEED_RULE]["reward"]["value"] *= 9
    async with another(either):
        await either.is_told("The rule changed in Dintero")
    assert len(either.shop.dintero.ledger.calls) == calls
    assert await either.state(request.id) is State.WAITING


@pytest.mark.parametrize(
    ("policy", "stop"),
    [
        (replace(POLICY, channels={}), StopReason.POLICY),
        (with_channel(POLICY, SUPPORT, max_customers=59), StopReason.POLICY),
        (with_channel(POLICY, SUPPORT, rules=frozenset({"another"})), StopReason.POLICY),
        (with_channel(POLICY, SUPPORT, budget=Budget(days=30, customers=59)), StopReason.BUDGET),
    ],
    ids=["unlisted", "fewer", "rule", "budget"],
)
async def test_a_stricter_policy_stops_the_giving(bots: Bots, policy: Policy, stop: StopReason) -> None:
    request = await half_given(bots)
    calls = len(bots.shop.dintero.ledger.calls)
    async with another(bots, policy):
        await bots.is_told("Stopped:")
    assert len(bots.shop.dintero.ledger.calls) == calls
    found = await bots.repository.find(request.id)
    assert found
    assert (found.state, found.stop) == (State.STOPPED, stop)


async def test_a_bot_for_another_account_gives_nothing_of_it(either: Bots) -> None:
    request = await half_given(either)
    calls = len(either.shop.dintero.ledger.calls)
    with capture_logs() as logs:
        async with another(either, account=PRODUCTION):
            card = await either.is_told("the bot now uses another Dintero account")
            assert PRODUCTION in either.shop.ann.read(card)
            await either.is_told("Stopped:")
    assert len(either.shop.dintero.ledger.calls) == calls
    found = await either.repository.find(request.id)
    assert found
    assert (found.state, found.note) == (State.STOPPED, RefusalReason.OTHER_ACCOUNT)
    (warning,) = (one for one in logs if one["event"] == "requests for another account are not given")
    assert (warning["account"], warning["requests"]) == (PRODUCTION, [request.short])


async def test_without_an_answer_of_slack_the_rest_waits_and_the_thread_says_so(bots: Bots) -> None:
    await half_given(bots)
    calls, asked, looks = len(bots.shop.dintero.ledger.calls), asyncio.Event(), count(1)

    async def away(point: str, method: str, _number: int) -> None:
        if point == "before" and method in LOOKS:
            if next(looks) > SEVERAL:
                asked.set()  # the first attempts have failed by now
            raise Refuse(503)

    bots.shop.slack.faults.on_call = away
    async with another(bots):
        await asyncio.wait_for(asked.wait(), 60)
        bots.clock.pass_by(seconds=30)
        await bots.is_told("Slack isn't answering")
        assert len(bots.shop.dintero.ledger.calls) == calls
        bots.shop.slack.faults.on_call = None
        await bots.is_told("Given to 60 of 60")
