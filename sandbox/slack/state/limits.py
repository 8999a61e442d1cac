"""Checks views and messages, as plain dictionaries, against Slack's limits.

The numbers come from Slack's Block Kit reference (docs.slack.dev). Where the reference and the published
types differ, the smaller one counts.
"""

import json
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final

from sandbox.slack.state import newer_blocks
from sandbox.slack.state.text_limits import (
    ANY_TEXT,
    PLAIN,
    Faults,
    Json,
    check_count,
    check_string,
    check_text,
)

MESSAGE_BLOCKS: Final = 50
VIEW_BLOCKS: Final = 100
MESSAGE_TEXT: Final = 4_000
VIEW_BYTES: Final = 250_000
MESSAGE_CHARTS: Final = 2
SELECT_OPTIONS: Final = 100
INPUT_TEXT: Final = 3_000
STYLES: Final = ("primary", "danger")

KEYS: Final[dict[str, frozenset[str]]] = {
    **newer_blocks.KEYS,
    "section": frozenset({"type", "block_id", "text", "fields", "accessory", "expand"}),
    "header": frozenset({"type", "block_id", "text"}),
    "context": frozenset({"type", "block_id", "elements"}),
    "actions": frozenset({"type", "block_id", "elements"}),
    "divider": frozenset({"type", "block_id"}),
    "input": frozenset({"type", "block_id", "label", "element", "hint", "optional", "dispatch_action"}),
    "markdown": frozenset({"type", "block_id", "text"}),
    "button": frozenset(
        {"type", "action_id", "text", "value", "style", "url", "confirm", "accessibility_label"}
    ),
    "external_select": frozenset(
        {"type", "action_id", "placeholder", "initial_option", "min_query_length", "confirm", "focus_on_load"}
    ),
    "static_select": frozenset(
        {"type", "action_id", "placeholder", "options", "initial_option", "confirm", "focus_on_load"}
    ),
    "plain_text_input": frozenset(
        {
            "type",
            "action_id",
            "initial_value",
            "multiline",
            "min_length",
            "max_length",
            "placeholder",
            "focus_on_load",
            "dispatch_action_config",
        }
    ),
    "overflow": frozenset({"type", "action_id", "options", "confirm"}),
    "checkboxes": frozenset({"type", "action_id", "options", "initial_options", "confirm", "focus_on_load"}),
    "file_input": frozenset({"type", "action_id", "filetypes", "max_files"}),
    "modal": frozenset(
        {
            "type",
            "title",
            "blocks",
            "submit",
            "close",
            "private_metadata",
            "callback_id",
            "external_id",
            "clear_on_close",
            "notify_on_close",
        }
    ),
    "home": frozenset({"type", "blocks", "private_metadata", "callback_id", "external_id"}),
}
"""The allowed keys of each object: Slack answers others with `invalid_blocks`."""


def view_faults(view: Json) -> list[str]:
    """List what Slack would reject in a view."""
    return [*_view(view), *_message_only(view)]


def message_faults(blocks: Sequence[Json], text: str) -> list[str]:
    """List what Slack would reject in a message."""
    return [
        *check_string(text, "text", 1, MESSAGE_TEXT),
        *_blocks(blocks, MESSAGE_BLOCKS),
        *_modal_only(blocks),
    ]


def options_faults(options: Sequence[Json]) -> list[str]:
    """List what Slack would reject in an answer to an options request."""
    return list(_options(options, "options", 0))


def _view(view: Json) -> Faults:
    kind = view.get("type")
    if kind not in {"modal", "home"}:
        yield f"view: type {kind!r}"
        return
    yield from _known(view, str(kind), "view")
    if kind == "modal":
        yield from check_text(view.get("title"), "title", 24, PLAIN)
        for button in ("submit", "close"):
            if button in view:
                yield from check_text(view[button], button, 24, PLAIN)
        if "submit" not in view and any(block.get("type") == "input" for block in view.get("blocks", [])):
            yield "view: inputs need a submit"
    yield from check_string(view.get("private_metadata", ""), "private_metadata", 0, 3_000)
    for name in ("callback_id", "external_id"):
        yield from check_string(view.get(name, ""), name, 0, 255)
    yield from _blocks(view.get("blocks", []), VIEW_BLOCKS)
    if len(json.dumps(view, ensure_ascii=False).encode()) > VIEW_BYTES:
        yield f"view: more than {VIEW_BYTES} bytes"


def _blocks(blocks: Sequence[Json], most: int) -> Faults:
    if len(blocks) > most:
        yield f"{len(blocks)} blocks, at most {most}"
    ids = Counter(block["block_id"] for block in blocks if "block_id" in block)
    yield from (f"block_id {name!r} stands {times} times" for name, times in ids.items() if times > 1)
    for number, block in enumerate(blocks):
        yield from _block(block, f"blocks[{number}]")
    if sum(len(block.get("text", "")) for block in blocks if block.get("type") == "markdown") > 12_000:  # noqa: PLR2004 - Slack's number
        yield "markdown blocks: more than 12000 characters in all"


def _block(block: Json, at: str) -> Faults:
    kind = str(block.get("type"))
    draw = BLOCKS.get(kind)
    if draw is None:
        yield f"{at}: type {kind!r} is not known here"
        return
    at = f"{at} {kind}"
    yield from _known(block, kind, at)
    if "block_id" in block:
        yield from check_string(block["block_id"], f"{at}.block_id", 1, 255)
    yield from draw(block, at)


def _section(block: Json, at: str) -> Faults:
    fields = block.get("fields", [])
    if "text" not in block and not fields:
        yield f"{at}: neither text nor fields"
    if "text" in block:
        yield from check_text(block["text"], f"{at}.text", 3_000, ANY_TEXT)
    yield from check_count(fields, f"{at}.fields", 0, 10)
    for field in fields:
        yield from check_text(field, f"{at}.fields", 2_000, ANY_TEXT)
    if "accessory" in block:
        yield from _element(block["accessory"], f"{at}.accessory")


def _header(block: Json, at: str) -> Faults:
    yield from check_text(block.get("text"), f"{at}.text", 150, PLAIN)


def _context(block: Json, at: str) -> Faults:
    yield from check_count(block.get("elements", []), at, 1, 10)
    for element in block.get("elements", []):
        yield from check_text(element, at, 3_000, ANY_TEXT)


def _actions(block: Json, at: str) -> Faults:
    elements = block.get("elements", [])
    yield from check_count(elements, at, 1, 25)
    ids = Counter(element.get("action_id") for element in elements)
    yield from (f"{at}: action_id {name!r} stands {times} times" for name, times in ids.items() if times > 1)
    for element in elements:
        yield from _element(element, at)


def _divider(_block: Json, _at: str) -> Faults:
    yield from ()


def _input(block: Json, at: str) -> Faults:
    yield from check_text(block.get("label"), f"{at}.label", 2_000, PLAIN)
    if "hint" in block:
        yield from check_text(block["hint"], f"{at}.hint", 2_000, PLAIN)
    element = block.get("element", {})
    if element.get("type") == "button":
        yield f"{at}: a button is no input"
    yield from _element(element, at)


def _markdown(block: Json, at: str) -> Faults:
    yield from check_string(block.get("text"), f"{at}.text", 1, 12_000)


def _container(block: Json, at: str) -> Faults:
    yield from newer_blocks.container(block, at)
    for number, child in enumerate(block.get("child_blocks", [])):
        yield from _block(child, f"{at}.child_blocks[{number}]")


def _element(element: Json, at: str) -> Faults:
    kind = str(element.get("type"))
    draw = ELEMENTS.get(kind)
    if draw is None:
        yield f"{at}: element {kind!r} is not known here"
        return
    at = f"{at} {kind}"
    yield from _known(element, kind, at)
    yield from check_string(element.get("action_id"), f"{at}.action_id", 1, 255)
    if "placeholder" in element:
        yield from check_text(element["placeholder"], f"{at}.placeholder", 150, PLAIN)
    if "confirm" in element:
        yield from _confirm(element["confirm"], f"{at}.confirm")
    yield from draw(element, at)


def _button(element: Json, at: str) -> Faults:
    yield from check_text(element.get("text"), f"{at}.text", 75, PLAIN)
    yield from check_string(element.get("value", ""), f"{at}.value", 0, 2_000)
    yield from check_string(element.get("url", ""), f"{at}.url", 0, 3_000)
    if element.get("style", "primary") not in STYLES:
        yield f"{at}.style: {element['style']!r}"


def _select(element: Json, at: str) -> Faults:
    if element["type"] == "static_select":
        yield from _options(element.get("options", []), f"{at}.options", 1)
    if element.get("min_query_length", 0) < 0:
        yield f"{at}.min_query_length: below 0"
    if "initial_option" in element:
        yield from _option(element["initial_option"], f"{at}.initial_option")


def _overflow(element: Json, at: str) -> Faults:
    yield from check_count(element.get("options", []), f"{at}.options", 1, 5)
    yield from _options(element.get("options", []), f"{at}.options", 1)


def _text_input(element: Json, at: str) -> Faults:
    most = element.get("max_length", INPUT_TEXT)
    if not 1 <= most <= INPUT_TEXT:
        yield f"{at}.max_length: {most}"
    yield from check_string(element.get("initial_value", ""), f"{at}.initial_value", 0, most)


def _file_input(element: Json, at: str) -> Faults:
    if not 1 <= element.get("max_files", 10) <= 10:  # noqa: PLR2004 - Slack's number
        yield f"{at}.max_files: {element['max_files']}"


def _checkboxes(element: Json, at: str) -> Faults:
    yield from _options(element.get("options", []), f"{at}.options", 1)
    yield from check_count(element.get("options", []), f"{at}.options", 1, 10)
    if "initial_options" in element:
        yield from _options(element["initial_options"], f"{at}.initial_options", 1)
    if any(option not in element.get("options", []) for option in element.get("initial_options", [])):
        yield f"{at}.initial_options: not among the options"


def _options(options: Sequence[Json], at: str, fewest: int) -> Faults:
    yield from check_count(options, at, fewest, SELECT_OPTIONS)
    for option in options:
        yield from _option(option, at)


def _option(option: Json, at: str) -> Faults:
    if extra := set(option) - {"text", "value", "description"}:
        yield f"{at}: unknown {sorted(extra)}"
    yield from check_text(option.get("text"), f"{at}.text", 75, PLAIN)
    yield from check_string(option.get("value"), f"{at}.value", 1, 75)
    if "description" in option:
        yield from check_text(option["description"], f"{at}.description", 75, PLAIN)


def _confirm(confirm: Json, at: str) -> Faults:
    for name, most, kinds in (
        ("title", 100, PLAIN),
        ("text", 300, ANY_TEXT),
        ("confirm", 30, PLAIN),
        ("deny", 30, PLAIN),
    ):
        yield from check_text(confirm.get(name), f"{at}.{name}", most, kinds)


def _known(thing: Json, kind: str, at: str) -> Faults:
    if extra := set(thing) - KEYS[kind]:
        yield f"{at}: unknown {sorted(extra)}"


def _message_only(view: Json) -> Faults:
    if view.get("type") != "modal":
        return
    for kind in ("container", "table", "data_table", "data_visualization"):
        if any(block.get("type") == kind for block in view.get("blocks", [])):
            yield f"blocks of type {kind!r} are for messages only"


def _modal_only(blocks: Sequence[Json]) -> Faults:
    if sum(block.get("type") == "data_visualization" for block in blocks) > MESSAGE_CHARTS:
        yield f"more than {MESSAGE_CHARTS} charts"
    for kind in ("input", "alert"):
        if any(block.get("type") == kind for block in blocks):
            yield f"blocks of type {kind!r} are for modals only"


BLOCKS: Final[dict[str, Callable[[Json, str], Faults]]] = {
    "section": _section,
    "header": _header,
    "context": _context,
    "actions": _actions,
    "divider": _divider,
    "input": _input,
    "markdown": _markdown,
    "container": _container,
    **newer_blocks.BLOCKS,
}
ELEMENTS: Final[dict[str, Callable[[Json, str], Faults]]] = {
    "button": _button,
    "external_select": _select,
    "static_select": _select,
    "plain_text_input": _text_input,
    "file_input": _file_input,
    "checkboxes": _checkboxes,
    "overflow": _overflow,
}
