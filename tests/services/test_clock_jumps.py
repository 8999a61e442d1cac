"""Clock jumps: what is due happens on time and once, even if the clock goes back afterwards."""

from collections import Counter
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.database.repositories.repository import SqlRepository
from bot.domain.requests.notification import ChannelKind, NotificationType
from bot.domain.requests.request import Request, State
from tests.support.service_fixture import BO, DI, LEADS, POLICY, Office, open_office

TIMED: dict[str, Any] = {
    "remind_minutes": 60,
    "escalate_to": (DI,),
    "expires_hours": 10,
    "approvers": (LEADS,),
    "hold_minutes": 10,
}
POLICY_TIMED = replace(
    POLICY, channels={name: replace(one, **TIMED) for name, one in POLICY.channels.items()}
)
JUMPS = st.lists(st.integers(min_value=-600, max_value=600), min_size=1, max_size=12)
"""Minutes."""
SHORTER_JUMPS = st.lists(st.integers(min_value=-590, max_value=590), min_size=1, max_size=12)
"""From the hold's last minute, none of them reaches the age at which an approval no longer counts."""

over_one_office = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    max_examples=20,
    deadline=None,
)


@pytest.fixture
async def office(sqlite_books: SqlRepository) -> Office:
    """Remind after one, two and four hours, escalate after five, expire after ten; hold for ten minutes."""
    return await open_office(sqlite_books, policy=POLICY_TIMED)


async def look(office: Office) -> None:
    """Run the scheduled tasks twice."""
    for _ in range(2):
        await office.decisions.expire_overdue()
        await office.decisions.remind_due()


async def said(office: Office, request: Request, kind: ChannelKind) -> Counter[NotificationType]:
    """Send the outbox, and count this request's messages of a kind by type."""
    told = Counter[NotificationType]()
    while waiting := await office.repository.due_messages(office.clock.now(), limit=100):
        for one in waiting:
            await office.repository.mark_sent(one, ts=f"{one.id}.0")
            told[one.notification.happened] += one.request == request.id and one.notification.kind is kind
    return told


@over_one_office
@given(jumps=JUMPS)
async def test_reminders_escalation_and_expiry_come_on_time_and_once(
    office: Office, jumps: list[int]
) -> None:
    request, minutes, furthest = await office.ask(), 0, 0
    for jump in jumps:
        office.clock.pass_by(minutes=jump)
        minutes += jump
        was_over = furthest >= 600
        furthest = max(furthest, minutes)
        await look(office)
        now = await office.now(request.id)
        assert (now.state is State.EXPIRED) is (was_over or minutes >= 600)
    told = await said(office, request, ChannelKind.LINE)
    assert told[NotificationType.EXPIRED] == (furthest >= 600)
    assert told[NotificationType.ESCALATED] <= (furthest >= 300)
    assert told[NotificationType.REMINDED] <= sum(furthest >= due for due in (60, 120, 240))


@over_one_office
@given(jumps=SHORTER_JUMPS)
async def test_a_giving_begins_once_and_only_after_the_hold(office: Office, jumps: list[int]) -> None:
    request = await office.ask(customers=str(uuid4()))  # no other example's, whose time was another
    await office.approve(request, BO)
    end, over = office.clock.now(), False
    for jump in jumps:
        office.clock.pass_by(minutes=jump)
        over = over or (office.clock.now() - end).total_seconds() >= 600
        await office.preflight.begin(request.id)
        assert (await office.now(request.id)).state is (State.GIVING if over else State.APPROVED)
    assert (await said(office, request, ChannelKind.CARD))[NotificationType.STARTED] == over
