"""Finding what can be filled in or pressed in Block Kit blocks, and the state that Slack keeps of it."""

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
"""Where each element's value stands in `state.values`, and where its first value stands in the element."""

LISTED: Final = frozenset({"selected_options", "files"})
TEXTS: Final = frozenset({"plain_text_input", "number_input"})


@dataclass(frozen=True, slots=True)
class Element:
    """Something that a person can use, and the block that it stands in."""

    block: Json
    element: Json

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
    def label(self) -> str:
        """What people call it: an input's label, a button's text, the text beside an accessory."""
        if self.block["type"] == "input":
            return str(self.block["label"]["text"])
        if self.type == "button":
            return str(self.element["text"]["text"])
        beside: Json = self.block.get("text") or self.element.get("placeholder") or {}
        return str(beside.get("text", ""))

    @property
    def required(self) -> bool:
        """Whether Slack refuses to submit while it is empty."""
        return self.block["type"] == "input" and not self.block.get("optional", False)

    @property
    def tells_at_once(self) -> bool:
        """Whether the bot hears of each use, instead of at the submission only."""
        return self.block["type"] != "input" or bool(self.block.get("dispatch_action", False))


def elements(blocks: Iterable[Json]) -> Iterator[Element]:
    """List all that can be used, in the order in which it stands."""
    for block in blocks:
        inside = [block[key] for key in ("element", "accessory") if key in block]
        if block["type"] == "actions":
            inside = block["elements"]
        yield from (Element(block, element) for element in inside)


def buttons(blocks: Iterable[Json]) -> list[Element]:
    """List the buttons."""
    return [element for element in elements(blocks) if element.type == "button"]


def fields(blocks: Iterable[Json]) -> list[Element]:
    """List what can be filled in."""
    return [element for element in elements(blocks) if element.type in KEPT_AS]


def kept(element: Element, value: object) -> Json:
    """Write a value the way `state.values` holds it."""
    return {"type": element.type, KEPT_AS[element.type][0]: value}


def value_of(element: Element, state: State) -> Any:
    """Read what stands in an element; None or an empty list where nothing does."""
    return state[element.block_id][element.action_id][KEPT_AS[element.type][0]]


def first_state(blocks: Iterable[Json], before: State) -> State:
    """Fill in the first values, but keep what stood under the same block and action id, as Slack does over a redraw."""
    state: State = {}
    for element in fields(blocks):
        place, initial = KEPT_AS[element.type]
        fresh = kept(element, element.element.get(initial, [] if place in LISTED else None))
        stood = before.get(element.block_id, {}).get(element.action_id)
        state.setdefault(element.block_id, {})[element.action_id] = (
            stood if stood and stood["type"] == element.type else fresh
        )
    return state
