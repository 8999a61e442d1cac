"""The few blocks that the bot draws with, made by slackblocks, which checks Slack's limits; they leave as plain dictionaries."""

from collections.abc import Iterable, Sequence
from typing import Final, Literal

from slackblocks import (
    ActionsBlock,
    Block,
    Button,
    ConfirmationDialogue,
    ContextBlock,
    DividerBlock,
    HeaderBlock,
    InputBlock,
    ModalView,
    PlainTextInput,
    SectionBlock,
    Text,
    TextType,
)
from slackblocks import Message as Post

from bot.slack.rendering.formatting import Json, Message
from bot.slack.rendering.mrkdwn import fit, paragraphs, shorten

SECTION: Final = 3_000
HEADER: Final = 150
TITLE: Final = 24
MESSAGE_TEXT: Final = 1_000
"""Well below the 4,000 that Slack advises: `text` is what a phone shows and a screen reader reads out."""
INPUT: Final = 3_000
NAMED: Final = frozenset({"input", "actions"})
"""The blocks whose ids mean something to us; the others go without, so that the same facts always draw the same message."""


def message(text: str, blocks: Sequence[Block]) -> Message:
    """Make a message of blocks."""
    drawn = [_Drawn(block) for block in blocks]
    Post(channel="-", blocks=list(drawn))
    return Message(fit(text, MESSAGE_TEXT), _plain(drawn))


def said_as(text: str) -> Message:
    """Make a message that is drawn as it reads."""
    return message(text, [section(text)])


def modal(
    title: str,
    blocks: Sequence[Block],
    *,
    external_id: str = "",
    submit: str | None = None,
    close: str = "Close",
    callback: str = "",
    metadata: str = "",
) -> Json:
    """Make a modal."""
    drawn = [_Drawn(block) for block in blocks]
    view = ModalView(
        title=shorten(title, TITLE),
        blocks=list(drawn),
        submit=submit,
        close=close,
        callback_id=callback,
        external_id=external_id,
        private_metadata=metadata,
    ).to_dict()
    return {**view, "blocks": _plain(drawn)}


def section(text: str) -> SectionBlock:
    """Draw a paragraph of mrkdwn. `verbatim`: Slack makes no links or mentions of what merely looks like one."""
    return SectionBlock(Text(fit(text, SECTION), verbatim=True))


def sections(lines: Iterable[str], *, most: int = 10) -> list[Block]:
    """Draw lines as few paragraphs; the last one says when there was more than fits."""
    written = paragraphs(lines, SECTION)
    if len(written) > most:
        written = [*written[: most - 1], "… and more than fits here."]
    return [section(paragraph) for paragraph in written]


def plain(text: str) -> SectionBlock:
    """Draw a paragraph in which nothing is formatting, as for ids that are to be copied."""
    return SectionBlock(Text(fit(text, SECTION), type_=TextType.PLAINTEXT))


def header(text: str) -> HeaderBlock:
    """Draw a heading."""
    return HeaderBlock(shorten(text, HEADER))


def context(text: str) -> ContextBlock:
    """Draw a small grey line."""
    return ContextBlock([Text(fit(text, SECTION), verbatim=True)])


def divider() -> DividerBlock:
    """Draw a line across."""
    return DividerBlock()


def actions(block_id: str, *buttons: Button) -> ActionsBlock:
    """Draw a row of buttons."""
    return ActionsBlock(list(buttons), block_id=block_id)


def button(
    text: str,
    *,
    action: str,
    value: str,
    style: Literal["primary", "danger"] | None = None,
    confirm: ConfirmationDialogue | None = None,
) -> Button:
    """Draw a button."""
    return Button(text, action_id=action, value=value, style=style, confirm=confirm)


def confirmation(title: str, text: str, *, yes: str, no: str) -> ConfirmationDialogue:
    """Ask once more before a button does what cannot be taken back."""
    return ConfirmationDialogue(title=title, text=text, confirm=yes, deny=no, style="danger")


def text_input(
    label: str,
    *,
    block_id: str,
    action: str,
    hint: str = "",
    initial: str = "",
    placeholder: str = "",
    multiline: bool = False,
    optional: bool = False,
) -> InputBlock:
    """Draw a field to type into."""
    return InputBlock(
        label=label,
        element=PlainTextInput(
            action_id=action,
            initial_value=initial or None,
            multiline=multiline,
            max_length=INPUT,
            placeholder=placeholder or None,
        ),
        block_id=block_id,
        hint=hint or None,
        optional=optional,
    )


class _Drawn(Block):
    """A block, drawn once. Views and messages only check of what kind each of theirs is, and would draw it six times for that."""

    def __init__(self, block: Block) -> None:
        self.json: Json = block._resolve()  # noqa: SLF001 - there is no public way to draw a single one
        super().__init__(type_=block.type)

    def _resolve(self) -> Json:
        return {"type": self.json["type"]}


def _plain(blocks: Iterable[_Drawn]) -> list[Json]:
    return [_without_id(block.json) for block in blocks]


def _without_id(block: Json) -> Json:
    return (
        block if block["type"] in NAMED else {key: value for key, value in block.items() if key != "block_id"}
    )
