"""Who people are, asked of Slack and remembered for a minute; when Slack cannot say, that is said, and nobody is let in."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from datetime import datetime, timedelta
from typing import Any, Final, Generic, TypeVar

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from bot.domain.ids import ChannelId, GroupId, TeamId, UserId
from bot.domain.ports import Clock
from bot.domain.requests.person import AccountKind, Profile
from bot.errors import DirectoryUnavailable

REMEMBERED_FOR: Final = timedelta(seconds=60)
ANSWER_WITHIN: Final = 5.0
"""Seconds: longer than Slack ever takes when it is well, and short enough to tell the person."""

UNKNOWN_USERS: Final = frozenset({"user_not_found", "users_not_found", "user_not_visible"})

Json = dict[str, Any]
Key = TypeVar("Key", bound=Hashable)
Answer = TypeVar("Answer")


class TtlCache(Generic[Key, Answer]):
    """Answers, remembered for a minute. However many ask at once, the question goes out once; failures are not remembered."""

    def __init__(
        self,
        ask: Callable[[Key], Awaitable[Answer]],
        clock: Clock,
        *,
        worth: Callable[[Answer], bool] = lambda _: True,
    ) -> None:
        """Begin with nothing known; `worth` says which answers are remembered."""
        self._ask = ask
        self._worth = worth
        self._clock = clock
        self._known: dict[Key, tuple[datetime, Answer]] = {}
        self._asking: dict[Key, asyncio.Task[Answer]] = {}

    async def get(self, key: Key) -> Answer:
        """Answer from memory, or ask."""
        known = self.peek(key)
        if known is not None:
            return known
        if key not in self._asking:
            self._asking[key] = asyncio.create_task(self._find_out(key))
            self._asking[key].add_done_callback(_heard)
        # whoever gives up waiting must not take the answer away from the others
        return await asyncio.shield(self._asking[key])

    def peek(self, key: Key) -> Answer | None:
        """Say what is remembered, without asking."""
        asked_at, answer = self._known.get(key, (None, None))
        fresh = asked_at is not None and timedelta(0) <= self._clock.now() - asked_at < REMEMBERED_FOR
        return answer if fresh else None

    async def _find_out(self, key: Key) -> Answer:
        asked_at = self._clock.now()
        try:
            answer = await self._ask(key)
        finally:
            del self._asking[key]
        if self._worth(answer):
            self._known[key] = asked_at, answer
        return answer


class SlackDirectory:
    """The port `Directory`, over Slack's Web API."""

    def __init__(
        self, client: AsyncWebClient, team: TeamId, clock: Clock, *, answer_within: float = ANSWER_WITHIN
    ) -> None:
        """Take the bot's own client, and the team that its people have to be of."""
        self._client = client
        self._team = team
        self._answer_within = answer_within
        self._profiles = TtlCache(self._ask_profile, clock)
        self._groups = TtlCache(self._ask_group, clock)
        # whoever was told to invite the bot does so, and tries again at once
        self._channels = TtlCache(self._ask_channel, clock, worth=bool)

    async def profile(self, user: UserId) -> Profile:
        """Say who somebody is.

        Raises:
            DirectoryUnavailable: Slack could not say.
        """
        return await self._profiles.get(user)

    def peek(self, user: UserId) -> Profile | None:
        """Say who somebody is if it is remembered, without asking Slack."""
        return self._profiles.peek(user)

    async def group(self, group: GroupId) -> frozenset[UserId]:
        """Say who is in a user group.

        Raises:
            DirectoryUnavailable: Slack could not say.
        """
        return await self._groups.get(group)

    async def can_post(self, channel: ChannelId) -> bool:
        """Say whether the bot is in a channel that is in use.

        Raises:
            DirectoryUnavailable: Slack could not say.
        """
        return await self._channels.get(channel)

    async def _ask_profile(self, user: UserId) -> Profile:
        try:
            account = await self._call("users.info", {"user": user}, "user")
        except SlackCallFailed as no:
            if no.error in UNKNOWN_USERS:
                return Profile(user, AccountKind.STRANGER, user)
            raise no.unavailable(f"who {user} is") from None
        return profile_of(account, self._team)

    async def _ask_group(self, group: GroupId) -> frozenset[UserId]:
        try:
            users = await self._call("usergroups.users.list", {"usergroup": group}, "users")
        except SlackCallFailed as no:
            raise no.unavailable(f"who is in the user group {group}") from None
        return frozenset(UserId(user) for user in users)

    async def _ask_channel(self, channel: ChannelId) -> bool:
        try:
            found = await self._call("conversations.info", {"channel": channel}, "channel")
        except SlackCallFailed as no:
            if no.error == "channel_not_found":
                return False
            raise no.unavailable(f"whether the bot is in the channel {channel}") from None
        return bool(found.get("is_member")) and not found.get("is_archived")

    async def _call(self, method: str, arguments: dict[str, str], wanted: str) -> Any:
        """Ask Slack for what stands under one key of its answer.

        Raises:
            SlackCallFailed: whatever went wrong, in one word or a few.
        """
        try:
            async with asyncio.timeout(self._answer_within):
                response = await self._client.api_call(method, http_verb="GET", params=arguments)
        except SlackApiError as refusal:
            raise SlackCallFailed(_error_of(refusal), needed=_field(refusal, "needed")) from None
        except TimeoutError:
            raise SlackCallFailed(f"no answer within {self._answer_within:g} seconds") from None
        except (SlackClientError, aiohttp.ClientError, OSError, ValueError) as broken:
            raise SlackCallFailed(f"no connection ({type(broken).__name__})") from None
        if not isinstance(response.data, dict) or wanted not in response.data:
            raise SlackCallFailed(f"an answer without {wanted}")
        return response.data[wanted]


class SlackCallFailed(Exception):
    """Slack refused, or could not be asked."""

    def __init__(self, error: str, *, needed: str = "") -> None:
        """Keep Slack's code, and the scope that is missing."""
        super().__init__(error)
        self.error = error
        self.needed = needed

    def unavailable(self, what: str) -> DirectoryUnavailable:
        """Say it to a person."""
        advice = (
            f"The Slack app lacks the scope {self.needed}: add it and install the app again."
            if self.needed
            else None
        )
        return DirectoryUnavailable(f"Slack could not say {what}: {self.error}.", advice=advice)


def profile_of(user: Json, team: TeamId) -> Profile:
    """Read what `users.info` says; whoever is not plainly of our team is a stranger."""
    shown: Json = user.get("profile") or {}
    name = (
        shown.get("display_name")
        or shown.get("real_name")
        or user.get("real_name")
        or user.get("name")
        or user["id"]
    )
    return Profile(UserId(user["id"]), kind_of(user, team), str(name))


def kind_of(user: Json, team: TeamId) -> AccountKind:
    """Tell what an account is. In an Enterprise organisation one person is of several teams."""
    of_teams = {user.get("team_id"), *(user.get("enterprise_user") or {}).get("teams", [])}
    if user.get("deleted"):
        return AccountKind.DEACTIVATED
    if user.get("is_bot") or user.get("is_workflow_bot") or user["id"] == "USLACKBOT":
        return AccountKind.BOT
    if user.get("is_stranger") or team not in of_teams:
        return AccountKind.STRANGER
    if user.get("is_restricted") or user.get("is_ultra_restricted"):
        return AccountKind.GUEST
    return AccountKind.MEMBER


def _error_of(refusal: SlackApiError) -> str:
    return _field(refusal, "error") or f"status {getattr(refusal.response, 'status_code', 'unknown')}"


def _field(refusal: SlackApiError, name: str) -> str:
    data = getattr(refusal.response, "data", None)
    return str(data.get(name, "")) if isinstance(data, dict) else ""


def _heard(asked: asyncio.Task[Any]) -> None:
    """Take a failure in, so that it is no complaint of the event loop's where everybody has given up waiting."""
    if not asked.cancelled():
        asked.exception()
