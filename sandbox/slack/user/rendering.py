"""Renders messages and modals as plain lines, for a terminal and for tests, with numbered buttons."""

from collections.abc import Callable, Iterable
from itertools import count
from typing import Any, Final

from sandbox.slack.state.elements import PRESSED, Element, Json, State, elements, value_of
from sandbox.slack.state.views import OpenView
from sandbox.slack.state.workspace import Channel, Message, Workspace
from sandbox.slack.user.mrkdwn import plain
from sandbox.slack.user.table_cells import pieces

Numbering = Callable[[Element], int | None]
"""Gives an element's number, or None if it has none."""


def buttons_in_order() -> Numbering:
    """Number only what is pressed, from 1."""
    numbers = count(1)
    return lambda element: next(numbers) if element.type in PRESSED else None


class MessageRenderer:
    """Renders the blocks of one message or view."""

    def __init__(
        self,
        workspace: Workspace,
        *,
        state: State | None = None,
        errors: dict[str, str] | None = None,
        number: Numbering | None = None,
    ) -> None:
        """Keep the sources of names, local times, input and numbers."""
        self._workspace = workspace
        self._state = state or {}
        self._errors = errors or {}
        self._number = number or buttons_in_order()

    def blocks(self, blocks: Iterable[Json]) -> list[str]:
        """Render blocks, each on its own lines."""
        return [
            line
            for block in blocks
            for line in DRAWN_BY.get(block["type"], MessageRenderer.unknown)(self, block)
        ]

    def text(self, text: Json | None) -> str:
        """Render a text object."""
        if not text:
            return ""
        return plain(text["text"], self._workspace) if text["type"] == "mrkdwn" else str(text["text"])

    def header(self, block: Json) -> list[str]:
        """Render a header."""
        return [self.text(block["text"])]

    def section(self, block: Json) -> list[str]:
        """Render a section: text, fields and accessory."""
        lines = self.text(block.get("text")).splitlines()
        lines += [line for field in block.get("fields", []) for line in self.text(field).splitlines()]
        return lines + [self._element(element) for element in elements([block])]

    def context(self, block: Json) -> list[str]:
        """Render a context block."""
        return "  ".join(
            self.text(element) for element in block["elements"] if "text" in element
        ).splitlines()

    def actions(self, block: Json) -> list[str]:
        """Render a row of buttons."""
        return ["  ".join(self._element(element) for element in elements([block]))]

    def divider(self, _block: Json) -> list[str]:
        """Render a divider."""
        return ["─" * 40]

    def markdown(self, block: Json) -> list[str]:
        """Render a markdown block unchanged."""
        return str(block["text"]).splitlines()

    def alert(self, block: Json) -> list[str]:
        """Render an alert."""
        return f"({block.get('level', 'default')}) {self.text(block['text'])}".splitlines()

    def container(self, block: Json) -> list[str]:
        """Render a container as if it were open."""
        title = self.text(block.get("title"))
        return [*([f"▾ {title}"] if title else []), *self.blocks(block["child_blocks"])]

    def table(self, block: Json) -> list[str]:
        """Render a table: its caption if it has one, and a line for each row."""
        caption = [block["caption"]] if "caption" in block else []
        return [*caption, *(" | ".join(self._cell(cell) for cell in row) for row in block["rows"])]

    def chart(self, block: Json) -> list[str]:
        """Render a chart: its title, and a line for each series."""
        series = block["chart"]["series"]
        points = [" ".join(f"{point['label']}: {point['value']}" for point in one["data"]) for one in series]
        return [block["title"], *(f"{one['name']} {said}" for one, said in zip(series, points, strict=True))]

    def input(self, block: Json) -> list[str]:
        """Render an input: label, value, hint and error."""
        field = next(elements([block]))
        optional = " (optional)" if block.get("optional") else ""
        lines = [f"{self._mark(field)}{field.label}{optional}: {self._value(field)}"]
        if "hint" in block:
            lines.append(f"  {self.text(block['hint'])}")
        if field.block_id in self._errors:
            lines.append(f"  ✗ {self._errors[field.block_id]}")
        return lines

    def unknown(self, block: Json) -> list[str]:
        """Name a block that has no rendering."""
        return [f"({block['type']})"]

    def _cell(self, cell: Json) -> str:
        return "".join(
            plain(piece.text, self._workspace) if piece.is_token else piece.text for piece in pieces(cell)
        )

    def _element(self, element: Element) -> str:
        mark = self._mark(element)
        if element.type in PRESSED:
            return f"{mark}{element.label}"
        return (
            f"{mark}{element.label}: {self._value(element)}"
            if element.block_id in self._state
            else f"{mark}({element.type})"
        )

    def _mark(self, element: Element) -> str:
        number = self._number(element)
        return "" if number is None else f"[{number}] "

    def _value(self, field: Element) -> str:
        if field.block_id not in self._state:
            return ""
        return shown(value_of(field, self._state))


DRAWN_BY: Final[dict[str, Callable[[MessageRenderer, Json], list[str]]]] = {
    "header": MessageRenderer.header,
    "section": MessageRenderer.section,
    "context": MessageRenderer.context,
    "actions": MessageRenderer.actions,
    "divider": MessageRenderer.divider,
    "markdown": MessageRenderer.markdown,
    "alert": MessageRenderer.alert,
    "container": MessageRenderer.container,
    "table": MessageRenderer.table,
    "data_table": MessageRenderer.table,
    "data_visualization": MessageRenderer.chart,
    "input": MessageRenderer.input,
}


def shown(value: Any) -> str:
    """Render an input's value."""
    match value:
        case None:
            return ""
        case {"text": {"text": text}}:
            return str(text)
        case {"id": _, "name": name}:
            return str(name)
        case list():
            return ", ".join(shown(one) for one in value)
        case _:
            return str(value)


def draw_message(message: Message, workspace: Workspace) -> list[str]:
    """Render a message: its blocks, else its text, then its files."""
    files = [
        "This file was deleted." if file["mode"] == "tombstone" else f"📎 {file['title']} ({file['name']})"
        for file in message.files
    ]
    if message.blocks:
        return [*MessageRenderer(workspace).blocks(message.blocks), *files]
    return [*plain(message.text, workspace).splitlines(), *files]


def draw_view(view: OpenView, workspace: Workspace) -> list[str]:
    """Render a modal with its title above and its buttons below."""
    pen = MessageRenderer(workspace, state=view.state, errors=view.errors)
    below = [pen.text(view.content[name]) for name in ("close", "submit") if view.content.get(name)]
    return [
        pen.text(view.content["title"]),
        *pen.blocks(view.content["blocks"]),
        "  ".join(f"({name})" for name in below),
    ]


def draw_channel(channel: Channel, workspace: Workspace) -> list[str]:
    """Render a channel, threads below their messages."""
    lines: list[str] = []
    for message in channel.messages:
        if message.deleted or message.is_reply:
            continue
        lines += _entry(message, workspace, indent="")
        for reply in channel.thread(message.ts):
            lines += _entry(reply, workspace, indent="    ")
    return lines


def _entry(message: Message, workspace: Workspace, *, indent: str) -> list[str]:
    edited = " (edited)" if message.edits and not message.blocks else ""  # Slack marks no edit of blocks
    said = [
        f"{workspace.name_of(message.user)}{edited}",
        *(f"  {line}" for line in draw_message(message, workspace)),
    ]
    return [f"{indent}{line}" for line in said]
