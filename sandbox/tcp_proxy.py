"""A TCP proxy that can be cut, to PostgreSQL or Slack's WebSocket; it counts PostgreSQL's writes."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Final

from bot.web.server import accept_pending

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
PIECE: Final = 1 << 16
HEAD: Final = 5
"""Bytes of a PostgreSQL message's header: kind and length."""
WRITES: Final = (b"INSERT", b"UPDATE", b"DELETE", b"COMMIT")


@dataclass(slots=True)
class Writes:
    """Counts completed writes in PostgreSQL's answers."""

    _rest: bytes = b""

    def among(self, piece: bytes) -> int:
        """Count those that this piece of the stream says are done.

        >>> Writes().among(b"C" + (4 + 11).to_bytes(4) + b"INSERT 0 1" + bytes(1))
        1
        """
        stream, at, found = self._rest + piece, 0, 0
        while (head := stream[at : at + HEAD]) and len(head) == HEAD:
            size = 1 + int.from_bytes(head[1:])
            if len(stream) < at + size:
                break
            found += head[:1] == b"C" and stream[at + HEAD : at + size].startswith(WRITES)
            at += size
        self._rest = stream[at:]
        return found


@dataclass(slots=True)
class TcpProxy:
    """Forwards connections until it is cut. A silent one keeps them open without data."""

    onward: Callable[[], Awaitable[Streams]]
    on_writes: Callable[[int], Awaitable[bool]] | None = None
    """Called with writes that are done and not answered; return True to drop the answer."""
    port: int = 0
    cut: bool = False
    """Whether it refuses connections."""
    _open: asyncio.Event = field(default_factory=asyncio.Event)
    _ends: set[asyncio.StreamWriter] = field(default_factory=set)

    @property
    def silent(self) -> bool:
        """Whether it drops data."""
        return not self._open.is_set()

    @silent.setter
    def silent(self, silent: bool) -> None:
        (self._open.clear if silent else self._open.set)()

    def end_all(self) -> None:
        """End every connection."""
        for end in list(self._ends):
            end.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ends = {writer}
        self._ends |= ends
        try:
            await self._open.wait()
            if self.cut:
                return
            there, back = await self.onward()
            ends.add(back)
            self._ends |= ends
            async with asyncio.TaskGroup() as group:
                group.create_task(self._pass(reader, back, None))
                group.create_task(self._pass(there, writer, Writes() if self.on_writes else None))
        except (OSError, ExceptionGroup):
            pass  # one end is gone, and so is the other
        finally:
            self._ends -= ends
            for end in ends:
                end.transport.abort()

    async def _pass(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, writes: Writes | None
    ) -> None:
        while piece := await reader.read(PIECE):
            await self._open.wait()
            done = writes.among(piece) if writes else 0
            if done and self.on_writes and await self.on_writes(done):
                break
            writer.write(piece)
            await writer.drain()
        raise ConnectionError  # so that the other way ends too


@asynccontextmanager
async def wire(onward: Callable[[], Awaitable[Streams]]) -> AsyncIterator[TcpProxy]:
    """Run a proxy until the block ends."""
    laid = TcpProxy(onward)
    laid.silent = False
    server = await asyncio.start_server(laid._serve, "127.0.0.1", 0)  # noqa: SLF001 - its own
    laid.port = server.sockets[0].getsockname()[1]
    try:
        yield laid
    finally:
        await accept_pending()
        server.close()
        laid.cut, laid.silent = True, False
        laid.end_all()
        with suppress(TimeoutError):
            async with asyncio.timeout(1):
                await server.wait_closed()
