"""Threads from top to bottom: many refused, an outage that ends unconfirmed, a cancel in the middle."""

import re
from pathlib import Path

from bot.domain.requests.batches import Tally
from sandbox.dintero import Fault, Point
from sandbox.shop import POLICY, SUPPORT, with_channel
from sandbox.slack.state.workspace import Message
from tests.journeys.conftest import Opens
from tests.journeys.steps import RULE, SEED, Trip
from tests.support.lists import records_of, sent

NUMBER = 60
IDS = [f"kunde-{number}" for number in range(NUMBER)]
REFUSED = {IDS[7], IDS[55]}


async def upload(trip: Trip, folder: Path) -> Message:
    """Request for a file with the ids from row 2 on."""
    path = folder / "kampanje.csv"
    path.write_text("\n".join(["Kundenr", *IDS]) + "\n", encoding="utf-8")
    form = await trip.form()
    await form.fill({"Rule": RULE, "File": str(path), "Reason": "kampanje"})
    assert not (await form.submit()).errors
    return await trip.asked(await trip.shop.ann.sees_view(submit="Request approval"))


def added_up(text: str) -> int:
    """Add up the four outcomes that a summary counts."""
    given = re.match(r"Given to (\d+) of", text)
    others = re.findall(r"(\d+) (?:refused by Dintero|unconfirmed:|not sent:)", text)
    assert given, text
    return int(given[1]) + sum(map(int, others))


async def test_the_thread_of_a_campaign_names_the_refused_rows_once(opens: Opens, tmp_path: Path) -> None:
    trip = await opens()
    trip.shop.dintero.refuses.update(REFUSED)
    card = await upload(trip, tmp_path)
    await trip.approve(card, count=NUMBER)
    summary = trip.shop.ann.read(await trip.summary("Given to 58 of 60 customers"))
    assert "2 refused by Dintero: rows 9 and 57 of kampanje.csv" in summary
    assert "Fix the ids, then press Request again… on the request." in summary
    assert added_up(summary) == NUMBER
    assert "kunde-7" not in "\n".join(trip.thread(card))
    assert sum("refused" in line for line in trip.thread(card)) == 1
    direct = await trip.shop.ann.sees("kunde-7", trip.shop.ann.direct)
    assert "discount-bot-" not in trip.shop.ann.read(direct)
    list_ = await trip.shop.ann.sees("not given to 2 of 60 customers", trip.shop.ann.direct)
    uploads = trip.shop.slack.workspace.uploads
    rows = records_of(sent(uploads, list_.files[0]["id"]))
    assert [(row["Kundenr"], row["row"], row["outcome"]) for row in rows] == [
        (IDS[7], "9", "refused"),
        (IDS[55], "57", "refused"),
    ]


async def test_an_outage_that_ends_unconfirmed_never_says_that_nobody_has_it(opens: Opens) -> None:
    trip = await opens()
    ann, dintero = trip.shop.ann, trip.shop.dintero
    dintero.faults.always(Fault.cut(after=True))
    card = await trip.ask("c-1\nc-2\nc-3")
    await trip.approve(card)
    await trip.shop.slack.until(lambda: "Stopped" in ann.read(card) or None)
    dintero.faults.clear()
    await ann.press("Check again", card)
    await ann.is_told("Dintero lists all 3. That may be from before, so they stay unconfirmed.")
    assert len(dintero.ledger.grants) == 3
    request = await trip.request(card)
    assert await trip.running.repository.tally(request.id) == Tally(3, unknown=3)
    await ann.press("End request…", card)
    summary = ann.read(await trip.summary("Given to 0 of 3 customers, 3 unconfirmed"))
    assert "3 unconfirmed: Dintero didn't answer, so they may have it." in summary
    assert "Dintero lists all 3. That may be from before, so they stay unconfirmed." in summary
    assert added_up(summary) == 3
    await trip.shop.slack.until(lambda: any(one.files for one in ann.direct.messages) or None)
    for text in [*trip.thread(card), ann.read(card), *trip.direct_texts(ann)]:
        assert "obody" not in text.replace("Nobody gets it twice", "").replace("nobody gets it twice", "")
        assert "ot given to anyone" not in text
        assert "not given to" not in text


async def test_a_cancel_in_the_middle_says_who_got_it_and_who_was_not_sent(opens: Opens) -> None:
    trip = await opens(policy=with_channel(POLICY, SUPPORT, batch_size=1, concurrency=1))
    card = await trip.ask("\n".join(f"c-{number}" for number in range(20)))

    async def ann_cancels_at_the_third(point: Point, number: int) -> None:
        if (point, number) == (Point.BEFORE, 3):
            await trip.shop.ann.press("Cancel request…", card)
            await trip.shop.ann.is_told("Calls already sent will finish")

    trip.shop.dintero.on_call = ann_cancels_at_the_third
    await trip.approve(card)
    summary = trip.shop.ann.read(await trip.summary("Given to 3 of 20 customers"))
    assert "17 not sent: cancelled by Ann." in summary
    assert "Request again… on the request starts a new request for the rest. Nobody gets it twice." in summary
    assert added_up(summary) == 20
    assert len(trip.shop.dintero.ledger.holders(SEED)) == 3
    lines = trip.thread(card)
    assert lines[-1].startswith("Given to 3 of 20 customers")
    assert sum("cancel" in line.lower() for line in lines[:-1]) <= 2
