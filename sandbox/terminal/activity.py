"""New and changed messages since the last look."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count

from sandbox.slack.state.changes import Changes, NeverSeen
from sandbox.slack.state.workspace import Channel, Message, Workspace
from sandbox.slack.user.person import SandboxPerson
from sandbox.slack.user.rendering import draw_message
from sandbox.terminal.button_numbers import Numbers
from sandbox.terminal.commands import Control, Kind


@dataclass(frozen=True, slots=True)
class News:
    """A new message, or the new lines of a changed one; `where` is its place in words."""

    where: str
    lines: tuple[str, ...]
    changed: bool = False


class ActivityFeed:
    """Remembers what it has shown."""

    def __init__(self, workspace: Workspace) -> None:
        """Start with nothing shown."""
        self._workspace = workspace
        self._numbers = Numbers()
        self._shown: dict[str, tuple[str, ...]] = {}

    def news(self) -> list[News]:
        """Return what is new, oldest first, and mark it as shown."""
        return [news for message in self._messages() if (news := self._look_at(message)) is not None]

    def lines(self, message: Message) -> list[str]:
        """Render a message with numbered buttons."""
        return draw_message(message, self._workspace, number=self._numbers.of(message))

    def buttons(self, who: SandboxPerson) -> list[Control]:
        """List all buttons that a person sees."""
        seen = [message for message in self._messages() if who.can_see(message)]
        return [
            Control(number, label, Kind.BUTTON)
            for message in seen
            for number, label in self._numbers.on(message).items()
        ]

    def message(self, number: int) -> Message:
        """Find the message of a numbered button."""
        return self._numbers.message(number)

    def where(self, message: Message) -> str:
        """Name a message's place and readers."""
        channel = self._workspace.channels[message.channel]
        if message.only_for is not None:
            reader = self._workspace.name_of(message.only_for)
            return f"only {reader} sees this, in {name_of(channel, self._workspace)}"
        thread = "in the thread below the card, " if message.is_reply else ""
        return f"{thread}{name_of(channel, self._workspace)}"

    def _look_at(self, message: Message) -> News | None:
        lines, before = tuple(self.lines(message)), self._shown.get(message.ts)
        self._shown[message.ts] = lines
        if before is None:
            return News(self.where(message), lines)
        # the last line of a card says which request it is
        fresh = tuple(line for line in lines if line not in before or line == lines[-1])
        return News(self.where(message), fresh, changed=True) if lines != before else None

    def _messages(self) -> Iterator[Message]:
        everywhere = [
            message for channel in self._workspace.channels.values() for message in channel.messages
        ]
        there = [message for message in [*everywhere, *self._workspace.ephemerals] if not message.deleted]
        yield from sorted(there, key=lambda message: message.ts)


def name_of(channel: Channel, workspace: Workspace) -> str:
    """Name a channel."""
    if channel.direct_with is not None:
        return f"direct message to {workspace.name_of(channel.direct_with)}"
    return f"#{channel.name}"


async def quiet(
    changes: Changes, seconds: float, *, busy: Callable[[], bool] = bool, longest: float = 10
) -> None:
    """Wait until nothing changes for some seconds and nobody is busy, up to a limit."""
    for _ in range(int(longest / seconds)):
        if not await _changes(changes, seconds) and not busy():
            return


async def _changes(changes: Changes, within: float) -> bool:
    looks = count()
    try:
        await changes.until(lambda: next(looks) > 0 or None, within)
    except NeverSeen:
        return False
    return True
