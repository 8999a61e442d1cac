"""The bytes of a file, in pieces that are let go one by one: of a long list, file and ids never stand beside each other whole."""

import io
from collections.abc import Iterable, Iterator
from typing import Final

PIECE: Final = 1024 * 1024
"""Bytes of a piece: what is that large goes back to the machine at once when it is let go."""


class Content:
    """The bytes of one file."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = list(_gathered(pieces))

    def __bool__(self) -> bool:
        """Say whether anything but space is in it."""
        return not all(piece.isspace() for piece in self._pieces)

    def __len__(self) -> int:
        """Count the bytes."""
        return sum(map(len, self._pieces))

    def __iter__(self) -> Iterator[bytes]:
        """Go through the pieces, and keep them."""
        return iter(self._pieces)

    def __contains__(self, one: bytes) -> bool:
        """Say whether a single byte is in it."""
        return any(one in piece for piece in self._pieces)

    @property
    def start(self) -> bytes:
        """Read the first bytes."""
        return self._pieces[0] if self._pieces else b""

    def let_go(self) -> Iterator[bytes]:
        """Go through the pieces, and keep none of them: nothing can be read again."""
        pieces, self._pieces = self._pieces[::-1], []
        while pieces:
            yield pieces.pop()

    def whole(self) -> bytes:
        """Put the pieces together, and keep none of them."""
        whole = io.BytesIO()
        whole.writelines(self.let_go())
        return whole.getvalue()


class Stream(io.RawIOBase):
    """Pieces, as a file that is read."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        super().__init__()
        self._pieces = pieces
        self._open = memoryview(b"")

    def readable(self) -> bool:
        """Say yes."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Read some bytes, none at the end."""
        while not self._open and (piece := next(self._pieces, None)) is not None:
            self._open = memoryview(piece)
        count = min(len(buffer), len(self._open))
        buffer[:count] = self._open[:count]
        self._open = self._open[count:]
        return count


def _gathered(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Gather small pieces into large ones; none of them is empty."""
    some = io.BytesIO()
    for piece in pieces:
        some.write(piece)
        if some.tell() >= PIECE:
            yield some.getvalue()
            some = io.BytesIO()
    if some.tell():
        yield some.getvalue()
