"""Chooses the language of a channel's messages, and of what one person reads."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from bot.domain.ids import ChannelId, UserId
from bot.domain.policy.policy import Policy
from bot.domain.ports import Directory
from bot.domain.preferences import Preferences
from bot.errors import DatabaseUnavailable, DirectoryUnavailable
from bot.slack.language.current import Language, chosen, language_of

PREFERENCE_SECONDS: Final = 0.25
"""How long an answer waits to know its language: it comes in the wrong one rather than late."""


@dataclass(frozen=True, slots=True)
class ReaderLanguages:
    """People read in the language that they chose, else in their Slack's, else in the channel's."""

    policy: Policy
    directory: Directory
    preferences: Callable[[UserId], Awaitable[Preferences]]

    def of_channel(self, *channels: str) -> Language:
        """Choose the language of the first of these channels that the policy lists, or the policy's own."""
        listed = (self.policy.channels.get(ChannelId(channel)) for channel in channels)
        settings = next(filter(None, listed), self.policy)
        return chosen(settings.language, settings.locale)

    def of_person(self, user: str, channel: str = "", preferred: str = "") -> Language:
        """Choose the language of a person, from what is known of them by now."""
        profile = self.directory.last_known(UserId(user))
        slack = language_of(profile.locale) if profile else None
        if preferred and (slack is None or slack.texts != preferred):
            return chosen(preferred, "")
        return slack or self.of_channel(channel)

    async def chooser(self, user: str, channel: str = "") -> Callable[[], Language]:
        """Choose at each text: by the time that an answer is written, the person has been looked up."""
        preferred = await self._preferred(user)
        return lambda: self.of_person(user, channel, preferred)

    async def look_up(self, user: str, channel: str = "") -> Language:
        """Choose the language of a person, after looking them up if that was not done yet."""
        if self.directory.last_known(UserId(user)) is None:
            try:
                await self.directory.profile(UserId(user))
            except DirectoryUnavailable:
                return self.of_channel(channel)
        return self.of_person(user, channel, await self._preferred(user))

    async def _preferred(self, user: str) -> str:
        try:
            async with asyncio.timeout(PREFERENCE_SECONDS):
                return (await self.preferences(UserId(user))).language
        except (TimeoutError, DatabaseUnavailable):
            return ""
