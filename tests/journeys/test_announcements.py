"""Announcements: the thread, the requester and other channels get the result, whatever Dintero answers."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.domain.ids import RuleId
from bot.domain.rules.usage_history import UsageSample
from sandbox.dintero import Fault, Point
from sandbox.dintero.server import ACCOUNT
from sandbox.shop import POLICY, SUPPORT, with_channel
from sandbox.slack.state.faults import Fault as SlackFault
from sandbox.slack.user.modal import Modal
from tests.journeys.conftest import Opens
from tests.journeys.steps import RULE, SEED, Trip
from tests.support.lists import rows_of, sent


async def test_refused_customers_are_masked_in_the_thread_and_whole_for_the_requester(trip: Trip) -> None:
    trip.shop.dintero.refuses.add("customer-bad")
    card = await trip.ask("customer-1\ncustomer-bad\ncustomer-2")
    await trip.approve(card)
    summary = trip.shop.ann.read(await trip.summary("Given to 2 of 3 customers"))
    assert "cu" in summary
    assert "customer-bad" not in summary
    assert "Send me the list" in summary
    await trip.shop.ann.sees("customer-bad", trip.shop.ann.direct)
    list_ = await trip.shop.ann.sees("customer list", trip.shop.ann.direct)
    names, row = rows_of(sent(trip.shop.slack.workspace.uploads, list_.files[0]["id"]))
    assert names == ["customer_id", "row", "outcome", "reason", "request"]
    assert row[:3] == ["customer-bad", "2", "refused"]
    assert row[-1] == (await trip.request(card)).short
    assert trip.shop.dintero.ledger.holders(SEED) == {"customer-1": 1, "customer-2": 1}
    for words in ("Ann", "Bo", "NOK 100 off", "31 Dec", "Used 28 times by everyone"):
        assert words in summary.replace("\xa0", " "), words


async def form_with_own_list(trip: Trip, folder: Path) -> tuple[Modal, str]:
    """Give to three, of whom one is refused, and put the list of that one into a new form."""
    trip.shop.dintero.refuses.add("00123")
    card = await trip.ask("customer-1\n00123\nc-2")
    await trip.approve(card)
    list_ = await trip.shop.ann.sees("customer list", trip.shop.ann.direct)
    path = folder / "list.xlsx"
    path.write_bytes(sent(trip.shop.slack.workspace.uploads, list_.files[0]["id"]))
    trip.shop.dintero.refuses.clear()
    form = await trip.form()
    await form.fill({"Rule": RULE, "File": str(path), "Reason": "again"})
    assert not (await form.submit()).errors
    short = (await trip.request(card)).short
    return await trip.shop.ann.sees_view(submit="Review", text=f"is the list from “{short}”"), short


async def test_the_bots_own_list_is_requested_again_under_the_same_key(trip: Trip, tmp_path: Path) -> None:
    form, short = await form_with_own_list(trip, tmp_path)
    await form.press(f"Request {short} again")
    again = await trip.shop.ann.sees_view(submit="Review", text=f"that Dintero refused in {short}")
    assert not (await again.submit()).errors
    review = await trip.shop.ann.sees_view(submit="Request approval")
    assert f"Follow-up to {short}: the 1 customer Dintero refused." in review.text
    await trip.approve(await trip.asked(review))
    await trip.summary("Given to 1 of 1 customer")
    ledger = trip.shop.dintero.ledger
    assert ledger.holders(SEED) == {"customer-1": 1, "00123": 1, "c-2": 1}
    assert len({call.key for call in ledger.calls}) == 1


async def test_the_bots_own_list_makes_a_new_request_only_by_choice(trip: Trip, tmp_path: Path) -> None:
    form, _ = await form_with_own_list(trip, tmp_path)
    await form.fill({"Not a repeat?": "Send as a new request"})
    assert not (await form.submit()).errors
    await trip.approve(await trip.asked(await trip.shop.ann.sees_view(submit="Request approval")))
    await trip.summary("Given to 1 of 1 customer")
    ledger = trip.shop.dintero.ledger
    assert ledger.holders(SEED) == {"customer-1": 1, "00123": 1, "c-2": 1}
    assert len({call.key for call in ledger.calls}) == 2


async def test_the_summary_has_the_change_of_the_statistics(trip: Trip) -> None:
    card = await trip.ask("a")
    trip.shop.dintero.use(SEED, times=2, amount=20_000)
    await trip.approve(card)
    summary = trip.shop.ann.read(await trip.summary())
    assert "Used 30 times by everyone (+2 since the request)" in summary


async def test_the_summary_has_a_picture_of_the_use_once_three_days_are_known(trip: Trip) -> None:
    today, repository = datetime.now(UTC).date(), trip.running.repository
    for ago, used in ((3, 20), (2, 24)):
        sample = UsageSample(today - timedelta(days=ago), used)
        await repository.keep_usage(ACCOUNT, RuleId(SEED), sample)
    await trip.approve(await trip.ask("a"))
    summary = await trip.summary()
    assert "used 8 times by everyone, given to 1 customer in this channel" in trip.shop.ann.read(summary)
    (chart,) = [block for block in summary.blocks if block["type"] == "data_visualization"]
    assert [point["value"] for point in chart["chart"]["series"][0]["data"]] == [0, 4, 8]


async def test_a_slack_that_knows_no_charts_gets_the_summary_without(trip: Trip) -> None:
    today, repository = datetime.now(UTC).date(), trip.running.repository
    for ago, used in ((3, 20), (2, 24)):
        sample = UsageSample(today - timedelta(days=ago), used)
        await repository.keep_usage(ACCOUNT, RuleId(SEED), sample)
    trip.shop.slack.workspace.unknown_blocks = frozenset({"data_visualization"})
    await trip.approve(await trip.ask("a"))
    summary = await trip.summary()
    assert "used 8 times by everyone" in trip.shop.ann.read(summary)
    assert "data_visualization" not in {block["type"] for block in summary.blocks}


async def test_other_channels_get_one_notice_with_a_link_to_the_card(trip: Trip) -> None:
    card = await trip.ask("a")
    await trip.approve(card)
    await trip.shop.ann.sees("Given to", trip.shop.campaigns)
    assert len(trip.shop.slack.messages(trip.shop.campaigns)) == 1
    assert card.ts.replace(".", "") in str(trip.shop.slack.messages(trip.shop.campaigns)[0].blocks)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (Fault.unauthorized(), "Dintero rejected my credentials"),
        (Fault.forbidden(), "My Dintero API client is missing a permission"),
        (Fault.not_found(), "The rule was deleted in Dintero"),
    ],
    ids=["401", "403", "404"],
)
async def test_a_permanent_error_stops_with_advice_and_continue_resumes(
    trip: Trip, fault: Fault, words: str
) -> None:
    trip.shop.dintero.faults.always(fault)
    card = await trip.ask("a\nb")
    await trip.approve(card)
    await trip.shop.ann.sees(words, trip.support)
    await trip.shop.ann.sees("Stopped:", trip.shop.campaigns)
    await trip.shop.slack.until(lambda: "Continue" in trip.shop.ann.read(card) or None)
    assert not any("Given to" in line for line in trip.thread(card))
    trip.shop.dintero.faults.clear()
    await trip.shop.ann.press("Continue", card)
    await trip.summary("Given to 2 of 2 customers")
    assert trip.shop.dintero.ledger.holders(SEED) == {"a": 1, "b": 1}
    assert sum("Given to" in line for line in trip.thread(card)) == 1


async def test_a_stopped_request_can_be_ended_as_it_is(opens: Opens) -> None:
    trip = await opens(policy=with_channel(POLICY, SUPPORT, batch_size=1, concurrency=1))
    trip.shop.dintero.faults.next(None, Fault.forbidden())
    card = await trip.ask("a\nb\nc")
    await trip.approve(card)
    await trip.shop.slack.until(lambda: "End request…" in trip.shop.bo.read(card) or None)
    await trip.shop.bo.press("End request…", card)
    summary = trip.shop.ann.read(await trip.summary("Given to 1 of 3 customers"))
    assert "2 not sent" in summary


async def test_a_missing_answer_stops_it_and_continue_gives_nothing_twice(opens: Opens) -> None:
    trip = await opens(DINTERO_TIMEOUT="0.2")
    trip.shop.dintero.faults.always(Fault.hang(after=True))
    card = await trip.ask("a\nb")
    await trip.approve(card)
    await trip.shop.slack.until(lambda: "Continue" in trip.shop.ann.read(card) or None, within=60)
    trip.shop.dintero.faults.clear()
    await trip.shop.chief.sees("I've paused all sending", trip.shop.chief.direct)
    await trip.shop.ann.press("Continue", card)
    await trip.shop.ann.is_told("continues when an admin ends the pause.")
    await trip.shop.chief.command("/discount resume", trip.support)
    await trip.summary("Given to 2 of 2 customers")
    assert trip.shop.dintero.ledger.holders(SEED) == {"a": 1, "b": 1}


async def test_a_cancelled_run_ends_after_the_batch_in_flight(
    opens: Opens,
) -> None:
    trip = await opens(policy=with_channel(POLICY, SUPPORT, batch_size=1, concurrency=1))
    card = await trip.ask("\n".join(f"c-{number}" for number in range(20)))

    async def ann_cancels_at_the_third(point: Point, number: int) -> None:
        if (point, number) == (Point.BEFORE, 3):
            await trip.shop.ann.press("Cancel request…", card)
            await trip.shop.ann.is_told("Calls already sent will finish")

    trip.shop.dintero.on_call = ann_cancels_at_the_third
    await trip.approve(card)
    await trip.summary("Given to 3 of 20 customers")
    assert list(trip.shop.dintero.ledger.holders(SEED).values()) == [1, 1, 1]


async def test_a_rule_changed_after_the_approval_needs_a_new_one(trip: Trip) -> None:
    card = await trip.ask("a")
    approval = await trip.opens_approval(card)
    trip.shop.dintero.rules[SEED]["reward"]["value"] = 99_900
    await approval.submit()
    await trip.shop.bo.sees_view("Approved")
    await trip.shop.slack.until(lambda: any("changed" in line for line in trip.thread(card)) or None)
    assert trip.shop.dintero.ledger.calls == []
    await trip.shop.slack.until(lambda: "NOK\xa0999" in trip.shop.bo.read(card) or None)
    await (await trip.shop.bo.sees_view()).close()
    await trip.approve(card, by=trip.shop.cleo)
    await trip.summary("Given to 1 of 1 customers")


@pytest.mark.parametrize("fault", list(SlackFault), ids=str)
async def test_every_message_comes_once_and_in_order_under_slack_faults(
    trip: Trip, fault: SlackFault
) -> None:
    trip.shop.slack.faults.plan("chat.postMessage", fault)
    card = await trip.ask("a")
    trip.shop.slack.faults.plan("chat.postMessage", fault)
    trip.shop.slack.faults.plan("chat.update", fault)
    await trip.approve(card)
    await trip.summary("Given to 1 of 1 customers")
    await trip.shop.ann.sees("Given to", trip.shop.campaigns)
    await trip.shop.slack.until(lambda: "✅ Given to 1 of 1" in trip.shop.bo.read(card) or None)
    thread = trip.thread(card)
    assert len(trip.shop.slack.messages(trip.support)) == 1
    assert [line.split("\n")[0] for line in thread] == ["Given to 1 of 1 customers"]


async def test_text_of_people_can_neither_ping_nor_link(trip: Trip) -> None:
    card = await trip.ask(
        "@channel", Reason="<!channel> <!here> <@U0CHIEF> <https://evil|good> *bold* & more"
    )
    await trip.approve(card)
    await trip.summary()
    for message in trip.support.messages:
        raw = f"{message.text} {message.blocks}"
        assert "<!channel>" not in raw
        assert "<!here>" not in raw
        assert "<https://evil" not in raw
