"""Makes a release's fixture with the code of this tree: `python -m tests.releases.make 0.1.0`.

Run it on the released commit, before its first change. A real bot works in the shop, and people ask,
approve, reject and click until there is a request in every state. Then `python -m bot run` is killed in the
middle of three runs, restarted, paused, and killed again. After each kill, the two SQLite files are saved,
with the state of Slack and Dintero.
"""

import asyncio
import gzip
import os
import re
import shutil
import sqlite3
import sys
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from bot.app import RunningBot
from bot.database.repositories.repository import SqlRepository, open_repository
from bot.domain.ids import RequestId, ShortId
from sandbox.dintero import Fault, Operation, Point, SandboxDintero
from sandbox.dintero.catalogue import SEED_RULE, catalogue
from sandbox.shop import Shop, database_in, open_bot, open_shop
from sandbox.slack import Cut
from sandbox.slack.state.elements import buttons
from sandbox.slack.state.faults import Refuse
from sandbox.slack.state.workspace import Message
from sandbox.slack.transport.delivery import SignedHttp
from sandbox.slack.user.modal import Modal
from sandbox.slack.user.person import SandboxPerson
from tests.journeys.process import BotProcess, a_process
from tests.journeys.steps import QUICKLY, RULE, Steps
from tests.releases.scene import (
    DATABASES,
    RELEASES,
    SCENE,
    grants_as_json,
    slack_as_json,
    view_as_json,
    write,
)
from tests.support.cancelling import cancel
from tests.support.clock import HandClock

RULES: Final = 4
"""Rules in Dintero; the second one costs an amount too, and is the one that is switched off and changed."""
OTHER: Final = 1
SIX: Final = 6

STOPS: Final = {
    "stopped_token": Fault.unauthorized(),
    "stopped_scope": Fault.forbidden(),
    "stopped_rule_gone": Fault.not_found(),
    "stopped_busy": Fault.busy(0.05),
    "stopped_unknown": Fault.broken(503),
    "stopped_unknown_too": Fault.no_json(),
    "ended_here": Fault.broken(503, after=True),
}
COUNTED: Final = {
    "audit": "audit",
    "said": "outbox WHERE said_ts IS NOT NULL",
    "unsaid": "outbox WHERE said_ts IS NULL",
    "pieces of files": "files",
}


@dataclass(slots=True)
class Kept:
    """The requests by the names of the fixture's test: customers, cards, drafts and open modals."""

    customers: dict[str, list[str]] = field(default_factory=dict)
    cards: dict[str, Message] = field(default_factory=dict)
    drafts: dict[str, RequestId] = field(default_factory=dict)
    modals: dict[str, dict[str, Any]] = field(default_factory=dict)

    def ids(self, name: str, count: int) -> list[str]:
        """Make customers for one request alone."""
        return self.customers.setdefault(
            name, [f"{name.replace('_', '-')}-{number:02}" for number in range(count)]
        )

    async def short_ids(self, repository: SqlRepository) -> dict[str, RequestId]:
        """Find the requests by the short ids on their cards."""
        found = dict(self.drafts)
        for name, card in self.cards.items():
            short = re.search(r"R-[A-Z2-9]{5}", str(card.blocks))
            request = await repository.find_short(ShortId(short[0])) if short else None
            if request:
                found[name] = request.id
        return found


@dataclass(slots=True)
class People(Steps):
    """People in the shop, wherever the bot runs."""

    kept: Kept

    async def opens_approval(self, card: Message, *, by: SandboxPerson | None = None) -> Modal:
        """Open the approval on an empty screen: Slack shows three modals at most."""
        self.shop.slack.stacks.clear((by or self.shop.bo).id)
        return await Steps.opens_approval(self, card, by=by)

    async def asks(self, name: str, count: int = SIX, **others: Any) -> Message:
        """Submit the form, and keep the card under a name."""
        self.kept.cards[name] = await self.ask("\n".join(self.kept.ids(name, count)), **others)
        return self.kept.cards[name]

    async def has(self, name: str, words: str) -> None:
        """Wait until a card's thread contains this."""
        shop, card = self.shop, self.kept.cards[name]
        await shop.slack.until(
            lambda: any(words in shop.ann.read(reply) for reply in shop.slack.thread(card)) or None, within=30
        )

    async def shows(self, card: Message, label: str) -> None:
        """Wait until a card has this button."""
        await self.shop.slack.until(
            lambda: label in {button.label for button in buttons(card.blocks)} or None
        )

    async def agreed(self, name: str, count: int = SIX, **others: Any) -> Message:
        """Ask in the channel with a hold, and let both leads approve."""
        card = await self.asks(name, count, channel=self.shop.careful, **others)
        await self.approve(card)
        await self.approve(card, by=self.shop.cleo)
        await self.shows(card, "Skip hold…")
        return card

    def keep_modal(self, name: str, who: SandboxPerson) -> None:
        """Save the modal on top of a person's screen, and remove it without notifying the bot."""
        self.kept.modals[name] = view_as_json(self.shop.slack.stacks.of(who.id)[-1])
        self.shop.slack.stacks.clear(who.id)


@dataclass(slots=True)
class Maker(People):
    """The same people, with the bot in this process."""

    running: RunningBot

    async def is_given(self, name: str, count: int = SIX, *, given: int | None = None, **others: Any) -> None:
        """Ask, approve, and wait for the summary."""
        await self.approve(await self.asks(name, count, **others))
        await self.has(name, f"Given to {count if given is None else given} of {count} customers")

    # the states

    async def over(self) -> None:
        """Requests that are over: expired, rejected, cancelled, given, and cancelled in the middle."""
        shop, kept = self.shop, self.kept
        card = await self.asks("rejected")
        await shop.bo.press("Reject…", card)
        rejection = await shop.bo.sees_view(submit="Reject")
        await rejection.fill({"Reason": "the wrong rule"})
        await rejection.submit()
        await self.has("rejected", "the wrong rule")
        shop.slack.stacks.clear(shop.bo.id)
        await cancel(shop.ann, await self.asks("cancelled"))
        await self.has("cancelled", "cancelled it")
        await self.is_given("done", Reason="høst & vår")
        shop.dintero.refuses.add(kept.ids("done_refused", SIX)[2])
        await self.is_given("done_refused", given=SIX - 1)
        shop.dintero.limits.largest = 2
        await self.asks("done_at_once", 3, channel=shop.quick)
        await self.has("done_at_once", "Given to 3 of 3")
        shop.dintero.limits.largest = None
        for name in ("cancelled_in_the_middle", "cancelled_with_rest"):
            await self.cancelled_in_the_middle(name)

    async def cancelled_in_the_middle(self, name: str) -> None:
        """Cancel during the third batch, which then takes effect without an answer."""
        shop, dintero, ids = self.shop, self.shop.dintero, self.kept.ids(name, 12)
        dintero.refuses.add(ids[0])
        card = await self.asks(name, 12)

        async def ann_cancels(point: Point, number: int) -> None:
            customers = dintero.ledger.calls[number - 1].customers
            if point is Point.AFTER and customers[-1] == ids[3]:
                dintero.faults.always(Fault.cut(after=True))
            if point is Point.BEFORE and customers[0] == ids[4]:
                await shop.ann.press("Cancel request…", card)
                await shop.ann.is_told("stops once the calls under way have ended")

        dintero.on_call = ann_cancels
        await self.approve(card)
        await self.has(name, "Given to 3 of 12 customers")
        await self.shows(card, "Request again…")
        dintero.on_call = None
        dintero.faults.clear()

    async def stopped(self) -> None:
        """Requests that stopped, for each reason that Dintero can cause."""
        shop, dintero = self.shop, self.shop.dintero
        for name, fault in STOPS.items():
            card = await self.asks(name)

            async def begins(point: Point, _number: int, fault: Fault = fault) -> None:
                if point is Point.AFTER:
                    dintero.faults.always(fault)

            dintero.on_call = begins
            await self.approve(card)
            await self.shows(card, "Continue")
            dintero.on_call = None
            dintero.faults.clear()
            if await self.running.repository.pause():
                await shop.chief.command("/discount resume", shop.support)
                await shop.chief.is_told("Resumed")
        await shop.ann.press("End request…", self.kept.cards["ended_here"])
        await self.has("ended_here", "ended it here")
        await self.stopped_for_its_rule("stopped_rule_inactive", {"active": False})
        requirement = list(dintero.rules.values())[OTHER]["requirement"]
        await self.stopped_for_its_rule(
            "stopped_rule_expired", {"requirement": requirement | {"purchase_to": "2020-01-01T00:00:00Z"}}
        )

    async def stopped_for_its_rule(self, name: str, unusable: dict[str, Any]) -> None:
        """Make a rule unusable for a while, between request and approval."""
        rule = list(self.shop.dintero.rules.values())[OTHER]
        usable = dict(rule)
        card = await self.asks(name, rule=rule["name"])
        rule |= unusable
        await self.approve(card)
        await self.shows(card, "Continue")
        rule |= usable
        await self.running.catalog.refresh()

    async def waiting(self, folder: Path) -> None:
        """Waiting requests: none or one of two approvals, a file, everyone, a remainder, open modals."""
        shop, kept = self.shop, self.kept
        await self.asks("waiting", channel=shop.careful)
        await self.approve(await self.asks("waiting_one_yes", channel=shop.careful))
        await self.asks("waiting_to_be_rejected")
        kept.customers["waiting_given_before"] = kept.customers["done"][:1]
        kept.cards["waiting_given_before"] = await self.ask(kept.customers["done"][0])
        await self.from_a_file(folder, "waiting_file")
        kept.cards["waiting_file"] = await self.asked(await shop.ann.sees_view(submit="Ask for approval"))
        await self.for_everyone()
        await self.under_an_own_key()
        await self.opens_approval(await self.asks("waiting_approval_open"))
        self.keep_modal("waiting_approval_open", shop.bo)
        await shop.bo.press("Reject…", await self.asks("waiting_rejection_open"))
        await shop.bo.sees_view(submit="Reject")
        self.keep_modal("waiting_rejection_open", shop.bo)
        await shop.ann.press("Request again…", kept.cards["cancelled_with_rest"])
        await (await shop.ann.sees_view(submit="Review")).submit()
        kept.customers["waiting_rest"] = kept.customers["cancelled_with_rest"][4:]
        kept.cards["waiting_rest"] = await self.asked(await shop.ann.sees_view(submit="Ask for approval"))

    async def from_a_file(self, folder: Path, name: str) -> None:
        """Fill in the form with a file, up to the review."""
        path = folder / f"{name}.csv"
        path.write_text(
            "Name;Customer id\n"
            + "".join(f"Ås {number};{one}\n" for number, one in enumerate(self.kept.ids(name, 40)))
        )
        form = await self.form()
        await form.fill({"Rule": RULE, "File": str(path)})
        assert not (await form.submit()).errors
        await self.shop.ann.sees_view(submit="Ask for approval")

    async def under_an_own_key(self) -> None:
        """Ask with the requester's own idempotency key."""
        form = await self.form()
        await form.press("More…")
        form = await self.shop.ann.sees_view(label="Once-only key")
        customers = "\n".join(self.kept.ids("waiting_own_key", SIX))
        await form.fill({"Rule": RULE, "Customer IDs": customers, "Once-only key": "stamp-2020"})
        assert not (await form.submit()).errors
        self.kept.cards["waiting_own_key"] = await self.asked(
            await self.shop.ann.sees_view(submit="Ask for approval")
        )

    async def for_everyone(self) -> None:
        """Ask for everyone."""
        form = await self.form()
        await form.press("More…")
        form = await self.shop.ann.sees_view(lambda view: "Instead of customer ids" in view.labels)
        await form.fill({"Rule": RULE, "Instead of customer ids": "*"})
        assert not (await form.submit()).errors
        self.kept.customers["waiting_everyone"] = ["*"]
        self.kept.cards["waiting_everyone"] = await self.asked(
            await self.shop.ann.sees_view(submit="Ask for approval")
        )

    async def drafts(self, folder: Path) -> None:
        """Drafts with open modals: with input, reviewed, and reviewed with a file."""
        shop = self.shop
        form = await self.form()
        await form.fill(
            {
                "Rule": RULE,
                "Customer IDs": "\n".join(self.kept.ids("draft_typed", 3)),
                "Reason": "typed so far",
            }
        )
        await form.press("More…")
        self.keep_draft("draft_typed", await shop.ann.sees_view(label="Once-only key"))
        self.keep_draft("draft_reviewed", await self.review("\n".join(self.kept.ids("draft_reviewed", 3))))
        await self.from_a_file(folder, "draft_file")
        self.keep_draft("draft_file", await shop.ann.sees_view(submit="Ask for approval"))

    def keep_draft(self, name: str, modal: Modal) -> None:
        self.kept.drafts[name] = RequestId(modal.private_metadata)
        self.keep_modal(name, self.shop.ann)


async def make(release: str) -> None:
    """Make both moments of a release."""
    dintero = SandboxDintero(catalogue(datetime.now(UTC), RULES))
    dintero.rules[SEED_RULE]["requirement"]["purchase_from"] = "2020-01-01T00:00:00Z"
    with TemporaryDirectory() as scratch:
        folder = Path(scratch)
        async with open_shop(dintero=dintero) as shop:
            kept = Kept()
            await with_the_clock(shop, kept, folder)
            await killed(shop, kept, folder, RELEASES / release)


async def with_the_clock(shop: Shop, kept: Kept, folder: Path) -> None:
    """Let three months pass, with everything that a quiet day brings."""
    now = datetime.now(UTC)
    clock = HandClock(now - timedelta(days=95))
    async with open_bot(
        shop, database_in(folder), policy=SCENE, clock=clock, retry_policy=QUICKLY
    ) as running:
        await running.catalog.refresh()
        await Maker(shop, kept, running).is_given("purged", 3, Reason="long ago")
    clock.at = now - timedelta(hours=27)
    async with open_bot(
        shop, database_in(folder), policy=SCENE, clock=clock, retry_policy=QUICKLY
    ) as running:
        await running.catalog.refresh()
        maker = Maker(shop, kept, running)
        await maker.asks("expired")
        clock.at = now - timedelta(minutes=90)
        running.background.wake()
        await maker.has("expired", "expired")
        await maker.asks("waiting_reminded", channel=shop.careful)
        await maker.over()
        await maker.stopped()
        clock.at = now - timedelta(minutes=25)
        running.background.wake()
        await maker.has("waiting_reminded", "still waits")
        other = list(shop.dintero.rules.values())[OTHER]
        await maker.agreed("waiting_rule_changed", rule=other["name"])
        other["reward"]["value"] += 1000
        clock.at = now
        running.background.wake()
        await maker.has("waiting_rule_changed", "No approval counts any more")
        await maker.waiting(folder)
        await maker.drafts(folder)
        await maker.agreed("held")
        await maker.agreed("held_to_be_cancelled")


@dataclass(slots=True)
class Holder:
    """Holds calls to Dintero by their first customer, before or after their effect. Others pass."""

    shop: Shop
    where: Mapping[str, Point]
    held: dict[str, asyncio.Event] = field(default_factory=dict)
    let_go: dict[str, asyncio.Event] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Start to hold."""
        self.held = {customer: asyncio.Event() for customer in self.where}
        self.let_go = {customer: asyncio.Event() for customer in self.where}
        self.shop.dintero.on_call = self._call

    async def _call(self, point: Point, number: int) -> None:
        first = self.shop.dintero.ledger.calls[number - 1].customers[0]
        if self.where.get(first) is point:
            self.held[first].set()
            await self.let_go[first].wait()

    def end(self) -> None:
        """Release everything."""
        for let_go in self.let_go.values():
            let_go.set()
        self.shop.dintero.on_call = None

    async def all_held(self) -> None:
        """Wait until all are held."""
        async with asyncio.timeout(30):
            for event in self.held.values():
                await event.wait()


async def killed(shop: Shop, kept: Kept, folder: Path, to: Path) -> None:
    """Kill a real process in the middle of runs and messages; restart it, pause it, and kill it again."""
    people, silent = People(shop, kept), Silent()
    async with a_process(shop, folder, database_in(folder), policy=SCENE) as process:
        await reached(shop, process)
        giving, cancelling, other = (
            kept.ids("giving", 40),
            kept.ids("giving_cancelled", 24),
            kept.ids("giving_too", 24),
        )
        shop.dintero.refuses.add(giving[1])
        held = Holder(
            shop,
            {
                giving[20]: Point.AFTER,
                giving[22]: Point.BEFORE,
                cancelling[4]: Point.AFTER,
                other[18]: Point.AFTER,
            },
        )
        await shop.chief.press("Skip hold…", await people.agreed("giving", 40))
        for name in ("giving_cancelled", "giving_too"):
            await people.approve(await people.asks(name, 24))
        await held.all_held()
        await shop.ann.press("Cancel request…", kept.cards["giving_cancelled"])
        await people.has("giving_cancelled", "asked to cancel it")
        approved, waits = (
            await people.asks("approved"),
            await people.asks("waiting_unsaid", channel=shop.careful),
        )
        shop.dintero.faults.always(Fault.hang(), on=Operation.RULE)
        shop.slack.faults.on_call = silent.call
        await people.approve(approved)
        await asyncio.wait_for(silent.cut.wait(), 30)
        await people.approve(waits, by=shop.cleo)
        await process.kill()
        await keep("killed", shop, kept, folder, to)
        shop.slack.faults.on_call = None
        held.end()
        await paused(people, folder, to, process)


async def paused(people: People, folder: Path, to: Path, process: BotProcess) -> None:
    """Restart a killed bot, pause it, and kill it while one run is parked and another has calls in flight."""
    shop, kept = people.shop, people.kept
    giving, other = kept.customers["giving"][28], kept.customers["giving_too"][20]
    held = Holder(shop, {giving: Point.AFTER, other: Point.BEFORE})
    await reached(shop, process)
    await held.all_held()
    await shop.chief.command("/discount pause Dintero moves to another house", shop.support)
    await shop.chief.is_told("Paused")
    held.let_go[other].set()
    await people.has("giving_too", "Dintero moves to another house")
    await process.kill()
    await keep("paused", shop, kept, folder, to)
    held.end()


async def reached(shop: Shop, process: BotProcess) -> None:
    """Start the bot, and connect Slack to it."""
    await process.start()
    await process.ready()
    await shop.slack.line.close()
    shop.slack.line = SignedHttp(
        f"http://127.0.0.1:{process.port}/slack/events", shop.slack.credentials.signing_secret
    )


async def keep(moment: str, shop: Shop, kept: Kept, folder: Path, to: Path) -> None:
    """Save compact copies of the databases, and describe their content."""
    there = to / moment
    shutil.rmtree(there, ignore_errors=True)
    there.mkdir(parents=True)
    with TemporaryDirectory() as scratch:
        for name in DATABASES:
            for file in filter(os.path.exists, (f"{folder / name}{end}" for end in ("", "-wal"))):
                shutil.copy(file, scratch)
            with closing(sqlite3.connect(Path(scratch) / name)) as database:
                database.execute("VACUUM INTO ?", [str(Path(scratch) / f"whole-{name}")])
            whole = (Path(scratch) / f"whole-{name}").read_bytes()
            (there / f"{name}.gz").write_bytes(gzip.compress(whole, mtime=0))
        async with open_repository(database_in(Path(scratch))) as repository:
            requests = {
                name: await described(repository, kept, name, id_)
                for name, id_ in (await kept.short_ids(repository)).items()
            }
        with closing(sqlite3.connect(Path(scratch) / DATABASES[0])) as database:
            counted = {
                name: database.execute(f"SELECT count(*) FROM {query}").fetchone()[0]
                for name, query in COUNTED.items()
            }
    content = {
        "at": datetime.now(UTC).isoformat(),
        "counted": counted,
        "refuses": sorted(shop.dintero.refuses),
        "buttons": buttons_of(kept),
        "grants": grants_as_json(shop),
        "rules": list(shop.dintero.rules.values()),
    }
    write(there, "content", content)
    write(there, "requests", requests)
    write(there, "slack", slack_as_json(shop.slack) | {"modals": kept.modals}, packed=True)


def buttons_of(kept: Kept) -> dict[str, list[str]]:
    """List the buttons on the cards by label, with their block and action ids."""
    return {
        button.label: [button.block_id, button.action_id]
        for card in kept.cards.values()
        for button in buttons(card.blocks)
    }


async def described(repository: SqlRepository, kept: Kept, name: str, id_: RequestId) -> dict[str, Any]:
    """Describe everything about a request that the next release must find."""
    request = await repository.find(id_)
    assert request
    tally = await repository.tally(id_) if name in kept.cards else None
    return {
        "id": id_,
        "short": request.short,
        "state": request.state,
        "round": request.round,
        "stop": request.stop,
        "pausing": request.pausing,
        "approvals": request.approvals,
        "yes": [approval.by for approval in await repository.votes(id_, request.round)],
        "customers": kept.customers[name],
        "tally": [tally.asked, tally.given, tally.refused, tally.unknown, tally.not_tried] if tally else None,
        "card": [request.channel, request.card_ts],
        "reason": request.reason,
    }


@dataclass(slots=True)
class Silent:
    """A Slack that accepts one message without an answer, and none afterwards."""

    cut: asyncio.Event = field(default_factory=asyncio.Event)

    async def call(self, point: str, method: str, _number: int) -> None:
        """Fail on a call that posts."""
        if point == "after" and method == "chat.postMessage" and not self.cut.is_set():
            self.cut.set()
            raise Cut
        if point == "before" and method.startswith("chat.") and self.cut.is_set():
            raise Refuse(503)


if __name__ == "__main__":
    asyncio.run(make(sys.argv[1]))
