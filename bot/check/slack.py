"""Checks the Slack tokens and scopes, and the channels, people and user groups that the policy names."""

import re
from collections.abc import AsyncIterator, Awaitable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from difflib import get_close_matches
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
from bot.errors import DirectoryUnavailable
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
MOST_ASKED_ABOUT: Final = 50
"""Approvers of a channel to look up: each is a call to Slack."""
KINDS: Final = {
    AccountKind.GUEST: "a guest",
    AccountKind.BOT: "a bot",
    AccountKind.DEACTIVATED: "deactivated",
    AccountKind.STRANGER: "not in this workspace",
}
OTHER_WORKSPACE: Final = (
    "Use the bot token of the workspace that the policy is for, or correct the IDs in the policy."
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


@dataclass(frozen=True, slots=True)
class UserGroup:
    """A user group as Slack lists it."""

    handle: str
    is_disabled: bool


async def list_groups(client: AsyncWebClient) -> Mapping[GroupId, UserGroup] | None:
    """List all user groups, disabled ones too; None if Slack does not."""
    try:
        answer = await client.usergroups_list(include_disabled=True)
        return {
            GroupId(group["id"]): UserGroup(group["handle"], bool(group.get("date_delete")))
            for group in answer["usergroups"]
        }
    except (*UNREACHABLE, KeyError, TypeError):
        return None


@dataclass(frozen=True, slots=True)
class PolicyCheck:
    """Checks a policy against the workspace; without `groups` it cannot tell why a group has no members."""

    directory: Directory
    policy: Policy
    groups: Mapping[GroupId, UserGroup] | None = None

    async def results(self) -> AsyncIterator[CheckResult]:
        """Check every channel, person and user group."""
        channels = self.policy.channels
        for id_ in dict.fromkeys([*channels, *(to for one in channels.values() for to in one.notify)]):
            yield await result_of(f"channel {self._channel(id_)}", self._check_channel(id_))
        named = [name for one in channels.values() for name in (*one.requesters, *one.escalate_to)]
        approvers = [name for one in channels.values() for name in one.approvers]
        if people := [*map(UserId, filter(_is_person, (*self.policy.admins, *named, *approvers)))]:
            yield await result_of("people in the policy", self._check_people(dict.fromkeys(people)))
        for group in dict.fromkeys(GroupId(name) for name in named if name.startswith("S")):
            yield await result_of(f"user group {group}", self._check_group(group))
        for channel in channels.values():
            if channel.most_approvals:
                subject = f"approvers of {self._channel(channel.id)}"
                yield await result_of(subject, self._check_approvers(channel))
                with suppress(DirectoryUnavailable):  # the line before says so
                    async for warning in self._outsiders(subject, channel):
                        yield warning

    def _channel(self, channel: ChannelId) -> str:
        policy = self.policy.channels.get(channel)
        return f"#{policy.name} ({channel})" if policy and policy.name else channel

    async def _check_channel(self, channel: ChannelId) -> str:
        if await self.directory.can_post(channel):
            return ""
        fix = "Type /invite @discount-bot there, or correct its ID in the policy."
        raise CheckFailed("the bot isn't in this channel", advice=fix)

    async def _check_people(self, people: Iterable[UserId]) -> str:
        kinds = {user: (await self.directory.profile(user)).kind for user in people}
        wrong = {user: kind for user, kind in kinds.items() if kind is not AccountKind.MEMBER}
        if wrong and len(wrong) == len(kinds) and set(wrong.values()) == {AccountKind.STRANGER}:
            raise CheckFailed("none of them is in this workspace", advice=OTHER_WORKSPACE)
        if wrong:
            problem = ", ".join(f"{user} is {KINDS[kind]}" for user, kind in wrong.items())
            fix = "Only full members count. Correct or remove these IDs in the policy."
            raise CheckFailed(problem, advice=fix)
        return "all are full members"

    async def _check_group(self, group: GroupId) -> str:
        return _people(len(await self._members(group)))

    async def _members(self, group: GroupId) -> frozenset[UserId]:
        if members := await self.directory.group(group):
            return members
        if self.groups is None:
            fix = "Enable it in Slack, add people to it, or correct its ID in the policy."
            raise CheckFailed(f"{group} has no members", advice=fix)
        if (known := self.groups.get(group)) is None:
            raise CheckFailed(f"{group} isn't a user group of this workspace", advice=self._meant(group))
        if known.is_disabled:
            fix = "Enable it in Slack, or remove it from the policy."
            raise CheckFailed(f"@{known.handle} ({group}) is disabled", advice=fix)
        raise CheckFailed(f"@{known.handle} ({group}) has no members", advice="Add people to it in Slack.")

    def _meant(self, group: GroupId) -> str:
        """Name the groups with the nearest IDs; trying again would not help."""
        near = get_close_matches(group, self.groups or (), n=2, cutoff=0.6)
        named = [f"{id_} (@{self.groups[id_].handle})" for id_ in map(GroupId, near) if self.groups]
        return f"Did you mean {' or '.join(named)}?" if named else "Correct its ID in the policy."

    async def _check_approvers(self, channel: ChannelPolicy) -> str:
        """Check that a request of the strictest tier could be approved, for any requester."""
        approvers = await self._approvers(channel)
        needed = channel.most_approvals + await self._may_request(approvers, channel)
        members = 0
        for user in sorted(approvers):
            if members < needed:  # looks up no more people than necessary
                members += (await self.directory.profile(user)).kind is AccountKind.MEMBER
        if members == needed:
            return _people(len(approvers))
        problem = f"only {_people(members)}" if members else "no full members"
        raise CheckFailed(problem, advice=_fix(channel.most_approvals, needed))

    async def _approvers(self, channel: ChannelPolicy) -> set[UserId]:
        found = set[UserId]()
        for name in channel.approvers:
            found |= await self._members(GroupId(name)) if name.startswith("S") else {UserId(name)}
        return found

    async def _may_request(self, approvers: set[UserId], channel: ChannelPolicy) -> bool:
        """Return whether an approver may request here too, and so can't approve their own request."""
        if ANY in channel.requesters or approvers & set(channel.requesters):
            return True
        groups = [name for name in channel.requesters if name.startswith("S")]
        return any([approvers & await self.directory.group(GroupId(group)) for group in groups])

    async def _outsiders(self, subject: str, channel: ChannelPolicy) -> AsyncIterator[CheckResult]:
        """Warn of members of the approvers' groups who can't approve, such as guests."""
        for group in (GroupId(name) for name in channel.approvers if name.startswith("S")):
            members = sorted(await self.directory.group(group))[:MOST_ASKED_ABOUT]
            kinds = {user: (await self.directory.profile(user)).kind for user in members}
            if wrong := [f"{user} is {KINDS[kind]}" for user, kind in kinds.items() if kind in KINDS]:
                problem = f"in {group}, {', '.join(wrong)} and can't approve"
                fix = "Remove them from the group, or add full members."
                yield CheckResult(subject, problem, fix, is_warning=True)


def _is_person(name: str) -> bool:
    return name != ANY and not name.startswith("S")


def _fix(approvals: int, needed: int) -> str:
    if needed == approvals:
        return f"Name at least {needed}: a request may need that many approvals."
    if approvals == 1:
        return "Add a second one: nobody approves their own request."
    return (
        f"Name at least {needed}: a request may need {approvals} approvals, "
        "and nobody approves their own request."
    )


def _people(count: int) -> str:
    return "1 person" if count == 1 else f"{count} people"
