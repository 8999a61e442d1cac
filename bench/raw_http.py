"""Minimal HTTP for both sides, to leave the two cores to what is measured."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import cast

Answer = Callable[[str, bytes], tuple[bytes, float]]
"""Maps a target (path and query) and a body to a JSON answer and a delay in seconds."""


class Answering(asyncio.Protocol):
    """A connection to a fake. Requests come one at a time, with a length."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self._read = bytearray()
        self._transport: asyncio.WriteTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast(asyncio.WriteTransport, transport)

    def data_received(self, data: bytes) -> None:
        """Answer once a request is whole."""
        self._read += data
        end = self._read.find(b"\r\n\r\n")
        if end < 0 or len(self._read) < (whole := end + 4 + _length(bytes(self._read[:end]))):
            return
        target, body = self._read.split(b" ", 2)[1].decode(), bytes(self._read[end + 4 : whole])
        del self._read[:whole]
        found, after = self._answer(target, body)
        if after:
            asyncio.get_running_loop().call_later(after, self._write, found)
        else:
            self._write(found)

    def _write(self, found: bytes) -> None:
        if self._transport and not self._transport.is_closing():
            head = (
                f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(found)}\r\n\r\n"
            )
            self._transport.write(head.encode() + found)


async def stand_in(answer: Answer) -> None:
    """Listen on a free loopback port, print it, and answer until killed."""
    server = await asyncio.get_running_loop().create_server(lambda: Answering(answer), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)  # noqa: T201 - how the parent learns it
    await server.serve_forever()


@dataclass(frozen=True, slots=True)
class Line:
    """A keep-alive connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def ask(self, request: bytes) -> bytes:
        """Send a prepared request and return the body of its answer.

        Raises:
            ValueError: the answer is not a 200.
        """
        self.writer.write(request)
        head = await self.reader.readuntil(b"\r\n\r\n")
        body = await (self._chunks() if b"chunked" in head else self.reader.readexactly(_length(head)))
        if not head.startswith(b"HTTP/1.1 200"):
            raise ValueError(f"{head[:60]!r} {body[:200]!r}")
        return body

    async def _chunks(self) -> bytes:
        """Read a chunked body."""
        body = b""
        while size := int(await self.reader.readuntil(b"\r\n"), 16):
            body += (await self.reader.readexactly(size + 2))[:-2]
        await self.reader.readexactly(2)
        return body


@asynccontextmanager
async def line_to(port: int) -> AsyncIterator[Line]:
    """Connect to a loopback port until the block ends."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield Line(reader, writer)
    finally:
        writer.close()


async def get(port: int, path: str) -> bytes:
    """Send one GET on its own connection.

    Raises:
        ValueError: the answer is not a 200.
        OSError, EOFError: nobody answers.
    """
    async with line_to(port) as line:
        return await line.ask(question(path))


def question(path: str) -> bytes:
    """Build a GET request."""
    return f"GET {path} HTTP/1.1\r\nHost: bench\r\n\r\n".encode()


def _length(head: bytes) -> int:
    for name, _, value in (field.partition(b":") for field in head.split(b"\r\n")):
        if name.lower() == b"content-length":
            return int(value)
    return 0
