"""Slack's limits for the blocks that came in 2025 and 2026: alert, container, tables and charts."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from sandbox.slack.state.text_limits import (
    ANY_TEXT,
    PLAIN,
    Faults,
    Json,
    check_count,
    check_string,
    check_text,
)

KEYS: Final = {
    "alert": frozenset({"type", "block_id", "text", "level"}),
    "container": frozenset(
        {
            "type",
            "block_id",
            "title",
            "rich_text_title",
            "subtitle",
            "child_blocks",
            "width",
            "icon",
            "is_collapsible",
            "default_collapsed",
            "has_header_divider",
        }
    ),
    "table": frozenset({"type", "block_id", "rows", "column_settings"}),
    "data_table": frozenset({"type", "block_id", "rows", "page_size", "caption", "row_header_column_index"}),
    "data_visualization": frozenset({"type", "block_id", "title", "chart"}),
}
"""The allowed keys of each block."""
LEVELS: Final = ("default", "info", "warning", "error", "success")
CHILDREN: Final = frozenset(
    {
        "actions",
        "context",
        "divider",
        "file",
        "header",
        "image",
        "input",
        "rich_text",
        "section",
        "table",
        "video",
    }
)
"""What a container may have in it."""
MAX_COLUMNS: Final = 20
MAX_TABLE_TEXT: Final = 20_000
CHARTS: Final = ("line", "bar", "area")
"""The charts with axes. Nobody here draws a pie."""
CELLS: Final = {"table": ("raw_text", "rich_text"), "data_table": ("raw_text", "raw_number", "rich_text")}


def container(block: Json, at: str) -> Faults:
    """Check a container itself; its children are blocks."""
    if "title" in block or "rich_text_title" not in block:
        yield from check_text(block.get("title"), f"{at}.title", 150, PLAIN)
    if "subtitle" in block:
        yield from check_text(block["subtitle"], f"{at}.subtitle", 150, ANY_TEXT)
    children = block.get("child_blocks", [])
    yield from check_count(children, f"{at}.child_blocks", 1, 10)
    if wrong := [child.get("type") for child in children if child.get("type") not in CHILDREN]:
        yield f"{at}: {wrong} cannot be in a container"
    if block.get("default_collapsed") and not block.get("is_collapsible"):
        yield f"{at}: collapsed, and not collapsible"


def _alert(block: Json, at: str) -> Faults:
    yield from check_text(block.get("text"), f"{at}.text", 200, ANY_TEXT)
    if block.get("level", "default") not in LEVELS:
        yield f"{at}.level: {block['level']!r}"


def _table(block: Json, at: str) -> Faults:
    yield from check_count(block.get("rows", []), f"{at}.rows", 1, 100)
    yield from check_count(block.get("column_settings") or [], f"{at}.column_settings", 0, MAX_COLUMNS)
    yield from _rows(block, at)


def _data_table(block: Json, at: str) -> Faults:
    yield from check_count(block.get("rows", []), f"{at}.rows", 2, 201)
    yield from check_string(block.get("caption"), f"{at}.caption", 1, 3_000)
    if not 1 <= block.get("page_size", 5) <= 100:  # noqa: PLR2004 - Slack's number
        yield f"{at}.page_size: {block['page_size']}"
    if len({len(row) for row in block.get("rows", [])}) > 1:
        yield f"{at}: rows of different lengths"
    if any(cell.get("type") == "rich_text" for row in block.get("rows", [])[:1] for cell in row):
        yield f"{at}: rich text in the header"
    yield from _rows(block, at)


def _chart(block: Json, at: str) -> Faults:
    yield from check_string(block.get("title"), f"{at}.title", 1, 50)
    chart = block.get("chart") or {}
    if chart.get("type") not in CHARTS:
        yield f"{at}.chart: type {chart.get('type')!r}"
        return
    categories = chart.get("axis_config", {}).get("categories", [])
    yield from check_count(categories, f"{at}.categories", 1, 20)
    if len(set(categories)) < len(categories):
        yield f"{at}.categories: not unique"
    for category in categories:
        yield from check_string(category, f"{at}.categories", 1, 20)
    series = chart.get("series", [])
    yield from check_count(series, f"{at}.series", 1, 12)
    if len({one.get("name") for one in series}) < len(series):
        yield f"{at}.series: two of the same name"
    for one in series:
        yield from check_string(one.get("name"), f"{at}.series.name", 1, 20)
        if [point.get("label") for point in one.get("data", [])] != categories:
            yield f"{at}.series: its points are not the categories"
        if not all(type(point.get("value")) in {int, float} for point in one.get("data", [])):
            yield f"{at}.series: a value that is no number"


def _rows(block: Json, at: str) -> Faults:
    rows: Sequence[Sequence[Json]] = block.get("rows", [])
    for number, row in enumerate(rows):
        yield from check_count(row, f"{at}.rows[{number}]", 1, MAX_COLUMNS)
        for cell in row:
            if cell.get("type") not in CELLS[block["type"]]:
                yield f"{at}.rows[{number}]: a cell of type {cell.get('type')!r}"
            elif cell["type"] == "raw_text" and not cell.get("text"):
                yield f"{at}.rows[{number}]: an empty cell"
    if sum(map(len, _texts(rows))) > MAX_TABLE_TEXT:
        yield f"{at}: more than {MAX_TABLE_TEXT} characters in all"


def _texts(value: Any) -> Iterator[str]:
    """Yield each text in cells, however deep."""
    match value:
        case {"type": "text" | "link" | "raw_text" | "raw_number", "text": str(text)}:
            yield text
        case dict():
            for below in value.values():
                yield from _texts(below)
        case list() | tuple():
            for below in value:
                yield from _texts(below)


BLOCKS: Final[dict[str, Callable[[Json, str], Faults]]] = {
    "alert": _alert,
    "table": _table,
    "data_table": _data_table,
    "data_visualization": _chart,
}
