"""Deadlines: those of a round, holds and the approvers at a time."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.requests.authorization import approvers_of, pending_approvers
from bot.domain.requests.request import State
from tests.support.samples import REQUEST
from tests.support.service_fixture import BO, CHIEF, CLEO, LEADS, NOW, POLICY, SUPPORT

CHANNEL = replace(
    POLICY.channels[SUPPORT], remind_minutes=60, escalate_to=(CHIEF,), expires_hours=8, hold_minutes=5
)
HOUR = timedelta(hours=1)


def test_a_round_has_its_deadlines_from_the_policy() -> None:
    times = CHANNEL.initial_deadlines(NOW)
    assert (times["expires_at"], times["remind_at"], times["escalate_at"]) == (
        NOW + 8 * HOUR,
        NOW + HOUR,
        NOW + 4 * HOUR,
    )
    assert (times["reminded"], times["escalated_to"], times["give_after"]) == (0, (), None)


def test_without_the_keys_there_are_no_reminders_no_escalation_and_no_hold() -> None:
    plain = POLICY.channels[SUPPORT]
    assert (
        plain.initial_deadlines(NOW)["remind_at"],
        plain.initial_deadlines(NOW)["escalate_at"],
        plain.held_until(NOW),
    ) == (None, None, None)


@pytest.mark.parametrize(
    ("state", "passed", "held"), [("approved", 0, True), ("approved", 5, False), ("giving", 0, False)]
)
def test_only_an_approved_request_is_on_hold_and_only_until_its_end(
    state: str, passed: int, *, held: bool
) -> None:
    request = replace(REQUEST, state=State(state), give_after=CHANNEL.held_until(NOW))
    assert request.is_held(NOW + timedelta(minutes=passed)) is held


def test_an_escalated_approver_counts_while_still_listed() -> None:
    assert approvers_of(CHANNEL, REQUEST) == CHANNEL.approvers
    plain = replace(CHANNEL, approvers=(LEADS,))
    assert approvers_of(plain, replace(REQUEST, escalated_to=(CHIEF, BO))) == (LEADS, CHIEF)


def test_nobody_is_asked_twice_and_never_the_requester() -> None:
    assert pending_approvers([LEADS, BO, CLEO, REQUEST.requester], REQUEST, [BO]) == (LEADS, CLEO)
