"""Runs all checks one after the other; a failed check does not stop the others, and none changes anything."""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from enum import IntEnum
from typing import Final

import aiohttp
from pydantic import SecretStr
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler

from bot.check.address import check_address
from bot.check.blocks import check_blocks
from bot.check.database import check_database
from bot.check.dintero import check_dintero
from bot.check.files import check_files
from bot.check.restored import check_restored
from bot.check.result import CheckResult, result_of
from bot.check.samples import messages, modals
from bot.check.slack import PolicyCheck, check_app_token, list_groups, sign_in
from bot.clock import SystemClock
from bot.config.loader import load_config
from bot.config.settings import Settings, ValueSources
from bot.dintero.connection import open_dintero
from bot.domain.policy.policy import Policy
from bot.errors import ConfigError
from bot.slack.client.connection import ApiClient
from bot.slack.client.directory import SlackDirectory
from bot.slack.rendering.formatting import Formatter

SLACK_TIMEOUT_SECONDS: Final = 10
AGAIN: Final = "Fix what is marked ✗, then run check again."


class CheckStatus(IntEnum):
    """The result of all checks together; its value is the exit code."""

    FINE = 0
    FAILED = 1
    UNUSABLE = 2
    """Settings or policy cannot be used."""


async def check_everything(
    env: Mapping[str, str], *, report: Callable[[str], object], sources: ValueSources | None = None
) -> CheckStatus:
    """Report each result as soon as it is known, and then what they mean for `run`."""
    settings, policy = load_config(env)
    results: list[CheckResult] = []
    async for result in _all_results(settings, policy, sources):
        results.append(result)
        report(str(result))
    report(verdict(results))
    if isinstance(settings, ConfigError) or isinstance(policy, ConfigError):
        return CheckStatus.UNUSABLE
    return CheckStatus.FAILED if any(result.is_fault for result in results) else CheckStatus.FINE


def verdict(results: Sequence[CheckResult]) -> str:
    """Say in one line how much there is to fix, and whether `run` can start."""
    faults = [result for result in results if result.is_fault]
    counts = [("problem", len(faults)), ("warning", sum(result.is_warning for result in results))]
    found = " and ".join(f"{count} {word}{'' if count == 1 else 's'}" for word, count in counts if count)
    if any(fault.stops_run for fault in faults):
        return f"✗ {found}: discount-bot run can't start. {AGAIN}"
    if any(fault.run_waits for fault in faults):
        return f"✗ {found}: discount-bot run would wait. {AGAIN}"
    if faults:
        return f"✗ {found}: discount-bot run can start, but not everything will work. {AGAIN}"
    if found:
        return f"⚠ {found}: discount-bot run can start."
    return "✓ Ready: discount-bot run can start."


async def _all_results(
    settings: Settings | ConfigError, policy: Policy | ConfigError, sources: ValueSources | None
) -> AsyncIterator[CheckResult]:
    for result in [*_settings_results(settings, sources), *_policy_results(policy)]:
        yield result
    if isinstance(settings, Settings):
        async for result in _service_results(settings, policy if isinstance(policy, Policy) else None):
            yield result


def _settings_results(
    settings: Settings | ConfigError, sources: ValueSources | None
) -> Iterator[CheckResult]:
    if isinstance(settings, ConfigError):
        for fault in settings.faults:
            problem, _, fix = fault.partition(". ")
            verb = "Set" if problem.endswith("not set") else "Change"
            place = f" {verb} it in {sources.of(fault.partition(':')[0])}." if sources else ""
            yield CheckResult("settings", problem, f"{fix or 'Correct it.'}{place}", stops_run=True)
    else:
        mode = "Socket Mode" if settings.socket_mode else "HTTP"
        kind = "production" if settings.dintero_account_id.startswith("P") else "test"
        yield CheckResult("settings", f"{mode}, {kind} account {settings.dintero_account_id}")
    if sources:
        yield from _source_results(sources)


def _source_results(sources: ValueSources) -> Iterator[CheckResult]:
    """Say where each value came from, and which value of `.env` does not count."""
    in_file = sources.in_file - sources.in_environment
    for place, names in ((str(sources.file), in_file), ("the environment", sources.in_environment)):
        if names:
            yield CheckResult(f"settings from {place}", ", ".join(sorted(names)))
    for name in sorted(sources.overridden):
        problem = f"has two values; the one in the environment counts, not the one in {sources.file}"
        yield CheckResult(f"setting {name}", problem, "Remove one of them.", is_warning=True)


def _policy_results(policy: Policy | ConfigError) -> list[CheckResult]:
    if isinstance(policy, ConfigError):
        parts = [fault.partition(". ") for fault in policy.faults]
        return [CheckResult("policy", problem, fix, stops_run=True) for problem, _, fix in parts]
    count = len(policy.channels)
    found = CheckResult("policy", f"{count} {'channel' if count == 1 else 'channels'}")
    return [found, *_without_admins(policy), *_unlimited_channels(policy)]


def _without_admins(policy: Policy) -> list[CheckResult]:
    """Warn if nobody can pause or resume the bot, or hears of what needs an admin."""
    if policy.admins:
        return []
    problem = "no admins, so nobody can pause or resume the bot or hears when it stops"
    fix = 'Write admins = ["U0123456789"] at the top, with your own member ID.'
    return [CheckResult("policy", problem, fix, is_warning=True)]


def _unlimited_channels(policy: Policy) -> list[CheckResult]:
    """Warn of channels where people give without approval and without a budget."""
    fix = "Set a budget such as budget = { days = 30, customers = 500 }, or approvals = 1."
    return [
        CheckResult(
            f"policy of {channel.id}",
            "requests need no approval, and no budget limits them",
            fix,
            is_warning=True,
        )
        for channel in policy.channels.values()
        if channel.approvals == 0 and channel.budget is None
    ]


async def _service_results(settings: Settings, policy: Policy | None) -> AsyncIterator[CheckResult]:
    for result in check_files(settings):
        yield result
    yield await result_of("address", check_address(settings.host, settings.port), stops_run=True)
    database = settings.database_url.get_secret_value()
    for checks in (
        check_database(database, settings.key),
        check_restored(database),
        _slack_results(settings, policy),
    ):
        async for result in checks:
            yield result
    account, url = settings.dintero_account_id, settings.dintero_api_url
    secret, timeout = settings.dintero_client_secret.get_secret_value(), settings.dintero_timeout
    async with open_dintero(url, account, settings.dintero_client_id, secret, timeout) as dintero:
        async for result in check_dintero(dintero, policy, url):
            yield result


async def _slack_results(settings: Settings, policy: Policy | None) -> AsyncIterator[CheckResult]:
    async with aiohttp.ClientSession() as session:
        client = _slack_client(settings, settings.slack_bot_token, session)
        results, team = await sign_in(client)
        for result in results:
            yield result
        if settings.slack_app_token:
            app_client = _slack_client(settings, settings.slack_app_token, session)
            yield await result_of(
                "Slack app-level token", check_app_token(app_client, client), stops_run=True
            )
        if policy and team:
            directory = SlackDirectory(client, team, SystemClock())
            async for result in PolicyCheck(directory, policy, await list_groups(client)).results():
                yield result
        if team:
            formatter = _formatter(settings, policy)
            async for result in check_blocks(client, list(messages(formatter)), list(modals(formatter))):
                yield result


def _formatter(settings: Settings, policy: Policy | None) -> Formatter:
    """Draw with the policy's currency and time zone, if it can be used."""
    if policy is None:
        return Formatter("NOK", "Europe/Oslo", account=settings.dintero_account_id)
    return Formatter(policy.currency, policy.timezone, policy.admins, settings.dintero_account_id)


def _slack_client(settings: Settings, token: SecretStr, session: aiohttp.ClientSession) -> ApiClient:
    """Create a client that waits when Slack limits its rate: a long policy needs many calls."""
    client = ApiClient(
        token=token.get_secret_value(),
        base_url=settings.slack_api_url,
        session=session,
        timeout=SLACK_TIMEOUT_SECONDS,
    )
    client.retry_handlers.append(AsyncRateLimitErrorRetryHandler(max_retry_count=3))
    return client
