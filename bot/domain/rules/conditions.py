"""Reads the conditions that Dintero states as JSON, such as those on a purchase's store or customer."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

EXCEPT: Final = "anything-but"
RANGE: Final = frozenset({"start", "end"})
DEEPEST: Final = 4
"""Objects within objects; what is nested deeper counts as one unreadable condition."""
LONGEST_VALUE: Final = 80

_MACHINE_TEXT = re.compile(
    r"""[{}\[\]<>"]|[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}""", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition on one field: its value is one of `values`, or none of them if `excluded`.

    Without values it is a condition that the bot cannot read; `raw` is Dintero's JSON of it.
    """

    path: tuple[str, ...]
    values: tuple[str, ...] = ()
    excluded: bool = False
    raw: str = ""


def is_readable(value: str) -> bool:
    """Tell whether a value says something to people: no UUID, no JSON, no `<string>`, nothing invisible.

    >>> is_readable("sc029"), is_readable("<string>"), is_readable("3c90c3cc-0d44-4b50-8888-8dd25736052a")
    (True, False, False)
    """
    scanned = value[: LONGEST_VALUE + 1]
    short = 0 < len(scanned.strip()) <= LONGEST_VALUE
    return short and scanned.isprintable() and not _MACHINE_TEXT.search(scanned)


def read_conditions(text: str | None) -> tuple[Condition, ...]:
    """Read the conditions in Dintero's JSON; an empty object has none.

    Dintero does not document its patterns. We read what its example shows: a list means one of its values,
    `anything-but` excludes values, and a range has a start and an end.

    >>> read_conditions('{"address": {"country": ["NO"]}}')
    (Condition(path=('address', 'country'), values=('NO',), excluded=False, raw='["NO"]'),)
    """
    if not text:
        return ()
    try:
        return tuple(_conditions(json.loads(text), ()))
    except (ValueError, RecursionError):
        return (Condition((), raw=text),)


def _conditions(value: Any, path: tuple[str, ...]) -> Iterator[Condition]:
    if isinstance(value, Mapping) and len(path) < DEEPEST:
        for name, part in value.items():
            yield from _conditions(part, (*path, str(name)))
    elif isinstance(value, list) and len(value) == 1 and _is_object(value[0]):
        yield from _conditions(value[0], path)
    else:
        yield _leaf(value, path)


def _leaf(value: Any, path: tuple[str, ...]) -> Condition:
    excluded = False
    listed = value
    if isinstance(value, list) and len(value) == 1 and isinstance(value[0], Mapping) and EXCEPT in value[0]:
        listed, excluded = value[0][EXCEPT], len(value[0]) == 1
        listed = listed if excluded else None
    written = _values(listed if isinstance(listed, list) else [listed])
    return Condition(path, written, excluded and bool(written), json.dumps(value, ensure_ascii=False))


def _values(listed: Sequence[Any]) -> tuple[str, ...]:
    """Write values as text; none at all if one of them cannot be read."""
    values = [_value(one) for one in listed]
    return tuple(value for value in values if value is not None) if None not in values else ()


def _value(value: Any) -> str | None:
    if isinstance(value, Mapping):
        if value.keys() != RANGE:
            return None
        start, end = _value(value["start"]), _value(value["end"])
        return f"{start}–{end}" if start and end else None
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str | int | float):
        return None
    return str(value) if is_readable(str(value)) else None


def _is_object(value: Any) -> bool:
    return isinstance(value, Mapping) and EXCEPT not in value and value.keys() != RANGE
