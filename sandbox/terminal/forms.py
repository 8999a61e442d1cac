"""The top form on a person's screen, with numbered fields and buttons."""

from dataclasses import dataclass
from typing import Final

from sandbox.shop import Shop
from sandbox.slack.state.elements import KEPT_AS, PRESSED, Element, elements
from sandbox.slack.state.views import OpenView
from sandbox.slack.state.workspace import Workspace
from sandbox.slack.user.person import SandboxPerson
from sandbox.slack.user.rendering import MessageRenderer

LINES: Final = 5
"""Lines of a field shown after its first."""


@dataclass(frozen=True, slots=True)
class Form:
    """A modal as a person sees it now."""

    view: OpenView
    workspace: Workspace

    @property
    def title(self) -> str:
        """The title."""
        return str(self.view.content["title"]["text"])

    @property
    def lines(self) -> list[str]:
        """Render the content."""
        numbers = {element.key: number for number, element in enumerate(self._usable, start=1)}
        pen = MessageRenderer(
            self.workspace,
            state=self.view.state,
            errors=self.view.errors,
            number=lambda element: numbers.get(element.key),
        )
        return [line for drawn in pen.blocks(self.view.content["blocks"]) for line in _indented(drawn)]

    @property
    def below(self) -> str:
        """Render its own buttons."""
        own = [self.view.content.get(name) or {} for name in ("submit", "close")]
        labels = [str(button["text"]) for button in own if button]
        return "   ".join(f"[{number}] {label}" for number, label in enumerate(labels, len(self._usable) + 1))

    @property
    def _usable(self) -> list[Element]:
        return [
            element
            for element in elements(self.view.content["blocks"])
            if element.type in PRESSED or element.type in KEPT_AS
        ]


def form_of(who: SandboxPerson, shop: Shop) -> Form | None:
    """Find the top form on a person's screen, if any."""
    stack = shop.slack.stacks.of(who.id)
    return Form(stack[-1], shop.slack.workspace) if stack else None


def _indented(drawn: str) -> list[str]:
    """Indent a field's lines and count those that are too many to show."""
    first, *others = drawn.splitlines() or [""]
    more = len(others) - LINES
    shown = others if more <= 1 else [*others[:LINES], f"… and {more} more"]
    return [first, *(f"      {line}" for line in shown)]
