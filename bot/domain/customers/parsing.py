"""The rules for the characters of a customer id."""

import re
import unicodedata
from typing import Final

MAX_LENGTH: Final = 255
"""Characters of a customer id, by Dintero's documentation."""
RESERVED: Final = frozenset({"*", "/"})
"""Dintero's ids for everyone, and for purchases without a customer."""
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

QUOTES: Final = frozenset({'""', "“”", "””", "„“", "„”", "''", "‘’", "’’", "‚‘", "«»", "»«", "‹›", "``"})  # noqa: RUF001
"""Opening and closing quotes, as CSV files, phones, code and several languages write them."""
APOSTROPHES: Final = "'‘’"
"""In front of a cell it marks a text; spreadsheets do not show it."""
LITERAL: Final = re.compile('="+([^"]*)"+')
"""How exports protect a number from the spreadsheet; the id is inside the quotes."""
UNWRAPPED: Final = 4 * MAX_LENGTH
"""Longer text keeps its quotes: it is unreadable either way, and a mile of quotes would cost time."""
HIDDEN: Final = frozenset({"Cc", "Cf", "Cs"})
"""Categories of invisible characters: control, format and surrogate."""


def bare(piece: str) -> str:
    """Strip space, pairs of quotes and what protects a number from a spreadsheet, until none is left."""
    piece = piece.strip(OUTER)
    while 1 < len(piece) <= UNWRAPPED:
        if literal := LITERAL.fullmatch(piece):
            piece = literal[1]
        elif piece[0] + piece[-1] in QUOTES:
            piece = piece[1:-1]
        elif piece[0] in APOSTROPHES:
            piece = piece[1:]
        else:
            break
        piece = piece.strip(OUTER)
    return piece


def legible(piece: str) -> bool:
    """Check that every character is visible: nobody would notice an id that only looks like another."""
    return piece.isprintable() or not any(unicodedata.category(letter) in HIDDEN for letter in piece)
