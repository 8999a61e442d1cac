"""The allowlist: anybody and anything not listed gets a private refusal, and nothing happens."""

import pytest

from bot.domain.requests.person import AccountKind
from sandbox.shop import LEADS, POLICY, SUPPORT, with_channel
from sandbox.slack.state.faults import Fault
from tests.journeys.conftest import Opens
from tests.journeys.steps import RULE, SEED, Trip
from tests.support.clock import HandClock


async def test_an_unlisted_channel_is_refused_in_the_ack(trip: Trip) -> None:
    elsewhere = trip.shop.slack.add_channel("random", trip.shop.people)
    reaction = await trip.shop.ann.command("/discount add", elsewhere)
    assert "You can't request discounts in this channel. Ask @Chief to set it up." in reaction.text


@pytest.mark.parametrize(
    ("kind", "words"),
    [(AccountKind.GUEST, "Guests"), (AccountKind.BOT, "Bots"), (AccountKind.DEACTIVATED, "deactivated")],
)
async def test_only_full_members_are_allowed(trip: Trip, kind: AccountKind, words: str) -> None:
    trip.shop.ann.account.kind = kind
    await trip.shop.ann.command("/discount add", trip.support)
    await trip.shop.ann.is_told(words)
    assert trip.shop.ann.view is None


async def test_a_stranger_of_another_workspace_is_refused_in_the_ack(trip: Trip) -> None:
    sid = trip.shop.slack.add_person("Sid", kind=AccountKind.STRANGER)
    trip.support.members.add(sid.id)
    reaction = await sid.command("/discount add", trip.support)
    assert "Only members of this workspace" in reaction.text


async def test_a_refused_requester_learns_who_can_change_it(opens: Opens) -> None:
    trip = await opens(policy=with_channel(POLICY, SUPPORT, requesters=(LEADS,)))
    await trip.shop.ann.command("/discount add", trip.support)
    told = await trip.shop.ann.is_told("You can't request discounts in this channel")
    assert "@Chief" in trip.shop.ann.read(told)


async def test_a_failed_group_lookup_refuses_everybody_with_the_reason(opens: Opens) -> None:
    trip = await opens(policy=with_channel(POLICY, SUPPORT, requesters=(LEADS,)))
    trip.shop.slack.faults.plan("usergroups.users.list", Fault.SERVER_ERROR, times=9)
    await trip.shop.bo.command("/discount add", trip.support)
    await trip.shop.bo.is_told("Slack couldn't confirm who you are")


async def test_a_group_is_cached_for_a_minute(opens: Opens) -> None:
    clock = HandClock()
    trip = await opens(policy=with_channel(POLICY, SUPPORT, requesters=(LEADS,)), clock=clock)
    await (await trip.form(by=trip.shop.bo)).close()
    trip.shop.slack.workspace.groups[LEADS].members.discard(trip.shop.bo.id)  # type: ignore[index]
    await (await trip.form(by=trip.shop.bo)).close()
    clock.pass_by(seconds=61)
    await trip.shop.bo.command("/discount add", trip.support)
    await trip.shop.bo.is_told("You can't request discounts in this channel")


async def test_a_requester_who_lost_the_right_after_the_review_is_refused(opens: Opens) -> None:
    clock = HandClock()
    trip = await opens(policy=with_channel(POLICY, SUPPORT, requesters=(LEADS,)), clock=clock)
    review = await trip.review("a", by=trip.shop.bo)
    trip.shop.slack.workspace.groups[LEADS].members.discard(trip.shop.bo.id)  # type: ignore[index]
    clock.pass_by(seconds=61)
    await review.submit()
    await trip.shop.bo.sees_view(submit="Review", text="You can't request discounts in this channel")
    assert trip.shop.slack.messages(trip.support) == []


async def test_a_rule_the_channel_does_not_list_is_refused_even_when_forged(opens: Opens) -> None:
    trip = await opens(policy=with_channel(POLICY, SUPPORT, rules=frozenset({SEED})))
    other = next(rule for rule in trip.shop.dintero.rules if rule != SEED)
    form = await trip.form()
    await form.fill({"Rule": RULE, "Customer IDs": "a"})
    await form.submit()
    sent = next(
        each for each in reversed(trip.shop.slack.deliveries) if each.payload.get("type") == "view_submission"
    )
    forged = str(sent.payload).replace(SEED, other)
    assert other in forged
    _swap(sent.payload, SEED, other)
    ack = await trip.shop.slack.deliver("interactive", sent.payload)
    assert "isn't allowed in this channel" in str(ack.body)


async def test_too_expensive_and_unpriced_are_refused_under_an_amount_limit(opens: Opens) -> None:
    trip = await opens(policy=with_channel(POLICY, SUPPORT, max_amount=15_000, allow_unpriced=False))
    form = await trip.form()
    await form.fill({"Rule": RULE, "Customer IDs": "a\nb"})
    errors = (await form.submit()).errors
    assert "could cost NOK 200." in errors["Customer IDs"].replace("\xa0", " ")
    percent = next(
        rule["name"]
        for rule in trip.shop.dintero.rules.values()
        if rule["reward"]["type"] == "discount_percent"
    )
    await form.fill({"Rule": percent, "Customer IDs": "a"})
    assert "spending limit" in (await form.submit()).errors["Rule"]


async def test_without_an_approver_besides_the_requester_it_is_refused(opens: Opens) -> None:
    trip = await opens(policy=with_channel(POLICY, SUPPORT, approvers=("U0BO",)))
    form = await trip.form(by=trip.shop.bo)
    await form.fill({"Rule": RULE, "Customer IDs": "a"})
    await form.submit()
    await trip.shop.bo.sees_view(submit="Review", text="You're the only approver here")


def _swap(node: object, old: str, new: str) -> None:
    """Replace a value everywhere in a payload."""
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in list(items):
        if value == old:
            node[key] = new  # type: ignore[index]
        else:
            _swap(value, old, new)
