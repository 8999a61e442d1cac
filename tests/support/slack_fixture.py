"""Bolt and its handlers over a real database, with the sandbox Slack and without the engine."""

import asyncio
import json
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from slack_bolt.async_app import AsyncApp, AsyncBoltRequest

from bot.app import build_bolt
from bot.background.outbox_relay import OutboxRelay
from bot.database.repositories.repository import SqlRepository, open_repository
from bot.dintero.connection import open_dintero
from bot.domain.policy.policy import Policy
from bot.domain.requests.request import Request, State
from bot.giving.lookups import RuleLookups
from bot.giving.scheduler import CallScheduler
from bot.giving.verification import OutcomeVerifier
from bot.services.access import AccessControl
from bot.services.approving.approvals import ApprovalService
from bot.services.decisions import DecisionService
from bot.services.drafting.drafts import DraftService
from bot.services.drafting.rule_catalog import RuleCatalog
from bot.services.fallbacks import FallbackNotifier
from bot.services.preferences import PreferenceService
from bot.services.results.check_again import CheckAgainService
from bot.services.rule_history import RuleHistory
from bot.slack.announcer import SlackAnnouncer
from bot.slack.client.connection import open_client
from bot.slack.client.directory import SlackDirectory
from bot.slack.client.downloads import SlackFileReader
from bot.slack.modal_controller import PATIENCE_SECONDS, ModalController
from bot.slack.modals.request_form import RULE_ACTION
from bot.slack.rendering.formatting import Formatter
from bot.web.bolt import DeferredWork
from handlers.context import HandlerContext
from sandbox.dintero.server import ACCOUNT, CLIENT_ID, CLIENT_SECRET
from sandbox.shop import POLICY, Shop, open_shop
from sandbox.slack.state.workspace import Json, Message
from sandbox.slack.transport.delivery import Ack
from sandbox.slack.transport.switchboard import Delivery
from sandbox.slack.user.modal import Modal
from sandbox.slack.user.person import SandboxPerson
from tests.support.clock import HandClock
from tests.support.other_process import elsewhere

SEED: Final = "3c90c3cc-0d44-4b50-8888-8dd25736052a"
SPAR: Final = "Spar 100,-"
ELSEWHERE: Final = "T0ELSEWHERE"


class Straight:
    """Delivers payloads to Bolt without a web server."""

    def __init__(self, app: AsyncApp) -> None:
        self.app = app

    async def deliver(self, _kind: str, payload: Json) -> Ack:
        answer = await self.app.async_dispatch(AsyncBoltRequest(body=payload, mode="socket_mode"))
        body = answer.body or "{}"
        return Ack(answer.status, json.loads(body) if body.startswith("{") else {"text": body})

    async def close(self) -> None:
        pass


@dataclass(slots=True)
class Errands:
    """The port `BackgroundTasks`: sends the outbox at each wake-up, and keeps failures."""

    relay: OutboxRelay | None = None
    tasks: list[asyncio.Task[object]] = field(default_factory=list)
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    def wake(self) -> None:
        self.spawn(self._say())

    def spawn(self, work: Coroutine[Any, Any, object]) -> None:
        self.tasks.append(asyncio.get_running_loop().create_task(work))

    async def done(self) -> None:
        """Wait for all work, and raise its failures."""
        while self.tasks:
            waiting, self.tasks = self.tasks, []
            await asyncio.gather(*waiting)

    async def _say(self) -> None:
        assert self.relay
        async with self._turn:
            await self.relay.deliver_due()


@dataclass(slots=True)
class Stand:
    """A sandbox shop with the bot's handlers."""

    shop: Shop
    app: AsyncApp
    repository: SqlRepository
    database: Path
    errands: Errands
    clock: HandClock

    async def form(self, *, by: SandboxPerson | None = None, text: str = "add") -> Modal:
        who = by or self.shop.ann
        await who.command(f"/discount {text}", self.shop.support)
        return await who.sees_view(submit="Review")

    async def review(self, customers: str = "c-1", *, by: SandboxPerson | None = None) -> Modal:
        form = await self.form(by=by)
        await form.fill({"Rule": SPAR, "Customer IDs": customers})
        assert not (await form.submit()).errors
        return await (by or self.shop.ann).sees_view(submit="Request approval")

    async def ask(self, customers: str = "c-1", *, by: SandboxPerson | None = None) -> Message:
        """Request a discount, and return its card."""
        review, before = await self.review(customers, by=by), len(self.shop.slack.messages(self.shop.support))
        await review.submit()
        await (by or self.shop.ann).is_done()
        await self.errands.done()
        return self.shop.slack.messages(self.shop.support)[before]

    async def opens(self, button: str, card: Message, *, by: SandboxPerson | None = None) -> Modal:
        who = by or self.shop.bo
        await who.press(button, card)
        return await who.sees_view(submit=button.rstrip("…"))

    async def request(self) -> Request:
        """Find the one submitted request."""
        (request,) = await self.repository.in_state(*set(State) - {State.DRAFT})
        return request

    async def drafts(self) -> int:
        return len(await self.repository.in_state(State.DRAFT))

    def last(self, kind: str) -> Delivery:
        """Find the last payload of a type that was sent to the bot, other than the choice of a rule."""
        return next(
            each
            for each in reversed(self.shop.slack.deliveries)
            if each.payload.get("type", "command") == kind and not _chooses_rule(each.payload)
        )

    async def press(self, card: Message, button: str, *, by: SandboxPerson, **changes: Any) -> Ack:
        """Press a button with a changed payload, as no Slack client would."""
        self.errands.tasks.clear()
        await by.press(button, card)
        payload = self.last("block_actions").payload
        await self.errands.done()
        return await self.shop.slack.deliver("interactive", {**payload, **changes})

    async def run(self, statement: str) -> None:
        """Run a statement as another program would."""
        await elsewhere(f"sqlite:///{self.database}", statement)

    async def lose_the_table(self) -> None:
        """Make the database fail for real."""
        await self.run("ALTER TABLE requests RENAME TO lost")

    async def find_the_table(self) -> None:
        await self.run("ALTER TABLE lost RENAME TO requests")


def _chooses_rule(payload: Json) -> bool:
    return any(action["action_id"] == RULE_ACTION for action in payload.get("actions", ()))


@asynccontextmanager
async def open_stand(
    database_url: str, *, policy: Policy = POLICY, patience: float = PATIENCE_SECONDS
) -> AsyncIterator[Stand]:
    """Open the handlers; at the end raise any failure of background work."""
    clock, errands = HandClock(), Errands()
    async with (
        open_shop() as shop,
        open_client(shop.slack.api_url, shop.slack.credentials.bot_token) as client,
        open_repository(database_url) as repository,
        open_dintero(shop.dintero.url, ACCOUNT, CLIENT_ID, CLIENT_SECRET) as dintero,
    ):
        team, formatter = shop.slack.team, Formatter(policy.currency, policy.timezone, policy.admins)
        access, catalog, deferred_work = (
            AccessControl(policy, SlackDirectory(client, team, clock), team, ACCOUNT),
            RuleCatalog(dintero),
            DeferredWork(errands),
        )
        rule_history = RuleHistory(repository, dintero, clock, ACCOUNT, policy.timezone)
        lookups = RuleLookups(dintero, CallScheduler(first=0.01, longest=0.02))
        errands.relay = OutboxRelay(
            repository=repository,
            announcer=SlackAnnouncer(
                client=client,
                repository=repository,
                access=access,
                formatter=formatter,
                rule_history=rule_history,
            ),
            clock=clock,
            fallback=FallbackNotifier(repository, clock, policy.admins),
        )
        ctx = HandlerContext(
            drafts=DraftService(
                repository=repository,
                access=access,
                catalog=catalog,
                file_reader=SlackFileReader(client),
                clock=clock,
                background=errands,
            ),
            decisions=DecisionService(repository=repository, access=access, clock=clock, background=errands),
            approvals=ApprovalService(
                repository=repository, access=access, clock=clock, background=errands, catalog=catalog
            ),
            preferences=PreferenceService(repository, access, clock),
            rule_history=rule_history,
            check_again=CheckAgainService(
                repository=repository,
                access=access,
                clock=clock,
                background=errands,
                look_up=OutcomeVerifier(repository, lookups, clock).look_up,
            ),
            background=deferred_work,
            modal_controller=ModalController(client, formatter, patience=patience),
            formatter=formatter,
        )
        await catalog.refresh()
        app = build_bolt(client, ctx, deferred_work)
        shop.slack.line = Straight(app)
        yield Stand(shop, app, repository, Path(database_url.removeprefix("sqlite:///")), errands, clock)
        await errands.done()
