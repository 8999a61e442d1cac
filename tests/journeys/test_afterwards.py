"""The day after: a file lists the customers who did not get it, as in the upload, with confirmed unknowns."""

from pathlib import Path

from bot.domain.requests.batches import Tally
from sandbox.dintero import Fault, Point
from sandbox.shop import POLICY, SUPPORT, with_channel
from sandbox.slack.state.workspace import Message
from tests.journeys.conftest import Opens
from tests.journeys.steps import RULE, SEED, Trip
from tests.support.lists import records_of, sent

SIZE = 5
NUMBER = 8 * SIZE
IDS = [f"k{number:02}" for number in range(NUMBER)]
REFUSED, END_OF_SECOND = IDS[2], IDS[2 * SIZE - 1]


async def stopped_in_the_middle(trip: Trip, folder: Path) -> Message:
    """Ask with a file; Dintero gives from the third batch on without answering."""
    path, dintero = folder / "høst.csv", trip.shop.dintero
    lines = ["Navn;Kundenr;By", *(f"Åse {number};{one};Mo i Rana" for number, one in enumerate(IDS))]
    path.write_bytes("\r\n".join(lines).encode("cp1252"))
    dintero.refuses.add(REFUSED)
    form = await trip.form()
    await form.fill({"Rule": RULE, "File": str(path), "Reason": "høst"})
    assert not (await form.submit()).errors
    card = await trip.asked(await trip.shop.ann.sees_view(submit="Request approval"))

    async def then_nothing_is_answered(point: Point, number: int) -> None:
        if point is Point.AFTER and dintero.ledger.calls[number - 1].customers[-1] == END_OF_SECOND:
            dintero.faults.always(Fault.cut(after=True))

    dintero.on_call = then_nothing_is_answered
    await trip.approve(card)
    await trip.shop.slack.until(lambda: "Stopped" in trip.shop.ann.read(card) or None)
    dintero.on_call = None
    dintero.faults.clear()
    return card


def lists(trip: Trip) -> list[list[dict[str, str]]]:
    """Read the lists sent to Ann."""
    uploads = trip.shop.slack.workspace.uploads
    files = [file for message in trip.shop.ann.direct.messages for file in message.files]
    return [records_of(sent(uploads, file["id"]), encoding="cp1252") for file in files]


async def test_the_list_has_the_columns_of_the_file_and_says_what_dinteros_list_has(
    opens: Opens, tmp_path: Path
) -> None:
    trip = await opens(policy=with_channel(POLICY, SUPPORT, batch_size=SIZE, concurrency=1))
    card = await stopped_in_the_middle(trip, tmp_path)
    seen = "Dintero lists all 5. That may be from before, so they stay unconfirmed."
    assert seen in trip.shop.ann.read(card)
    assert await trip.running.repository.tally((await trip.request(card)).id) == Tally(
        NUMBER, given=9, refused=1, unknown=5
    )
    await trip.shop.ann.press("End request…", card)
    assert seen in trip.shop.ann.read(await trip.summary("Given to 9 of 40 customers"))
    await trip.shop.slack.until(lambda: lists(trip) or None)
    assert sum(seen in line for line in trip.thread(card)) == 2  # where it stopped, and where it is summed up
    (rows,) = lists(trip)
    assert list(rows[0]) == ["Navn", "Kundenr", "By", "row", "outcome", "reason", "request"]
    assert [row["Kundenr"] for row in rows] == [REFUSED, *IDS[2 * SIZE :]]
    assert all(
        (row["Navn"], row["row"]) == (f"Åse {int(row['Kundenr'][1:])}", str(int(row["Kundenr"][1:]) + 2))
        for row in rows
    )
    ends = [row["outcome"] for row in rows]
    assert (ends.count("refused"), ends.count("unconfirmed"), ends.count("not sent")) == (1, 5, 25)
    assert {
        row["reason"].endswith("lists this customer, perhaps from before")
        for row in rows
        if row["outcome"] == "unconfirmed"
    } == {True}


async def test_a_remainder_with_refused_customers_gives_nothing_twice(opens: Opens, tmp_path: Path) -> None:
    trip = await opens(policy=with_channel(POLICY, SUPPORT, batch_size=SIZE, concurrency=1))
    ann, ledger = trip.shop.ann, trip.shop.dintero.ledger
    card = await stopped_in_the_middle(trip, tmp_path)
    first = await trip.request(card)
    await ann.press("End request…", card)
    await trip.shop.slack.until(lambda: "Request again…" in ann.read(card) or None)
    assert len(ledger.holders(SEED)) == 14  # the unknown ones have it
    trip.shop.dintero.refuses.clear()
    await trip.shop.chief.command("/discount resume", trip.support)

    await ann.press("Request again…", card)
    form = await ann.sees_view(submit="Review")
    assert f"the 30 remaining customers of {first.short}" in form.text
    await form.fill({"Refused by Dintero": "Include the 1 customer Dintero refused"})
    assert not (await form.submit()).errors
    again = await trip.asked(await ann.sees_view(submit="Request approval"))
    assert f"Follow-up to {first.short}: its remaining customers, with the 1 Dintero refused." in ann.read(
        again
    )
    await trip.approve(again)
    await trip.summary("Given to 31 of 31 customers")
    assert ledger.holders(SEED) == dict.fromkeys(IDS, 1)
    assert {call.key for call in ledger.calls} == {first.once_key}
