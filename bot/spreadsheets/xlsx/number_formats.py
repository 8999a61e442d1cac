"""What Excel shows for a value, where that follows with certainty from the value and its number format."""

import math
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final

GENERAL: Final = "General"
TEXT: Final = "@"
WHOLE: Final = "0"
BUILT_IN: Final = {0: GENERAL, 1: WHOLE, 49: TEXT}
"""Formats by number that are the same in every language; what the others show depends on it."""
OTHER_BUILT_IN: Final = '"built-in"'
DATES_BUILT_IN: Final = frozenset({*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)})
DATE_BUILT_IN: Final = "yyyy-mm-dd"
MIN_SHORTENED: Final = 100_000_000_000
"""From 12 digits on, Excel shows a number as 1.23457E+11 unless its cell has a format."""
MIN_INEXACT: Final = 1_000_000_000_000_000
"""From 16 digits on, Excel has lost the last digits."""
MAX_FORMAT: Final = 255
MAX_SECTIONS: Final = 4
SPECIAL: Final = re.compile(r'"[^"]*"|\\.|_.|\*.|\[[^\]]*\]', re.DOTALL)
ONE_SECTION: Final = r'((?:"[^"]*"|\\.|_.|\*.|\[[^\]]*\]|[^;"\\_*\[])*)'
FORM: Final = re.compile(f"{ONE_SECTION}(?:;{ONE_SECTION})?(?:;{ONE_SECTION})?(?:;{ONE_SECTION})?", re.DOTALL)
TOKEN: Final = re.compile(
    r"""
    "(?P<quoted>[^"]*)" | \\(?P<escaped>.) | (?P<space>_.) | (?P<literal>[-+() ])
    | (?P<general>general) | (?P<digit>[0#]) | (?P<text>@)
    | (?P<nothing>\[(?:black|blue|cyan|green|magenta|red|white|yellow|color\s?\d+|\$-[0-9a-f]{1,4})\])
    """,
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)
LITERALS: Final = frozenset({"quoted", "escaped", "literal", "space"})
PLACES: Final = frozenset({"general", "digit"})
DATE_LETTER: Final = re.compile("[dmyhs]", re.IGNORECASE)
ELAPSED: Final = re.compile(r"\[[hms]+\]", re.IGNORECASE)
FIRST_DAY: Final = datetime(1899, 12, 30)  # noqa: DTZ001 - Excel's dates have no zone
LAST_DAY: Final = 2_958_466

Section = Sequence[tuple[str, str]]
"""The kinds and contents of a section's tokens."""


def shown_number(value: float, form: str) -> str | None:
    """Return what Excel shows for a number; None if that is not certain, or not all digits are shown.

    >>> shown_number(123, "00000"), shown_number(123, '"K-"00000'), shown_number(1001, "General")
    ('00123', 'K-00123', '1001')
    >>> shown_number(123, "0.00E+00"), shown_number(45989, "d.m.yy"), shown_number(12.5, "0")
    (None, None, None)
    """
    number = whole(value)
    sections, _ = _sections(form)
    if number is None or not sections:
        return None
    if number < 0 and len(sections) > 1:
        return _filled(_tokens(sections[1]), -number)
    at = 2 if number == 0 and len(sections) > 2 else 0  # noqa: PLR2004 - the third section is for zero
    text = _filled(_tokens(sections[at]), abs(number))
    return f"-{text}" if text and number < 0 else text


def shown_text(text: str, form: str) -> str | None:
    """Return what Excel shows for a text; None if that is not certain, or nothing.

    >>> shown_text("ann", "General"), shown_text("0123", '"K-"@'), shown_text("ann", ";;;")
    ('ann', 'K-0123', None)
    """
    _, section = _sections(form)
    if section is None:
        return text
    tokens = _tokens(section)
    if tokens is None or all(kind != "text" for kind, _ in tokens):
        return None
    return "".join(text if kind == "text" else content for kind, content in tokens)


def whole(value: float) -> int | None:
    """Return a number without a fraction whose digits Excel still has all; it calculates with 15.

    >>> whole(1001.0), whole(0.5), whole(1e15)
    (1001, None, None)
    """
    if not math.isfinite(value) or abs(value) >= MIN_INEXACT:
        return None
    number = round(value)
    return number if float(f"{value:.15g}") == number else None


def is_date(form: str) -> bool:
    """Return whether a number format shows a date or a time.

    >>> is_date("yyyy-mm-dd"), is_date('0 "days"'), is_date("[h]:mm"), is_date("General")
    (True, False, True, False)
    """
    return bool(ELAPSED.search(form) or DATE_LETTER.search(SPECIAL.sub("", form)))


def written_number(value: float, form: str, *, days: int = 0) -> str:
    """Write a number for people to recognise; `days` come before Excel's first day (1,462 in old files)."""
    if is_date(form) and 0 <= value + days < LAST_DAY:
        moment = (FIRST_DAY + timedelta(days=value + days)).isoformat(timespec="seconds")
        return moment.removesuffix("T00:00:00").removeprefix("1899-12-30T")
    number = whole(value)
    return f"{value:.15g}" if number is None else str(number)


@lru_cache
def _sections(form: str) -> tuple[Sequence[str], str | None]:
    """Split a format into its sections for numbers and its section for texts, if it has one."""
    if form == TEXT:
        return (GENERAL,), None
    found = FORM.fullmatch(form[: MAX_FORMAT + 1])
    if not found or len(form) > MAX_FORMAT:
        return (), ""
    parts = tuple(part for part in found.groups() if part is not None)
    has_text = len(parts) == MAX_SECTIONS or "@" in SPECIAL.sub("", parts[-1])
    return (parts[:-1], parts[-1]) if has_text else (parts, None)


@lru_cache
def _tokens(section: str) -> Section | None:
    """Split a section into tokens; None if what it shows is not certain."""
    tokens, at = list[tuple[str, str]](), 0
    while found := TOKEN.match(section, at):
        kind = str(found.lastgroup)
        at = found.end()
        if kind != "nothing":
            tokens.append(("literal" if kind in LITERALS else kind, " " if kind == "space" else found[kind]))
    return tokens if at == len(section) else None


def _filled(tokens: Section | None, number: int) -> str | None:
    """Put a number's digits into a section from the right; the first place takes all that are left."""
    kinds = [kind for kind, _ in tokens or ()]
    places = [at for at, kind in enumerate(kinds) if kind in PLACES]
    general = kinds.count("general")
    if tokens is None or not places or "text" in kinds or (general and len(places) > 1):
        return None
    if general:
        return _joined(tokens, {places[0]: str(number)}) if number < MIN_SHORTENED else None
    digits = str(number) if number else ""
    filled: dict[int, str] = {}
    for at in reversed(places):
        digit = digits if at == places[0] else digits[-1:]
        digits = digits[: len(digits) - len(digit)]
        filled[at] = digit or ("0" if tokens[at][1] == "0" else "")
    between = [tokens[at][1] for at in range(places[0], places[-1]) if at not in places]
    if any(map(str.isspace, between)) or (between and not all(filled.values())):
        return None  # digits in groups, or a sign beside digits that are missing
    return _joined(tokens, filled) if any(filled.values()) else None


def _joined(tokens: Section, filled: Mapping[int, str]) -> str:
    """Join a section's literals and places."""
    return "".join(filled.get(at, content) for at, (_, content) in enumerate(tokens))
