"""What a person typed after `/discount`, read into values; knows nothing of what becomes of them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum
from typing import Final

from bot.domain.ids import ShortId
from bot.domain.requests.request import SHORT_ALPHABET, SHORT_LENGTH

COMMANDS: Final = ("add", "status", "rule", "cancel", "pause", "resume", "help")

DOUBLE: Final = frozenset('"“”„‟«»')
SINGLE: Final = frozenset("'‘’‚‛‹›")  # noqa: RUF001 - these are what phones and Macs type
FIXED_SPACES: Final = str.maketrans(dict.fromkeys("\u00a0\u2007\u202f", " "))
SHORT_ID: Final = re.compile(
    rf"(?:R[-‐‑‒–—− ]?)?([{SHORT_ALPHABET}I1]{{{SHORT_LENGTH}}})",  # noqa: RUF001 - people type any dash
    re.IGNORECASE | re.ASCII,
)


LINKED: Final = re.compile(r"<(?:mailto:|tel:|https?://)[^<>|]*\|([^<>|]*)>")
"""How Slack escapes an e-mail address or a link that was typed: what people see stands behind the bar."""


class ParseProblem(StrEnum):
    """Why a text was not understood."""

    NO_SUCH_COMMAND = "no_such_command"
    OPEN_QUOTE = "open_quote"
    """A quote begins and never ends."""
    NO_SHORT_ID = "no_short_id"
    """Exactly one request's id belongs there."""
    NO_RULE = "no_rule"


@dataclass(frozen=True, slots=True)
class Add:
    """`add [rule] [customer ids…]`; `raw` is what was typed after `add`."""

    rule: str
    customers: tuple[str, ...]
    raw: str

    @property
    def quoted(self) -> bool:
        """Whether the rule was put in quotes, so that it surely ends where it does."""
        return self.raw[:1] in DOUBLE | SINGLE


@dataclass(frozen=True, slots=True)
class Status:
    """`status [R-…]`."""

    short: ShortId | None = None


@dataclass(frozen=True, slots=True)
class ShowRule:
    """`rule <name or id>`."""

    words: str


@dataclass(frozen=True, slots=True)
class Cancel:
    """`cancel <R-…>`."""

    short: ShortId


@dataclass(frozen=True, slots=True)
class Pause:
    """`pause [why]`."""

    why: str = ""


@dataclass(frozen=True, slots=True)
class Resume:
    """`resume`."""


@dataclass(frozen=True, slots=True)
class Help:
    """`help`, or nothing at all."""


@dataclass(frozen=True, slots=True)
class UnknownCommand:
    """Anything else, with the nearest command where there is one."""

    text: str
    nearest: str | None
    why: ParseProblem = ParseProblem.NO_SUCH_COMMAND


Command = Add | Status | ShowRule | Cancel | Pause | Resume | Help | UnknownCommand


class OpenQuote(Exception):
    """A quote begins and never ends."""


def read(text: str) -> Command:
    """Read what was typed after `/discount`.

    >>> read("add “Spar 100” c-1, c-2")
    Add(rule='Spar 100', customers=('c-1', 'c-2'), raw='“Spar 100” c-1, c-2')
    >>> read("Status r7kq2m")
    Status(short='R-7KQ2M')
    >>> read("stauts")
    UnknownCommand(text='stauts', nearest='status', why=<ParseProblem.NO_SUCH_COMMAND: 'no_such_command'>)
    """
    typed = decoded(text)
    word, rest = first_word(typed)
    match word.casefold():
        case "" | "help":
            return Help()
        case "add":
            return _add(typed, rest)
        case "status":
            return _status(typed, rest)
        case "rule":
            return (
                ShowRule(_words(rest))
                if _words(rest)
                else UnknownCommand(typed, "rule", ParseProblem.NO_RULE)
            )
        case "cancel":
            short = short_id(rest)
            return Cancel(short) if short else UnknownCommand(typed, "cancel", ParseProblem.NO_SHORT_ID)
        case "pause":
            return Pause(rest.strip())
        case "resume":
            return Resume()
        case other:
            return UnknownCommand(
                typed, next(iter(get_close_matches(other, COMMANDS, n=1, cutoff=0.0)), None)
            )


def decoded(text: str) -> str:
    """Undo Slack's escapes, those of links too, and turn the spaces that phones fix into plain ones."""
    unwrapped = LINKED.sub(r"\1", text)
    bare = unwrapped.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    return bare.translate(FIXED_SPACES).strip()


def first_word(text: str) -> tuple[str, str]:
    """Part the first word from the rest."""
    word, *rest = text.split(maxsplit=1) or [""]
    return word, rest[0] if rest else ""


def split_words(text: str) -> Iterator[str]:
    """Part a text at spaces and commas; what stands in quotes, straight or curly, is one word.

    A quote opens only where a word begins, and ends only where one ends: O'Brien is no quote.

    >>> list(words('«to by» c,d "x, y"'))
    ['to by', 'c', 'd', 'x, y']

    Raises:
        OpenQuote: a quote begins and never ends.
    """
    at = 0
    while at < len(text):
        if _parts(text[at]):
            at += 1
            continue
        quotes = next((kind for kind in (DOUBLE, SINGLE) if text[at] in kind), None)
        end = _end_of_quote(text, at, quotes) if quotes else _end_of_word(text, at)
        yield text[at + 1 : end] if quotes else text[at:end]
        at = end + 1


def short_id(text: str) -> ShortId | None:
    """Read a request's id in any case, with or without `R-`; 1 and I are read as the L that they were taken for.

    No short id holds 0, O, 1 or I, so that this never finds another request's.

    >>> short_id("r-1abcd")
    'R-LABCD'
    """
    found = SHORT_ID.fullmatch(text.strip("".join(DOUBLE | SINGLE) + " "))
    return ShortId("R-" + found[1].upper().replace("I", "L").replace("1", "L")) if found else None


def _add(typed: str, rest: str) -> Command:
    try:
        rule, *customers = list(split_words(rest)) or [""]
    except OpenQuote:
        return UnknownCommand(typed, "add", ParseProblem.OPEN_QUOTE)
    return Add(rule, tuple(customer for customer in customers if customer), rest)


def _status(typed: str, rest: str) -> Command:
    short = short_id(rest)
    return UnknownCommand(typed, "status", ParseProblem.NO_SHORT_ID) if rest and not short else Status(short)


def _words(rest: str) -> str:
    """Read the name of a rule: the one quoted word, or all of it, commas included."""
    try:
        read_as = list(split_words(rest))
    except OpenQuote:
        return rest.strip("".join(DOUBLE | SINGLE)).strip()
    return (read_as[0] if len(read_as) == 1 else rest).strip()


def _parts(letter: str) -> bool:
    return letter.isspace() or letter == ","


def _end_of_word(text: str, start: int) -> int:
    return next((at for at in range(start, len(text)) if _parts(text[at])), len(text))


def _end_of_quote(text: str, start: int, quotes: frozenset[str]) -> int:
    """Find the closing quote: of the same kind as the opening one, with a word's end after it."""
    for at in range(start + 1, len(text)):
        if text[at] in quotes and (at + 1 == len(text) or _parts(text[at + 1])):
            return at
    raise OpenQuote
