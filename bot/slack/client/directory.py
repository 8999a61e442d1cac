"""Directory of people, user groups and channels: Slack's answers, cached for a minute."""

import asyncio
from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from typing import Any, Final

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from bot.coalescing import TtlCache
from bot.domain.ids import ChannelId, GroupId, TeamId, UserId
from bot.domain.ports import Clock
from bot.domain.requests.person import AccountKind, Person, Profile
from bot.errors import DirectoryUnavailable
from bot.slack.client.direct_messages import tell_admins
from bot.slack.client.errors import ErrorKind, describe, kind_of, response_field
from bot.slack.language.texts import N_, _

ANSWER_SECONDS: Final = 5.0
"""Longer than a healthy Slack ever takes, and short enough to tell the person."""

MAX_MEMBERS: Final = "1000"
"""The members of a private channel that are read: one page of Slack's."""

GROUP_GONE: Final = N_(
    "⚠️ The user group `{group}` has no members. It may be deleted or disabled in Slack."
    " Everyone else in the settings still counts. Fix the settings, or enable the group again."
)

log = structlog.get_logger()
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class ChannelState:
    """A channel in which the bot can post."""

    is_private: bool


class SlackDirectory:
    """The port `Directory`, over Slack's Web API. Without an answer it raises `DirectoryUnavailable`."""

    def __init__(
        self,
        client: AsyncWebClient,
        team: TeamId,
        clock: Clock,
        *,
        answer_seconds: float = ANSWER_SECONDS,
        admins: Sequence[str] = (),
    ) -> None:
        self._client = client
        self._admins = admins
        self._reported: set[GroupId] = set()
        self._telling: set[asyncio.Task[object]] = set()
        self._team = team
        self._now = clock.now
        self._answer_seconds = answer_seconds
        self._known: dict[UserId, Profile] = {}
        self.forget()

    def fresh(self) -> "SlackDirectory":
        """Return a directory with an empty cache."""
        other = copy(self)
        other.forget()
        return other

    def forget(self) -> None:
        """Empty the cache."""
        self._profiles = TtlCache(self._ask_profile, self._now)
        self._groups = TtlCache(self._ask_group, self._now)
        # people invite the bot when it says so, and try again at once
        self._channels = TtlCache(self._ask_channel, self._now, is_cached=lambda state: state is not None)
        self._members = TtlCache(self._ask_members, self._now)

    async def profile(self, user: UserId) -> Profile:
        """Look up an account; one that Slack does not know is a stranger."""
        return await self._profiles.get(user)

    def last_known(self, user: UserId) -> Profile | None:
        """Return the last profile of an account that Slack told, since the process began."""
        return self._known.get(user)

    def last_known_name(self, user: str) -> str:
        """Return the name of an account that Slack told, since the process began; else an empty text."""
        known = self._known.get(UserId(user))
        return known.name if known else ""

    async def group(self, group: GroupId) -> frozenset[UserId]:
        """Look up the members of a user group; one that is deleted or disabled has none."""
        return await self._groups.get(group)

    async def can_post(self, channel: ChannelId) -> bool:
        """Tell whether the bot is in a channel that is not archived."""
        return await self._channels.get(channel) is not None

    async def is_open_to(self, channel: ChannelId, user: UserId) -> bool:
        """Tell whether a person is in a channel of the bot's, or could join; of huge ones it may say no."""
        state = await self._channels.get(channel)
        if state is None or not state.is_private:
            return state is not None
        return user in await self._members.get(channel)

    async def _ask_profile(self, user: UserId) -> Profile:
        account = await self._ask(
            user, "users.info", "user", ErrorKind.USER_UNKNOWN, user=user, include_locale="true"
        )
        if account is None:
            return Profile(user, AccountKind.STRANGER)
        self._known[user] = Profile(
            UserId(account["id"]),
            kind_of_account(account, self._team),
            frozenset(map(TeamId, _teams(account))),
            asked_as=user,
            name=_name(account),
            locale=str(account.get("locale") or ""),
        )
        return self._known[user]

    async def _ask_group(self, group: GroupId) -> frozenset[UserId]:
        asked, method = f"the user group {group}", "usergroups.users.list"
        users = await self._ask(asked, method, "users", ErrorKind.GROUP_UNAVAILABLE, usergroup=group)
        if not users:
            self._report(group)
        return frozenset(UserId(user) for user in users or ())

    def _report(self, group: GroupId) -> None:
        """Tell the admins once per process of a group without members."""
        if group not in self._reported:
            self._reported.add(group)
            log.warning("a user group of the policy has no members", group=group)
            telling = asyncio.create_task(tell_admins(self._client, self._admins, _(GROUP_GONE, group=group)))
            telling.add_done_callback(self._telling.discard)
            self._telling.add(telling)

    async def _ask_channel(self, channel: ChannelId) -> ChannelState | None:
        found = await self._ask_of_channel("conversations.info", "channel", channel=channel)
        if not found or not found.get("is_member") or found.get("is_archived"):
            return None
        return ChannelState(is_private=bool(found.get("is_private")))

    async def _ask_members(self, channel: ChannelId) -> frozenset[UserId]:
        users = await self._ask_of_channel(
            "conversations.members", "members", channel=channel, limit=MAX_MEMBERS
        )
        return frozenset(UserId(user) for user in users or ())

    async def _ask_of_channel(self, method: str, wanted: str, *, channel: str, **more: str) -> Any:
        asked = f"the channel {channel}"
        return await self._ask(asked, method, wanted, ErrorKind.CHANNEL_UNAVAILABLE, channel=channel, **more)

    async def _ask(self, asked: str, method: str, wanted: str, unless: ErrorKind, **arguments: str) -> Any:
        """Call Slack and return the `wanted` field of its answer; None for an error of the kind `unless`."""
        advice = None
        try:
            async with asyncio.timeout(self._answer_seconds):
                response = await self._client.api_call(method, http_verb="GET", params=arguments)
        except SlackApiError as error:
            if kind_of(error) is unless:
                return None
            why = describe(error)
            if scope := response_field(error, "needed"):
                advice = f"The app is missing the scope {scope}. Add it and reinstall."
        except TimeoutError:
            why = f"no answer after {self._answer_seconds:g} s"
        except (SlackClientError, aiohttp.ClientError, OSError, ValueError) as error:
            why = describe(error)
        else:
            if isinstance(response.data, dict) and wanted in response.data:
                return response.data[wanted]
            why = f"an answer without {wanted}"
        raise DirectoryUnavailable(f"Slack couldn't look up {asked} ({why}).", advice=advice)


def person_of(body: Mapping[str, Any]) -> Person | None:
    """Read the person and their team from Slack's signed payload; None if it names neither.

    In a shared channel the payload has two teams: the person's own one counts. An app that is installed for
    an Enterprise organisation may get its id alone.
    """
    user = body.get("user")
    if isinstance(user, Mapping):
        addressed = [
            part.get("id") for part in map(body.get, ("team", "enterprise")) if isinstance(part, Mapping)
        ]
        team = next(filter(None, [user.get("team_id"), *addressed]), None)
        who = user.get("id")
    else:
        who, team = body.get("user_id"), body.get("team_id")
    if isinstance(who, str) and isinstance(team, str) and who and team:
        return Person(UserId(who), TeamId(team))
    return None


def channel_of(body: Mapping[str, Any]) -> str:
    """Read the channel of a command or click; empty in a modal."""
    channel = body.get("channel")
    return str(body.get("channel_id") or (channel.get("id") if isinstance(channel, Mapping) else "") or "")


def kind_of_account(user: Json, team: TeamId) -> AccountKind:
    """Classify an account, which may have several teams; one that is not plainly of ours is a stranger's."""
    if user.get("deleted"):
        return AccountKind.DEACTIVATED
    if user.get("is_bot") or user.get("is_workflow_bot") or user["id"] == "USLACKBOT":
        return AccountKind.BOT
    if user.get("is_stranger") or team not in _teams(user):
        return AccountKind.STRANGER
    if user.get("is_restricted") or user.get("is_ultra_restricted"):
        return AccountKind.GUEST
    return AccountKind.MEMBER


def _name(user: Json) -> str:
    profile = user.get("profile") or {}
    return str(profile.get("display_name") or profile.get("real_name") or user.get("real_name") or "")


def _teams(user: Json) -> frozenset[str]:
    enterprise = user.get("enterprise_user") or {}
    teams = {user.get("team_id"), enterprise.get("enterprise_id"), *enterprise.get("teams", [])}
    return frozenset(filter(None, teams))
