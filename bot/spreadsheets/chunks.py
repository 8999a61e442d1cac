"""A file's bytes in chunks that are freed one by one while a long list is read."""

import io
import os
from collections.abc import Iterable, Iterator
from typing import Final

CHUNK_BYTES: Final = 1024 * 1024
"""A chunk of this size goes back to the operating system as soon as it is freed."""
START_BYTES: Final = 1_000


class Content:
    """The bytes of one file."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self.chunks = list(_joined(pieces))
        self.size = sum(map(len, self.chunks))
        self.start = self.chunks[0][:START_BYTES] if self.chunks else b""
        self.is_blank = all(chunk.isspace() for chunk in self.chunks)

    def __contains__(self, byte: bytes) -> bool:
        """Return whether the file contains a byte."""
        return any(byte in chunk for chunk in self.chunks)

    def consume(self) -> Iterator[bytes]:
        """Yield the chunks and free each one; the file cannot be read again."""
        chunks, self.chunks = self.chunks[::-1], []
        while chunks:
            yield chunks.pop()

    def whole(self) -> bytes:
        """Consume the chunks and join them."""
        whole = io.BytesIO()
        whole.writelines(self.consume())
        return whole.getvalue()


class Stream(io.RawIOBase):
    """Chunks as a readable file."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        super().__init__()
        self._chunks = chunks
        self._current = memoryview(b"")

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Read some bytes; none at the end."""
        while not self._current and (chunk := next(self._chunks, None)) is not None:
            self._current = memoryview(chunk)
        count = min(len(buffer), len(self._current))
        buffer[:count] = self._current[:count]
        self._current = self._current[count:]
        return count


def pieces_of(file: int, start: int, end: int) -> Iterator[bytes]:
    """Read a part of an open file in pieces, of which each is a chunk."""
    for at in range(start, end, CHUNK_BYTES):
        yield os.pread(file, min(CHUNK_BYTES, end - at), at)


def _joined(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Join small pieces into chunks, none of which is empty."""
    chunk = io.BytesIO()
    for piece in pieces:
        if len(piece) >= CHUNK_BYTES and not chunk.tell():
            yield piece
            continue
        chunk.write(piece)
        if chunk.tell() >= CHUNK_BYTES:
            yield chunk.getvalue()
            chunk = io.BytesIO()
    if chunk.tell():
        yield chunk.getvalue()
