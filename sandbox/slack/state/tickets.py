"""Slack's short-lived tickets: triggers, which open one view, and response URLs."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from bot.domain.ids import UserId
from sandbox.slack.state.errors import SlackSays
from sandbox.slack.state.workspace import Channel, Message, Workspace

RESPONSE_LIVES: Final = timedelta(minutes=30)
RESPONSES: Final = 5


@dataclass(slots=True)
class Trigger:
    """A ticket that opens one view."""

    person: UserId
    issued: datetime
    exchanged: bool = False


@dataclass(slots=True)
class ResponseUrl:
    """An address to answer one person; `about` is the message of the pressed button."""

    person: UserId
    channel: Channel
    about: Message | None
    issued: datetime
    answers: int = 0


class Tickets:
    """All issued triggers and response URLs."""

    def __init__(self, workspace: Workspace, trigger_lives: timedelta) -> None:
        """Start with none."""
        self._workspace = workspace
        self._trigger_lives = trigger_lives
        self._triggers: dict[str, Trigger] = {}
        self._responses: dict[str, ResponseUrl] = {}
        self.base_url = ""

    def trigger(self, person: UserId) -> str:
        """Issue a trigger for a person's action."""
        trigger_id = f"{self._workspace.serial('')}.{self._workspace.serial('')}.sandbox"
        self._triggers[trigger_id] = Trigger(person, self._workspace.clock.now())
        return trigger_id

    def exchange(self, trigger_id: str) -> UserId:
        """Exchange a trigger for the person whose screen the view opens on.

        Raises:
            SlackSays: `invalid_trigger_id`, `expired_trigger_id` if late, `exchanged_trigger_id` on reuse.
        """
        trigger = self._triggers.get(trigger_id)
        if trigger is None:
            raise SlackSays("invalid_trigger_id")
        if trigger.exchanged:
            raise SlackSays("exchanged_trigger_id")
        if self._workspace.clock.now() - trigger.issued > self._trigger_lives:
            raise SlackSays("expired_trigger_id")
        trigger.exchanged = True
        return trigger.person

    def response_url(self, person: UserId, channel: Channel, about: Message | None = None) -> str:
        """Issue a response URL."""
        key = self._workspace.serial("R")
        self._responses[key] = ResponseUrl(person, channel, about, self._workspace.clock.now())
        return f"{self.base_url}/response/{key}"

    def use_response(self, key: str) -> ResponseUrl:
        """Accept one answer at a response URL.

        Raises:
            SlackSays: `expired_url` after 30 minutes, `used_url` after 5 answers.
        """
        response = self._responses.get(key)
        if response is None or self._workspace.clock.now() - response.issued > RESPONSE_LIVES:
            raise SlackSays("expired_url")
        if response.answers >= RESPONSES:
            raise SlackSays("used_url")
        response.answers += 1
        return response
