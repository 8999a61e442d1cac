"""Blocks, messages and modals as plain dictionaries, with texts cut to Slack's limits.

slackblocks checks what a cut cannot mend.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import ceil
from typing import Any, Final

from slackblocks import (
    AlertBlock,
    Block,
    CheckboxGroup,
    ContainerBlock,
    ContextBlock,
    HeaderBlock,
    InputBlock,
    ModalView,
    Option,
    PlainTextInput,
    SectionBlock,
    Text,
    TextType,
)
from slackblocks import Message as Post

from bot.slack.language.texts import _
from bot.slack.rendering.formatting import Json, Message
from bot.slack.rendering.mrkdwn import shorten

SECTION: Final = 3_000
HEADER: Final = 150
ALERT: Final = 200
TITLE: Final = 24
MESSAGE_TEXT: Final = 1_000
"""Well below the 4,000 that Slack advises: a phone shows `text`, and a screen reader reads it out."""
MOST_LINES: Final = 16
"""How many lines of text a phone shows of a message at once."""
LINE_CHARACTERS: Final = 48
COLUMN_CHARACTERS: Final = 23
"""About how many characters a phone shows in a line, and in a line of one of two columns."""
INPUT: Final = 3_000
OPTION: Final = 75
"""An option's text and description; also a safe limit for its value."""
MAX_OPTIONS: Final = 100
BUTTON_LABEL: Final = 75
BUTTON_VALUE: Final = 2_000
WITH_ID: Final = frozenset({"input", "actions"})
"""Blocks that keep their ids. The others lose theirs, so that the same facts always draw the same message."""
_HALF: Final = re.compile(r"&[a-z]{0,4}$|<[^<>]*$")
_DATE: Final = re.compile(r"<!date[^>]*>")
_LINK: Final = re.compile(r"<[^|>]*\|([^>]*)>")


def fit(text: str, most: int) -> str:
    """Cut finished mrkdwn, but never inside an escape or a mention."""
    return text if len(text) <= most else _HALF.sub("", text[: most - 1]) + "…"


def paragraphs(lines: Iterable[str], most: int) -> list[str]:
    """Join lines into paragraphs of at most `most` characters; a line is cut only when longer than that."""
    paragraphs: list[str] = []
    for line in (fit(line, most) for line in lines):
        if paragraphs and len(paragraphs[-1]) + 1 + len(line) <= most:
            paragraphs[-1] += "\n" + line
        else:
            paragraphs.append(line)
    return paragraphs


def message(text: str, blocks: Sequence[Block]) -> Message:
    """Make a message of blocks."""
    drawn = Post(channel="-", blocks=list(blocks)).to_dict()
    return Message(fit(text, MESSAGE_TEXT), _without_ids(drawn["blocks"]))


def height(blocks: Sequence[Block]) -> int:
    """Estimate how many lines of text a phone shows of sections, headers, labels and small print."""
    lines = 0
    for block in message("", blocks).blocks:
        lines += "label" in block
        fields = [_lines(field["text"], COLUMN_CHARACTERS) for field in block.get("fields", ())]
        lines += sum(max(fields[at : at + 2]) for at in range(0, len(fields), 2))
        texts = [block["text"], *block.get("elements", ())] if "text" in block else block.get("elements", ())
        lines += sum(_lines(text["text"], LINE_CHARACTERS) for text in texts if block["type"] != "actions")
    return lines


def _lines(text: str, width: int) -> int:
    drawn = _LINK.sub(r"\1", _DATE.sub("today at 13:00", text.replace("*", "")))
    return sum(max(ceil(len(line) / width), 1) for line in drawn.split("\n"))


def modal(
    title: str,
    blocks: Sequence[Block],
    *,
    submit: str | None = None,
    close: str = "",
    callback: str = "",
    metadata: str = "",
) -> Json:
    """Make a modal; a title of a table of texts is translated here."""
    view = ModalView(
        title=fit(_(title), TITLE),
        blocks=list(blocks),
        submit=submit,
        close=close or _("Done"),
        callback_id=callback,
        private_metadata=metadata,
    ).to_dict()
    return {**view, "blocks": _without_ids(view["blocks"])}


def section(text: str) -> SectionBlock:
    """Draw a paragraph of mrkdwn; `verbatim` keeps Slack from making links and mentions of its own."""
    return SectionBlock(Text(fit(text, SECTION), verbatim=True))


def sections(lines: Iterable[str], *, most: int = 10) -> list[Block]:
    """Draw lines as few paragraphs; the last one says when some did not fit."""
    written = paragraphs(lines, SECTION)
    if len(written) > most:
        written = [*written[: most - 1], _("… and more than fits here.")]
    return [section(paragraph) for paragraph in written]


def folded(title: str, lines: Iterable[str]) -> ContainerBlock:
    """Draw lines that a click unfolds, in messages only: the block is of 2026, so they are elsewhere too."""
    return ContainerBlock(
        sections(lines, most=10), title=shorten(title, HEADER), is_collapsible=True, default_collapsed=True
    )


def plain(text: str) -> SectionBlock:
    """Draw a paragraph without formatting, such as ids to copy."""
    return SectionBlock(Text(fit(text, SECTION), type_=TextType.PLAINTEXT))


def alert(text: str) -> AlertBlock:
    """Draw a warning that the eye finds first; modals only. What it says must be elsewhere too."""
    return AlertBlock(Text(fit(text, ALERT), verbatim=True), level="warning")


def header(text: str) -> HeaderBlock:
    """Draw a heading."""
    return HeaderBlock(shorten(text, HEADER))


def context(text: str) -> ContextBlock:
    """Draw a small grey line."""
    return ContextBlock([Text(fit(text, SECTION), verbatim=True)])


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


def option(text: str, value: str, description: str | None = None) -> Option:
    """Draw an option to choose or to tick."""
    return Option(Text(shorten(text, OPTION) or value, TextType.PLAINTEXT), value, description)


def checkboxes(
    label: str,
    options: list[Option],
    ticked: list[Option],
    *,
    block_id: str,
    action: str,
    hint: str,
    optional: bool = True,
) -> InputBlock:
    """Draw boxes to tick."""
    group = CheckboxGroup(action_id=action, options=options, initial_options=ticked or None)
    return InputBlock(label=label, element=group, block_id=block_id, hint=hint, optional=optional)


def answers(view: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the answers in a view's inputs, by block id without generation."""
    values: Mapping[str, Mapping[str, Any]] = (view.get("state") or {}).get("values") or {}
    for block_id, by_action in values.items():
        for answer in by_action.values():
            yield block_id.partition(":")[0], answer


def read_input(view: Mapping[str, Any], block: str) -> str:
    """Read an input's text or chosen values; empty if there is no such input."""
    answer = next((answer for block_id, answer in answers(view) if block_id == block), {})
    chosen = answer.get("selected_options") or filter(None, [answer.get("selected_option")])
    return "".join(str(option["value"]) for option in chosen) or str(answer.get("value") or "")


def _without_ids(blocks: Iterable[Json]) -> list[Json]:
    return [_without_id(block) for block in blocks]


def _without_id(block: Json) -> Json:
    if block["type"] not in WITH_ID:
        block = {key: block[key] for key in block if key != "block_id"}
    if "child_blocks" in block:
        block["child_blocks"] = _without_ids(block["child_blocks"])
    if "rows" in block:
        block["rows"] = [_without_ids(row) for row in block["rows"]]
    return block
