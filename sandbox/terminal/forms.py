"""The top form on a person's screen, with numbered fields and buttons."""

from dataclasses import dataclass
from typing import Any, Final

from sandbox.shop import Shop
from sandbox.slack.state.elements import KEPT_AS, TEXTS, Element, elements
from sandbox.slack.state.views import OpenView
from sandbox.slack.state.workspace import Workspace
from sandbox.slack.user.modal import Modal
from sandbox.slack.user.person import SandboxPerson
from sandbox.slack.user.rendering import MessageRenderer
from sandbox.terminal.commands import Control, Kind

WAITS: Final = "One moment"
"""The loading texts of the bot's forms."""

LINES: Final = 5
"""Lines of a field shown after its first."""


@dataclass(frozen=True, slots=True)
class Form:
    """A modal as a person sees it now."""

    modal: Modal
    view: OpenView
    workspace: Workspace

    @property
    def title(self) -> str:
        """The title."""
        return self.modal.title

    @property
    def waits(self) -> bool:
        """Whether the bot is about to redraw it."""
        return WAITS in self.modal.text

    @property
    def only_tells(self) -> bool:
        """Whether it is only to be read and closed."""
        return not self._usable and not self.modal.submit_label and not self.waits

    @property
    def things(self) -> tuple[Control, ...]:
        """List the controls in order."""
        own = [(self.modal.submit_label, Kind.SUBMIT), (self._close_label, Kind.CLOSE)]
        inside = [
            (element.label, Kind.BUTTON if element.type == "button" else Kind.FIELD)
            for element in self._usable
        ]
        return tuple(
            Control(number, label, kind)
            for number, (label, kind) in enumerate([*inside, *(one for one in own if one[0])], start=1)
        )

    @property
    def lines(self) -> list[str]:
        """Render the content."""
        numbers = {
            (element.block_id, element.action_id): number
            for number, element in enumerate(self._usable, start=1)
        }
        pen = MessageRenderer(
            self.workspace,
            state=self.view.state,
            errors=self.view.errors,
            number=lambda element: numbers.get((element.block_id, element.action_id)),
        )
        return [line for drawn in pen.blocks(self.view.content["blocks"]) for line in _indented(drawn)]

    @property
    def below(self) -> str:
        """Render its own buttons."""
        return "   ".join(
            f"[{thing.number}] {thing.label}"
            for thing in self.things
            if thing.kind in {Kind.SUBMIT, Kind.CLOSE}
        )

    def is_text(self, field: Control) -> bool:
        """Tell whether a field takes typed text."""
        return self._element(field).type in TEXTS

    def is_file(self, field: Control) -> bool:
        """Tell whether a field takes files."""
        return self._element(field).type == "file_input"

    def has_lines(self, field: Control) -> bool:
        """Tell whether a field takes several lines."""
        return bool(self._element(field).element.get("multiline"))

    async def offered(self, field: Control, typed: str) -> list[tuple[str, str, str]]:
        """Search a field's options: value, name and description of each."""
        return [_option(option) for option in await self.modal.options(field.label, typed)]

    @property
    def _usable(self) -> list[Element]:
        return [
            element
            for element in elements(self.view.content["blocks"])
            if element.type == "button" or element.type in KEPT_AS
        ]

    @property
    def _close_label(self) -> str:
        return str((self.view.content.get("close") or {}).get("text", "Close"))

    def _element(self, field: Control) -> Element:
        return self._usable[field.number - 1]


def form_of(who: SandboxPerson, shop: Shop) -> Form | None:
    """Find the top form on a person's screen, if any."""
    stack, modal = shop.slack.stacks.of(who.id), who.view
    return Form(modal, stack[-1], shop.slack.workspace) if stack and modal else None


def _indented(drawn: str) -> list[str]:
    """Indent a field's lines and count those that are too many to show."""
    first, *others = drawn.splitlines() or [""]
    more = len(others) - LINES
    shown = others if more <= 1 else [*others[:LINES], f"… and {more} more"]
    return [first, *(f"      {line}" for line in shown)]


def _option(option: dict[str, Any]) -> tuple[str, str, str]:
    return (
        str(option["value"]),
        str(option["text"]["text"]),
        str((option.get("description") or {}).get("text", "")),
    )
