"""Whole threads, direct messages and notices, read from top to bottom as the people concerned do."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from bot.giving.retry import RetryPolicy
from sandbox.dintero import Fault
from sandbox.shop import POLICY, SUPPORT, open_bot, open_shop, with_channel
from sandbox.slack.state.workspace import Message
from tests.journeys.conftest import Opens
from tests.journeys.steps import QUICKLY, RULE, SEED, Trip
from tests.support.clock import HandClock

LATER = datetime.max.replace(tzinfo=UTC)
AN_HOUR = RetryPolicy(first=0.01, longest=0.05, total=2.0, attempts=1000, told=0.2)
"""Gives up after two seconds in place of an hour, and tells the thread after a moment."""


@dataclass(slots=True)
class Readers:
    """What each person reads, in order: the first line of each message."""

    trip: Trip
    card: Message

    @property
    def thread(self) -> list[str]:
        return [_first(one) for one in self.trip.thread(self.card)]

    @property
    def ann(self) -> list[str]:
        return [_first(one) for one in self.trip.direct_texts(self.trip.shop.ann)]

    @property
    def campaigns(self) -> list[str]:
        shop = self.trip.shop
        return [_first(shop.ann.read(one)) for one in shop.slack.messages(shop.campaigns)]

    async def end(self, words: str = "Given to") -> None:
        """Wait until all of them know the result."""
        await self.trip.summary(words)
        shop = self.trip.shop
        await shop.slack.until(lambda: any(words in one for one in self.ann) or None)
        await shop.slack.until(lambda: any("Given to" in one for one in self.campaigns) or None)


def _first(text: str) -> str:
    return text.replace("\xa0", " ").strip().split("\n")[0].strip()


async def test_a_simple_request_is_four_messages(trip: Trip) -> None:
    read = Readers(trip, await trip.ask("a\nb"))
    await trip.approve(read.card)
    await read.end()
    assert read.thread == ["Given to 2 of 2 customers"]
    assert read.ann == [f"✅ Given to 2 of 2 customers: NOK 100 off ({RULE})"]
    assert read.campaigns == [f"✅ Given to 2 of 2 customers: NOK 100 off ({RULE})"]
    assert [len(trip.direct_texts(who)) for who in (trip.shop.bo, trip.shop.chief)] == [0, 0]
    assert len(trip.shop.slack.messages(trip.support)) == 1


async def test_an_outage_that_ends_in_time_has_two_lines(opens: Opens) -> None:
    trip = await opens(retry_policy=AN_HOUR)
    read = Readers(trip, await trip.ask("a"))
    trip.shop.dintero.faults.always(Fault.broken(503))
    await trip.approve(read.card)
    await trip.shop.ann.sees("Dintero isn't answering", trip.support)
    trip.shop.dintero.faults.clear()
    await read.end()
    waits, back, summary = read.thread
    assert waits.startswith("⏳ Dintero isn't answering (")
    assert (back, summary) == ("Dintero is back. Sending again.", "Given to 1 of 1 customers")
    assert len(read.ann) == len(read.campaigns) == 1


async def test_an_outage_of_an_hour_is_told_once_to_everybody(opens: Opens) -> None:
    trip = await opens(retry_policy=AN_HOUR, DINTERO_TIMEOUT="0.2")
    chief = trip.shop.chief
    read = Readers(trip, await trip.ask("a\nb"))
    approval = await trip.opens_approval(read.card)
    trip.shop.dintero.faults.always(Fault.hang(after=True))
    await trip.approve_in(approval)
    await chief.sees("/discount resume", chief.direct)
    await trip.shop.slack.until(lambda: "Continue" in trip.shop.ann.read(read.card) or None)
    trip.shop.dintero.faults.clear()
    await trip.shop.ann.press("Continue", read.card)
    await trip.shop.ann.sees("Ann pressed Continue", trip.support)
    await chief.command("/discount resume", trip.support)
    await read.end("Given to 2 of 2")
    waits, stopped, pressed, *others = read.thread
    assert waits.startswith("⏳ Dintero isn't answering")
    assert waits.endswith("Retrying; nothing for you to do.")
    assert stopped.startswith("⚠️ Stopped: ")
    assert pressed == "Ann pressed Continue."
    assert others == ["Given to 2 of 2 customers"]
    result = "✅ Given to 2 of 2 customers"
    assert [one.split(":")[0] for one in read.ann] == [
        "⚠️ Your request stopped",
        "✅ Given to 2 of 2 customers",
    ]
    assert [one.split(":")[0] for one in read.campaigns] == ["⚠️ Stopped", result]
    assert [_first(one).split(":")[0] for one in trip.direct_texts(chief)] == ["⏸️ I've paused all sending"]


async def test_a_changed_rule_asks_the_approvers_once(opens: Opens) -> None:
    clock = HandClock()
    trip = await opens(clock=clock, policy=with_channel(POLICY, SUPPORT, hold_minutes=10))
    read = Readers(trip, await trip.ask("a"))
    await trip.approve(read.card)
    trip.shop.dintero.rules[SEED]["reward"]["value"] = 20_000
    clock.pass_by(minutes=10)
    trip.running.background.wake()
    await trip.shop.ann.sees("earlier approvals no longer count", trip.support)
    await trip.approve(read.card, by=trip.shop.cleo)
    clock.pass_by(minutes=10)
    trip.running.background.wake()
    await read.end()
    held, changed, again, summary = read.thread
    assert held.startswith("✅ Bo approved. On hold until ")
    assert changed.startswith("⚠️ The rule changed in Dintero, so earlier approvals no longer count. ")
    assert "It needs approval again from @" in changed
    assert again.startswith("✅ Cleo approved. On hold until ")
    assert summary == "Given to 1 of 1 customers"
    assert [one.split(",")[0].split(":")[0] for one in read.ann] == [
        "✅ Approved by Bo",
        "⚠️ The rule changed in Dintero",
        "✅ Approved by Cleo",
        "✅ Given to 1 of 1 customer",
    ]
    assert len(read.campaigns) == 1


async def test_a_pause_is_one_message_in_the_channel_and_none_in_the_threads(trip: Trip) -> None:
    chief, ann = trip.shop.chief, trip.shop.ann
    read, other = Readers(trip, await trip.ask("a")), Readers(trip, await trip.ask("b"))
    await chief.command("/discount pause stocktaking", trip.support)
    paused = await ann.sees("Nothing is sent until it ends (2 open requests here)", trip.support)
    await chief.command("/discount pause the till is broken", trip.support)
    await trip.shop.slack.until(lambda: "“the till is broken”" in ann.read(paused) or None)
    await trip.approve(read.card)
    await chief.command("/discount resume", trip.support)
    await read.end()
    await trip.shop.slack.until(lambda: "✅ Pause ended after" in ann.read(paused) or None)
    assert read.thread == ["Given to 1 of 1 customers"]
    assert other.thread == []
    assert [one.ts for one in trip.shop.slack.messages(trip.support)] == [
        read.card.ts,
        other.card.ts,
        paused.ts,
    ]
    assert len(read.ann) == len(read.campaigns) == 1


async def test_a_stopped_request_keeps_its_counts_during_a_pause(opens: Opens) -> None:
    trip = await opens(policy=with_channel(POLICY, SUPPORT, batch_size=1, concurrency=1))
    trip.shop.dintero.faults.next(None, Fault.forbidden())
    card = await trip.ask("a\nb\nc")
    await trip.approve(card)
    await trip.shop.slack.until(lambda: "End request…" in trip.shop.ann.read(card) or None)
    await trip.shop.chief.command("/discount pause down", trip.support)
    await trip.shop.slack.until(lambda: "Paused" in trip.shop.ann.read(card) or None)
    drawn = trip.shop.ann.read(card)
    assert "1 of 3" in drawn
    assert "2 not sent" in drawn
    assert not [line for line in trip.thread(card) if "Paused" in line]


async def test_a_skipped_hold_names_who_skipped_it(opens: Opens) -> None:
    trip = await opens(policy=with_channel(POLICY, SUPPORT, hold_minutes=10))
    read = Readers(trip, await trip.ask("a"))
    await trip.approve(read.card)
    await trip.shop.slack.until(lambda: "Skip hold…" in trip.shop.ann.read(read.card) or None)
    await trip.shop.chief.press("Skip hold…", read.card)
    await read.end()
    held, skipped, summary = read.thread
    assert held.startswith("✅ Bo approved. On hold until ")
    assert held.endswith("Anyone here can cancel.")
    assert (skipped, summary) == ("Chief skipped the hold. Sending now.", "Given to 1 of 1 customers")
    assert [one.split(":")[0] for one in read.ann] == ["✅ Approved by Bo", "✅ Given to 1 of 1 customer"]


@pytest.mark.parametrize("times", [1, 3])
async def test_a_restart_leaves_no_trace_in_the_thread(sqlite_url: str, times: int) -> None:
    async with open_shop() as shop:
        async with open_bot(shop, sqlite_url, retry_policy=QUICKLY) as running:
            await running.catalog.refresh()
            read = Readers(Trip(shop, running), await Trip(shop, running).ask("a\nb"))
            await Trip(shop, running).opens_approval(read.card)
        for _ in range(times):
            async with open_bot(shop, sqlite_url, retry_policy=QUICKLY) as running:
                await running.catalog.refresh()
        async with open_bot(shop, sqlite_url, retry_policy=QUICKLY) as running:
            await running.catalog.refresh()
            read = Readers(Trip(shop, running), read.card)
            await (await shop.bo.sees_view()).close()
            await read.trip.approve(read.card)
            await read.end()
        assert read.thread == ["Given to 2 of 2 customers"]
        assert len(read.ann) == len(read.campaigns) == 1


@pytest.mark.parametrize(("chosen", "told"), [("Never", 0), ("Only problems", 0), ("Always", 1)])
async def test_a_requester_gets_the_results_that_they_chose(trip: Trip, chosen: str, told: int) -> None:
    ann = trip.shop.ann
    await ann.command("/discount settings", trip.support)
    form = await ann.sees_view(submit="Save")
    await form.fill({"Direct messages about results": chosen})
    await form.submit()
    card = await trip.ask("a")
    await trip.approve(card)
    await trip.summary()
    await ann.sees("Given to", trip.shop.campaigns)
    async with asyncio.timeout(60):
        while await trip.running.repository.due_messages(LATER, limit=1):
            await trip.running.repository.ping()
    assert len(ann.direct.messages) == told
