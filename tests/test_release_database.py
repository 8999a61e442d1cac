"""Today's bot continues with the databases and Slack of release 0.1.0 (`tests/releases/README.md`).

There are two moments: a kill in the middle of three runs, and a kill during a pause.
"""

import asyncio
import gzip
import json
import re
import sqlite3
import zlib
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest

from bot.app import RunningBot
from bot.audit.commands import verified
from bot.database.repositories.repository import SqlRepository, open_repository
from bot.domain.ids import RequestId
from bot.domain.requests.pause import PauseState
from bot.domain.requests.request import Request, State
from sandbox.dintero import SandboxDintero
from sandbox.shop import Shop, database_in, open_bot, open_shop
from sandbox.slack.state.workspace import Message
from sandbox.slack.user.person import SandboxPerson
from tests.journeys.steps import QUICKLY, RULE
from tests.releases.postgres import load
from tests.releases.scene import (
    DATABASES,
    MOMENTS,
    RELEASES,
    SCENE,
    SEED_RULE,
    grant_again,
    open_again,
    put_back,
    read,
)
from tests.support.clock import HandClock
from tests.support.postgres import Server

RELEASE: Final = RELEASES / "0.1.0"
PATIENT: Final = 30.0
CLEARED: Final = {"views.update: not_found"}
"""What Slack answers where people here clear their screen before the answer to their submission is drawn."""

TWO_MUST: Final = ("waiting", "waiting_one_yes", "waiting_reminded", "waiting_rule_changed", "waiting_unsaid")
ONE_MUST: Final = ("waiting_file", "waiting_given_before", "waiting_own_key", "waiting_rest")
CONTINUED: Final = (
    "stopped_token",
    "stopped_scope",
    "stopped_rule_gone",
    "stopped_busy",
    "stopped_unknown",
    "stopped_unknown_too",
)
ENDED_HERE: Final = ("stopped_rule_inactive", "stopped_rule_expired")
DRAFTS: Final = ("draft_typed", "draft_reviewed", "draft_file")
GOES_ON: Final = ("giving", "giving_too", "approved")
OVER: Final = (
    "purged",
    "expired",
    "rejected",
    "cancelled",
    "done",
    "done_refused",
    "done_at_once",
    "ended_here",
    "cancelled_with_rest",
)
GIVEN: Final = (
    *TWO_MUST,
    *ONE_MUST,
    *CONTINUED,
    *DRAFTS,
    *GOES_ON,
    "held",
    "waiting_everyone",
    "waiting_approval_open",
)


@dataclass(slots=True)
class Then:
    """One moment of the release: its database in the test's own folder, and its surroundings."""

    folder: Path
    moment: str
    url: str = ""
    content: dict[str, Any] = field(init=False)
    requests: dict[str, dict[str, Any]] = field(init=False)
    slack: dict[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        """Unpack it."""
        self.url = self.url or database_in(self.folder)
        there = RELEASE / self.moment
        for name in DATABASES:
            (self.folder / name).write_bytes(gzip.decompress((there / f"{name}.gz").read_bytes()))
        self.content, self.requests, self.slack = (
            read(there, name) for name in ("content", "requests", "slack")
        )

    @property
    def clock(self) -> HandClock:
        """A clock at a minute after the kill."""
        return HandClock(datetime.fromisoformat(self.content["at"]) + timedelta(minutes=1))

    def id(self, name: str) -> RequestId:
        return RequestId(self.requests[name]["id"])


@pytest.fixture(params=MOMENTS)
def then(request: pytest.FixtureRequest, tmp_path: Path) -> Then:
    """Each moment in turn."""
    return Then(tmp_path, request.param)


async def test_every_request_of_the_release_is_unchanged(then: Then) -> None:
    states = Counter(each["state"] for each in then.requests.values())
    assert set(states) == set(State)
    async with open_repository(then.url) as repository:
        for name, was in then.requests.items():
            found = await the(repository, then.id(name))
            is_now = {
                key: str(getattr(found, key) or "") for key in ("short", "state", "stop", "pausing", "reason")
            }
            assert is_now == {key: was[key] or "" for key in is_now}, name
            assert (found.round, found.approvals) == (was["round"], was["approvals"]), name
            assert [approval.by for approval in await repository.votes(found.id, found.round)] == was[
                "yes"
            ], name
            if was["tally"]:
                tally = await repository.tally(found.id)
                assert [tally.asked, tally.given, tally.refused, tally.unknown, tally.not_tried] == was[
                    "tally"
                ], name
                assert [found.channel, found.card_ts] == was["card"], name


def test_the_release_was_killed_between_steps_of_a_run(then: Then) -> None:
    with closing(sqlite3.connect(then.folder / DATABASES[1])) as engine:
        under_way = dict(
            engine.execute(
                "SELECT workflow_uuid, name FROM workflow_status WHERE status = 'PENDING'"
            ).fetchall()
        )
        written_down = {
            workflow for (workflow,) in engine.execute("SELECT workflow_uuid FROM operation_outputs")
        }
    assert under_way[f"{then.id('giving')}:1"] == "give_2"
    assert written_down & set(under_way)


async def test_the_form_inputs_and_files_of_the_release_are_there(then: Then) -> None:
    async with open_repository(then.url) as repository:
        form_input = await repository.load_input(then.id("draft_typed"))
        assert form_input
        assert (form_input.rule, form_input.customers.split(), form_input.reason) == (
            SEED_RULE,
            then.requests["draft_typed"]["customers"],
            "typed so far",
        )
        for name in ("waiting_file", "draft_file"):
            found = await the(repository, then.id(name))
            kept = b"".join(
                [zlib.decompress(piece) async for piece in repository.pieces(found.id, found.files, 0)]
            ).decode()
            assert kept == next(file["data"] for file in then.slack["files"] if file["name"] == f"{name}.csv")


async def test_remainder_reminder_and_changed_rule_of_the_release_are_there(then: Then) -> None:
    async with open_repository(then.url) as repository:
        assert (await the(repository, then.id("waiting_rest"))).rest_of == then.id("cancelled_with_rest")
        assert (await the(repository, then.id("waiting_reminded"))).reminded == 1
        assert (await the(repository, then.id("waiting_own_key"))).once_key == "stamp-2020"
        changed = await the(repository, then.id("waiting_rule_changed"))
        assert changed.rule_before
        assert changed.rule_before != changed.rule
        assert (await the(repository, then.id("purged"))).purged_at
        pause = await repository.pause()
        assert (pause.why if pause else "") == (
            "Dintero moves to another house" if then.moment == "paused" else ""
        )


async def test_the_budget_lets_go_of_what_a_stopped_request_of_the_release_gave(then: Then) -> None:
    async with open_repository(then.url) as repository:
        stopped = await the(repository, then.id("stopped_busy"))
        given = (await repository.tally(stopped.id)).given
        assert given
        assert await repository.given_before(stopped.id, then.clock.now() + timedelta(days=30)) == given
        earlier = stopped.created_at - timedelta(seconds=1)
        assert await repository.given_before(stopped.id, earlier) == 0


async def test_the_audit_verifies_up_to_each_head_sent_to_the_admins(then: Then) -> None:
    told = re.findall(r"--head ([0-9a-f]{64})", json.dumps(then.slack))
    assert told
    for head in told:
        verdict = await verified(then.url, None, head=head)
        assert verdict.fine, verdict.fault
        assert verdict.rows == then.content["counted"]["audit"]


@dataclass(slots=True)
class Now:
    """Today's bot at work on the release's data."""

    then: Then
    shop: Shop
    running: RunningBot
    clock: HandClock
    cards: dict[str, Message]
    """The cards as the release drew them, with its buttons, block ids and action ids."""

    async def until(self, is_so: Callable[[], Awaitable[object]]) -> None:
        """Wait for a state of the database; check again after each call of the bot to Slack."""
        calls = self.shop.slack.faults.calls
        while True:
            before = calls.total()
            if await is_so():
                return
            await self.shop.slack.until(lambda before=before: calls.total() != before or None, within=PATIENT)  # type: ignore[misc]

    async def comes_to(self, name: str, state: State) -> Request:
        return await self.request_comes_to(self.then.id(name), state, name)

    async def request_comes_to(self, request: RequestId, state: State, name: str) -> Request:
        async def is_there() -> bool:
            return (await self.found(request)).state is state

        try:
            await self.until(is_there)
        except TimeoutError as never:
            raise AssertionError(f"{name} is {(await self.found(request)).state}, not {state}") from never
        return await self.found(request)

    async def found(self, request: RequestId) -> Request:
        return await the(self.running.repository, request)

    async def press(self, who: SandboxPerson, label: str, name: str) -> None:
        """Press a button of the release's card, on an empty screen."""
        self.shop.slack.stacks.clear(who.id)
        assert not (await who.press(label, self.cards[name])).trouble

    async def approve(self, name: str, who: SandboxPerson, typed: str = "") -> None:
        """Approve by the release's card, and wait until it counts."""
        await self.press(who, "Approve…", name)
        view = await who.sees_view(lambda view: view.private_metadata.startswith(self.then.id(name)))
        await view.fill(dict.fromkeys(view.labels, typed))
        await self.submitted(who)
        await self.counts(self.then.id(name), who)

    async def counts(self, request: RequestId, who: SandboxPerson) -> None:
        async def is_counted() -> bool:
            votes = await self.running.repository.votes(request, (await self.found(request)).round)
            return who.id in {approval.by for approval in votes}

        await self.until(is_counted)

    async def submitted(self, who: SandboxPerson) -> None:
        assert who.view
        reaction = await who.view.submit()
        assert not reaction.errors
        assert not reaction.trouble

    async def asked(self, request: RequestId, name: str) -> None:
        """Submit a draft from the review on Ann's screen, approve it by its new card, and complete it."""
        await self.submitted(self.shop.ann)
        asked = await self.request_comes_to(request, State.WAITING, name)
        card = await self.shop.slack.until(lambda: self.card_of(asked))
        self.shop.slack.stacks.clear(self.shop.bo.id)
        await self.shop.bo.press(self.first_button(card), card)
        await self.shop.bo.sees_view(lambda view: view.private_metadata.startswith(request))
        await self.submitted(self.shop.bo)
        await self.request_comes_to(request, State.DONE, name)

    def card_of(self, request: Request) -> Message | None:
        """Find the card of a new request: the newest message with its short id."""
        said = self.shop.slack.messages(self.shop.slack.channel(request.channel))
        return next((message for message in reversed(said) if request.short in str(message.blocks)), None)

    def first_button(self, card: Message) -> str:
        row = next(block for block in card.blocks if block["type"] == "actions")
        return str(row["elements"][0]["text"]["text"])


@asynccontextmanager
async def at_work(then: Then) -> AsyncIterator[Now]:
    """Start a bot on the release's database, with Slack and Dintero of that moment."""
    async with AsyncExitStack() as stack:
        shop = await stack.enter_async_context(
            open_shop(dintero=SandboxDintero(then.content["rules"], refuses=then.content["refuses"]))
        )
        put_back(shop.slack, then.slack)
        grant_again(shop, then.content["grants"])
        cards = {
            name: message.as_it_is()
            for name, was in then.requests.items()
            if was["tally"]
            and (
                message := shop.slack.workspace.find_message(
                    shop.slack.channel(was["card"][0]), was["card"][1]
                )
            )
        }
        clock = then.clock
        running = await stack.enter_async_context(
            open_bot(shop, then.url, policy=SCENE, clock=clock, retry_policy=QUICKLY)
        )
        await running.catalog.refresh()
        yield Now(then, shop, running, clock, cards)


@pytest.fixture
async def now(then: Then) -> AsyncIterator[Now]:
    """A bot at work on the release's own files."""
    async with at_work(then) as opened:
        yield opened


async def test_the_releases_own_buttons_finish_every_request(now: Now) -> None:
    await everything_is_finished(now)


async def test_on_postgresql_too(postgres: Server, tmp_path: Path) -> None:
    with postgres.database(empty=True) as url:
        then = Then(tmp_path, "killed", url)
        await asyncio.to_thread(load, tmp_path / DATABASES[0], url)
        async with at_work(then) as now:
            await everything_is_finished(now)


async def everything_is_finished(now: Now) -> None:
    shop, then = now.shop, now.then
    if then.moment == "paused":
        await stays_paused(now)
    for name in GOES_ON:
        await now.comes_to(name, State.DONE)
    await now.comes_to("giving_cancelled", State.CANCELLED)
    for name in CONTINUED:
        await now.press(shop.ann, "Continue…", name)
        await now.comes_to(name, State.DONE)
    for name in ENDED_HERE:
        await now.press(shop.ann, "End here…", name)
        await now.comes_to(name, State.DONE)
    await now.press(shop.chief, "Give now", "held")
    await now.press(shop.cleo, "Cancel request", "held_to_be_cancelled")
    await waiting_ones_are_decided(now)
    now.clock.pass_by(minutes=11)
    now.running.background.wake()
    for name in GIVEN:
        if name not in DRAFTS:
            await now.comes_to(name, State.DONE)
    await now.comes_to("held_to_be_cancelled", State.CANCELLED)
    await drafts_are_asked_with(now)
    await the_rest_is_asked_for(now)
    for name in OVER:
        assert (await now.found(then.id(name))).state == then.requests[name]["state"], name
    everybody_has_it_once(now)
    await all_is_said_once(now)


async def stays_paused(now: Now) -> None:
    """Check that the bot keeps the release's pause, then resume it."""
    now.running.background.wake()

    async def is_parked() -> bool:
        return (await now.found(now.then.id("giving"))).pausing is PauseState.PARKED

    await now.until(is_parked)
    assert not now.shop.dintero.ledger.calls
    assert (await now.found(now.then.id("approved"))).state is State.APPROVED
    await now.shop.chief.command("/discount resume", now.shop.support)


async def waiting_ones_are_decided(now: Now) -> None:
    shop, then = now.shop, now.then
    for name in TWO_MUST:
        for who in (shop.bo, shop.cleo):
            if who.id not in then.requests[name]["yes"]:
                await now.approve(name, who)
    for name in ONE_MUST:
        await now.approve(name, shop.bo)
    for who in (shop.bo, shop.cleo):
        await now.approve("waiting_everyone", who, typed=RULE)
    await now.press(shop.bo, "Reject…", "waiting_to_be_rejected")
    rejection = await shop.bo.sees_view(
        lambda view: view.private_metadata == then.id("waiting_to_be_rejected")
    )
    await rejection.fill(dict.fromkeys(rejection.labels, "not this one"))
    await now.submitted(shop.bo)
    await now.comes_to("waiting_to_be_rejected", State.REJECTED)
    shop.slack.stacks.clear(shop.bo.id)
    open_again(shop.slack, then.slack["modals"]["waiting_approval_open"])
    await now.submitted(shop.bo)
    await now.counts(then.id("waiting_approval_open"), shop.bo)
    shop.slack.stacks.clear(shop.bo.id)
    open_again(shop.slack, then.slack["modals"]["waiting_rejection_open"])
    assert shop.bo.view
    await shop.bo.view.fill(dict.fromkeys(shop.bo.view.labels, "nor this"))
    await now.submitted(shop.bo)
    assert (await now.comes_to("waiting_rejection_open", State.REJECTED)).note == "nor this"


async def drafts_are_asked_with(now: Now) -> None:
    """Continue in the modals on Ann's screen at the end of the release."""
    ann, then = now.shop.ann, now.then
    for name in DRAFTS:
        now.shop.slack.stacks.clear(ann.id)
        open_again(now.shop.slack, then.slack["modals"][name])
        if name != "draft_typed":  # a review of then does not say what it showed
            await now.submitted(ann)
            await ann.sees_view(lambda view: "changed while you had it open" in view.text)
        await to_the_review(now)
        await now.asked(then.id(name), name)


async def the_rest_is_asked_for(now: Now) -> None:
    """Ask for the remainder of a cancelled run, by its old card."""
    await now.press(now.shop.ann, "Ask again for these…", "cancelled_in_the_middle")
    form = await now.shop.ann.sees_view(lambda view: bool(view.submit_label))
    rest = RequestId(form.private_metadata)
    await to_the_review(now)
    await now.asked(rest, "the rest")
    assert (await now.found(rest)).rest_of == now.then.id("cancelled_in_the_middle")


async def to_the_review(now: Now) -> None:
    form = now.shop.ann.view
    assert form
    callback = form.callback_id
    await now.submitted(now.shop.ann)
    await now.shop.ann.sees_view(lambda view: bool(view.submit_label) and view.callback_id != callback)


def everybody_has_it_once(now: Now) -> None:
    """Compare the ledger with the requests: each customer has it once, and nobody else has it."""
    ledger, requests, refused = now.shop.dintero.ledger, now.then.requests, set(now.then.content["refuses"])
    twice = set(requests["waiting_given_before"]["customers"])
    for name in GIVEN:
        rule = str(now.then.content["rules"][1]["id"]) if name == "waiting_rule_changed" else SEED_RULE
        for customer in set(requests[name]["customers"]) - refused:
            assert ledger.held(rule, customer) == 1 + (customer in twice), (name, customer)
    for customer in set(requests["cancelled_in_the_middle"]["customers"]) - refused:
        assert ledger.held(SEED_RULE, customer) == 1, customer
    for rule in now.shop.dintero.rules:
        assert set(ledger.more_than_once(rule)) <= twice
    before = {customer for grant in now.then.content["grants"] for customer in grant["customers"]}
    asked = {
        customer for name in (*GIVEN, "cancelled_in_the_middle") for customer in requests[name]["customers"]
    }
    assert {grant.customer for grant in ledger.grants} <= before | asked


async def all_is_said_once(now: Now) -> None:
    """The outbox is empty, and no message of the release was repeated."""
    async with asyncio.timeout(PATIENT):
        while await now.running.repository.due_messages(now.clock.now() + timedelta(days=1), limit=1):
            await now.running.repository.ping()
    channels = now.shop.slack.workspace.channels.values()
    said = [
        message
        for channel in channels
        for message in channel.messages
        if message.metadata and not message.deleted
    ]
    keys = Counter(str((message.metadata or {})["event_payload"]["key"]) for message in said)
    assert keys.most_common(1)[0][1] == 1
    verdict = await verified(now.then.url, None, head=None)
    assert verdict.fine, verdict.fault
    assert verdict.rows > now.then.content["counted"]["audit"]
    assert set(now.shop.slack.refused) <= CLEARED


async def the(repository: SqlRepository, request: RequestId) -> Request:
    found = await repository.find(request)
    assert found
    return found
