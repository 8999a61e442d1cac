"""Hold, reminder, escalation, drift and pause as people see them, with a test clock."""

from sandbox.shop import POLICY, SUPPORT, with_channel
from tests.journeys.conftest import Opens
from tests.journeys.steps import SEED, Trip
from tests.support.clock import HandClock


async def test_anybody_in_the_channel_may_cancel_during_a_hold(opens: Opens) -> None:
    trip = await opens(policy=with_channel(POLICY, SUPPORT, hold_minutes=10))
    card = await trip.ask("a")
    answer = await trip.approve(card)
    assert "on hold until" in answer.text
    await trip.shop.ann.sees("On hold until", trip.support)
    assert "Skip hold…" in trip.shop.ann.read(card)
    await trip.shop.cleo.press("Cancel request…", card)
    await trip.shop.ann.sees("Cancelled by Cleo.", trip.support)
    assert trip.shop.dintero.ledger.calls == []


async def test_only_an_admin_ends_a_hold_by_the_button(opens: Opens) -> None:
    trip = await opens(policy=with_channel(POLICY, SUPPORT, hold_minutes=10))
    card = await trip.ask("a")
    await trip.approve(card)
    await trip.shop.ann.sees("On hold until", trip.support)
    await trip.shop.bo.press("Skip hold…", card)
    await trip.shop.bo.is_told("Only bot admins can do this")
    assert trip.shop.dintero.ledger.calls == []
    await trip.shop.chief.press("Skip hold…", card)
    await trip.summary("Given to 1 of 1 customers")


async def test_approvers_are_reminded_and_others_are_asked_by_escalation(opens: Opens) -> None:
    clock = HandClock()
    policy = with_channel(
        POLICY,
        SUPPORT,
        remind_minutes=60,
        escalate_to=(POLICY.admins[0],),
        approvers=("S0LEADS",),
        expires_hours=8,
    )
    trip = await opens(clock=clock, policy=policy)
    card = await trip.ask("a")
    await trip.shop.chief.press("Approve…", card)
    await trip.shop.chief.is_told("You can't approve in this channel")
    clock.pass_by(hours=1)
    trip.running.background.wake()
    await trip.shop.ann.sees("Still waiting for approval from", trip.support)
    clock.pass_by(hours=3)
    trip.running.background.wake()
    await trip.shop.ann.sees("Now @Chief can approve, too.", trip.support)
    await trip.approve(card, by=trip.shop.chief)
    await trip.summary("Given to 1 of 1 customers")


async def test_a_drifted_rule_is_shown_side_by_side_and_needs_approval_again(opens: Opens) -> None:
    clock = HandClock()
    trip = await opens(clock=clock, policy=with_channel(POLICY, SUPPORT, hold_minutes=10))
    card = await trip.ask("a")
    await trip.approve(card)
    trip.shop.dintero.rules[SEED]["reward"]["value"] = 20_000
    clock.pass_by(minutes=10)
    trip.running.background.wake()
    line = await trip.shop.ann.sees("earlier approvals no longer count", trip.support)
    assert "→" in trip.shop.ann.read(line)
    assert "NOK\xa0200 off" in trip.shop.ann.read(line)
    approval = await trip.opens_approval(card)
    assert " → NOK\xa0200 " in approval.text
    assert trip.shop.dintero.ledger.calls == []


async def test_a_pause_is_shown_on_card_form_status_and_approval(trip: Trip) -> None:
    card = await trip.ask("a")
    await trip.shop.bo.command("/discount pause", trip.support)
    await trip.shop.bo.is_told("Only bot admins can do this")
    await trip.shop.chief.command("/discount pause Dintero is down", trip.support)
    await trip.shop.chief.is_told("Paused. Calls already sent")
    await trip.shop.ann.sees("Paused by Chief: “Dintero is down”.", trip.support)
    approval = await trip.opens_approval(card)
    assert "Dintero is down" in approval.text
    await approval.close()
    assert "Dintero is down" in (await trip.form()).text
    await trip.shop.cleo.command("/discount status", trip.support)
    await trip.shop.cleo.is_told("Dintero is down")
    await trip.shop.chief.command("/discount resume", trip.support)
    await trip.shop.chief.is_told("Resumed")
    await trip.approve(card)
    await trip.summary("Given to 1 of 1 customers")
    assert "Paused" not in trip.shop.ann.read(card)
