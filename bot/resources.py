"""The neighbours that are open while a bot works, Slack, the books and Dintero, and what everybody goes by."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from slack_sdk.web.async_client import AsyncWebClient

from bot.clock import SharedClock
from bot.cluster.membership import Standing, standing
from bot.cluster.single_instance import alone
from bot.config.settings import Settings
from bot.database.repositories.repository import SqlBooks, open_books
from bot.dintero.client import DinteroClient, open_dintero
from bot.domain.policy.policy import Policy
from bot.domain.ports import Clock
from bot.domain.requests.progress import Paces
from bot.services.access import Door
from bot.slack.client.connection import open_client, own_team
from bot.slack.client.directory import SlackPeople
from bot.slack.rendering.formatting import Look


@dataclass(frozen=True, slots=True)
class World:
    """The neighbours that are open, and what everybody goes by."""

    client: AsyncWebClient
    books: SqlBooks
    dintero: DinteroClient
    door: Door
    clock: Clock
    look: Look
    paces: Paces
    standing: Standing

    def may_speak(self) -> bool:
        """Say whether this process is the one that empties the outbox."""
        return self.standing.first


@asynccontextmanager
async def open_world(settings: Settings, policy: Policy, clock: Clock) -> AsyncIterator[World]:
    """Open them, and close them in the end.

    Raises:
        UnusableSettings: Slack does not take the bot's token.
    """
    database = settings.database_url.get_secret_value()
    async with (
        open_client(settings.slack_api_url, settings.slack_bot_token.get_secret_value()) as client,
        alone(database),
        open_books(database, clock=clock, audit_key=settings.key) as books,
        standing(database) as standing_,
        open_dintero(
            settings.dintero_api_url,
            settings.dintero_account_id,
            settings.dintero_client_id,
            settings.dintero_client_secret.get_secret_value(),
            settings.dintero_timeout,
        ) as dintero,
    ):
        await set_the_clock(clock, books)
        team = await own_team(client)
        door = Door(policy, SlackPeople(client, team, clock), team)
        look = Look(policy.currency, policy.timezone, policy.admins)
        yield World(client, books, dintero, door, clock, look, Paces(clock.now), standing_)


async def set_the_clock(clock: Clock, books: SqlBooks) -> None:
    """Look at the database's time; a clock that was handed in is its owner's to set."""
    if isinstance(clock, SharedClock):
        await clock.look(books.time)
