"""Messages as lines, with their places in words."""

from sandbox.slack.state.workspace import Channel, Message, Workspace
from sandbox.slack.user.rendering import draw_message


class ActivityFeed:
    """Draws the messages of a workspace."""

    def __init__(self, workspace: Workspace) -> None:
        """Keep the source of names."""
        self._workspace = workspace

    def lines(self, message: Message) -> list[str]:
        """Render a message."""
        return draw_message(message, self._workspace)

    def where(self, message: Message) -> str:
        """Name a message's place."""
        channel = self._workspace.channels[message.channel]
        thread = "thread in " if message.is_reply else ""
        return f"{thread}{name_of(channel, self._workspace)}"


def name_of(channel: Channel, workspace: Workspace) -> str:
    """Name a channel."""
    if channel.direct_with is not None:
        return f"direct message to {workspace.name_of(channel.direct_with)}"
    return f"#{channel.name}"
