"""Puts the parts together; the only module that imports handlers."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Final

from slack_bolt import BoltResponse
from slack_bolt.async_app import AsyncApp, AsyncBoltRequest
from slack_bolt.middleware.async_middleware import AsyncMiddleware
from slack_sdk.web.async_client import AsyncWebClient

from bot.background.daily import Daily
from bot.background.outbox_relay import Outbox
from bot.background.progress_updates import Progressing
from bot.background.runner import DurableJobs
from bot.background.shared_rules import RulesForAll
from bot.background.workflows import engine_url, forget_workflows
from bot.clock import SharedClock
from bot.config.settings import Settings
from bot.database.audit.log import Head
from bot.database.repositories.repository import SqlBooks
from bot.domain.policy.policy import Policy
from bot.domain.ports import Clock
from bot.domain.requests.audit_entries import policy_in_force
from bot.giving.finish import Ending
from bot.giving.retry import Patience
from bot.giving.start import Starting
from bot.resources import World, open_world, set_the_clock
from bot.services.decisions import Desk
from bot.services.drafting.drafts import Asking
from bot.services.drafting.rule_catalog import RuleBook
from bot.services.fallbacks import Instead
from bot.services.retention import Purging
from bot.slack.announcer import SlackAnnouncer
from bot.slack.client.audit_notice import tell_head
from bot.slack.client.connection import socket_mode
from bot.slack.client.downloads import SlackFiles
from bot.slack.client.identity import person_of
from bot.slack.modal_controller import Screens
from bot.web.deferred_work import AcksFirst
from bot.web.health import Readiness
from bot.web.server import build_web, serve
from bot.web.slack_endpoint import SlackEndpoint
from handlers import card_buttons, commands, customer_list, fallback, request_form, unreadable_rows
from handlers.context import Counter

ACK_SECONDS: Final = 2.5
"""Until a person is told that it did not work, by a database that hangs as well: Slack waits for 3 s."""


@dataclass(frozen=True, slots=True)
class Running:
    """A bot at work: where it listens, and what a try-out or a test may look at."""

    port: int
    books: SqlBooks
    jobs: DurableJobs
    rules: RuleBook
    replica: str
    """What the process is called among those that share its database."""


@asynccontextmanager
async def bot(
    settings: Settings, policy: Policy, *, clock: Clock | None = None, patience: Patience | None = None
) -> AsyncIterator[Running]:
    """Put a bot together and let it work until the block ends.

    Raises:
        UnusableSettings: Slack does not take the bot's token, or nobody can listen on the port.
    """
    async with AsyncExitStack() as stack:
        async with _starting(settings):
            world = await stack.enter_async_context(open_world(settings, policy, clock or SharedClock()))
        jobs = DurableJobs(
            books=world.books,
            dintero=world.dintero,
            clock=world.clock,
            patience=patience or Patience(),
            engine_url=engine_url(settings.database_url.get_secret_value()),
            standing=world.standing,
        )
        account = settings.dintero_account_id
        acks, rules = (
            AcksFirst(jobs),
            RuleBook(RulesForAll(world.dintero, world.books, world.standing, world.clock, account)),
        )
        counter = _counter(world, jobs, acks, rules, account)
        await world.books.record(policy_in_force(policy))
        telling = _telling(world)
        await stack.enter_async_context(_working(world, jobs, counter, rules, telling))
        bolt = build_bolt(world.client, counter, acks)
        port = await stack.enter_async_context(_listening(settings, bolt, world.books, rules, telling.outbox))
        stack.callback(jobs.begin_no_more)
        yield Running(port, world.books, jobs, rules, world.standing.name)


@asynccontextmanager
async def _starting(settings: Settings) -> AsyncIterator[None]:
    """Tell by HTTP that the process lives until the block ends: whoever supervises it would end it while Slack is waited for."""

    async def not_yet() -> Readiness:
        return Readiness(database=False, slack=False, dintero="not asked yet")

    async with serve(build_web(slack=None, ready=not_yet), host=settings.host, port=settings.port):
        yield


def _counter(world: World, jobs: DurableJobs, acks: AcksFirst, rules: RuleBook, account: str) -> Counter:
    """Put together what the handlers work with."""
    return Counter(
        asking=Asking(
            books=world.books,
            door=world.door,
            rules=rules,
            files=SlackFiles(world.client),
            clock=world.clock,
            jobs=jobs,
            account=account,
        ),
        desk=Desk(books=world.books, door=world.door, clock=world.clock, jobs=jobs, paces=world.paces),
        jobs=acks,
        screens=Screens(world.client),
        look=world.look,
    )


@dataclass(frozen=True, slots=True)
class Telling:
    """What says things in Slack."""

    announcer: SlackAnnouncer
    outbox: Outbox


def _telling(world: World) -> Telling:
    books, policy, clock, may = world.books, world.door.policy, world.clock, world.may_speak
    announcer = SlackAnnouncer(
        client=world.client, books=books, policy=policy, look=world.look, paces=world.paces, may=may
    )
    instead = Instead(books, clock, policy.admins)
    return Telling(announcer, Outbox(books=books, announcer=announcer, clock=clock, instead=instead, may=may))


def _working(
    world: World, jobs: DurableJobs, counter: Counter, rules: RuleBook, telling: Telling
) -> AbstractAsyncContextManager[None]:
    """Put together what goes on in the background."""
    books, door, clock = world.books, world.door, world.clock
    return jobs.running(
        desk=counter.desk,
        starting=Starting(books=books, looks=jobs.looks, door=door, clock=clock),
        ending=Ending(books=books, looks=jobs.looks, door=door, clock=clock),
        outbox=telling.outbox,
        progressing=_progressing(world, telling),
        rules=rules,
        daily=_daily(world),
        set_the_clock=lambda: set_the_clock(clock, books),
    )


def _progressing(world: World, telling: Telling) -> Progressing:
    """Put together what shows how a giving gets on."""
    return Progressing(
        books=world.books,
        announcer=telling.announcer,
        clock=world.clock,
        paces=world.paces,
        troubled_until=lambda: telling.outbox.troubled_until,
    )


class _Identify(AsyncMiddleware):
    """Says who it is, and hands over what handlers work with; a class, since Bolt looks up the arguments of functions at each call."""

    def __init__(self, counter: Counter, acks: AcksFirst) -> None:
        self._counter = counter
        self._acks = acks

    async def async_process(
        self,
        *,
        req: AsyncBoltRequest,
        resp: BoltResponse,  # noqa: ARG002 - there is none yet
        next: Callable[[], Awaitable[BoltResponse]],  # noqa: A002 - Bolt's name
    ) -> BoltResponse | None:
        """Refuse what names nobody, and let no answer take longer than Slack waits."""
        who = person_of(req.body)
        if who is None:
            return BoltResponse(status=400)
        req.context["who"], req.context["counter"] = who, self._counter
        with self._acks.answering():
            async with asyncio.timeout(ACK_SECONDS):
                return await next()


def _daily(world: World) -> Daily:
    """Put together what is done once a day."""
    policy, books, clock = world.door.policy, world.books, world.clock

    async def tell(head: Head) -> None:
        await tell_head(world.client, policy.admins, seq=head.seq, digest=head.hash)

    purging = Purging(books=books, clock=clock, days=policy.retention_days, elsewhere=forget_workflows)
    return Daily(purging, books.audit, clock, tell)


def build_bolt(client: AsyncWebClient, counter: Counter, acks: AcksFirst) -> AsyncApp:
    """Make the Bolt app with all its handlers.

    An ack leaves when its listener returns, not at Bolt's next look (every 10 ms): whatever takes longer is handed to the jobs.
    """
    app = AsyncApp(
        client=client,
        process_before_response=True,
        request_verification_enabled=False,
        ignoring_self_events_enabled=False,
        attaching_function_token_enabled=False,
        attaching_conversation_kwargs_enabled=False,
    )
    app.use(_Identify(counter, acks))
    for module in (commands, request_form, card_buttons, customer_list, unreadable_rows, fallback):
        module.register(app)
    return app


@asynccontextmanager
async def _listening(
    settings: Settings, app: AsyncApp, books: SqlBooks, rules: RuleBook, outbox: Outbox
) -> AsyncIterator[int]:
    """Listen to Slack, by Socket Mode or by HTTP; health is told by HTTP in both."""
    async with AsyncExitStack() as stack:
        token = settings.slack_app_token
        socket = (
            await stack.enter_async_context(
                socket_mode(app, settings.slack_api_url, token.get_secret_value())
            )
            if token
            else None
        )
        secret = settings.slack_signing_secret
        endpoint = SlackEndpoint(app, secret.get_secret_value()) if secret and not socket else None

        async def ready() -> Readiness:
            return Readiness(
                database=await _answers(books),
                slack=not outbox.refused and (socket is None or await socket.is_heard()),
                dintero=str(rules.failed) if rules.failed else "ok" if rules.ready else "not asked yet",
            )

        web = build_web(slack=endpoint, ready=ready)
        yield await stack.enter_async_context(serve(web, host=settings.host, port=settings.port))


async def _answers(books: SqlBooks) -> bool:
    try:
        await asyncio.wait_for(books.ping(), 2)
    except Exception:  # noqa: BLE001 - whatever it is, the database does not answer
        return False
    return True
