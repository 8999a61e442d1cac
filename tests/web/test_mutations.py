"""Randomly changed payloads of every listener cause no 5xx, and nothing that their sender may not do."""

import asyncio
import copy
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from random import Random
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from bot.domain.ids import RequestId
from bot.domain.requests.notification import ChannelKind, Notification, NotificationType
from bot.domain.requests.request import Request, State, StopReason
from bot.web.health import Readiness
from bot.web.server import build_web, serve
from bot.web.slack_endpoint import SlackEndpoint
from sandbox.shop import BOSS
from sandbox.slack.state.workspace import Json
from sandbox.slack.transport.delivery import SignedHttp
from tests.support.slack_fixture import ELSEWHERE, SPAR, Stand, open_stand

SECRET: Final = "the signing secret"
MUTATIONS: Final = int(os.environ.get("DISCOUNT_BOT_MUTATIONS", "25"))
"""Payloads for each listener; a thousand take two minutes in all, four listeners at once."""
PATIENCE_SECONDS: Final = 0.2
"""The wait for a view that a mutated payload names and that does not exist."""
FINE: Final = Readiness(database=True, slack=True, dintero="fine")
LONG: Final = "x" * 20_000
IDS: Final = [
    "U0CHIEF",
    "T0ELSEWHERE",
    "C0QUICK",
    "S0LEADS",
    "R-22222",
    "8f14e45f-ea1b-4b6f-9e2c-000000000000",
    ":",
    "::1",
    "nonsense:99",
]
WORDS: Final = [
    "",
    " ",
    "\x00",
    "\ud800",
    "💥",
    "<!channel>",
    "add",
    "0",
    "-1",
    "9" * 400,
    LONG,
    "' OR 1=1 --",
    "cancel R-22222",
]
STRANGE: Final[list[Any]] = [
    None,
    True,
    False,
    0,
    -1,
    2**63,
    1.5,
    [],
    {},
    [[]],
    {"id": {}},
    [None],
    {"value": []},
    {"x": LONG},
]


@dataclass(slots=True)
class Sent:
    """A real payload of this kind."""

    kind: str
    payload: Json


class Site:
    """A stand behind its real web server, with a request in the state that the payloads expect."""

    def __init__(self, stand: Stand) -> None:
        self.stand = stand
        self.people = [person.id for person in stand.shop.people]

    async def send(self, sent: Sent) -> int:
        """Send a payload, wait for its work, and return the status."""
        ack = await self.stand.shop.slack.line.deliver(sent.kind, sent.payload)
        await self.quiet()
        return ack.status

    async def quiet(self) -> None:
        """Wait until all work has ended, failed or not."""
        while self.stand.errands.tasks:
            waiting, self.stand.errands.tasks = self.stand.errands.tasks, []
            await asyncio.gather(*waiting, return_exceptions=True)

    async def done(self) -> list[tuple[str, str | None, str | None]]:
        """Read each action, its actor and its request."""
        return [(row.kind, row.who, row.request) async for row in self.stand.repository.audit.rows()]

    async def requests(self) -> dict[RequestId, Request]:
        return {request.id: request for request in await self.stand.repository.in_state(*State)}

    def may(self, kind: str, who: str | None, requester: str) -> bool:
        """Decide by the shop's policy, without the bot's code, whether a person may do this to a request."""
        shop = self.stand.shop
        leads = {shop.bo.id, shop.cleo.id, str(BOSS)}
        members = {shop.ann.id, *leads}
        allowed: dict[str, set[str]] = {
            "asked": members,
            "asked_at_once": members,
            "shown": leads - {requester},
            "approval": leads - {requester},
            "last_approval": leads - {requester},
            "rejected": leads - {requester},
            "cancelled": {requester, BOSS},
            "continued": {requester, *leads},
            "ended_here": {requester, *leads},
            "looked": {requester, *leads},
        }
        return kind == "refused" or who in allowed.get(kind, set())


async def _command(site: Site, text: str) -> list[Sent]:
    await site.stand.shop.ann.command(f"/discount {text}", site.stand.shop.support)
    await site.quiet()
    return [Sent("slash_commands", site.stand.last("command").payload)]


async def _form(site: Site) -> list[Sent]:
    form = await site.stand.form()
    await form.options("Rule", "spar")
    await form.press("More options")
    form = await site.stand.shop.ann.sees_view(label="Campaign key")
    await form.fill({"Rule": SPAR, "Customer IDs": "a\nb", "Reason": "why"})
    await form.submit()
    await (await site.stand.shop.ann.sees_view(submit="Request approval")).submit()
    await site.quiet()
    kinds = {"block_suggestion", "block_actions", "view_submission"}
    return [
        Sent("interactive", one.payload)
        for one in site.stand.shop.slack.deliveries
        if one.payload.get("type") in kinds
    ]


async def _clicks(site: Site, *buttons: str) -> list[Sent]:
    card = await site.stand.ask("\n".join(f"c-{at}" for at in range(60)))
    for button in buttons:
        before = await site.stand.request()
        if button in {"Continue", "End request…"}:
            before = await stopped(site, before)
            card = site.stand.shop.slack.messages(site.stand.shop.support)[0]
        await site.stand.shop.bo.press(button, card)
        await site.quiet()
        await restore(site, before)
    sent = [
        one.payload for one in site.stand.shop.slack.deliveries if one.payload.get("type") == "block_actions"
    ]
    return [Sent("interactive", payload) for payload in sent[-len(buttons) :]]


async def _modal(site: Site, button: str, label: str, value: str) -> list[Sent]:
    card = await site.stand.ask("\n".join(f"c-{at}" for at in range(60)))
    before = await site.stand.request()
    modal = await site.stand.opens(button, card)
    await modal.fill({label: value})
    await modal.submit()
    await site.quiet()
    await restore(site, before)
    return [Sent("interactive", site.stand.last("view_submission").payload)]


async def _turns(site: Site) -> list[Sent]:
    sent = await _clicks(site, "View customers")
    await (await site.stand.shop.bo.sees_view("Customers")).press("Next")
    await site.quiet()
    return [*sent, Sent("interactive", site.stand.last("block_actions").payload)]


async def stopped(site: Site, request: Request) -> Request:
    async with site.stand.repository.unit_of_work(request.id) as unit:
        assert unit
        await unit.save(replace(unit.request, state=State.STOPPED, stop=StopReason.BUSY))
        await unit.enqueue(
            Notification(kind=ChannelKind.CARD, happened=NotificationType.STOPPED, at=site.stand.clock.now())
        )
    site.stand.errands.wake()
    await site.quiet()
    return await site.stand.request()


async def restore(site: Site, before: Request) -> None:
    """Restore a request without its approvals, for the next payload."""
    async with site.stand.repository.unit_of_work(before.id) as unit:
        if unit and unit.request != before:
            await unit.save(before)
    await site.stand.run("DELETE FROM votes")


SCENES: Final[dict[str, Callable[[Site], Awaitable[list[Sent]]]]] = {
    "add": lambda site: _command(site, "add Spar a b"),
    "status": lambda site: _command(site, "status"),
    "rule": lambda site: _command(site, "rule Spar"),
    "cancel by command": lambda site: _command(site, "cancel R-22222"),
    "form": _form,
    "card": lambda site: _clicks(site, "Approve…", "Reject…", "Cancel request…"),
    "stopped card": lambda site: _clicks(site, "Continue", "End request…"),
    "approve": lambda site: _modal(site, "Approve…", "Number of customers", "60"),
    "reject": lambda site: _modal(site, "Reject…", "Reason", "no"),
    "customers": _turns,
}


@pytest.fixture(params=SCENES)
async def scene(request: pytest.FixtureRequest, sqlite_url: str) -> AsyncIterator[tuple[Site, list[Sent]]]:
    async with AsyncExitStack() as stack:
        stand = await stack.enter_async_context(open_stand(sqlite_url, patience=PATIENCE_SECONDS))
        site = Site(stand)
        sent = await SCENES[request.param](site)
        web = build_web(slack=SlackEndpoint(stand.app, SECRET), ready=_ready)
        port = await stack.enter_async_context(serve(web, host="127.0.0.1", port=0))
        straight = stand.shop.slack.line
        stand.shop.slack.line = SignedHttp(f"http://127.0.0.1:{port}/slack/events", SECRET)
        yield site, sent
        await stand.shop.slack.line.close()
        stand.shop.slack.line = straight
        await site.quiet()


async def _ready() -> Readiness:
    return FINE


def places(value: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """List every place in a payload."""
    if isinstance(value, dict):
        for key, below in value.items():
            yield (*above, key)
            yield from places(below, (*above, key))
    elif isinstance(value, list):
        for at, below in enumerate(value):
            yield (*above, at)
            yield from places(below, (*above, at))


def mutated(dice: Random, sent: Sent, people: Sequence[str], known: Sequence[str]) -> Sent:
    """Remove or replace one to three parts: with another type, another's id, a huge or a strange text."""
    payload = copy.deepcopy(sent.payload)
    for _ in range(dice.randint(1, 3)):
        found = list(places(payload))
        if not found:
            break
        *above, last = dice.choice(found)
        holder: Any = payload
        for step in above:
            holder = holder[step]
        if dice.randrange(4) == 0:
            del holder[last]
        else:
            holder[last] = copy.deepcopy(
                dice.choice(dice.choice(([*WORDS], [*IDS, ELSEWHERE, *people, *known], STRANGE)))
            )
    if dice.randrange(2) and isinstance(payload.get("user"), dict):
        payload["user"]["id"] = dice.choice(people)
    if sent.kind == "slash_commands":
        payload = {key: _form_value(value) for key, value in payload.items()}
    return Sent(sent.kind, payload)


def ours(payload: Json) -> bool:
    """Tell whether the manifest asks Slack for this kind; for others there is no listener (404)."""
    kinds = ["block_actions", "block_suggestion", "view_submission"]
    return payload.get("command") == "/discount" if "command" in payload else payload.get("type") in kinds


def _form_value(value: Any) -> str:
    return "".join(char for char in str(value) if not "\ud800" <= char <= "\udfff")


@settings(
    max_examples=MUTATIONS,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(seed=st.integers(0, 2**64))
@pytest.mark.timeout(1200)
async def test_a_mutated_payload_causes_no_fault_and_no_forbidden_action(
    scene: tuple[Site, list[Sent]], seed: int
) -> None:
    site, real = scene
    dice, before, done = Random(seed), await site.requests(), len(await site.done())  # noqa: S311 - dice, no secret
    known = [
        name
        for request in before.values()
        for name in (request.id, request.short, f"{request.id}:{request.round}")
    ]
    sent = mutated(dice, dice.choice(real), site.people, known)
    with capture_logs() as logs:
        status = await site.send(sent)
    assert status in ({200, 400} if ours(sent.payload) else {200, 400, 404}), (status, sent)
    assert [line for line in logs if line["event"] in {"handler failed", "answer failed"}] == []
    named = sent.payload.get("user")
    sender = named.get("id") if isinstance(named, dict) else sent.payload.get("user_id")
    for kind, who, request in (await site.done())[done:]:
        owner = before[RequestId(request)].requester if request and RequestId(request) in before else str(who)
        assert site.may(kind, who, owner), (kind, who, sent)
        assert who == sender, (kind, who, sent)
    assert set(before) <= set(await site.requests())
    for then in before.values():
        if then.state is not State.DRAFT:
            await restore(site, then)


async def test_a_payload_that_comes_twice_and_late_changes_nothing_more(
    scene: tuple[Site, list[Sent]],
) -> None:
    site, real = scene
    for sent in real:
        for _ in range(2):
            assert await site.send(sent) == 200
        once = await site.requests()
        votes = [await site.stand.repository.votes(request, 1) for request in once]
        site.stand.clock.pass_by(minutes=2)
        assert await site.send(sent) == 200
        now = await site.requests()
        assert {one: now[one] for one in once} == once
        assert [await site.stand.repository.votes(request, 1) for request in once] == votes
