"""Asks the bot, Slack and Dintero how they are, with little patience."""

import asyncio
from dataclasses import dataclass
from typing import Final

import aiohttp
from slack_sdk.errors import SlackClientError

from bot.config.settings import Settings
from bot.dintero.connection import open_dintero
from bot.errors import DinteroError
from bot.slack.client.connection import ApiClient
from bot.slack.client.errors import CALL_ERRORS, ErrorKind, describe, kind_of
from bot.web.health import Readiness

PATIENCE_SECONDS: Final = 5


@dataclass(frozen=True, slots=True)
class Part:
    """How one part is: `ok`, or needing a person; a few words say more."""

    ok: bool
    detail: str


async def slack_part(settings: Settings, seen: Readiness | None) -> Part:
    """Take the running bot's word that Slack is there; else ask, which also finds out why it is not."""
    if seen and seen.slack:
        return Part(True, "the bot is connected")
    async with aiohttp.ClientSession() as session:
        client = ApiClient(
            token=settings.slack_bot_token.get_secret_value(),
            base_url=settings.slack_api_url,
            session=session,
            timeout=PATIENCE_SECONDS,
            retry_handlers=[],
        )
        try:
            answer = await client.auth_test()
        except (*CALL_ERRORS, SlackClientError, ValueError) as error:
            refused = kind_of(error) is ErrorKind.TOKEN_REJECTED
            problem = "rejected the token" if refused else "isn't answering"
            return Part(False, f"{problem} ({describe(error)})")
    if seen:
        return Part(False, f"the bot can't reach it, but it answers here as {answer['user']}")
    return Part(True, f"answers as {answer['user']} in {answer['team']}")


async def dintero_part(settings: Settings, seen: Readiness | None) -> Part:
    """Take the running bot's word that Dintero is there; else ask for the rules."""
    if seen and seen.dintero == "ok":
        return Part(True, "answers the bot")
    secret = settings.dintero_client_secret.get_secret_value()
    account, client = settings.dintero_account_id, settings.dintero_client_id
    try:
        async with (
            asyncio.timeout(2 * PATIENCE_SECONDS),
            open_dintero(settings.dintero_api_url, account, client, secret, PATIENCE_SECONDS) as dintero,
        ):
            count = len(await dintero.rules())
    except (DinteroError, TimeoutError) as error:
        return Part(False, str(error) or "isn't answering")
    if seen and seen.dintero != "not asked yet":
        return Part(False, f"answers here, but not the bot: {seen.dintero}")
    return Part(True, f"answers, with {count} rules")


def bot_part(address: str, seen: Readiness | None, processes: int | None, *, can_be_asked: bool) -> Part:
    """Say whether a bot runs, from its own answer, or from the leases of its processes."""
    lives = f"{processes} process{'' if processes == 1 else 'es'}"
    if seen and processes == 0:
        return Part(False, f"running at {address}, but not on this database")
    if seen:
        missing = [name for name, there in (("database", seen.database), ("Slack", seen.slack)) if not there]
        state = ", still starting" if len(missing) > 1 else f", without its {missing[0]}" if missing else ""
        return Part(seen.ready, f"running at {address}{f', {lives}' if processes else ''}{state}")
    if processes:
        return Part(True, f"{lives} on this database, none at {address}")
    if not can_be_asked:
        return Part(True, "PORT is 0, so it can't be asked")
    return Part(False, f"nothing answers at {address}")
