"""A once-only key that was used before gives nothing more, and everybody who decides or reads learns so."""

from sandbox.slack.state.workspace import Message
from tests.journeys.steps import RULE, SEED, Trip

KEY = "stamp-2020"


async def asked_under(trip: Trip, key: str, customers: str) -> Message:
    form = await trip.form()
    await form.fill({"Rule": RULE, "Customer IDs": customers})
    await form.press("More options")
    more = await trip.shop.ann.sees_view(label="Campaign key")
    await more.fill({"Campaign key": key})
    assert not (await more.submit()).errors
    return await trip.asked(await trip.shop.ann.sees_view(submit="Request approval"))


async def test_a_second_request_under_a_key_does_not_say_that_it_gave(trip: Trip) -> None:
    first = await asked_under(trip, KEY, "a\nb\nc")
    await trip.approve(first)
    await trip.summary("Given to 3 of 3 customers")
    second = await asked_under(trip, KEY, "a\nb\nc\nd")
    approval = await trip.opens_approval(second)
    assert "used before" in approval.text
    assert "3 of these customers got it under this key" in approval.text
    await trip.approve_in(approval)
    summary = await trip.summary("Given to 1 of 4 customers")
    assert "3 had it before" in trip.shop.ann.read(summary)
    assert trip.shop.dintero.ledger.holders(SEED) == dict.fromkeys("abcd", 1)


async def test_nobody_types_a_key_of_the_bot(trip: Trip) -> None:
    first = await trip.request(await trip.ask("a"))
    form = await trip.form()
    await form.fill({"Rule": RULE, "Customer IDs": "b"})
    await form.press("More options")
    more = await trip.shop.ann.sees_view(label="Campaign key")
    await more.fill({"Campaign key": first.once_key})
    assert "are made by discount-bot" in (await more.submit()).errors["Campaign key"]


async def test_nothing_that_slack_holds_shows_the_bots_key(trip: Trip) -> None:
    card = await trip.ask("a\nb")
    request = await trip.request(card)
    await trip.approve(card)
    await trip.summary()
    slack = trip.shop.slack
    held = [slack.messages(channel) for channel in (trip.shop.support, trip.shop.ann.direct)]
    assert request.once_key not in f"{held} {slack.thread(card)} {slack.deliveries}"
