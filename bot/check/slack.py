"""Whether Slack lets the bot in, with every scope, and whether the policy's channels, people and groups are there."""

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from typing import Final

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from bot.check.result import CheckResult, failed
from bot.domain.ids import ChannelId, GroupId, TeamId, UserId
from bot.domain.policy.policy import ANY, ChannelPolicy, Policy
from bot.domain.ports import Directory
from bot.domain.requests.person import AccountKind
from bot.errors import DirectoryUnavailable
from bot.slack.client.scopes import missing_scopes

UNREACHABLE: Final = (SlackClientError, aiohttp.ClientError, TimeoutError, OSError, ValueError)
"""What the client raises where Slack is away, or something else answers in its place."""
NETWORK: Final = "Check SLACK_API_URL and the network."


@dataclass(frozen=True, slots=True)
class SignedIn:
    """What the bot token is good for; no team where Slack does not take it."""

    findings: tuple[CheckResult, ...]
    team: TeamId | None = None


async def sign_in(client: AsyncWebClient) -> SignedIn:
    """Ask whose token it is; the answer's header tells the scopes."""
    what, cure = (
        "Slack bot token",
        "Copy the Bot User OAuth Token (api.slack.com/apps → OAuth & Permissions) to SLACK_BOT_TOKEN.",
    )
    try:
        answer = await client.auth_test()
    except SlackApiError as refused:
        return SignedIn((CheckResult(what, _error(refused), cure),))
    except UNREACHABLE as error:
        return SignedIn((CheckResult(what, _unreachable(error), NETWORK),))
    scopes = _scopes(answer.headers.get("x-oauth-scopes", ""))
    return SignedIn(
        (CheckResult(what, f"{answer['user']} in {answer['team']}"), scopes), TeamId(str(answer["team_id"]))
    )


def _scopes(granted: str) -> CheckResult:
    if missing := missing_scopes(granted):
        return CheckResult(
            "Slack scopes",
            f"{', '.join(missing)} missing",
            "Add them as in manifest.yml, then reinstall the app to the workspace.",
        )
    return CheckResult("Slack scopes", "all that manifest.yml names")


async def check_app_token(client: AsyncWebClient) -> CheckResult:
    """Ask for a connection, which a token without `connections:write` is not given; nothing connects to it."""
    what, cure = (
        "Slack app-level token",
        "Make one with the scope connections:write (Basic Information → App-Level Tokens); switch Socket Mode on.",
    )
    try:
        await client.apps_connections_open(app_token=client.token or "")
    except SlackApiError as refused:
        return CheckResult(what, _error(refused), cure)
    except UNREACHABLE as error:
        return CheckResult(what, _unreachable(error), NETWORK)
    return CheckResult(what)


async def check_places(directory: Directory, policy: Policy) -> AsyncIterator[CheckResult]:
    """Look at every channel that the policy lists, or has told, and at everybody whom it names."""
    for channel in dict.fromkeys(
        [*policy.channels, *(told for listed in policy.channels.values() for told in listed.notify)]
    ):
        yield await _channel(directory, channel, policy.channels.get(channel))
    if named := _named_people(policy):
        yield await _members(directory, named)
    for group in _groups([*_requesters(policy), *_escalated(policy)]):
        yield await _group(directory, group)
    for listed in policy.channels.values():
        if listed.most_approvals:
            yield await _approvers(directory, listed)


async def _channel(directory: Directory, channel: ChannelId, listed: ChannelPolicy | None) -> CheckResult:
    what = f"channel {_called(channel, listed)}"
    try:
        can_post = await directory.can_post(channel)
    except DirectoryUnavailable as error:
        return failed(what, error)
    if can_post:
        return CheckResult(what)
    return CheckResult(
        what,
        "the bot cannot post there",
        "Write /invite @discount-bot in it, or correct its id in the policy.",
    )


async def _members(directory: Directory, named: Iterable[UserId]) -> CheckResult:
    what, wrong = "people whom the policy names", []
    for user in named:
        try:
            kind = (await directory.profile(user)).kind
        except DirectoryUnavailable as error:
            return failed(what, error)
        if kind is not AccountKind.MEMBER:
            wrong.append(f"{user} ({kind})")
    if wrong:
        return CheckResult(
            what, f"no full members: {', '.join(wrong)}", "Correct or remove these ids in the policy."
        )
    return CheckResult(what, "all are full members")


async def _group(directory: Directory, group: GroupId) -> CheckResult:
    what = f"user group {group}"
    try:
        members = await directory.group(group)
    except DirectoryUnavailable as error:
        return failed(what, error)
    if not members:
        return CheckResult(what, "nobody is in it", "Put people into it, or correct its id in the policy.")
    return CheckResult(what, _count(members))


async def _approvers(directory: Directory, listed: ChannelPolicy) -> CheckResult:
    """Add up who may approve: users and the members of groups, none of which may be empty."""
    what, found = f"approvers of {_called(listed.id, listed)}", set[UserId]()
    for approver in listed.approvers:
        if not approver.startswith("S"):
            found.add(UserId(approver))
            continue
        try:
            members = await directory.group(GroupId(approver))
        except DirectoryUnavailable as error:
            return failed(what, error)
        if not members:
            return CheckResult(
                what,
                f"nobody is in the user group {approver}",
                "Put people into it, or correct its id in the policy.",
            )
        found |= members
    return await _enough(directory, what, found, listed)


async def _enough(directory: Directory, what: str, found: set[UserId], listed: ChannelPolicy) -> CheckResult:
    """Look whether a request of the strictest tier could be approved, whoever asks; no more people are asked about than that takes."""
    members, needed = 0, listed.most_approvals
    try:
        needed += await _may_ask(directory, found, listed)
        for user in sorted(found):
            members += members < needed and (await directory.profile(user)).kind is AccountKind.MEMBER
    except DirectoryUnavailable as error:
        return failed(what, error)
    if members == needed:
        return CheckResult(what, _count(found))
    only = (
        f"only {'one person' if members == 1 else f'{members} people'}"
        if members
        else "nobody who is a full member"
    )
    return CheckResult(what, only, _cure(listed.most_approvals, needed))


async def _may_ask(directory: Directory, approvers: set[UserId], listed: ChannelPolicy) -> bool:
    """Say whether an approver may ask here too, and so may be missing when their own request is to be approved."""
    if ANY in listed.requesters or approvers & set(listed.requesters):
        return True
    groups = [await directory.group(GroupId(name)) for name in listed.requesters if name.startswith("S")]
    return any(approvers & members for members in groups)


def _cure(agree: int, needed: int) -> str:
    if needed == agree:
        return f"Name at least {needed}: so many may have to agree."
    if agree == 1:
        return "Name a second one: nobody approves their own request."
    return f"Name at least {needed}: up to {agree} have to agree, and nobody approves their own request."


def _called(channel: ChannelId, listed: ChannelPolicy | None) -> str:
    return f"{channel} ({listed.name})" if listed and listed.name else channel


def _count(people: Iterable[UserId]) -> str:
    number = len(list(people))
    return f"{number} {'person' if number == 1 else 'people'}"


def _requesters(policy: Policy) -> Iterable[str]:
    return (who for listed in policy.channels.values() for who in listed.requesters)


def _escalated(policy: Policy) -> Iterable[str]:
    return (who for listed in policy.channels.values() for who in listed.escalate_to)


def _groups(ids: Iterable[str]) -> Iterable[GroupId]:
    return dict.fromkeys(GroupId(who) for who in ids if who.startswith("S"))


def _named_people(policy: Policy) -> Iterable[UserId]:
    approvers = (who for listed in policy.channels.values() for who in listed.approvers)
    named = [*policy.admins, *_requesters(policy), *approvers, *_escalated(policy)]
    return dict.fromkeys(UserId(who) for who in named if who != ANY and not who.startswith("S"))


def _error(refused: SlackApiError) -> str:
    return f"Slack says {refused.response.get('error', 'no')}"


def _unreachable(error: BaseException) -> str:
    return f"Slack could not be reached ({type(error).__name__})"
