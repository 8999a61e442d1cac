"""The remainder of a cancelled run is given after another approval, and nobody gets it twice."""

from bot.domain.requests.batches import Tally
from sandbox.dintero import Fault, Point
from sandbox.shop import POLICY, SUPPORT, with_channel
from sandbox.slack.state.workspace import Message
from tests.journeys.conftest import Opens
from tests.journeys.steps import SEED, Trip

SIZE = 5
"""Of a batch; eight of them are one row of customers, so that they go out one after the other."""
IDS = [f"c-{number:02}" for number in range(8 * SIZE)]
REFUSED, END_OF_SECOND, START_OF_THIRD = IDS[2], IDS[2 * SIZE - 1], IDS[2 * SIZE]


async def cancelled_in_the_middle(trip: Trip) -> Message:
    """Ask for all, and cancel while the third batch is held; it then takes effect without an answer."""
    dintero = trip.shop.dintero
    dintero.refuses.add(REFUSED)
    card = await trip.ask("\n".join(IDS), Reason="late parcel")

    async def ann_cancels(point: Point, number: int) -> None:
        customers = dintero.ledger.calls[number - 1].customers
        if point is Point.AFTER and customers[-1] == END_OF_SECOND:
            dintero.faults.always(Fault.cut(after=True))
        if point is Point.BEFORE and customers[0] == START_OF_THIRD:
            await trip.shop.ann.press("Cancel request…", card)
            await trip.shop.ann.is_told("Calls already sent will finish")

    dintero.on_call = ann_cancels
    await trip.approve(card)
    await trip.summary("Given to 9 of 40 customers")
    dintero.on_call = None
    dintero.faults.clear()
    return card


async def test_the_remainder_of_a_cancelled_run_is_given_exactly_once(
    opens: Opens,
) -> None:
    trip = await opens(policy=with_channel(POLICY, SUPPORT, batch_size=SIZE, concurrency=1))
    ann, repository, ledger = trip.shop.ann, trip.running.repository, trip.shop.dintero.ledger
    card = await cancelled_in_the_middle(trip)
    first = await trip.request(card)
    assert await repository.tally(first.id) == Tally(40, given=9, refused=1, unknown=5)
    assert len(ledger.holders(SEED)) == 14  # the unknown customers have it

    await trip.shop.slack.until(lambda: "Request again…" in ann.read(card) or None)
    await ann.press("Request again…", card)
    form = await ann.sees_view(submit="Review")
    assert f"the 30 remaining customers of {first.short}" in form.text
    assert not (await form.submit()).errors
    review = await ann.sees_view(submit="Request approval")
    assert f"Follow-up to {first.short}: its remaining customers" in review.text
    again = await trip.asked(review)
    approval = await trip.opens_approval(again)
    assert f"Follow-up to {first.short}: its remaining customers" in approval.text
    assert not (await approval.submit()).errors
    await trip.summary("Given to 30 of 30 customers")

    assert ledger.holders(SEED) == {one: 1 for one in IDS if one != REFUSED}
    assert {call.key for call in ledger.calls} == {first.once_key}
    rest = await trip.request(again)
    assert (rest.rest_of, await repository.tally(rest.id)) == (first.id, Tally(30, given=30))
