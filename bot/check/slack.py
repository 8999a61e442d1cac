"""Checks the Slack tokens, and the scopes of the bot's."""

import re
from collections.abc import Awaitable
from typing import Final

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.check.result import CheckFailed, CheckResult, failed
from bot.domain.ids import TeamId
from bot.slack.client.errors import ErrorKind, describe, is_transient, kind_of
from bot.slack.client.scopes import missing_scopes

UNREACHABLE: Final = (SlackClientError, aiohttp.ClientError, TimeoutError, OSError, ValueError)
"""Raised by the client if Slack is down or something else answers in its place."""
BOT_FIX: Final = (
    "Copy the Bot User OAuth Token again (api.slack.com/apps → OAuth & Permissions) to SLACK_BOT_TOKEN."
)
APP_FIX: Final = (
    "Create one with the scope connections:write (Basic Information → App-Level Tokens), "
    "and turn on Socket Mode."
)


async def sign_in(client: AsyncWebClient) -> tuple[list[CheckResult], TeamId | None]:
    """Check the bot token and its scopes; the team is None if Slack does not accept the token."""
    subject = "Slack bot token"
    try:
        answer = await _call(client.auth_test(), BOT_FIX)
    except CheckFailed as error:
        return [failed(subject, error, stops_run=True)], None
    token = CheckResult(subject, f"{answer['user']} in {answer['team']}")
    return [token, _scopes(answer.headers.get("x-oauth-scopes"))], TeamId(str(answer["team_id"]))


def _scopes(granted: str | None) -> CheckResult:
    """Compare the scopes that Slack names in a header; a proxy may have removed it."""
    subject = "Slack scopes"
    if not granted:
        fix = "Compare the scopes at api.slack.com/apps → OAuth & Permissions with manifest.yml."
        return CheckResult(subject, "Slack didn't say which scopes the token has", fix, is_warning=True)
    if missing := missing_scopes(granted):
        fix = "Paste manifest.yml into the app (App Manifest), then reinstall it to the workspace."
        return CheckResult(subject, f"missing: {', '.join(missing)}", fix)
    return CheckResult(subject, "all granted")


async def check_app_token(client: AsyncWebClient, bot: AsyncWebClient) -> str:
    """Request a Socket Mode connection without opening it, which needs the scope `connections:write`.

    Both tokens must be of one app: through another app's connection comes nothing that is meant for the bot.
    """
    await _call(client.apps_connections_open(app_token=client.token or ""), APP_FIX)
    of = re.match(r"xapp-\d+-(A[A-Z0-9]+)-", client.token or "")
    if of and (app := await _app_of(bot)) and app != of[1]:
        fix = f"Copy the app-level token of {app} (Basic Information → App-Level Tokens) to SLACK_APP_TOKEN."
        raise CheckFailed(f"it is of another app, {of[1]}, than the bot token's", advice=fix)
    return ""


async def _app_of(client: AsyncWebClient) -> str:
    """Ask which app a bot token belongs to; empty if Slack does not say."""
    try:
        bot = (await client.auth_test())["bot_id"]
        return str((await client.bots_info(bot=bot))["bot"]["app_id"])
    except (*UNREACHABLE, KeyError):
        return ""


async def _call(call: Awaitable[AsyncSlackResponse], fix: str) -> AsyncSlackResponse:
    try:
        return await call
    except SlackApiError as error:
        waits, is_rejected = is_transient(error), kind_of(error) is ErrorKind.TOKEN_REJECTED
        problem = f"Slack {'rejected the token' if is_rejected else 'answered'} ({describe(error)})"
        advice = "Wait until Slack works again: status.slack.com." if waits else fix
        raise CheckFailed(problem, advice=advice, run_waits=waits) from None
    except UNREACHABLE as error:
        problem, advice = f"can't reach Slack ({describe(error)})", "Check the network and SLACK_API_URL."
        raise CheckFailed(problem, advice=advice, run_waits=is_transient(error)) from None
