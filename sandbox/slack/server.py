"""The whole stand-in: a workspace on loopback, its people, and the bot's connections."""

from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from types import TracebackType
from typing import Final, Self, TypeVar

from aiohttp import web

from bot.domain.ids import ChannelId, GroupId, TeamId, UserId
from bot.domain.ports import Clock
from bot.domain.requests.person import AccountKind
from bot.web.server import close
from sandbox.slack.api.web_api import Credentials, WebApi
from sandbox.slack.state.changes import PATIENCE, Changes
from sandbox.slack.state.faults import Faults
from sandbox.slack.state.tickets import Tickets
from sandbox.slack.state.views import ViewStacks
from sandbox.slack.state.workspace import Account, Channel, Group, Json, Message, WallClock, Workspace
from sandbox.slack.transport.delivery import Ack, Line
from sandbox.slack.transport.socket_mode import SocketMode
from sandbox.slack.transport.switchboard import Delivery, Switchboard
from sandbox.slack.user.person import SandboxPerson
from sandbox.slack.user.rendering import draw_channel

SCOPES: Final = frozenset(
    {
        "commands",
        "chat:write",
        "im:write",
        "users:read",
        "usergroups:read",
        "channels:read",
        "groups:read",
        "im:read",
        "channels:history",
        "groups:history",
        "im:history",
        "files:write",
        "files:read",
    }
)
"""The bot's scopes; pass fewer to get `missing_scope`."""
TIME_LIMIT: Final = timedelta(seconds=3)
"""Slack's own, for acks and for triggers."""
Seen = TypeVar("Seen")


class SandboxSlack:
    """Slack on loopback: `async with SandboxSlack() as slack`. Add people, groups and channels at any time.

    The bot is reached over Socket Mode once it connects; set `slack.line = SignedHttp(url, secret)` for HTTP.
    """

    time_limit = TIME_LIMIT
    """The default of a new workspace; tests set a longer one, since their machine may be busy."""

    def __init__(
        self,
        *,
        clock: Clock | None = None,
        team: str = "T0SANDBOX",
        domain: str = "sandbox",
        timezone: str = "Europe/Oslo",
        credentials: Credentials | None = None,
        scopes: Iterable[str] = SCOPES,
        time_limit: timedelta | None = None,
        port: int = 0,
    ) -> None:
        """Make an empty workspace that does not listen yet. Port 0 takes any free one.

        An ack must come, and a trigger must open its view, within `time_limit`.
        """
        limit = time_limit or self.time_limit
        self.credentials = credentials or Credentials()
        self.changes = Changes()
        self.workspace = Workspace(
            team=TeamId(team),
            domain=domain,
            timezone=timezone,
            clock=clock or WallClock(),
            changes=self.changes,
        )
        self.stacks = ViewStacks(self.workspace, app="A0DISCOUNTBOT")
        self.tickets = Tickets(self.workspace, limit)
        self.faults = Faults()
        self.socket_mode = SocketMode(self.changes)
        self.board = Switchboard(self.workspace, self.stacks, self.tickets, self.socket_mode, limit)
        self.web_api = WebApi(
            self.workspace,
            self.stacks,
            self.tickets,
            faults=self.faults,
            credentials=self.credentials,
            scopes=frozenset(scopes),
        )
        self._port = port
        self._runner: web.AppRunner | None = None

    # running it

    async def __aenter__(self) -> Self:
        """Listen."""
        app = web.Application(client_max_size=4 * 1024**2)
        app.add_routes([*self.web_api.routes(), *self.socket_mode.routes()])
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port)
        await site.start()
        self._port = self._runner.addresses[0][1]
        self.tickets.base_url = f"http://127.0.0.1:{self._port}"
        self.web_api.api_url = self.api_url
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close every connection and stop listening."""
        await self.board.line.close()
        await self.socket_mode.close()
        if self._runner is not None:
            await close(self._runner)

    @property
    def api_url(self) -> str:
        """The Web API's address, for `SLACK_API_URL`."""
        return f"http://127.0.0.1:{self._port}/api/"

    @property
    def line(self) -> Line:
        """The connection to the bot."""
        return self.board.line

    @line.setter
    def line(self, line: Line) -> None:
        self.board.line = line

    # who and what there is

    @property
    def team(self) -> TeamId:
        """The workspace's id."""
        return self.workspace.team

    @property
    def bot(self) -> Account:
        """The bot's own account."""
        return self.workspace.bot

    def add_person(
        self,
        name: str,
        *,
        kind: AccountKind = AccountKind.MEMBER,
        id: str = "",  # noqa: A002 - Slack's own word
        team: str = "",
        organisation: Sequence[str] = (),
    ) -> SandboxPerson:
        """Add a person, by default with an id such as `U0ANN`. Strangers belong to team `T0ELSEWHERE`.

        In an Enterprise organisation, `organisation` has the person's workspaces.
        """
        user = UserId(id or self.workspace.new_id("U", name, self.workspace.people))
        at_home = kind is not AccountKind.STRANGER
        account = Account(
            user,
            name,
            kind,
            TeamId(team) if team else self.team if at_home else TeamId("T0ELSEWHERE"),
            tuple(map(TeamId, organisation)),
        )
        self.workspace.people[user] = account
        return SandboxPerson(self.board, account)

    def add_group(self, handle: str, members: Iterable[SandboxPerson], *, id: str = "") -> Group:  # noqa: A002
        """Add a user group, by default with an id such as `S0LEADS`."""
        group = GroupId(id or self.workspace.new_id("S", handle, self.workspace.groups))
        self.workspace.groups[group] = Group(group, handle, {member.id for member in members})
        return self.workspace.groups[group]

    def add_channel(
        self,
        name: str,
        members: Iterable[SandboxPerson],
        *,
        bot: bool = True,
        private: bool = False,
        id: str = "",  # noqa: A002
    ) -> Channel:
        """Add a channel, by default with the bot in it and an id such as `C0LOYALTY`."""
        channel = ChannelId(id or self.workspace.new_id("C", name, self.workspace.channels))
        inside = {member.id for member in members} | ({self.bot.id} if bot else set())
        self.workspace.channels[channel] = Channel(channel, name, inside, private=private)
        return self.workspace.channels[channel]

    def channel(self, id: str) -> Channel:  # noqa: A002
        """Find a channel."""
        return self.workspace.channels[ChannelId(id)]

    # what was said

    def messages(self, channel: Channel) -> list[Message]:
        """List a channel's messages, oldest first, without replies."""
        return [message for message in channel.messages if not message.deleted and not message.is_reply]

    def thread(self, message: Message) -> list[Message]:
        """List the replies to a message, oldest first."""
        return self.workspace.channels[message.channel].thread(message.ts)

    def transcript(self, channel: Channel) -> str:
        """Render a channel as plain text, threads below their messages."""
        return "\n".join(draw_channel(channel, self.workspace))

    @property
    def refused(self) -> list[str]:
        """Every refused call of the bot, as "method: error"."""
        return self.web_api.refused

    async def until(self, look: Callable[[], Seen | None], within: float = PATIENCE) -> Seen:
        """Wait until `look` returns something, and return it.

        Raises:
            NeverSeen: it returned nothing in time; the message lists the channels' contents.
        """
        return await self.changes.until(look, within, instead=self._everything)

    # delivering

    @property
    def deliveries(self) -> list[Delivery]:
        """Every payload that went to the bot, oldest first."""
        return self.board.deliveries

    async def deliver(self, kind: str, payload: Json) -> Ack:
        """Deliver a custom payload (`slash_commands`, `interactive`, `events_api`)."""
        return await self.board.deliver(kind, payload)

    async def deliver_again(self, delivery: Delivery | None = None) -> Ack:
        """Deliver a payload again, by default the latest; the ack changes nobody's screen."""
        again = delivery or self.deliveries[-1]
        return await self.board.deliver(again.kind, again.payload)

    def _everything(self) -> str:
        return "\n".join(
            f"#{channel.name}\n{self.transcript(channel)}" for channel in self.workspace.channels.values()
        )
