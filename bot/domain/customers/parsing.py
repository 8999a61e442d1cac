"""Customer ids out of whatever people paste; knows neither where the text came from nor who the customers are."""

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
"""Dintero's words for everyone, and for purchases with no customer."""

SEPARATORS: Final = re.compile("[,;\t]")
"""Beside new lines. A space is none: Dintero allows it inside an id."""

SPACES: Final = (
    "\t\n\v\f\r\x1c\x1d\x1e\x1f \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)
INVISIBLE: Final = (
    "\xad\u061c\u180e\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e"
    "\u2060\u2061\u2062\u2063\u2064\u2066\u2067\u2068\u2069\ufeff"
)
"""What spreadsheets and chats leave around copied text: zero-width spaces, byte order marks, marks of direction."""
OUTER: Final = SPACES + INVISIBLE

QUOTES: Final = frozenset({'""', "“”", "””", "„“", "„”"})
"""An opening and its closing quote, as CSV files, phones and several languages write them."""
UNWRAPPED: Final = 4 * MAX_LENGTH
"""Quotes are taken off no longer text, so that a mile of quotes costs no time; it is unreadable either way."""

LINK: Final = re.compile(r"<?https?://", re.IGNORECASE)
"""How a link begins, as people paste it and as Slack writes it."""

DIGESTED_AT_ONCE: Final = 5_000
"""Ids; a millisecond or so."""

HIDDEN: Final = frozenset({"Cc", "Cf", "Cs"})
"""Categories of characters that nobody sees: control, format, and half a character."""


@dataclass(frozen=True, slots=True)
class UnreadableId:
    """Something that cannot be a customer id, by its line (from 1) and its length in characters."""

    line: int
    length: int

    @property
    def too_long(self) -> bool:
        """Whether its length is at fault; where not, it has a control or another hidden character inside."""
        return self.length > MAX_LENGTH


@dataclass(frozen=True, slots=True)
class CustomerList:
    """All that was found in a text; every piece of it is counted in exactly one of `ids` to `links`.

    `ids` stand in the order in which each came first, `repeated` counts what came again, `reserved` are those of `RESERVED`
    that were met, `links` are web addresses, which nobody means as a customer. `spaced` are the ids with a space inside, which
    may have been meant as several.
    """

    ids: tuple[CustomerId, ...] = ()
    repeated: int = 0
    unreadable: tuple[UnreadableId, ...] = ()
    reserved: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    spaced: tuple[CustomerId, ...] = ()


def read_customers(text: str) -> CustomerList:
    r"""Find the customer ids in pasted text.

    Ids stand apart by new lines of any kind, commas, semicolons or tabs. Space and invisible characters around an id are not
    part of it, nor are double quotes, straight or curly, that stand at both of its ends; a quote at one end only is. Quotes
    do not protect a comma. Nothing else of an id is changed, neither its case nor how its letters are encoded.

    >>> read_customers("12397af6e5e, b2; 12397af6e5e")
    CustomerList(ids=('12397af6e5e', 'b2'), repeated=1, unreadable=(), reserved=(), links=(), spaced=())
    >>> read_customers('“b2”\r\n\ufeff"ann lee" \n*').reserved
    ('*',)
    """
    ids: dict[CustomerId, None] = {}
    reserved: dict[str, None] = {}
    unreadable: list[UnreadableId] = []
    links: dict[str, None] = {}
    pieces = 0
    for line, piece in _pieces(text):
        pieces += 1
        if LINK.match(piece):
            links[piece] = None
        elif len(piece) > MAX_LENGTH or not legible(piece):
            unreadable.append(UnreadableId(line, len(piece)))
        elif piece in RESERVED:
            reserved[piece] = None
        else:
            ids[CustomerId(piece)] = None
    return CustomerList(
        ids=tuple(ids),
        repeated=pieces - len(ids) - len(reserved) - len(unreadable) - len(links),
        unreadable=tuple(unreadable),
        reserved=tuple(reserved),
        links=tuple(links),
        spaced=tuple(customer for customer in ids if len(customer.split()) > 1),
    )


def digest_of(ids: Sequence[CustomerId]) -> str:
    """Digest customer ids in their order: SHA-256 over a JSON list, in hexadecimal, so that no two lists look alike.

    A long list is taken in pieces: a thread that digests a million lets the others run in between.
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
    """Cut text into what is not empty, with the number of the line that it stands on."""
    for number, line in enumerate(text.splitlines(), start=1):
        for piece in SEPARATORS.split(line):
            if stripped := bare(piece):
                yield number, stripped


def bare(piece: str) -> str:
    """Take off space and pairs of quotes until there are none, so that reading an id again gives the same id."""
    piece = piece.strip(OUTER)
    while 1 < len(piece) <= UNWRAPPED and piece[0] + piece[-1] in QUOTES:
        piece = piece[1:-1].strip(OUTER)
    return piece


def legible(piece: str) -> bool:
    """Say whether all of it can be seen: what looks like another id would be checked by nobody."""
    return piece.isprintable() or not any(unicodedata.category(letter) in HIDDEN for letter in piece)
