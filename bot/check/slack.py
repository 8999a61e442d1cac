"""Checks the Slack tokens and scopes, and the channels, people and groups of the policy."""

from collections.abc import AsyncIterator, Awaitable, Iterable
from typing import Final

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.check.result import CheckFailed, CheckResult, failed, result_of
from bot.domain.ids import ChannelId, GroupId, TeamId, UserId
from bot.domain.policy.policy import ANY, ChannelPolicy, Policy
from bot.domain.ports import Directory
from bot.domain.requests.person import AccountKind
from bot.slack.client.errors import describe, is_transient
from bot.slack.client.scopes import missing_scopes

UNREACHABLE: Final = (SlackClientError, aiohttp.ClientError, TimeoutError, OSError, ValueError)
"""Raised by the client if Slack is down or something else answers in its place."""
BOT_FIX: Final = (
    "Copy the Bot User OAuth Token (api.slack.com/apps → OAuth & Permissions) to SLACK_BOT_TOKEN."
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
        fix = "Compare those at api.slack.com/apps → OAuth & Permissions with manifest.yml."
        return CheckResult(subject, "Slack did not say which scopes the token has", fix, is_warning=True)
    if missing := missing_scopes(granted):
        fix = "Add them as in manifest.yml, then reinstall the app to the workspace."
        return CheckResult(subject, f"{', '.join(missing)} missing", fix)
    return CheckResult(subject, "all of manifest.yml")


async def check_app_token(client: AsyncWebClient) -> str:
    """Request a Socket Mode connection without opening it, which needs the scope `connections:write`."""
    await _call(client.apps_connections_open(app_token=client.token or ""), APP_FIX)
    return ""


async def _call(call: Awaitable[AsyncSlackResponse], fix: str) -> AsyncSlackResponse:
    try:
        return await call
    except SlackApiError as error:
        waits = is_transient(error)
        advice = "Wait until Slack is well: status.slack.com." if waits else fix
        raise CheckFailed(f"Slack says {describe(error)}", advice=advice, run_waits=waits) from None
    except UNREACHABLE as error:
        problem, advice = f"Slack does not answer ({describe(error)})", "Check SLACK_API_URL and the network."
        raise CheckFailed(problem, advice=advice, run_waits=is_transient(error)) from None


async def check_policy(directory: Directory, policy: Policy) -> AsyncIterator[CheckResult]:
    """Check every channel, person and user group that the policy names."""
    channels = policy.channels.values()
    notified = (target for channel in channels for target in channel.notify)
    for id_ in dict.fromkeys([*policy.channels, *notified]):
        subject = f"channel {_label(id_, policy.channels.get(id_))}"
        yield await result_of(subject, _check_channel(directory, id_))
    named = [name for channel in channels for name in (*channel.requesters, *channel.escalate_to)]
    approvers = [name for channel in channels for name in channel.approvers]
    people = [
        name for name in (*policy.admins, *named, *approvers) if name != ANY and not name.startswith("S")
    ]
    if people:
        check = _check_people(directory, dict.fromkeys(map(UserId, people)))
        yield await result_of("people in the policy", check)
    for group in dict.fromkeys(GroupId(name) for name in named if name.startswith("S")):
        yield await result_of(f"user group {group}", _check_group(directory, group))
    for channel in channels:
        if channel.most_approvals:
            subject = f"approvers of {_label(channel.id, channel)}"
            yield await result_of(subject, _check_approvers(directory, channel))


async def _check_channel(directory: Directory, channel: ChannelId) -> str:
    if await directory.can_post(channel):
        return ""
    fix = "Write /invite @discount-bot in it, or correct its ID in the policy."
    raise CheckFailed("the bot cannot post there", advice=fix)


async def _check_people(directory: Directory, people: Iterable[UserId]) -> str:
    kinds = {user: (await directory.profile(user)).kind for user in people}
    wrong = [f"{user} ({kind})" for user, kind in kinds.items() if kind is not AccountKind.MEMBER]
    if wrong:
        problem = f"not full members: {', '.join(wrong)}"
        raise CheckFailed(problem, advice="Correct or remove these IDs in the policy.")
    return "all are full members"


async def _check_group(directory: Directory, group: GroupId) -> str:
    return _people(len(await _members(directory, group)))


async def _members(directory: Directory, group: GroupId) -> frozenset[UserId]:
    if members := await directory.group(group):
        return members
    fix = "Enable it or add people to it in Slack, or correct its ID in the policy."
    raise CheckFailed(f"{group} has no members (deleted or disabled?)", advice=fix)


async def _check_approvers(directory: Directory, channel: ChannelPolicy) -> str:
    """Check that a request of the strictest tier could be approved, for any requester."""
    approvers = set[UserId]()
    for name in channel.approvers:
        approvers |= await _members(directory, GroupId(name)) if name.startswith("S") else {UserId(name)}
    needed = channel.most_approvals + await _may_request(directory, approvers, channel)
    members = 0
    for user in sorted(approvers):
        if members < needed:  # looks up no more people than necessary
            members += (await directory.profile(user)).kind is AccountKind.MEMBER
    if members == needed:
        return _people(len(approvers))
    problem = f"only {'one person' if members == 1 else _people(members)}" if members else "no full members"
    raise CheckFailed(problem, advice=_fix(channel.most_approvals, needed))


async def _may_request(directory: Directory, approvers: set[UserId], channel: ChannelPolicy) -> bool:
    """Return whether an approver may request here too, and so not be able to approve their own request."""
    if ANY in channel.requesters or approvers & set(channel.requesters):
        return True
    groups = [await directory.group(GroupId(name)) for name in channel.requesters if name.startswith("S")]
    return any(approvers & members for members in groups)


def _fix(approvals: int, needed: int) -> str:
    if needed == approvals:
        return f"Name at least {needed}: that many approvals may be needed."
    if approvals == 1:
        return "Name a second one: nobody approves their own request."
    return (
        f"Name at least {needed}: up to {approvals} approvals are needed, "
        "and nobody approves their own request."
    )


def _label(channel: ChannelId, policy: ChannelPolicy | None) -> str:
    return f"{channel} ({policy.name})" if policy and policy.name else channel


def _people(count: int) -> str:
    return f"{count} {'person' if count == 1 else 'people'}"
