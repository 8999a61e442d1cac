"""A person in the sandbox: does what people can do in Slack, and sees what they can see."""

from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import Final

from bot.domain.ids import UserId
from bot.domain.requests.person import AccountKind
from sandbox.slack.api.response_url import answer_person
from sandbox.slack.state.changes import PATIENCE
from sandbox.slack.state.elements import buttons
from sandbox.slack.state.errors import SlackSays
from sandbox.slack.state.tickets import ResponseUrl
from sandbox.slack.state.workspace import Account, Channel, Json, Message
from sandbox.slack.transport.delivery import COMMAND, INTERACTION
from sandbox.slack.transport.switchboard import Switchboard
from sandbox.slack.user import payloads
from sandbox.slack.user.modal import Modal
from sandbox.slack.user.reactions import CannotDo, Reaction
from sandbox.slack.user.rendering import draw_message

FAILED: Final = '{command} failed with the error "{error}"'
BUTTON_FAILED: Final = "⚠ This app did not respond"

Look = Callable[[Modal], object]


class SandboxPerson:
    """A person with a screen and a keyboard."""

    def __init__(self, board: Switchboard, account: Account) -> None:
        """Give the person a screen."""
        self._board = board
        self.account = account

    @property
    def id(self) -> UserId:
        """Their user id."""
        return self.account.id

    @property
    def name(self) -> str:
        """What people call them."""
        return self.account.name

    @property
    def kind(self) -> AccountKind:
        """Their account kind; set `account.kind` to change it."""
        return self.account.kind

    # what they do

    async def command(self, text: str, channel: Channel) -> Reaction:
        """Type a slash command in a channel or in direct messages, and see the ack."""
        if self.id not in channel.members:
            raise CannotDo(f"{self.name} is not in #{channel.name}")
        payload = payloads.command(self._board, self.account, text, channel)
        ack = await self._board.deliver(COMMAND, payload)
        if not ack.ok:
            return Reaction(trouble=FAILED.format(command=payload["command"], error=ack.trouble))
        return self._told(ack.body, channel) if ack.body else Reaction()

    def say(self, text: str, channel: Channel) -> Message:
        """Write a message in a channel."""
        if self.id not in channel.members:
            raise CannotDo(f"{self.name} is not in #{channel.name}")
        return self._board.workspace.post(channel, text=escape(text, quote=False), by=self.id)

    def share(self, name: str, data: bytes, channel: Channel) -> str:
        """Post a file in a channel and return its link."""
        if self.id not in channel.members:
            raise CannotDo(f"{self.name} is not in #{channel.name}")
        workspace = self._board.workspace
        file = workspace.share_file(name, data, channel, by=self.id, base_url=self._board.tickets.base_url)
        return file.permalink(workspace.domain)

    def share_from_disk(self, path: str, channel: Channel) -> str:
        """Post a file from disk in a channel and return its link."""
        file = Path(path).expanduser()
        if not file.is_file():
            raise CannotDo(f"there is no file {str(file)!r}")
        return self.share(file.name, file.read_bytes(), channel)

    async def press(self, label: str, message: Message, *, confirm: bool = True) -> Reaction:
        """Press a message's button. For a button about to go, pass an earlier `message.as_it_is()`."""
        if not self.can_see(message):
            raise CannotDo(f"{self.name} does not see this message")
        there = buttons(message.blocks)
        pressed = next((button for button in there if button.label == label), None)
        if pressed is None:
            raise CannotDo(f"there is no button {label!r}, only {[button.label for button in there]}")
        asked = str(pressed.element.get("confirm", {}).get("text", {}).get("text", ""))
        if asked and not confirm:
            return Reaction(confirmed=asked)
        ack = await self._board.deliver(
            INTERACTION, payloads.message_action(self._board, self.account, message, pressed)
        )
        return Reaction(trouble="" if ack.ok else BUTTON_FAILED, confirmed=asked)

    # what they see

    @property
    def view(self) -> Modal | None:
        """The top modal on their screen, or None."""
        stack = self._board.stacks.of(self.id)
        return Modal(self._board, self.account, stack[-1]) if stack else None

    async def sees_view(
        self,
        what: str | Look | None = None,
        *,
        submit: str | None = None,
        label: str | None = None,
        text: str = "",
        within: float = PATIENCE,
    ) -> Modal:
        """Wait for a top modal with this title (or passing `what`), submit button, input or button, and text.

        Raises:
            NeverSeen: it did not come; the message describes the screen.
        """

        def look() -> Modal | None:
            top = self.view
            return top if top is not None and _fits(top, what, submit, label, text) else None

        return await self._board.workspace.changes.until(look, within, instead=self._screen)

    async def sees_no_view(self, within: float = PATIENCE) -> None:
        """Wait until no modal is open."""
        await self._board.workspace.changes.until(lambda: self.view is None, within, instead=self._screen)

    async def is_done(self, within: float = PATIENCE) -> None:
        """Wait until all forms are closed; close a last answer that is shown in one."""

        def look() -> bool:
            return self.view is None or self.view.close_label == "Done"

        await self._board.workspace.changes.until(look, within, instead=self._screen)
        if self.view:
            await self.view.close()

    async def sees(self, text: str, channel: Channel, *, within: float = PATIENCE) -> Message:
        """Wait for a channel message or reply with this text; the newest if several match."""

        def look() -> Message | None:
            return next(
                (message for message in reversed(self.reads(channel)) if text in self.read(message)), None
            )

        return await self._board.workspace.changes.until(look, within, instead=lambda: self._screen(channel))

    async def is_told(self, text: str, *, within: float = PATIENCE) -> Message:
        """Wait for an ephemeral message to them with this text; the newest if several match."""

        def look() -> Message | None:
            return next(
                (message for message in reversed(self.ephemerals) if text in self.read(message)), None
            )

        def told() -> str:
            return "\n".join(self.read(message) for message in self.ephemerals)

        return await self._board.workspace.changes.until(look, within, instead=told)

    def can_see(self, message: Message) -> bool:
        """Tell whether they see a message in its channel."""
        return self._board.workspace.sees(self.id, message)

    def reads(self, channel: Channel) -> list[Message]:
        """List what they see in a channel, with replies, oldest first."""
        return [message for message in channel.messages if self.can_see(message)]

    def read(self, message: Message) -> str:
        """Read a message as plain text."""
        return "\n".join(draw_message(message, self._board.workspace))

    @property
    def ephemerals(self) -> list[Message]:
        """List their ephemeral messages, oldest first."""
        return [
            message
            for message in self._board.workspace.ephemerals
            if message.only_for == self.id and not message.deleted
        ]

    @property
    def direct(self) -> Channel:
        """Their direct messages with the bot."""
        return self._board.workspace.direct(self.id)

    def _told(self, answer: Json, channel: Channel) -> Reaction:
        here = ResponseUrl(self.id, channel, None, self._board.workspace.clock.now())
        try:
            message = answer_person(self._board.workspace, here, answer)
        except SlackSays as refusal:
            return Reaction(trouble=f"the answer cannot be shown: {refusal}")
        return Reaction(text=self.read(message) if message is not None else "")

    def _screen(self, channel: Channel | None = None) -> str:
        top = self.view
        lines = [self.read(message) for message in self.reads(channel)] if channel else []
        return "\n".join([f"{self.name}'s screen:", top.text if top else "(no modal)", *lines])


def _fits(modal: Modal, what: str | Look | None, submit: str | None, label: str | None, text: str) -> bool:
    wanted = (
        what is None or (modal.title == what if isinstance(what, str) else bool(what(modal))),
        submit is None or modal.submit_label == submit,
        label is None or label in [*modal.labels, *modal.buttons],
        text in modal.text,
    )
    return all(wanted)
