"""Finds inputs and buttons in Block Kit blocks, and keeps their state as Slack does."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

Json = dict[str, Any]

State = dict[str, dict[str, Json]]
"""By `block_id` and `action_id`, as in a payload's `state.values`."""

KEPT_AS: Final[dict[str, tuple[str, str]]] = {
    "plain_text_input": ("value", "initial_value"),
    "number_input": ("value", "initial_value"),
    "static_select": ("selected_option", "initial_option"),
    "external_select": ("selected_option", "initial_option"),
    "radio_buttons": ("selected_option", "initial_option"),
    "checkboxes": ("selected_options", "initial_options"),
    "file_input": ("files", ""),
}
"""The key of each element's value in `state.values`, and of its initial value in the element."""

LISTED: Final = frozenset({"selected_options", "files"})
TEXTS: Final = frozenset({"plain_text_input", "number_input"})
PRESSED: Final = frozenset({"button", "overflow"})
"""What people press; of an overflow menu, each option."""


@dataclass(frozen=True, slots=True)
class Element:
    """An element that a person can use, with its block; of an overflow menu, one of its options."""

    block: Json
    element: Json
    option: Json | None = None

    @property
    def type(self) -> str:
        """Its Block Kit type."""
        return str(self.element["type"])

    @property
    def block_id(self) -> str:
        """The id of its block."""
        return str(self.block["block_id"])

    @property
    def action_id(self) -> str:
        """Its own id."""
        return str(self.element["action_id"])

    @property
    def key(self) -> tuple[str, str, str]:
        """What tells it apart from all others of a view or message."""
        return self.block_id, self.action_id, str((self.option or {}).get("value", ""))

    @property
    def label(self) -> str:
        """What people call it: the input's label, the button's or option's text, or the text beside it."""
        if self.option is not None:
            return str(self.option["text"]["text"])
        if self.block["type"] == "input":
            return str(self.block["label"]["text"])
        if self.type == "button":
            return str(self.element["text"]["text"])
        beside: Json = self.block.get("text") or self.element.get("placeholder") or {}
        return str(beside.get("text", ""))

    @property
    def required(self) -> bool:
        """Whether Slack requires a value."""
        return self.block["type"] == "input" and not self.block.get("optional", False)

    @property
    def tells_at_once(self) -> bool:
        """Whether the bot hears of each use, not only of the submission."""
        return self.block["type"] != "input" or bool(self.block.get("dispatch_action", False))


def elements(blocks: Iterable[Json]) -> Iterator[Element]:
    """List all elements in order, those in containers too."""
    for block in blocks:
        yield from elements(block.get("child_blocks", ()))
        inside = [block[key] for key in ("element", "accessory") if key in block]
        if block["type"] == "actions":
            inside = block["elements"]
        for element in inside:
            options = element["options"] if element["type"] == "overflow" else [None]
            yield from (Element(block, element, option) for option in options)


def buttons(blocks: Iterable[Json]) -> list[Element]:
    """List the buttons, and the options of overflow menus."""
    return [element for element in elements(blocks) if element.type in PRESSED]


def fields(blocks: Iterable[Json]) -> list[Element]:
    """List the inputs."""
    return [element for element in elements(blocks) if element.type in KEPT_AS]


def kept(element: Element, value: object) -> Json:
    """Format a value as `state.values` holds it."""
    return {"type": element.type, KEPT_AS[element.type][0]: value}


def value_of(element: Element, state: State) -> Any:
    """Read an element's value; None or an empty list if it has none."""
    return state[element.block_id][element.action_id][KEPT_AS[element.type][0]]


def first_state(blocks: Iterable[Json], before: State) -> State:
    """Set initial values, but keep values of the same block and action ids, as Slack does on redraws."""
    state: State = {}
    for element in fields(blocks):
        place, initial = KEPT_AS[element.type]
        fresh = kept(element, element.element.get(initial, [] if place in LISTED else None))
        stood = before.get(element.block_id, {}).get(element.action_id)
        state.setdefault(element.block_id, {})[element.action_id] = (
            stood if stood and stood["type"] == element.type else fresh
        )
    return state
