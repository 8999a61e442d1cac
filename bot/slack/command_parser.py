"""Parses the text after `/discount` into a command."""

import re
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum
from typing import Final

from bot.domain.ids import ShortId
from bot.domain.requests.request import SHORT_ALPHABET, SHORT_LENGTH

COMMANDS: Final = ("add", "status", "rule", "cancel", "pause", "resume", "settings", "help")

DOUBLE: Final = '"“”„‟«»'
SINGLE: Final = "'‘’‚‛‹›"  # noqa: RUF001 - these are what phones and Macs type
QUOTES: Final = DOUBLE + SINGLE
WORD: Final = re.compile(
    rf"(?:[{DOUBLE}](.*?)[{DOUBLE}](?![^\s,])|[{SINGLE}](.*?)[{SINGLE}](?![^\s,])"
    rf"|(\d[\d.]*(?:,[\d.]+)+(?:E[-+]?\d+)?(?![^\s,])|[^\s,]+))(?:\s*(,))?",
    re.DOTALL,
)
"""A word in double or in single quotes, or a bare one, and a comma; commas inside a number do not part it."""
FIXED_SPACES: Final = str.maketrans(dict.fromkeys("\u00a0\u2007\u202f", " "))
SHORT_ID: Final = re.compile(
    rf"(?:R[-‐‑‒–—− ]?)?([{SHORT_ALPHABET}I1]{{{SHORT_LENGTH}}})",  # noqa: RUF001 - people type any dash
    re.IGNORECASE | re.ASCII,
)
LINK: Final = re.compile(r"<(?:mailto:|tel:|https?://)[^<>|]*\|([^<>|]*)>")
"""How Slack escapes an e-mail address or a link, with the visible text after the bar."""


class ParseProblem(StrEnum):
    """Why a text is not a command."""

    NO_SUCH_COMMAND = "no_such_command"
    OPEN_QUOTE = "open_quote"
    """A quote opens and never closes."""
    NO_SHORT_ID = "no_short_id"
    """The command needs exactly one request id."""


@dataclass(frozen=True, slots=True)
class Add:
    """`add [rule] [customer ids…]`; quotes end the rule's name for sure; words keep a comma behind them."""

    rule: str
    customers: tuple[str, ...]
    quoted: bool


@dataclass(frozen=True, slots=True)
class Status:
    """`status [R-…]`."""

    short: ShortId | None = None


@dataclass(frozen=True, slots=True)
class ShowRule:
    """`rule <name or id>`; without a name it lists what may be meant."""

    words: str = ""


@dataclass(frozen=True, slots=True)
class Cancel:
    """`cancel <R-…>`; without an id, or with `typed` in its place, it lists what may be meant."""

    short: ShortId | None = None
    typed: str = ""


@dataclass(frozen=True, slots=True)
class Pause:
    """`pause [why]`."""

    why: str = ""


class Word(StrEnum):
    """A command without arguments; `help` is no text, too."""

    RESUME = "resume"
    SETTINGS = "settings"
    HELP = "help"


@dataclass(frozen=True, slots=True)
class UnknownCommand:
    """Any other text, or another word in place of an id, with the nearest command."""

    text: str
    nearest: str
    why: ParseProblem = ParseProblem.NO_SUCH_COMMAND


Command = Add | Status | ShowRule | Cancel | Pause | Word | UnknownCommand


def read(text: str) -> Command:
    """Parse the text after `/discount`.

    >>> read("add “Spar 100” c-1, c-2")
    Add(rule='Spar 100', customers=('c-1,', 'c-2'), quoted=True)
    >>> read("Status r7kq2m")
    Status(short='R-7KQ2M')
    >>> read("stauts")
    UnknownCommand(text='stauts', nearest='status', why=<ParseProblem.NO_SUCH_COMMAND: 'no_such_command'>)
    """
    typed = unescape(text)
    word, rest = [*typed.split(maxsplit=1), "", ""][:2]
    match word.casefold():
        case "" | "help":
            return Word.HELP
        case "add":
            return _add(typed, rest)
        case "status":
            if rest and not short_id(rest):
                return UnknownCommand(rest.strip(), "status", ParseProblem.NO_SHORT_ID)
            return Status(short_id(rest))
        case "rule":
            return _rule(rest)
        case "cancel":
            short = short_id(rest)
            return Cancel(short) if short else Cancel(typed=rest.strip())
        case "pause":
            return Pause(rest.strip())
        case "resume" | "settings" as command:
            return Word(command)
        case other:
            [nearest] = get_close_matches(other, COMMANDS, n=1, cutoff=0.0)
            return UnknownCommand(typed, nearest)


def unescape(text: str) -> str:
    """Undo Slack's escapes, including links, and replace the no-break spaces that phones type."""
    unwrapped = LINK.sub(r"\1", text)
    bare = unwrapped.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    return bare.translate(FIXED_SPACES).strip()


def split_words(text: str) -> list[str] | None:
    """Split a text at spaces and commas; None if a quote opens and never closes.

    Quotes, straight or curly, make one word. A quote opens only at a word's start and closes only at
    a word's end: O'Brien is not quoted.

    >>> split_words('«to by» c,d "x, y"')
    ['to by', 'c', 'd', 'x, y']
    """
    words = _words(text)
    return None if words is None else [word for word, _ in words]


def short_id(text: str) -> ShortId | None:
    """Read a request's id in any case, with or without `R-`; 1 and I count as L.

    No short id has 0, O, 1 or I, so this never finds another request.

    >>> short_id("r-1abcd")
    'R-LABCD'
    """
    found = SHORT_ID.fullmatch(text.strip(QUOTES + " "))
    return ShortId("R-" + found[1].upper().replace("I", "L").replace("1", "L")) if found else None


def _words(text: str) -> list[tuple[str, str]] | None:
    """Split a text as `split_words` does, and return each word's comma with it."""
    found = WORD.findall(text)
    if any(bare and bare[0] in QUOTES for _, _, bare, _ in found):
        return None
    return [(double or single or bare, comma) for double, single, bare, comma in found]


def _add(typed: str, rest: str) -> Command:
    words = _words(rest)
    if words is None:
        return UnknownCommand(typed, "add", ParseProblem.OPEN_QUOTE)
    (rule, comma), *customers = words or [("", "")]
    is_quoted = bool(rest) and rest[0] in QUOTES
    return Add(
        rule if is_quoted else rule + comma,
        tuple(word + comma for word, comma in customers if word),
        quoted=is_quoted,
    )


def _rule(rest: str) -> ShowRule:
    """Read the name of a rule: the one quoted word, or the whole text, commas included."""
    words = split_words(rest)
    name = rest.strip(QUOTES) if words is None else rest
    if words and len(words) == 1:
        name = words[0]
    return ShowRule(name.strip())
