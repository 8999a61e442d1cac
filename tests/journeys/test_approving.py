"""Approvals: who may approve, two approvals at once, and an answer to every click."""

import asyncio
import re

import pytest

from bot.domain.requests.person import AccountKind
from sandbox.shop import POLICY, SUPPORT, with_channel
from sandbox.slack.user.modal import Modal
from sandbox.slack.user.person import SandboxPerson
from tests.journeys.conftest import Opens
from tests.journeys.steps import SEED, Trip
from tests.support.cancelling import cancel
from tests.support.clock import HandClock


async def test_the_card_shows_the_request_and_mentions_the_approvers(trip: Trip) -> None:
    card = await trip.ask("c-1\nc-2", Reason="late parcel")
    seen = trip.shop.bo.read(card)
    for words in (
        "Ann, ",
        "Spar 100,-",
        "2 customers",
        "NOK\xa0200 if each uses it once",
        "late parcel",
        "TEST",
        "@leads",
        "@Chief",
        "Approve…",
        "Reject…",
    ):
        assert words in seen, words


async def test_the_approval_shows_the_ids_masked_and_the_digest(trip: Trip) -> None:
    card = await trip.ask("customer-0001\nc-2\ncustomer-0003")
    approval = await trip.opens_approval(card)
    assert "cu" in approval.text
    assert "customer-0001" not in approval.text
    request = await trip.request(card)
    metadata = approval.private_metadata
    assert metadata.startswith(f"{request.id}:1:")
    assert metadata.rpartition(":")[2][:8] in approval.text


async def test_many_customers_are_confirmed_by_typing_their_number(trip: Trip) -> None:
    card = await trip.ask("\n".join(f"c-{number}" for number in range(51)))
    approval = await trip.opens_approval(card)
    await approval.fill({"Number of customers": "50"})
    assert "doesn't match the number" in (await approval.submit()).errors["Number of customers"]
    await approval.fill({"Number of customers": "51"})
    assert not (await approval.submit()).errors
    await trip.summary("Given to 51 of 51 customers")


async def test_an_unpriced_request_is_confirmed_by_typing_the_number(trip: Trip) -> None:
    percent = next(
        rule["name"]
        for rule in trip.shop.dintero.rules.values()
        if rule["reward"]["type"] == "discount_percent"
    )
    card = await trip.ask("a", rule=percent)
    assert "Number of customers" in (await trip.opens_approval(card)).labels


@pytest.mark.parametrize("who", ["bo", "chief"])
async def test_nobody_approves_their_own_request_admins_included(trip: Trip, who: str) -> None:
    person: SandboxPerson = getattr(trip.shop, who)
    card = await trip.ask("a", by=person)
    for button in ("Approve…", "Reject…"):
        await person.press(button, card)
        await person.is_told("You can't approve or reject your own request")
    assert trip.shop.dintero.ledger.calls == []


async def test_a_forged_approval_of_ones_own_request_is_refused(trip: Trip) -> None:
    card = await trip.ask("a", by=trip.shop.bo)
    approval = await trip.opens_approval(card, by=trip.shop.cleo)
    await approval.submit()
    sent = next(
        each for each in reversed(trip.shop.slack.deliveries) if each.payload.get("type") == "view_submission"
    )
    other = await trip.ask("b", by=trip.shop.bo)
    request = await trip.request(other)
    sent.payload["user"] = {**sent.payload["user"], "id": trip.shop.bo.id}
    sent.payload["view"]["private_metadata"] = f"{request.id}:1"
    await trip.shop.slack.deliver("interactive", sent.payload)
    await trip.approve(other, by=trip.shop.cleo)
    await trip.summary("Given to 1 of 1 customers")
    votes = await trip.running.repository.votes(request.id, 1)
    assert [approval.by for approval in votes] == [trip.shop.cleo.id]


async def test_a_person_who_is_no_approver_learns_so(trip: Trip) -> None:
    card = await trip.ask("a", by=trip.shop.bo)
    await trip.shop.ann.press("Approve…", card)
    await trip.shop.ann.is_told("You can't approve in this channel")


async def test_of_two_simultaneous_approvals_exactly_one_counts(trip: Trip) -> None:
    card = await trip.ask("a")
    first, second = await trip.opens_approval(card), await trip.opens_approval(card, by=trip.shop.cleo)
    await asyncio.gather(first.submit(), second.submit())
    views = [await who.sees_view(_is_answered) for who in (trip.shop.bo, trip.shop.cleo)]
    late = re.compile("got there first|so nothing changed")
    assert sorted(bool(late.search(view.text)) for view in views) == [False, True]
    await trip.summary("Given to 1 of 1 customers")
    assert trip.shop.dintero.ledger.holders(SEED) == {"a": 1}


async def test_a_rejection_ends_it_with_its_reason(trip: Trip) -> None:
    card = await trip.ask("a")
    stale = card.as_it_is()
    await trip.shop.bo.press("Reject…", card)
    rejection = await trip.shop.bo.sees_view(submit="Reject")
    await rejection.fill({"Reason": "wrong rule"})
    await rejection.submit()
    await trip.shop.ann.sees("wrong rule", trip.shop.ann.direct)
    await trip.shop.ann.sees("Rejected by Bo", trip.shop.campaigns)
    await trip.shop.slack.until(lambda: "Approve…" not in trip.shop.bo.read(card) or None)
    await trip.shop.cleo.press("Approve…", stale)
    await trip.shop.cleo.is_told("@Bo got there first")
    assert trip.shop.dintero.ledger.calls == []


@pytest.mark.parametrize("who", ["ann", "chief"])
async def test_the_requester_and_admins_cancel_and_others_do_not(trip: Trip, who: str) -> None:
    card = await trip.ask("a")
    await trip.shop.bo.press("Cancel request…", card)
    await trip.shop.bo.is_told("You can reject it instead.")
    person: SandboxPerson = getattr(trip.shop, who)
    await cancel(person, card)
    await person.sees_view(text="is cancelled")
    await trip.shop.slack.until(lambda: "Approve…" not in trip.shop.bo.read(card) or None)


async def test_cancel_by_command_takes_the_short_id_in_any_case(trip: Trip) -> None:
    request = await trip.request(await trip.ask("a"))
    await trip.shop.ann.command(f"/discount cancel {request.short.lower()}", trip.support)
    await trip.shop.ann.is_told("is cancelled")


async def test_an_expired_card_says_so_and_has_no_buttons(opens: Opens) -> None:
    clock = HandClock()
    trip = await opens(clock=clock)
    card = await trip.ask("a")
    stale = card.as_it_is()
    clock.pass_by(hours=24, seconds=1)
    await trip.shop.bo.press("Approve…", stale)
    await trip.shop.bo.is_told("expired")
    trip.running.background.wake()
    await trip.shop.slack.until(lambda: "xpired" in trip.shop.bo.read(card) or None)
    assert "Approve…" not in trip.shop.bo.read(card)
    await trip.shop.ann.sees("expired", trip.shop.ann.direct)
    assert trip.shop.dintero.ledger.calls == []


async def test_an_approval_modal_open_past_the_expiry_gives_nothing(opens: Opens) -> None:
    clock = HandClock()
    trip = await opens(clock=clock)
    approval = await trip.opens_approval(await trip.ask("a"))
    clock.pass_by(hours=25)
    await approval.submit()
    await trip.shop.bo.sees_view(lambda view: "expired" in view.text)
    assert trip.shop.dintero.ledger.calls == []


async def test_an_approver_who_left_before_the_giving_stops_it(opens: Opens) -> None:
    clock = HandClock()
    trip = await opens(clock=clock, policy=with_channel(POLICY, SUPPORT, batch_size=1))
    approval = await trip.opens_approval(await trip.ask("a"))
    trip.shop.bo.account.kind = AccountKind.DEACTIVATED
    clock.pass_by(seconds=61)
    await approval.submit()
    await trip.shop.bo.sees_view(lambda view: "deactivated" in view.text)
    assert trip.shop.dintero.ledger.calls == []


async def test_a_button_of_another_channels_card_finds_nothing(trip: Trip) -> None:
    card = await trip.ask("a")
    await trip.shop.bo.press("Approve…", card)
    await (await trip.shop.bo.sees_view(submit="Approve")).close()
    sent = next(
        each for each in reversed(trip.shop.slack.deliveries) if each.payload.get("type") == "block_actions"
    )
    sent.payload["channel"] = {"id": trip.shop.quick.id, "name": "small-favours"}
    await trip.shop.slack.deliver("interactive", sent.payload)
    await trip.shop.bo.is_told("I can't find this request any more")


async def test_status_is_visible_in_the_channel_and_elsewhere_to_participants(trip: Trip) -> None:
    request = await trip.request(await trip.ask("a"))
    await trip.shop.cleo.command("/discount status", trip.support)
    await trip.shop.cleo.is_told(request.short)
    dan = trip.shop.slack.add_person("Dan")
    trip.shop.quick.members.add(dan.id)
    await dan.command(f"/discount status {request.short}", trip.shop.quick)
    await dan.is_told("outside its channel")
    await trip.shop.cleo.command(f"/discount status {request.short}", trip.shop.quick)
    await trip.shop.cleo.is_told("Spar 100,-")


async def test_a_rule_is_shown_with_its_statistics(trip: Trip) -> None:
    await trip.shop.ann.command("/discount rule ‘Spar 100,-’", trip.support)
    told = trip.shop.ann.read(await trip.shop.ann.is_told("NOK\xa0100 off"))
    assert "Used 28 times" in told


async def test_all_details_of_a_rule_are_a_click_away(trip: Trip) -> None:
    await trip.shop.ann.command("/discount rule ‘Spar 100,-’", trip.support)
    told = await trip.shop.ann.is_told("Spar 100,-")
    await trip.shop.ann.press("All rule details", told)
    details = await trip.shop.ann.sees_view(text="Together with other discounts: yes")
    assert not details.submit_label


async def test_the_details_of_an_approval_say_when_the_rule_can_be_used(trip: Trip) -> None:
    approval = await trip.opens_approval(await trip.ask("a"))
    await approval.press("All rule details")
    details = await trip.shop.bo.sees_view(text="Together with other discounts: yes")
    assert "When it can be used: " in details.text
    assert not details.submit_label


async def test_a_name_of_several_rules_lists_them_with_a_button_each(trip: Trip) -> None:
    await trip.shop.ann.command("/discount rule spar", trip.support)
    several = await trip.shop.ann.is_told("rules match. Which one?")
    await trip.shop.ann.press("View rule", several)
    assert "Spar 100,-" in trip.shop.ann.read(await trip.shop.ann.is_told("Used 28 times"))


def _is_answered(view: Modal) -> bool:
    return "One moment" not in view.text and not view.submit_label


async def test_a_deleted_card_is_posted_again_on_a_status_command(
    opens: Opens,
) -> None:
    trip = await opens()
    card = await trip.ask("c-1")
    async with asyncio.timeout(60):
        while (await trip.request(card)).card_ts is None:
            await trip.running.repository.ping()
    trip.shop.slack.workspace.delete(card)
    await trip.shop.bo.command(f"/discount status {(await trip.request(card)).short}", trip.support)
    await trip.approve(await trip.shop.bo.sees("Needs 1 approval", trip.support))
    await trip.shop.ann.sees("Given to 1 of 1", trip.support)
