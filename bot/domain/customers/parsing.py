"""The rules for the characters of a customer id, and the digest of a list of ids."""

import hashlib
import json
import re
import secrets
import unicodedata
from collections.abc import Sequence
from typing import Final

from bot.domain.ids import CustomerId

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

SALT_BYTES: Final = 16
DIGESTED_AT_ONCE: Final = 5_000
"""Ids per step; a step takes about a millisecond."""

HIDDEN: Final = frozenset({"Cc", "Cf", "Cs"})
"""Categories of invisible characters: control, format and surrogate."""


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


def new_salt() -> str:
    """Make the salt of a request, in the form of a digest of no customers yet."""
    return f"{secrets.token_hex(SALT_BYTES)}:"


def salted(digest: str, kept: str) -> str:
    """Salt a digest like a kept one: without the salt, nobody can confirm a guess at a single customer.

    >>> is_digest_of(salted(digest_of([CustomerId("a")]), new_salt()), digest_of([CustomerId("a")]))
    True
    """
    salt = kept.rpartition(":")[0]
    if not salt:  # a draft of a version that had none
        salt = new_salt().rstrip(":")
    return f"{salt}:{hashlib.sha256(f'{salt}:{digest}'.encode()).hexdigest()}"


def is_digest_of(kept: str, digest: str) -> bool:
    """Compare a kept digest, salted or from before there was a salt, with that of customers."""
    salt = kept.rpartition(":")[0]
    return kept == (salted(digest, kept) if salt else digest)


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
