"""One Web API call as its method sees it: the state it works on, and typed arguments."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from bot.domain.ids import ChannelId, UserId
from sandbox.slack.state.errors import SlackSays
from sandbox.slack.state.tickets import Tickets
from sandbox.slack.state.views import ViewStacks
from sandbox.slack.state.workspace import Account, Channel, Json, Workspace


class TokenKind(StrEnum):
    """Which token a method takes."""

    BOT = "bot"
    APP = "app"


@dataclass(frozen=True, slots=True)
class ApiCall:
    """One call. `scopes` are the bot's, `api_url` is where the Web API answers."""

    arguments: Json
    workspace: Workspace
    stacks: ViewStacks
    tickets: Tickets
    scopes: frozenset[str]
    api_url: str

    def text(self, name: str, default: str | None = None) -> str:
        """Read an argument.

        Raises:
            SlackSays: `invalid_arguments` where it is missing and has no default.
        """
        value = self.arguments.get(name, default)
        if value is None:
            raise SlackSays(
                "invalid_arguments",
                response_metadata={"messages": [f"[ERROR] missing required field: {name}"]},
            )
        return str(value)

    def flag(self, name: str) -> bool:
        """Read a boolean in any spelling."""
        return str(self.arguments.get(name, "")).lower() in {"1", "true"}

    def listing(self, name: str) -> list[Any]:
        """Read a list; empty if missing."""
        value = self.arguments.get(name) or []
        if not isinstance(value, list):
            raise SlackSays(
                "invalid_arguments", response_metadata={"messages": [f"[ERROR] {name} must be a list"]}
            )
        return value

    def needs(self, scope: str) -> None:
        """Require a scope.

        Raises:
            SlackSays: `missing_scope`.
        """
        if scope and scope not in self.scopes:
            raise SlackSays("missing_scope", needed=scope, provided=",".join(sorted(self.scopes)))

    def channel(self, name: str = "channel", *, right: str = "read") -> Channel:
        """Find a channel the bot may know, and require its kind's scope (`channels:read`, `im:history` …).

        Raises:
            SlackSays: `channel_not_found`, also for a private channel without the bot; `missing_scope`.
        """
        channel = self.workspace.channels.get(ChannelId(self.text(name)))
        if channel is None or (channel.private and self.workspace.bot.id not in channel.members):
            raise SlackSays("channel_not_found")
        if right:
            self.needs(f"{family(channel)}:{right}")
        return channel

    def channel_to_post_in(self, name: str = "channel") -> Channel:
        """Find a channel the bot can write to; a user id means their direct messages.

        Raises:
            SlackSays: `channel_not_found`, `not_in_channel`, `is_archived`.
        """
        wanted = self.text(name)
        if UserId(wanted) in self.workspace.people:
            return self.workspace.direct(UserId(wanted))
        channel = self.channel(name, right="")
        if self.workspace.bot.id not in channel.members:
            raise SlackSays("not_in_channel")
        if channel.archived:
            raise SlackSays("is_archived")
        return channel

    def account(self, name: str = "user") -> Account:
        """Find a person.

        Raises:
            SlackSays: `user_not_found`.
        """
        account = self.workspace.people.get(UserId(self.text(name)))
        if account is None:
            raise SlackSays("user_not_found")
        return account


Method = Callable[[ApiCall], Json]


@dataclass(frozen=True, slots=True)
class ArgumentRule:
    """What a method needs before it runs. A method whose scope depends on the channel checks it itself."""

    run: Method
    scope: str = ""
    token: TokenKind | None = TokenKind.BOT
    """None where no token is needed."""


def family(channel: Channel) -> str:
    """The scope family of a channel's kind."""
    if channel.direct_with is not None:
        return "im"
    return "groups" if channel.private else "channels"
