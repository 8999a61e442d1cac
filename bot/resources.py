"""The connections to Slack, the database and Dintero, opened and closed for the bot's lifespan."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from bot.clock import SystemClock
from bot.cluster.replica import Membership, join_cluster
from bot.cluster.single_instance import single_instance
from bot.config.settings import Settings
from bot.database.connection import parse_url
from bot.database.repositories.repository import SqlRepository, open_repository
from bot.database.sqlite import whole_file
from bot.dintero.client import DinteroClient
from bot.dintero.connection import open_dintero
from bot.domain.policy.policy import Policy
from bot.domain.ports import Clock
from bot.domain.requests.progress import ProgressTracker
from bot.services.access import AccessControl
from bot.slack.client.connection import ApiClient, open_client, own_workspace
from bot.slack.client.directory import SlackDirectory
from bot.slack.rendering.formatting import Formatter


@dataclass(frozen=True, slots=True)
class Resources:
    """The open connections, and the values that all parts share."""

    client: ApiClient
    repository: SqlRepository
    dintero: DinteroClient
    access: AccessControl
    clock: Clock
    formatter: Formatter
    progress_tracker: ProgressTracker
    membership: Membership


@asynccontextmanager
async def open_resources(settings: Settings, policy: Policy, clock: Clock) -> AsyncIterator[Resources]:
    """Open the connections, and close them; raises ConfigError if Slack does not take the bot's token."""
    database = settings.database_url.get_secret_value()
    async with (
        open_client(settings.slack_api_url, settings.slack_bot_token.get_secret_value()) as client,
        single_instance(database),
        whole_file(parse_url(database)),
        open_repository(database, clock=clock, audit_key=settings.key) as repository,
        join_cluster(database) as membership,
        open_dintero(
            settings.dintero_api_url,
            settings.dintero_account_id,
            settings.dintero_client_id,
            settings.dintero_client_secret.get_secret_value(),
            settings.dintero_timeout,
        ) as dintero,
    ):
        await sync_clock(clock, repository)
        workspace = await own_workspace(client)
        team = workspace.team
        directory = SlackDirectory(client, team, clock, admins=policy.admins)
        access = AccessControl(policy, directory, team, settings.dintero_account_id)
        formatter = Formatter(
            policy.currency,
            policy.timezone,
            policy.admins,
            settings.dintero_account_id,
            directory.last_known_name,
            workspace.url,
        )
        progress_tracker = ProgressTracker(clock.now)
        yield Resources(client, repository, dintero, access, clock, formatter, progress_tracker, membership)


async def sync_clock(clock: Clock, repository: SqlRepository) -> None:
    """Sync with the database clock; an injected clock is left alone."""
    if isinstance(clock, SystemClock):
        await clock.sync(repository.time)
