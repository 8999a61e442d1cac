"""Long lists of customer ids, packed row by row as the books keep them, and digested on the way; knows not where they are kept."""

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from isal import isal_zlib

from bot.domain.ids import CustomerId

FIRST: Final = 3
"""Ids that are shown of a long list, beside the last."""
QUICK: Final = 1
"""zlib's level, at which `isal` packs ids as small as zlib itself does, in a quarter of the time; either unpacks the other's."""
LARGE: Final = 65_536
"""Bytes of a row that is written: about 1,500 customers. Below that, changing threads takes as long as packing."""
AS_IT_IS: Final = bytes(code for code in range(32, 127) if chr(code) != "\\")
"""What JSON writes as it is; the quotes between the ids are counted apart."""
_json: Final = json.JSONEncoder(separators=(",", ":")).encode

Row = tuple[int, bytes]
"""How many ids, and they themselves, packed."""


@dataclass(frozen=True, slots=True)
class PackedIds:
    """Customer ids in their order: how many, the digest by which people agree to them, the first and the last, and all of them packed."""

    count: int
    digest: str
    first: tuple[CustomerId, ...] = ()
    last: str = ""
    rows: tuple[Row, ...] = ()

    def unpacked(self) -> tuple[CustomerId, ...]:
        """Read all of them; a million take a second."""
        return tuple(one for _, row in self.rows for one in unpacked(row))


@dataclass(frozen=True, slots=True)
class PackedHeader:
    """The same of ids that were written and handed on: beside the rest, how many stand in each row."""

    count: int
    digest: str
    first: tuple[CustomerId, ...]
    last: str
    sizes: tuple[int, ...]

    def packed(self, rows: Sequence[bytes]) -> PackedIds:
        """Put it together with its rows, packed."""
        return PackedIds(
            self.count, self.digest, self.first, self.last, tuple(zip(self.sizes, rows, strict=True))
        )


NOBODY: Final = PackedIds(0, hashlib.sha256(b"[]").hexdigest())


class IdWriter:
    """Writes ids as they are found, row by row, to be packed; the digest is that of `customers.digest_of`, over the rows' very bytes."""

    def __init__(self, portion: int, put: Callable[[bytes], object]) -> None:
        self._portion = portion
        self._put = put
        self._digest = hashlib.sha256(b"[")
        self._sizes: list[int] = []
        self._open: list[CustomerId] = []
        self._first: list[CustomerId] = []
        self._last = ""
        self._count = 0

    def add(self, ids: Sequence[CustomerId]) -> None:
        """Take the next ids, each of them new."""
        self._count += len(ids)
        self._first += ids[: FIRST - len(self._first)]
        self._last = ids[-1] if ids else self._last
        self._open += ids
        whole = len(self._open) - len(self._open) % self._portion
        for row in _cut(self._open[:whole], self._portion):
            self._write(row)
        del self._open[:whole]

    def end(self) -> PackedHeader:
        """End the list."""
        if self._open:
            self._write(self._open)
        self._digest.update(b"]")
        return PackedHeader(
            self._count, self._digest.hexdigest(), tuple(self._first), self._last, tuple(self._sizes)
        )

    def _write(self, ids: Sequence[CustomerId]) -> None:
        written = _written(ids)
        self._digest.update((b"," if self._sizes else b"") + written[1:-1])
        self._sizes.append(len(ids))
        self._put(written)


def pack(ids: Sequence[CustomerId], *, portion: int) -> PackedIds:
    """Pack ids that are all known, `portion` of them a row; takes half a millisecond a thousand, or so.

    >>> pack([CustomerId("a"), CustomerId("b")], portion=1).unpacked()
    ('a', 'b')
    """
    rows: list[bytes] = []
    writing = IdWriter(portion, lambda written: rows.append(packed_row(written)))
    writing.add(ids)
    return writing.end().packed(rows)


def packed_row(written: bytes) -> bytes:
    """Pack a row that is written."""
    return isal_zlib.compress(written, QUICK)


def packed(value: Sequence[Any]) -> bytes:
    """Pack a long list, such as customer ids, to less than half."""
    return isal_zlib.compress(_json(value).encode(), QUICK)


def unpacked(kept: bytes) -> list[Any]:
    """Read what `packed` wrote."""
    return list(json.loads(isal_zlib.decompress(kept)))


def _written(ids: Sequence[CustomerId]) -> bytes:
    """Write ids as JSON does, which of most is nothing but quotes and commas."""
    joined = '","'.join(ids)
    if joined.isascii() and joined.count('"') == 2 * (len(ids) - 1):
        written = joined.encode()
        if not written.translate(None, AS_IT_IS):
            return b'["' + written + b'"]'
    return _json(list(ids)).encode()


def _cut(ids: Sequence[CustomerId], size: int) -> Iterator[Sequence[CustomerId]]:
    return (ids[start : start + size] for start in range(0, len(ids), size))
