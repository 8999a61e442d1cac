"""A Slack workspace: people, user groups, channels and messages."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

from bot.domain.ids import ChannelId, FileId, GroupId, TeamId, UserId
from bot.domain.ports import Clock
from bot.domain.requests.person import AccountKind
from sandbox.slack.state.changes import Changes
from sandbox.slack.state.files import File
from sandbox.slack.state.uploads import Uploads

Json = dict[str, Any]


class WallClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The current time in UTC."""
        return datetime.now(UTC)


@dataclass(slots=True)
class Account:
    """A person or a bot; change `kind` to deactivate them."""

    id: UserId
    name: str
    kind: AccountKind
    team: TeamId
    organisation: tuple[TeamId, ...] = ()
    """In an Enterprise organisation: its workspaces that the person is in."""
    locale: str = "en-GB"


@dataclass(slots=True)
class Group:
    """A user group."""

    id: GroupId
    handle: str
    members: set[UserId]
    disabled: bool = False


@dataclass(frozen=True, slots=True)
class Edit:
    """An earlier version of a message."""

    text: str
    blocks: list[Json]
    until: str


@dataclass(slots=True)
class Message:
    """A message; edits change it. `only_for` marks an ephemeral one."""

    channel: ChannelId
    ts: str
    user: UserId
    text: str
    blocks: list[Json]
    thread_ts: str | None = None
    metadata: Json | None = None
    only_for: UserId | None = None
    deleted: bool = False
    edits: list[Edit] = field(default_factory=list)
    files: tuple[Json, ...] = ()

    @property
    def is_reply(self) -> bool:
        """Whether it is a reply in a thread."""
        return self.thread_ts is not None and self.thread_ts != self.ts

    def as_it_is(self) -> "Message":
        """Copy it, to press a button that an edit removes meanwhile."""
        return replace(self, edits=list(self.edits))


@dataclass(slots=True)
class Channel:
    """A channel, or the direct messages between the bot and one person (`direct_with`)."""

    id: ChannelId
    name: str
    members: set[UserId]
    private: bool = False
    archived: bool = False
    direct_with: UserId | None = None
    messages: list[Message] = field(default_factory=list)

    def thread(self, ts: str) -> list[Message]:
        """List the replies to a message, oldest first."""
        return [
            message
            for message in self.messages
            if message.thread_ts == ts and message.is_reply and not message.deleted
        ]


class Workspace:
    """One team's Slack, and the outsiders that reach it."""

    def __init__(self, *, team: TeamId, domain: str, timezone: str, clock: Clock, changes: Changes) -> None:
        """Start with only the bot."""
        self.team = team
        self.domain = domain
        self.timezone = ZoneInfo(timezone)
        self.clock = clock
        self.changes = changes
        self.bot = Account(UserId("U0DISCOUNTBOT"), "Discount bot", AccountKind.BOT, team)
        self.people: dict[UserId, Account] = {self.bot.id: self.bot}
        self.groups: dict[GroupId, Group] = {}
        self.channels: dict[ChannelId, Channel] = {}
        self.files: dict[FileId, File] = {}
        self.ephemerals: list[Message] = []
        self.uploads = Uploads()
        self.unknown_blocks: frozenset[str] = frozenset()
        """Types of blocks that a message cannot have yet, as in a workspace that gets new ones late."""
        self._last_ts = 0
        self._numbers = count(1)

    def new_id(self, prefix: str, name: str, taken: Mapping[Any, object]) -> str:
        """Make a readable id, such as `U0ANN` for Ann."""
        letters = "".join(letter for letter in name.upper() if letter.isascii() and letter.isalnum())
        wanted = f"{prefix}0{letters}"
        while wanted in taken or not letters:
            wanted, letters = f"{prefix}0{letters}{next(self._numbers)}", letters or "X"
        return wanted

    def serial(self, prefix: str) -> str:
        """Make a unique id."""
        return f"{prefix}{next(self._numbers):08d}"

    def put_file(self, name: str, data: bytes, *, by: UserId, size: int | None = None) -> File:
        """Put a file into Slack; `size` overrides its real size."""
        id_ = FileId(self.serial("F"))
        self.files[id_] = File(
            id_, name, by, data, len(data) if size is None else size, int(self.clock.now().timestamp())
        )
        return self.files[id_]

    def share_file(self, name: str, data: bytes, channel: Channel, *, by: UserId, base_url: str) -> File:
        """Post a file in a channel."""
        file = self.put_file(name, data, by=by)
        file.in_form = False
        file.shared.append((channel.id, channel.private))
        self.post(channel, text="", by=by, files=[file.payload(self.team, self.domain, base_url)])
        return file

    def bot_sees(self, file: File) -> bool:
        """Tell whether the bot may see a file: from one of its forms, or in one of its channels."""
        return file.in_form or any(
            self.bot.id in self.channels[channel].members for channel, _ in file.shared
        )

    def next_ts(self) -> str:
        """Make a message timestamp: unique and increasing, whatever the clock does."""
        self._last_ts = max(self._last_ts + 1, int(self.clock.now().timestamp() * 1_000_000))
        return f"{self._last_ts // 1_000_000}.{self._last_ts % 1_000_000:06d}"

    def post(
        self,
        channel: Channel,
        *,
        text: str,
        blocks: Sequence[Json] = (),
        by: UserId | None = None,
        thread_ts: str | None = None,
        metadata: Json | None = None,
        only_for: UserId | None = None,
        files: Iterable[Json] = (),
    ) -> Message:
        """Post a message, by default as the bot. Blocks without a `block_id` get one, as in Slack."""
        named = self.with_ids(blocks)
        message = Message(
            channel.id,
            self.next_ts(),
            by or self.bot.id,
            text,
            named,
            thread_ts,
            metadata,
            only_for,
            files=tuple(files),
        )
        (channel.messages if only_for is None else self.ephemerals).append(message)
        self.changes.happened()
        return message

    def edit(
        self, message: Message, *, text: str, blocks: Sequence[Json], metadata: Json | None = None
    ) -> None:
        """Edit a message and keep its earlier version."""
        message.edits.append(Edit(message.text, message.blocks, until=self.next_ts()))
        message.text, message.blocks = text, self.with_ids(blocks)
        message.metadata = message.metadata if metadata is None else metadata
        self.changes.happened()

    def delete(self, message: Message) -> None:
        """Delete a message."""
        message.deleted = True
        self.changes.happened()

    def delete_file(self, id_: str) -> None:
        """Leave a tombstone where a file was posted."""
        for channel in self.channels.values():
            for message in channel.messages:
                message.files = tuple(
                    {"id": id_, "mode": "tombstone"} if file["id"] == id_ else file for file in message.files
                )
        self.changes.happened()

    def with_ids(self, blocks: Iterable[Json]) -> list[Json]:
        """Give ids to blocks and elements that have none."""
        return [self._with_ids(block) for block in blocks]

    def _with_ids(self, block: Json) -> Json:
        named = {"block_id": self.serial("b"), **block}
        for key in ("element", "accessory"):
            if key in named:
                named[key] = {"action_id": self.serial("a"), **named[key]}
        if "child_blocks" in named:
            named["child_blocks"] = self.with_ids(named["child_blocks"])
        if named["type"] == "actions":
            named["elements"] = [{"action_id": self.serial("a"), **element} for element in named["elements"]]
        return named

    def find_message(self, channel: Channel, ts: str) -> Message | None:
        """Find a message that is not deleted."""
        return next(
            (message for message in channel.messages if message.ts == ts and not message.deleted), None
        )

    def direct(self, user: UserId) -> Channel:
        """Open the direct messages between the bot and a person."""
        known = next((channel for channel in self.channels.values() if channel.direct_with == user), None)
        if known is not None:
            return known
        opened = Channel(
            ChannelId(self.new_id("D", user[2:], self.channels)),
            "directmessage",
            {user, self.bot.id},
            private=True,
            direct_with=user,
        )
        self.channels[opened.id] = opened
        return opened

    def name_of(self, user: str) -> str:
        """A person's name, or their id if unknown."""
        account = self.people.get(UserId(user))
        return account.name if account else user

    def sees(self, user: UserId, message: Message) -> bool:
        """Tell whether a person sees a message: a channel member, and not ephemeral for someone else."""
        if message.deleted or user not in self.channels[message.channel].members:
            return False
        return message.only_for in {None, user}
