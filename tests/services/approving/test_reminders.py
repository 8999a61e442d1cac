"""Reminders and escalation: on time, once, to the people who can still approve, across crashes."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.database.repositories.repository import SqlRepository
from bot.domain.ids import UserId
from bot.domain.policy.policy import Refusal, RefusalReason
from bot.domain.requests.notification import ChannelKind, NotificationType
from bot.domain.requests.request import Request, State
from bot.domain.rules.rule import Reward, RewardType
from bot.services.approving.reminders import REMINDERS, reminded
from bot.services.snapshots import load_snapshot
from tests.services.test_changed_rule import approve, opened
from tests.support.samples import REQUEST
from tests.support.service_fixture import (
    ANN,
    BO,
    CHIEF,
    CLEO,
    DI,
    LEADS,
    NOW,
    POLICY,
    SPAR,
    STRICT,
    SUPPORT,
    Office,
    open_office,
)

HOUR = timedelta(hours=1)
REMINDING: dict[str, Any] = {
    "remind_minutes": 60,
    "escalate_to": (DI, ANN),
    "expires_hours": 10,
    "approvers": (LEADS,),
}
TIMED = replace(POLICY, channels={name: replace(one, **REMINDING) for name, one in POLICY.channels.items()})


@pytest.fixture
async def office(repository: SqlRepository) -> Office:
    """Remind after an hour and escalate after five."""
    return await open_office(repository, policy=TIMED)


async def told(office: Office, happened: NotificationType) -> list[str]:
    """Send the outbox, and return the people named in these lines."""
    await office.decisions.remind_due()
    await office.decisions.remind_due()
    return [
        notification.facts["who"]
        for notification in await office.unsaid()
        if notification.happened is happened and notification.kind is ChannelKind.LINE
    ]


async def test_reminders_come_after_one_two_and_four_hours_and_no_more(office: Office) -> None:
    await office.ask()
    heard = []
    for quarter in range(38):
        if await told(office, NotificationType.REMINDED):
            heard.append(quarter / 4)
        office.clock.pass_by(minutes=15)
    assert heard == [1, 2, 4]


async def test_after_a_long_downtime_one_reminder_is_sent(office: Office) -> None:
    request = await office.ask()
    office.clock.pass_by(hours=4)
    assert len(await told(office, NotificationType.REMINDED)) == 1
    now = await office.now(request.id)
    assert (now.remind_at, now.reminded) == (None, 3)


async def test_without_the_policy_keys_nothing_is_reminded_or_escalated(repository: SqlRepository) -> None:
    office = await open_office(repository)
    await office.ask()
    office.clock.pass_by(hours=23)
    assert await office.decisions.remind_due() == 0


async def test_only_waiting_requests_are_reminded_of(office: Office) -> None:
    await office.approve(await office.ask(), BO)
    over = await office.ask()
    office.clock.pass_by(hours=10)
    assert (
        await told(office, NotificationType.REMINDED) == await told(office, NotificationType.ESCALATED) == []
    )
    await office.decisions.expire_overdue()
    assert (await office.now(over.id)).state is State.EXPIRED


async def test_reminders_name_neither_past_approvers_nor_the_requester(office: Office) -> None:
    request = await office.ask(ANN, STRICT)
    await office.approve(request, BO)
    office.clock.pass_by(hours=1)
    assert await told(office, NotificationType.REMINDED) == [str(CLEO)]
    office.clock.pass_by(hours=4)
    assert await told(office, NotificationType.REMINDED) == [f"{CLEO} {DI}"]


async def test_the_whole_group_is_named_while_slack_is_down(office: Office) -> None:
    request = await office.ask(ANN, STRICT)
    await office.approve(request, BO)
    office.town.away = True
    office.clock.pass_by(hours=1)
    assert await told(office, NotificationType.REMINDED) == [str(LEADS)]


async def test_others_may_approve_from_the_escalation_on_and_no_earlier(office: Office) -> None:
    request = await office.ask()
    office.clock.pass_by(hours=4, minutes=59)
    await office.decisions.remind_due()
    early = await office.approve(request, DI)
    assert isinstance(early, Refusal)
    assert early.reason is RefusalReason.NOT_AN_APPROVER
    office.clock.pass_by(minutes=1)
    assert await told(office, NotificationType.ESCALATED) == [str(DI)]
    snapshot = await load_snapshot(office.repository, await office.now(request.id), TIMED)
    assert snapshot.asked_of == (LEADS, DI)
    own = await office.approve(request, ANN)
    assert isinstance(own, Refusal)
    assert own.reason is RefusalReason.OWN_REQUEST
    approved = await office.approve(request, DI)
    assert isinstance(approved, Request)
    assert approved.state is State.APPROVED
    assert await office.preflight.begin(request.id)


async def test_an_escalated_approver_of_a_changed_rule_stays_one(office: Office) -> None:
    asked = await office.ask()
    office.clock.pass_by(hours=5)
    await office.decisions.remind_due()
    office.shelf.change(SPAR, reward=Reward(type=RewardType.AMOUNT, value=Decimal(20_000)))
    view = await opened(office, asked, DI)
    approved = await approve(office, view, DI)
    assert isinstance(approved, Request)
    assert (approved.state, approved.escalated_to) == (State.APPROVED, (DI, ANN))
    assert await office.preflight.begin(asked.id)


async def test_a_reminder_left_by_an_older_version_tells_nothing_during_a_hold(office: Office) -> None:
    asked = await office.ask()
    now = office.clock.now()
    held = replace(
        asked, state=State.APPROVED, remind_at=now, give_after=now + timedelta(minutes=10), decided_by=BO
    )
    async with office.repository.unit_of_work(asked.id) as unit:
        assert unit
        await unit.save(held)
    await office.unsaid()
    await office.decisions.remind_due()
    assert await office.unsaid() == []
    assert (await office.now(asked.id)).remind_at is None


async def test_an_escalation_concerns_one_request_alone(office: Office) -> None:
    escalated = await office.ask()
    office.clock.pass_by(hours=5)
    await office.decisions.remind_due()
    other = await office.ask()
    assert isinstance(await office.approve(other, DI), Refusal)
    assert isinstance(await office.approve(escalated, DI), Request)


@pytest.mark.parametrize("left", [(), (CHIEF,)])
async def test_people_removed_from_escalate_to_do_not_count(office: Office, left: tuple[UserId, ...]) -> None:
    request = await office.ask()
    office.clock.pass_by(hours=5)
    await office.decisions.remind_due()
    await office.approve(request, DI)
    channels = {name: replace(one, escalate_to=left) for name, one in TIMED.channels.items()}
    office.under(replace(TIMED, channels=channels))
    assert await office.preflight.begin(request.id) is None
    assert (await office.now(request.id)).state is State.WAITING


async def test_a_new_round_has_new_deadlines(office: Office) -> None:
    request = await office.ask()
    office.clock.pass_by(hours=6)
    await office.decisions.remind_due()
    await office.approve(request, DI)
    office.shelf.change(
        SPAR, active=True, requirement=replace(office.shelf.rules_of[SPAR].requirement, gross_amount=1)
    )
    assert await office.preflight.begin(request.id) is None
    again = await office.now(request.id)
    assert (again.state, again.escalated_to, again.reminded) == (State.WAITING, (), 0)
    assert again.rule_before == request.rule
    assert isinstance(await office.approve(again, DI), Refusal)
    await office.unsaid()
    office.clock.pass_by(hours=1)
    assert await told(office, NotificationType.REMINDED) == [str(LEADS)]
    office.clock.pass_by(hours=4)
    assert await told(office, NotificationType.ESCALATED) == [str(DI)]


async def test_a_removed_channel_gets_no_reminders(office: Office) -> None:
    await office.ask()
    office.under(replace(TIMED, channels={STRICT: TIMED.channels[STRICT]}))
    office.clock.pass_by(hours=6)
    assert await told(office, NotificationType.REMINDED) == []
    assert await office.decisions.remind_due() == 0
    assert SUPPORT not in office.access.policy.channels


@given(st.lists(st.integers(1, 600), max_size=30))
def test_at_most_three_reminders_come_after_one_two_and_four_times(
    waits: list[int],
) -> None:
    request, now, said = replace(REQUEST, remind_at=NOW + HOUR, reminded=0), NOW, []
    for minutes in waits:
        before, now = now, now + timedelta(minutes=minutes)
        if request.remind_at and request.remind_at <= now:
            said.append(now)
            passed = [n for n in (1, 2, 4) if before < NOW + n * HOUR <= now]
            assert passed
            request = reminded(request, HOUR, now)
    assert len(said) <= REMINDERS
    assert request.remind_at is None or request.remind_at in {NOW + HOUR, NOW + 2 * HOUR, NOW + 4 * HOUR}
    assert request.remind_at is None or request.remind_at > now
