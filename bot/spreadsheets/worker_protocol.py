"""The protocol between the bot and its worker processes: a job, then frames, each preceded by its length."""

import json
import struct
import sys
from collections.abc import Iterator
from typing import Any, BinaryIO, Final

LENGTH: Final = struct.Struct(">I")


def frame(content: bytes) -> bytes:
    """Put the length before the content; an empty frame ends a file."""
    return LENGTH.pack(len(content)) + content


def read_job(stream: BinaryIO) -> dict[str, Any]:
    """Read the job, and limit this process to its `memory`, its CPU `seconds` and no further process."""
    job: dict[str, Any] = json.loads(read_frame(stream))
    if sys.platform != "win32":
        import resource  # noqa: PLC0415 - does not exist on Windows

        resource.setrlimit(resource.RLIMIT_AS, (job["memory"], job["memory"]))
        resource.setrlimit(resource.RLIMIT_CPU, (job["seconds"], job["seconds"] + 1))
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
    return job


def open_nothing_more() -> None:
    """From now on let this process open no file and no connection; those that are open stay."""
    if sys.platform != "win32":
        import resource  # noqa: PLC0415

        resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))


def read_frames(stream: BinaryIO) -> Iterator[bytes]:
    """Read frames up to an empty one; raise EOFError if the sender is gone."""
    while content := read_frame(stream):
        yield content


def write_frame(stream: BinaryIO, content: bytes) -> None:
    """Write and flush one frame."""
    stream.write(frame(content))
    stream.flush()


def write_json(stream: BinaryIO, value: object) -> None:
    """Write and flush one frame of JSON."""
    write_frame(stream, json.dumps(value, separators=(",", ":")).encode())


def read_frame(stream: BinaryIO) -> bytes:
    """Read the content of one frame; raise EOFError if the sender is gone."""
    (length,) = LENGTH.unpack(_read_exactly(stream, LENGTH.size))
    return _read_exactly(stream, length)


def _read_exactly(stream: BinaryIO, count: int) -> bytes:
    content = stream.read(count)
    if len(content) < count:
        raise EOFError
    return content
