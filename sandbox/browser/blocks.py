"""Block Kit as HTML: messages and modals, from the sandbox's state."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from jinja2 import Environment, PackageLoader
from markupsafe import Markup, escape

from bot.domain.requests.person import AccountKind
from sandbox.browser.mrkdwn import to_html
from sandbox.slack.state.elements import KEPT_AS, Element, Json, State, value_of
from sandbox.slack.state.views import OpenView
from sandbox.slack.state.workspace import Message, Workspace
from sandbox.slack.user.rendering import shown
from sandbox.slack.user.table_cells import Piece, pieces

PAGE: Final = Environment(loader=PackageLoader("sandbox.browser"), autoescape=True, trim_blocks=True)
BLOCKS: Final = frozenset(
    {
        "section",
        "header",
        "context",
        "actions",
        "input",
        "divider",
        "alert",
        "container",
        "table",
        "data_table",
        "data_visualization",
    }
)
ELEMENTS: Final = frozenset(
    {
        "button",
        "overflow",
        "external_select",
        "static_select",
        "plain_text_input",
        "checkboxes",
        "file_input",
    }
)


class UnknownBlock(Exception):
    """There is no drawing of this type of block or element."""


@dataclass(frozen=True, slots=True)
class BlockRenderer:
    """Draws the blocks of one message or view; `place` makes the ids of its elements unique on the page."""

    workspace: Workspace
    place: str
    state: State = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)

    def blocks(self, blocks: Iterable[Json]) -> Markup:
        """Draw blocks, one below the other."""
        return Markup("").join(self.block(block) for block in blocks)

    def block(self, block: Json) -> Markup:
        """Draw a block.

        Raises:
            UnknownBlock: its type has no drawing.
        """
        if block["type"] not in BLOCKS:
            raise UnknownBlock(f"block {block['type']!r}")
        return self._macro(f"block_{block['type']}", block)

    def element(self, block: Json, element: Json) -> Markup:
        """Draw an element of a block.

        Raises:
            UnknownBlock: its type has no drawing.
        """
        if element["type"] not in ELEMENTS:
            raise UnknownBlock(f"element {element['type']!r}")
        return self._macro(f"element_{element['type']}", Element(block, element))

    def highest(self, chart: Json) -> float:
        """Return the highest value of a chart, for the height of its bars; at least 1."""
        values = [point["value"] for series in chart["series"] for point in series["data"]]
        return float(max([*values, 1]))

    def text(self, text: Json) -> Markup:
        """Draw a text object."""
        if text["type"] == "mrkdwn":
            return to_html(text["text"], self.workspace)
        return escape(text["text"])

    def cell(self, cell: Json) -> Markup:
        """Draw a cell of a table."""
        return Markup("").join(self._piece(piece) for piece in pieces(cell))

    def _piece(self, piece: Piece) -> Markup:
        drawn = to_html(piece.text, self.workspace) if piece.is_token else escape(piece.text)
        return Markup("<strong>{}</strong>").format(drawn) if piece.is_bold else drawn

    def id(self, element: Element) -> str:
        """Name an element on the page."""
        return f"{self.place}-{element.block_id}-{element.action_id}".replace(" ", "_")

    def value(self, element: Element) -> Any:
        """Read what an input holds."""
        return value_of(element, self.state) if element.block_id in self.state else None

    def value_text(self, element: Element) -> str:
        """Read what an input holds, as text."""
        return shown(self.value(element))

    def holds(self, element: Element, option: Json) -> bool:
        """Tell whether an option is chosen."""
        value = self.value(element)
        chosen = value if isinstance(value, list) else [value]
        return option["value"] in [one["value"] for one in chosen if one]

    def error(self, element: Element) -> str:
        """Read the error beside an input; empty if there is none."""
        return self.errors.get(element.block_id, "") if element.type in KEPT_AS else ""

    def _macro(self, name: str, *arguments: Any) -> Markup:
        macro = getattr(PAGE.get_template("blocks.html").module, name)
        return Markup(macro(self, *arguments))  # noqa: S704 - the template escapes


def draw_message(message: Message, workspace: Workspace, *, replies: Sequence[Message] = ()) -> Markup:
    """Draw a message, with its thread."""
    return _draw("message", message, workspace, replies)


def draw_view(view: OpenView, workspace: Workspace) -> Markup:
    """Draw a modal."""
    return _draw("modal", view, BlockRenderer(workspace, view.id, view.state, view.errors))


def sent_at(message: Message, workspace: Workspace) -> str:
    """Tell at what time of the day a message was sent."""
    moment = datetime.fromtimestamp(float(message.ts), UTC).astimezone(workspace.timezone)
    return f"{moment:%H:%M}"


def by_app(message: Message, workspace: Workspace) -> bool:
    """Tell whether an app sent a message."""
    author = workspace.people.get(message.user)
    return author is not None and author.kind is AccountKind.BOT


def message_body(message: Message, workspace: Workspace) -> Markup:
    """Draw what a message says: its blocks, else its text."""
    if message.blocks:
        return BlockRenderer(workspace, f"m{message.ts}").blocks(message.blocks)
    said = to_html(message.text, workspace)
    return Markup('<div class="section"><div class="text">{}</div></div>').format(said)


def _draw(macro: str, *arguments: Any) -> Markup:
    return Markup(getattr(PAGE.get_template("slack.html").module, macro)(*arguments))  # noqa: S704 - escaped


PAGE.globals |= {"sent_at": sent_at, "by_app": by_app, "message_body": message_body}
