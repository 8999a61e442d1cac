"""Runs all checks one after the other; a failed check does not stop the others."""

from collections.abc import AsyncIterator, Callable, Mapping
from enum import IntEnum
from typing import Final

import aiohttp
from pydantic import SecretStr
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.web.async_client import AsyncWebClient

from bot.check.database import check_database
from bot.check.dintero import check_dintero
from bot.check.files import check_files
from bot.check.result import CheckResult, result_of
from bot.check.slack import check_app_token, check_policy, sign_in
from bot.clock import SystemClock
from bot.config.loader import load_config
from bot.config.settings import Settings
from bot.dintero.client import open_dintero
from bot.domain.policy.policy import Policy
from bot.errors import ConfigError
from bot.slack.client.directory import SlackDirectory

SLACK_TIMEOUT_SECONDS: Final = 10


class CheckStatus(IntEnum):
    """The result of all checks together; its value is the exit code."""

    FINE = 0
    FAILED = 1
    UNUSABLE = 2
    """Settings or policy cannot be used."""


async def check_everything(env: Mapping[str, str], *, report: Callable[[str], object]) -> CheckStatus:
    """Report each result as soon as it is known."""
    settings, loaded = load_config(env)
    for result in _config_results(settings, loaded):
        report(str(result))
    if isinstance(settings, ConfigError):
        return CheckStatus.UNUSABLE
    policy = loaded if isinstance(loaded, Policy) else None
    status = CheckStatus.FINE if policy else CheckStatus.UNUSABLE
    async for result in _service_results(settings, policy):
        report(str(result))
        if result.fix and not result.is_warning and status is CheckStatus.FINE:
            status = CheckStatus.FAILED
    return status


def _config_results(settings: Settings | ConfigError, policy: Policy | ConfigError) -> list[CheckResult]:
    fix = "Fix it, then check again."
    if isinstance(settings, ConfigError):
        results = [CheckResult("settings", fault, fix) for fault in settings.faults]
    else:
        mode = "Socket Mode" if settings.socket_mode else "HTTP"
        kind = "production" if settings.dintero_account_id.startswith("P") else "test"
        results = [CheckResult("settings", f"{mode}, {kind} account {settings.dintero_account_id}")]
    if isinstance(policy, ConfigError):
        return [*results, *(CheckResult("policy", fault, fix) for fault in policy.faults)]
    count = len(policy.channels)
    found = CheckResult("policy", f"{count} {'channel' if count == 1 else 'channels'}")
    return [*results, found, *_unlimited_channels(policy)]


def _unlimited_channels(policy: Policy) -> list[CheckResult]:
    """Warn of channels where people give without approval, and without a bound over several requests."""
    fix = "Set a budget, or approvals = 1."
    return [
        CheckResult(
            f"policy of {channel.id}",
            "requests need no approval, and no budget limits what several of them give",
            fix,
            is_warning=True,
        )
        for channel in policy.channels.values()
        if channel.approvals == 0 and channel.budget is None
    ]


async def _service_results(settings: Settings, policy: Policy | None) -> AsyncIterator[CheckResult]:
    for result in check_files(settings):
        yield result
    async for result in check_database(settings.database_url.get_secret_value(), settings.key):
        yield result
    async for result in _slack_results(settings, policy):
        yield result
    account, url = settings.dintero_account_id, settings.dintero_api_url
    secret, timeout = settings.dintero_client_secret.get_secret_value(), settings.dintero_timeout
    async with open_dintero(url, account, settings.dintero_client_id, secret, timeout) as dintero:
        async for result in check_dintero(dintero, policy):
            yield result


async def _slack_results(settings: Settings, policy: Policy | None) -> AsyncIterator[CheckResult]:
    async with aiohttp.ClientSession() as session:
        client = _slack_client(settings, settings.slack_bot_token, session)
        results, team = await sign_in(client)
        for result in results:
            yield result
        if settings.slack_app_token:
            app_client = _slack_client(settings, settings.slack_app_token, session)
            yield await result_of("Slack app-level token", check_app_token(app_client))
        if policy and team:
            async for result in check_policy(SlackDirectory(client, team, SystemClock()), policy):
                yield result


def _slack_client(settings: Settings, token: SecretStr, session: aiohttp.ClientSession) -> AsyncWebClient:
    """Create a client that waits when Slack limits its rate: a long policy needs many calls."""
    client = AsyncWebClient(
        token=token.get_secret_value(),
        base_url=settings.slack_api_url,
        session=session,
        timeout=SLACK_TIMEOUT_SECONDS,
    )
    client.retry_handlers.append(AsyncRateLimitErrorRetryHandler(max_retry_count=3))
    return client
