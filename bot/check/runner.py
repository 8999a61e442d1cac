"""All checks, one after the other: what can be looked at is looked at, whatever else is wrong."""

from collections.abc import AsyncIterator, Callable, Mapping
from enum import StrEnum
from typing import Final

import aiohttp
from pydantic import SecretStr
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.web.async_client import AsyncWebClient

from bot.check.dintero import check_dintero
from bot.check.result import CheckResult, all_fine, failed
from bot.check.slack import check_app_token, check_places, sign_in
from bot.clock import SystemClock
from bot.config.loader import load_config
from bot.config.settings import Settings
from bot.database.repositories.repository import open_repository
from bot.dintero.client import open_dintero
from bot.domain.policy.policy import Policy
from bot.errors import ConfigError, DiscountBotError
from bot.slack.client.directory import SlackDirectory

SLACK_TIMEOUT: Final = 10
"""Seconds."""


class CheckStatus(StrEnum):
    """What all checks come to."""

    FINE = "fine"
    FAILED = "failed"
    UNUSABLE = "unusable"
    """Settings or policy cannot be used."""


async def check_everything(env: Mapping[str, str], *, tell: Callable[[str], object]) -> CheckStatus:
    """Tell each finding as soon as it is known, and say what they come to."""
    around = load_config(env)
    settings, policy = around.settings, around.policy
    for finding in (*_read(settings, "settings"), *_read(policy, "policy")):
        tell(str(finding))
    if not isinstance(settings, Settings):
        return CheckStatus.UNUSABLE
    usable = policy if isinstance(policy, Policy) else None
    findings = []
    async for finding in _neighbours(settings, usable):
        tell(str(finding))
        findings.append(finding)
    if usable is None:
        return CheckStatus.UNUSABLE
    return CheckStatus.FINE if all_fine(findings) else CheckStatus.FAILED


def _read(read: Settings | Policy | ConfigError, what: str) -> list[CheckResult]:
    if isinstance(read, ConfigError):
        return [CheckResult(what, fault, "Mend it, then check again.") for fault in read.faults]
    if isinstance(read, Policy):
        number = len(read.channels)
        return [CheckResult(what, f"{number} {'channel' if number == 1 else 'channels'}")]
    mode = "Socket Mode" if read.socket_mode else "HTTP"
    return [
        CheckResult(
            what,
            f"{mode}, {'production' if read.dintero_account_id.startswith('P') else 'test'} account {read.dintero_account_id}",
        )
    ]


async def _neighbours(settings: Settings, policy: Policy | None) -> AsyncIterator[CheckResult]:
    yield await _database(settings)
    async for finding in _slack(settings, policy):
        yield finding
    account, url = settings.dintero_account_id, settings.dintero_api_url
    secret, timeout = settings.dintero_client_secret.get_secret_value(), settings.dintero_timeout
    async with open_dintero(url, account, settings.dintero_client_id, secret, timeout) as dintero:
        async for finding in check_dintero(dintero, policy):
            yield finding


async def _database(settings: Settings) -> CheckResult:
    """Open the books as the bot does, which brings an older database to the present schema."""
    try:
        async with open_repository(
            settings.database_url.get_secret_value(), audit_key=settings.key
        ) as repository:
            await repository.ping()
    except DiscountBotError as error:
        return failed("database", error)
    return CheckResult("database", "answers, with the present schema")


async def _slack(settings: Settings, policy: Policy | None) -> AsyncIterator[CheckResult]:
    async with aiohttp.ClientSession() as session:
        client = _client(settings, settings.slack_bot_token, session)
        signed_in = await sign_in(client)
        for finding in signed_in.findings:
            yield finding
        if settings.slack_app_token:
            yield await check_app_token(_client(settings, settings.slack_app_token, session))
        if policy and signed_in.team:
            async for finding in check_places(SlackDirectory(client, signed_in.team, SystemClock()), policy):
                yield finding


def _client(settings: Settings, token: SecretStr, session: aiohttp.ClientSession) -> AsyncWebClient:
    """Make a client that waits when Slack asks it to: a long policy asks for much at once."""
    client = AsyncWebClient(
        token=token.get_secret_value(),
        base_url=settings.slack_api_url,
        session=session,
        timeout=SLACK_TIMEOUT,
    )
    client.retry_handlers.append(AsyncRateLimitErrorRetryHandler(max_retry_count=3))
    return client
