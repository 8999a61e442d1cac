"""Assembles the bot from its parts; the only module that imports handlers."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import structlog
from slack_bolt import BoltResponse
from slack_bolt.async_app import AsyncApp, AsyncBoltRequest
from slack_sdk.web.async_client import AsyncWebClient

from bot.background.audit_head import AuditHeadKeeper
from bot.background.daily import DailyTasks
from bot.background.durable_engine import engine_url
from bot.background.giving_workflow import GivingWorkflow
from bot.background.outbox_relay import OutboxRelay
from bot.background.progress_updates import ProgressUpdater
from bot.background.restored_backup import RestoredBackup
from bot.background.runner import BackgroundRunner
from bot.background.workflow_records import forget_workflows
from bot.clock import SystemClock
from bot.config.settings import Settings
from bot.database.repositories.repository import SqlRepository
from bot.domain.policy.policy import Policy
from bot.domain.ports import Clock
from bot.domain.requests.audit_entries import policy_in_force
from bot.domain.requests.request import OPEN
from bot.errors import DirectoryUnavailable
from bot.giving.finish import Completion
from bot.giving.lookups import RuleLookups
from bot.giving.retry import RetryPolicy
from bot.giving.scheduler import CallScheduler
from bot.giving.start import Preflight
from bot.giving.verification import OutcomeVerifier
from bot.resources import Resources, open_resources, sync_clock
from bot.services.access import AccessControl
from bot.services.announcements import request_card_redraw
from bot.services.approving.approvals import ApprovalService
from bot.services.decisions import DecisionService
from bot.services.drafting.drafts import DraftService
from bot.services.drafting.rule_catalog import RuleCatalog
from bot.services.fallbacks import FallbackNotifier
from bot.services.preferences import PreferenceService
from bot.services.results.check_again import CheckAgainService
from bot.services.retention import RetentionService
from bot.services.rule_history import RuleHistory
from bot.slack.announcer import SlackAnnouncer
from bot.slack.card_search import CardSearch
from bot.slack.client.audit_notice import AuditNotices
from bot.slack.client.connection import ApiWatch, socket_mode, watch_api
from bot.slack.client.directory import channel_of, person_of
from bot.slack.client.downloads import SlackFileReader
from bot.slack.client.socket_watchdog import SocketWatch
from bot.slack.language.texts import ReaderLanguages, chosen, set_language, use_language
from bot.slack.modal_controller import ModalController
from bot.web.bolt import BoltApp, DeferredWork
from bot.web.health import Readiness
from bot.web.server import build_web, serve
from bot.web.slack_endpoint import SlackEndpoint
from handlers import card_buttons, commands, fallback, request_form, rule_buttons
from handlers.context import HandlerContext, Identify

MOST_LOGGED: Final = 20

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class RunningBot:
    """A bot at work: its port, and the parts that the sandbox and tests use."""

    port: int
    repository: SqlRepository
    background: BackgroundRunner
    catalog: RuleCatalog
    replica: str
    """The name of the process among those that share its database."""


@asynccontextmanager
async def run_bot(
    settings: Settings, policy: Policy, *, clock: Clock | None = None, retry_policy: RetryPolicy | None = None
) -> AsyncIterator[RunningBot]:
    """Assemble a bot and let it work until the block ends; raises ConfigError for a bad token or port."""
    async with AsyncExitStack() as stack:
        resources, head_keeper = await _start(stack, settings, policy, clock or SystemClock())
        set_language(lambda: chosen(policy.language, policy.locale))
        repository, clock, account = resources.repository, resources.clock, settings.dintero_account_id
        retry_policy = retry_policy or RetryPolicy()
        scheduler = CallScheduler(first=retry_policy.first, longest=retry_policy.longest)
        lookups = RuleLookups(resources.dintero, scheduler)
        background = _build_background(settings, resources, retry_policy, lookups)
        deferred_work, catalog = DeferredWork(background), RuleCatalog(resources.dintero)
        ctx = _build_context(resources, background, deferred_work, catalog, lookups)
        await _compare_account(repository, account, clock)
        await repository.record(policy_in_force(policy, account))
        relay, progress_updater = _build_messaging(resources)
        working = background.lifespan(
            decisions=ctx.decisions,
            relay=relay,
            progress_updater=progress_updater,
            catalog=catalog,
            daily_tasks=_build_daily_tasks(resources),
            head_keeper=head_keeper,
            sync_clock=partial(sync_clock, clock, repository),
        )
        await stack.enter_async_context(working)
        bolt = build_bolt(resources.client, ctx, deferred_work)
        port = await stack.enter_async_context(_listen(settings, bolt, resources, catalog, relay))
        stack.callback(background.drain)
        background.spawn(_warn_of_missing_approvers(resources.access.fresh()))
        yield RunningBot(port, repository, background, catalog, resources.membership.name)


async def _start(
    stack: AsyncExitStack, settings: Settings, policy: Policy, clock: Clock
) -> tuple[Resources, AuditHeadKeeper]:
    """Open the connections, and compare the audit with Slack, which may be away for long."""
    # A supervisor would end the bot while it waits, so it answers health checks from the start.
    async with serve(build_web(slack=None, ready=_starting), host=settings.host, port=settings.port):
        resources = await stack.enter_async_context(open_resources(settings, policy, clock))
        head_keeper = _build_head_keeper(resources)
        await stack.enter_async_context(head_keeper.lifespan())
    return resources, head_keeper


async def _warn_of_missing_approvers(access: AccessControl) -> None:
    """Say in the log in which channels nobody could ever approve, or too few for the largest requests."""
    for channel in access.policy.channels.values():
        try:
            if missing := await access.missing_approvers(channel):
                log.warning(
                    "too few approvers: ask discount-bot check, and add people to the policy or its groups",
                    channel=channel.id,
                    name=channel.name,
                    approvers=missing,
                )
        except DirectoryUnavailable as error:
            log.warning("the approvers could not be checked", channel=channel.id, why=str(error))


async def _compare_account(repository: SqlRepository, account: str, clock: Clock) -> None:
    """Say in the log and on the cards which open requests are for another account than this bot's."""
    opened = await repository.in_state(*OPEN)
    others = [request.short for request in opened if request.account != account]
    if others:
        log.warning(
            "requests for another account are not given",
            account=account,
            count=len(others),
            requests=others[:MOST_LOGGED],
        )
    if others or await repository.audit.last_account() not in {None, account}:
        for request in opened:
            await request_card_redraw(repository, request.id, clock)


async def _starting() -> Readiness:
    return Readiness(database=False, slack=False, dintero="not asked yet")


def _build_background(
    settings: Settings, resources: Resources, retry_policy: RetryPolicy, lookups: RuleLookups
) -> BackgroundRunner:
    repository, access, clock = resources.repository, resources.access, resources.clock
    preflight = Preflight(repository, lookups, access, clock)
    giving = GivingWorkflow(
        repository,
        resources.dintero,
        clock,
        retry_policy,
        lookups.scheduler,
        resources.membership,
        Completion(repository, lookups, access, clock),
        preflight,
        engine_url(settings.database_url.get_secret_value()),
    )
    return BackgroundRunner(repository, clock, resources.membership, preflight, giving)


def _build_context(
    resources: Resources,
    background: BackgroundRunner,
    deferred_work: DeferredWork,
    catalog: RuleCatalog,
    lookups: RuleLookups,
) -> HandlerContext:
    repository, access, clock = resources.repository, resources.access, resources.clock
    parts: Any = {"repository": repository, "access": access, "clock": clock, "background": background}
    return HandlerContext(
        drafts=DraftService(**parts, catalog=catalog, file_reader=SlackFileReader(resources.client)),
        decisions=DecisionService(**parts, progress_tracker=resources.progress_tracker),
        approvals=ApprovalService(**parts, catalog=catalog, prepare_start=background.prepare_start),
        preferences=PreferenceService(repository, access, clock),
        rule_history=_build_rule_history(resources),
        check_again=CheckAgainService(**parts, look_up=OutcomeVerifier(repository, lookups, clock).look_up),
        background=deferred_work,
        modal_controller=ModalController(resources.client, resources.formatter),
        formatter=resources.formatter,
    )


def _build_messaging(resources: Resources) -> tuple[OutboxRelay, ProgressUpdater]:
    repository, policy, clock = resources.repository, resources.access.policy, resources.clock

    def may() -> bool:
        return resources.membership.is_leader

    announcer = SlackAnnouncer(
        client=resources.client,
        repository=repository,
        access=resources.access,
        formatter=resources.formatter,
        progress_tracker=resources.progress_tracker,
        rule_history=_build_rule_history(resources),
        may=may,
    )
    fallback = FallbackNotifier(repository, clock, policy.admins)
    parts: Any = {"repository": repository, "announcer": announcer, "clock": clock}
    relay = OutboxRelay(**parts, fallback=fallback, may=may)
    tracker = resources.progress_tracker
    return relay, ProgressUpdater(
        **parts, progress_tracker=tracker, troubled_until=lambda: relay.troubled_until
    )


def _build_head_keeper(resources: Resources) -> AuditHeadKeeper:
    membership = resources.membership
    client, policy, clock = resources.client, resources.access.policy, resources.clock
    restored = RestoredBackup(
        resources.repository, CardSearch(client, tuple(policy.channels)), resources.formatter, clock
    )
    notices = AuditNotices(client, policy.admins)
    return AuditHeadKeeper(resources.repository, notices, restored, clock, lambda: membership.is_leader)


def _build_daily_tasks(resources: Resources) -> DailyTasks:
    retention = RetentionService(
        repository=resources.repository,
        clock=resources.clock,
        days=resources.access.policy.retention_days,
        elsewhere=forget_workflows,
    )
    return DailyTasks(retention, _build_rule_history(resources))


def _build_rule_history(resources: Resources) -> RuleHistory:
    policy, dintero = resources.access.policy, resources.dintero
    return RuleHistory(resources.repository, dintero, resources.clock, dintero.account, policy.timezone)


def build_bolt(client: AsyncWebClient, ctx: HandlerContext, deferred_work: DeferredWork) -> BoltApp:
    """Build the Bolt app. It sends an ack when a listener returns, so longer work goes to the background."""
    access = ctx.decisions.access
    languages = ReaderLanguages(access.policy, access.directory, ctx.preferences.cached.get)

    async def fail(error: Exception, req: AsyncBoltRequest) -> BoltResponse:
        who = person_of(req.body)
        with use_language(languages.of_person(who.id if who else "", channel_of(req.body))):
            return await fallback.fail(error, req.body, req.context.respond, ctx)

    app = BoltApp(client, deferred_work, fail, ctx.decisions.repository.remember_delivery)
    app.use(Identify(ctx, languages))
    for module in (commands, request_form, card_buttons, rule_buttons, fallback):
        module.register(app)
    return app


@asynccontextmanager
async def _listen(
    settings: Settings, app: AsyncApp, resources: Resources, catalog: RuleCatalog, relay: OutboxRelay
) -> AsyncIterator[int]:
    """Listen to Slack, by Socket Mode or by HTTP, and answer health checks by HTTP in both."""
    async with AsyncExitStack() as stack:
        token, secret = settings.slack_app_token, settings.slack_signing_secret
        endpoint = SlackEndpoint(app, secret.get_secret_value()) if secret and not token else None
        watches: list[SocketWatch | ApiWatch] = [await stack.enter_async_context(watch_api(resources.client))]
        if token:
            receiving = socket_mode(app, settings.slack_api_url, token.get_secret_value())
            watches.append(await stack.enter_async_context(receiving))
        probe = DatabaseProbe(resources.repository)

        async def ready() -> Readiness:
            return Readiness(
                database=await probe.answers(),
                slack=not relay.refused and all([await watch.is_heard() for watch in watches]),
                dintero=str(catalog.failed) if catalog.failed else "ok" if catalog.ready else "not asked yet",
            )

        web = build_web(slack=endpoint, ready=ready)
        yield await stack.enter_async_context(serve(web, host=settings.host, port=settings.port))


@dataclass(slots=True)
class DatabaseProbe:
    """Tries a write, one at a time; all questions share its answer, so that they cannot fill the database."""

    repository: SqlRepository
    _trying: asyncio.Task[bool] | None = None

    async def answers(self) -> bool:
        """Tell whether the database takes a write."""
        if self._trying is None or self._trying.done():
            self._trying = asyncio.create_task(self._try())
        return await asyncio.shield(self._trying)

    async def _try(self) -> bool:
        try:
            async with asyncio.timeout(2):
                await self.repository.ping()
        except Exception:  # noqa: BLE001 - after any exception the database counts as away
            return False
        return True
