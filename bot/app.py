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

from bot.background.daily import DailyTasks
from bot.background.outbox_relay import OutboxRelay
from bot.background.progress_updates import ProgressUpdater
from bot.background.runner import BackgroundRunner
from bot.background.shared_rules import SharedRules
from bot.background.workflows import engine_url, forget_workflows
from bot.clock import SharedClock
from bot.config.settings import Settings
from bot.database.audit.log import ChainHead
from bot.database.repositories.repository import SqlRepository
from bot.domain.policy.policy import Policy
from bot.domain.ports import Clock
from bot.domain.requests.audit_entries import policy_in_force
from bot.giving.finish import Completion
from bot.giving.retry import RetryPolicy
from bot.giving.start import Preflight
from bot.resources import Resources, open_resources, sync_clock
from bot.services.decisions import DecisionService
from bot.services.drafting.drafts import DraftService
from bot.services.drafting.rule_catalog import RuleCatalog
from bot.services.fallbacks import FallbackNotifier
from bot.services.retention import RetentionService
from bot.slack.announcer import SlackAnnouncer
from bot.slack.client.audit_notice import tell_head
from bot.slack.client.connection import socket_mode
from bot.slack.client.directory import person_of
from bot.slack.client.downloads import SlackFileReader
from bot.slack.modal_controller import ModalController
from bot.web.deferred_work import DeferredWork
from bot.web.server import Readiness, build_web, serve
from bot.web.slack_endpoint import SlackEndpoint
from handlers import card_buttons, commands, customer_list, fallback, request_form, unreadable_rows
from handlers.context import HandlerContext

ACK_SECONDS: Final = 2.5
"""Until a person is told that it did not work, by a database that hangs as well: Slack waits for 3 s."""


@dataclass(frozen=True, slots=True)
class RunningBot:
    """A bot at work: where it listens, and what a try-out or a test may look at."""

    port: int
    repository: SqlRepository
    background: BackgroundRunner
    catalog: RuleCatalog
    replica: str
    """What the process is called among those that share its database."""


@asynccontextmanager
async def run_bot(
    settings: Settings, policy: Policy, *, clock: Clock | None = None, retry_policy: RetryPolicy | None = None
) -> AsyncIterator[RunningBot]:
    """Put a bot together and let it work until the block ends.

    Raises:
        ConfigError: Slack does not take the bot's token, or nobody can listen on the port.
    """
    async with AsyncExitStack() as stack:
        async with _starting(settings):
            resources = await stack.enter_async_context(
                open_resources(settings, policy, clock or SharedClock())
            )
        background = BackgroundRunner(
            repository=resources.repository,
            dintero=resources.dintero,
            clock=resources.clock,
            retry_policy=retry_policy or RetryPolicy(),
            engine_url=engine_url(settings.database_url.get_secret_value()),
            membership=resources.membership,
        )
        account = settings.dintero_account_id
        deferred_work, catalog = (
            DeferredWork(background),
            RuleCatalog(
                SharedRules(
                    resources.dintero, resources.repository, resources.membership, resources.clock, account
                )
            ),
        )
        ctx = _counter(resources, background, deferred_work, catalog, account)
        await resources.repository.record(policy_in_force(policy))
        messaging = _telling(resources)
        await stack.enter_async_context(_working(resources, background, ctx, catalog, messaging))
        bolt = build_bolt(resources.client, ctx, deferred_work)
        port = await stack.enter_async_context(
            _listening(settings, bolt, resources.repository, catalog, messaging.relay)
        )
        stack.callback(background.drain)
        yield RunningBot(port, resources.repository, background, catalog, resources.membership.name)


@asynccontextmanager
async def _starting(settings: Settings) -> AsyncIterator[None]:
    """Tell by HTTP that the process lives until the block ends: whoever supervises it would end it while Slack is waited for."""

    async def not_yet() -> Readiness:
        return Readiness(database=False, slack=False, dintero="not asked yet")

    async with serve(build_web(slack=None, ready=not_yet), host=settings.host, port=settings.port):
        yield


def _counter(
    resources: Resources,
    background: BackgroundRunner,
    deferred_work: DeferredWork,
    catalog: RuleCatalog,
    account: str,
) -> HandlerContext:
    """Put together what the handlers work with."""
    return HandlerContext(
        drafts=DraftService(
            repository=resources.repository,
            access=resources.access,
            catalog=catalog,
            file_reader=SlackFileReader(resources.client),
            clock=resources.clock,
            background=background,
            account=account,
        ),
        decisions=DecisionService(
            repository=resources.repository,
            access=resources.access,
            clock=resources.clock,
            background=background,
            progress_tracker=resources.progress_tracker,
        ),
        background=deferred_work,
        modal_controller=ModalController(resources.client),
        formatter=resources.formatter,
    )


@dataclass(frozen=True, slots=True)
class Messaging:
    """What says things in Slack."""

    announcer: SlackAnnouncer
    relay: OutboxRelay


def _telling(resources: Resources) -> Messaging:
    repository, policy, clock, may = (
        resources.repository,
        resources.access.policy,
        resources.clock,
        resources.may_speak,
    )
    announcer = SlackAnnouncer(
        client=resources.client,
        repository=repository,
        policy=policy,
        formatter=resources.formatter,
        progress_tracker=resources.progress_tracker,
        may=may,
    )
    fallback = FallbackNotifier(repository, clock, policy.admins)
    return Messaging(
        announcer,
        OutboxRelay(repository=repository, announcer=announcer, clock=clock, fallback=fallback, may=may),
    )


def _working(
    resources: Resources,
    background: BackgroundRunner,
    ctx: HandlerContext,
    catalog: RuleCatalog,
    messaging: Messaging,
) -> AbstractAsyncContextManager[None]:
    """Put together what goes on in the background."""
    repository, access, clock = resources.repository, resources.access, resources.clock
    return background.lifespan(
        decisions=ctx.decisions,
        preflight=Preflight(repository=repository, lookups=background.lookups, access=access, clock=clock),
        completion=Completion(repository=repository, lookups=background.lookups, access=access, clock=clock),
        relay=messaging.relay,
        progress_updater=_progressing(resources, messaging),
        catalog=catalog,
        daily_tasks=_daily(resources),
        set_the_clock=lambda: sync_clock(clock, repository),
    )


def _progressing(resources: Resources, messaging: Messaging) -> ProgressUpdater:
    """Put together what shows how a giving gets on."""
    return ProgressUpdater(
        repository=resources.repository,
        announcer=messaging.announcer,
        clock=resources.clock,
        progress_tracker=resources.progress_tracker,
        troubled_until=lambda: messaging.relay.troubled_until,
    )


class _Identify(AsyncMiddleware):
    """Says who it is, and hands over what handlers work with; a class, since Bolt looks up the arguments of functions at each call."""

    def __init__(self, ctx: HandlerContext, deferred_work: DeferredWork) -> None:
        self._ctx = ctx
        self._deferred_work = deferred_work

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
        req.context["who"], req.context["ctx"] = who, self._ctx
        with self._deferred_work.answering():
            async with asyncio.timeout(ACK_SECONDS):
                return await next()


def _daily(resources: Resources) -> DailyTasks:
    """Put together what is done once a day."""
    policy, repository, clock = resources.access.policy, resources.repository, resources.clock

    async def tell(head: ChainHead) -> None:
        await tell_head(resources.client, policy.admins, seq=head.seq, digest=head.hash)

    retention = RetentionService(
        repository=repository, clock=clock, days=policy.retention_days, elsewhere=forget_workflows
    )
    return DailyTasks(retention, repository.audit, clock, tell)


def build_bolt(client: AsyncWebClient, ctx: HandlerContext, deferred_work: DeferredWork) -> AsyncApp:
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
    app.use(_Identify(ctx, deferred_work))
    for module in (commands, request_form, card_buttons, customer_list, unreadable_rows, fallback):
        module.register(app)
    return app


@asynccontextmanager
async def _listening(
    settings: Settings, app: AsyncApp, repository: SqlRepository, catalog: RuleCatalog, relay: OutboxRelay
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
                database=await _answers(repository),
                slack=not relay.refused and (socket is None or await socket.is_heard()),
                dintero=str(catalog.failed) if catalog.failed else "ok" if catalog.ready else "not asked yet",
            )

        web = build_web(slack=endpoint, ready=ready)
        yield await stack.enter_async_context(serve(web, host=settings.host, port=settings.port))


async def _answers(repository: SqlRepository) -> bool:
    try:
        await asyncio.wait_for(repository.ping(), 2)
    except Exception:  # noqa: BLE001 - whatever it is, the database does not answer
        return False
    return True
