"""How the reading process and whoever started it talk: pieces of bytes, each after its length."""

import struct
from typing import BinaryIO, Final

LENGTH: Final = struct.Struct(">I")


def frame(piece: bytes) -> bytes:
    """Put a piece's length before it; the empty piece ends a file."""
    return LENGTH.pack(len(piece)) + piece


def read_frame(stream: BinaryIO) -> bytes:
    """Read a piece.

    Raises:
        EOFError: whoever writes is gone.
    """
    return _exactly(stream, LENGTH.unpack(_exactly(stream, LENGTH.size))[0])


def write_frame(stream: BinaryIO, piece: bytes) -> None:
    """Write a piece, and see that it goes out."""
    stream.write(frame(piece))
    stream.flush()


def _exactly(stream: BinaryIO, count: int) -> bytes:
    read = stream.read(count)
    if len(read) < count:
        raise EOFError
    return read
