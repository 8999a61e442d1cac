"""Chooses the language of a channel's messages, and of what one person reads."""

from collections.abc import Callable
from dataclasses import dataclass

from bot.domain.ids import ChannelId, UserId
from bot.domain.policy.policy import Policy
from bot.domain.ports import Directory
from bot.errors import DirectoryUnavailable
from bot.slack.language.current import Language, chosen, language_of


@dataclass(frozen=True, slots=True)
class ReaderLanguages:
    """People read in the language of their Slack if there is a catalogue, and else in the channel's."""

    policy: Policy
    directory: Directory

    def of_channel(self, *channels: str) -> Language:
        """Choose the language of the first of these channels that the policy lists, or the policy's own."""
        listed = (self.policy.channels.get(ChannelId(channel)) for channel in channels)
        settings = next(filter(None, listed), self.policy)
        return chosen(settings.language, settings.locale)

    def of_person(self, user: str, channel: str = "") -> Language:
        """Choose the language of a person, from what is known of them by now."""
        profile = self.directory.last_known(UserId(user))
        return (language_of(profile.locale) if profile else None) or self.of_channel(channel)

    def chooser(self, user: str, channel: str = "") -> Callable[[], Language]:
        """Choose at each text: by the time that an answer is written, the person has been looked up."""
        return lambda: self.of_person(user, channel)

    async def look_up(self, user: str, channel: str = "") -> Language:
        """Choose the language of a person whom nobody may have asked about yet."""
        if self.directory.last_known(UserId(user)) is None:
            try:
                await self.directory.profile(UserId(user))
            except DirectoryUnavailable:
                return self.of_channel(channel)
        return self.of_person(user, channel)
