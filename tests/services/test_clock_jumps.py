"""A clock that is put forth and back: what is due by it is done at its time and once, whatever it says afterwards."""

from collections import Counter
from dataclasses import replace
from typing import Any

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

over_one_office = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    max_examples=20,
    deadline=None,
)


@pytest.fixture
async def office(sqlite_books: SqlRepository) -> Office:
    """An office that reminds after one, two and four hours, escalates after five, lets expire after ten, and holds for ten minutes."""
    return await open_office(sqlite_books, policy=POLICY_TIMED)


async def look(office: Office) -> None:
    """Look for what is due, as the jobs do, and once more."""
    for _ in range(2):
        await office.decisions.expire_overdue()
        await office.decisions.reminders.run_once()


async def lines(office: Office, request: Request) -> Counter[NotificationType]:
    """Say all that there is to say, and count the lines of this request's thread by what they tell."""
    told = Counter[NotificationType]()
    while waiting := await office.repository.due_messages(office.clock.now(), limit=100):
        for one in waiting:
            await office.repository.mark_sent(one, ts=f"{one.id}.0")
            told[one.notification.happened] += (
                one.request == request.id and one.notification.kind is ChannelKind.LINE
            )
    return told


@over_one_office
@given(jumps=JUMPS)
async def test_reminders_escalation_and_expiry_come_at_their_time_and_once(
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
    told = await lines(office, request)
    assert told[NotificationType.EXPIRED] == (furthest >= 600)
    assert told[NotificationType.ESCALATED] <= (furthest >= 300)
    assert told[NotificationType.REMINDED] <= sum(furthest >= due for due in (60, 120, 240))


@over_one_office
@given(jumps=JUMPS)
async def test_nothing_is_given_before_the_hold_is_over_by_the_clock_and_begun_once(
    office: Office, jumps: list[int]
) -> None:
    request = await office.ask()
    await office.approve(request, BO)
    end, over = office.clock.now(), False
    for jump in jumps:
        office.clock.pass_by(minutes=jump)
        over = over or (office.clock.now() - end).total_seconds() >= 600
        await office.preflight.begin(request.id)
        assert (await office.now(request.id)).state is (State.GIVING if over else State.APPROVED)
    assert (await lines(office, request))[NotificationType.STARTED] == over
