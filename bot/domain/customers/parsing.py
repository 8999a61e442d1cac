"""Parses customer ids from pasted text."""

import hashlib
import json
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from bot.domain.ids import CustomerId

MAX_LENGTH: Final = 255
"""Characters of a customer id, by Dintero's documentation."""
RESERVED: Final = frozenset({"*", "/"})
"""Dintero's ids for everyone, and for purchases without a customer."""
SEPARATORS: Final = re.compile("[,;\t]")
"""Besides new lines. Not a space: Dintero allows it inside an id."""

SPACES: Final = (
    "\t\n\v\f\r\x1c\x1d\x1e\x1f \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009"
    "\u200a\u2028\u2029\u202f\u205f\u3000"
)
INVISIBLE: Final = (
    "\xad\u061c\u180e\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e"
    "\u2060\u2061\u2062\u2063\u2064\u2066\u2067\u2068\u2069\ufeff"
)
"""Spreadsheets and chats leave these around copied text: zero-width spaces, byte order marks and such."""
OUTER: Final = SPACES + INVISIBLE

QUOTES: Final = frozenset({'""', "“”", "””", "„“", "„”"})
"""Opening and closing quotes, as CSV files, phones and several languages write them."""
UNWRAPPED: Final = 4 * MAX_LENGTH
"""Longer text keeps its quotes: it is unreadable either way, and a mile of quotes would cost time."""

LINK: Final = re.compile(r"<?https?://", re.IGNORECASE)
"""The start of a link, as people paste it and as Slack writes it."""

DIGESTED_AT_ONCE: Final = 5_000
"""Ids per step; a step takes about a millisecond."""

HIDDEN: Final = frozenset({"Cc", "Cf", "Cs"})
"""Categories of invisible characters: control, format and surrogate."""


@dataclass(frozen=True, slots=True)
class CustomerList:
    """Everything found in a text. Each piece counts in exactly one of the fields `ids` to `links`.

    `ids` are in order of first appearance, `repeated` counts the others. `too_long` and `hidden` are the
    lines (from 1) of pieces that are too long or contain a hidden character. `reserved` are ids from
    `RESERVED`, `links` are web addresses. `spaced` are the ids with a space inside, which may be several ids.
    """

    ids: tuple[CustomerId, ...] = ()
    repeated: int = 0
    too_long: tuple[int, ...] = ()
    hidden: tuple[int, ...] = ()
    reserved: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    spaced: tuple[CustomerId, ...] = ()


def read_customers(text: str) -> CustomerList:
    r"""Parse the customer ids in pasted text.

    New lines, commas, semicolons and tabs separate ids; quotes do not protect a comma. Space, invisible
    characters and pairs of double quotes (straight or curly) around an id are removed. The id is otherwise
    unchanged, including its case and the encoding of its letters.

    >>> read_customers("12397af6e5e, b2; 12397af6e5e").ids
    ('12397af6e5e', 'b2')
    >>> read_customers('“b2”\r\n\ufeff"ann lee" \n*').reserved
    ('*',)
    """
    ids: dict[CustomerId, None] = {}
    reserved: dict[str, None] = {}
    too_long: list[int] = []
    hidden: list[int] = []
    links: dict[str, None] = {}
    pieces = 0
    for line, piece in _pieces(text):
        pieces += 1
        if LINK.match(piece):
            links[piece] = None
        elif len(piece) > MAX_LENGTH:
            too_long.append(line)
        elif not legible(piece):
            hidden.append(line)
        elif piece in RESERVED:
            reserved[piece] = None
        else:
            ids[CustomerId(piece)] = None
    return CustomerList(
        ids=tuple(ids),
        repeated=pieces - len(ids) - len(reserved) - len(too_long) - len(hidden) - len(links),
        too_long=tuple(too_long),
        hidden=tuple(hidden),
        reserved=tuple(reserved),
        links=tuple(links),
        spaced=tuple(customer for customer in ids if len(customer.split()) > 1),
    )


def digest_of(ids: Sequence[CustomerId]) -> str:
    """Digest customer ids in order: SHA-256 over a JSON list, in hexadecimal.

    It works in steps: a thread that digests a million ids lets other threads run in between.
    """
    digest = hashlib.sha256(b"[")
    for start in range(0, len(ids), DIGESTED_AT_ONCE):
        piece = json.dumps(
            list(ids[start : start + DIGESTED_AT_ONCE]), ensure_ascii=True, separators=(",", ":")
        )
        digest.update(f"{',' if start else ''}{piece[1:-1]}".encode())
    digest.update(b"]")
    return digest.hexdigest()


def _pieces(text: str) -> Iterator[tuple[int, str]]:
    """Split text into non-empty pieces with their line numbers."""
    for number, line in enumerate(text.splitlines(), start=1):
        for piece in SEPARATORS.split(line):
            if stripped := bare(piece):
                yield number, stripped


def bare(piece: str) -> str:
    """Strip space and pairs of quotes until none are left: parsing an id again gives the same id."""
    piece = piece.strip(OUTER)
    while 1 < len(piece) <= UNWRAPPED and piece[0] + piece[-1] in QUOTES:
        piece = piece[1:-1].strip(OUTER)
    return piece


def legible(piece: str) -> bool:
    """Check that every character is visible: nobody would notice an id that only looks like another."""
    return piece.isprintable() or not any(unicodedata.category(letter) in HIDDEN for letter in piece)
