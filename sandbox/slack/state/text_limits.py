"""Checks texts and counts against Slack's limits."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

ANY_TEXT: Final = ("plain_text", "mrkdwn")
PLAIN: Final = ("plain_text",)

Faults = Iterator[str]
Json = Mapping[str, Any]


def check_text(text: Any, at: str, most: int, kinds: Sequence[str]) -> Faults:
    """Check a text object."""
    if not isinstance(text, Mapping) or text.get("type") not in kinds:
        yield f"{at}: no text object of {' or '.join(kinds)}"
        return
    if extra := set(text) - {"type", "text", "emoji" if text["type"] == "plain_text" else "verbatim"}:
        yield f"{at}: unknown {sorted(extra)}"
    yield from check_string(text.get("text"), at, 1, most)


def check_string(value: Any, at: str, fewest: int, most: int) -> Faults:
    """Check a string."""
    if not isinstance(value, str):
        yield f"{at}: no string"
    elif not fewest <= len(value) <= most:
        yield f"{at}: {len(value)} characters, {fewest} to {most} are allowed"


def check_count(things: Sequence[Any], at: str, fewest: int, most: int) -> Faults:
    """Check how many there are."""
    if not fewest <= len(things) <= most:
        yield f"{at}: {len(things)} of them, {fewest} to {most} are allowed"
