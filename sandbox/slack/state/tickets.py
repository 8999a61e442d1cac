"""What Slack hands out for a short while: triggers that open one view, and addresses to answer one person at."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from bot.domain.ids import UserId
from sandbox.slack.state.errors import SlackSays
from sandbox.slack.state.workspace import Channel, Message, Workspace

TRIGGER_LIVES: Final = timedelta(seconds=3)
RESPONSE_LIVES: Final = timedelta(minutes=30)
RESPONSES: Final = 5


@dataclass(slots=True)
class Trigger:
    """What exchanges for one view."""

    person: UserId
    issued: datetime
    exchanged: bool = False


@dataclass(slots=True)
class ResponseUrl:
    """Where one person can be answered; `about` is the message whose button was pressed."""

    person: UserId
    channel: Channel
    about: Message | None
    issued: datetime
    answers: int = 0


class Tickets:
    """All triggers and response addresses that were handed out."""

    def __init__(self, workspace: Workspace) -> None:
        """Begin with none."""
        self._workspace = workspace
        self._triggers: dict[str, Trigger] = {}
        self._responses: dict[str, ResponseUrl] = {}
        self.base_url = ""

    def trigger(self, person: UserId) -> str:
        """Hand out a trigger for what somebody just did."""
        trigger_id = f"{self._workspace.serial('')}.{self._workspace.serial('')}.sandbox"
        self._triggers[trigger_id] = Trigger(person, self._workspace.clock.now())
        return trigger_id

    def exchange(self, trigger_id: str) -> UserId:
        """Take a trigger in, and say whose screen it opens a view on.

        Raises:
            SlackSays: `invalid_trigger_id`, `expired_trigger_id` after 3 seconds, `exchanged_trigger_id` the second time.
        """
        trigger = self._triggers.get(trigger_id)
        if trigger is None:
            raise SlackSays("invalid_trigger_id")
        if trigger.exchanged:
            raise SlackSays("exchanged_trigger_id")
        if self._workspace.clock.now() - trigger.issued > TRIGGER_LIVES:
            raise SlackSays("expired_trigger_id")
        trigger.exchanged = True
        return trigger.person

    def response_url(self, person: UserId, channel: Channel, about: Message | None = None) -> str:
        """Hand out an address to answer somebody at."""
        key = self._workspace.serial("R")
        self._responses[key] = ResponseUrl(person, channel, about, self._workspace.clock.now())
        return f"{self.base_url}/response/{key}"

    def use_response(self, key: str) -> ResponseUrl:
        """Take one answer at an address.

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
