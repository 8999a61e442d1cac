"""A network to PostgreSQL that can go dead: connections stay open, and nothing gets through."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from sqlalchemy import make_url

from bot.web.server import accept_pending


@dataclass(slots=True)
class Network:
    """Forwards bytes both ways while it is up; bytes sent while it is down arrive later, as in TCP."""

    socket: str
    up: asyncio.Event = field(default_factory=asyncio.Event)
    _pipes: set[asyncio.Task[None]] = field(default_factory=set)

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Connect each client to the server."""
        server_reader, server_writer = await asyncio.open_unix_connection(self.socket)
        for source, sink in ((reader, server_writer), (server_reader, writer)):
            pipe = asyncio.create_task(self._pipe(source, sink))
            self._pipes.add(pipe)
            pipe.add_done_callback(self._pipes.discard)

    async def close(self) -> None:
        """Close all connections."""
        pipes = list(self._pipes)
        for pipe in pipes:
            pipe.cancel()
        await asyncio.gather(*pipes, return_exceptions=True)

    async def _pipe(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        try:
            with suppress(ConnectionError):
                while data := await source.read(65_536):
                    await self.up.wait()
                    sink.write(data)
                    await sink.drain()
        finally:
            sink.close()


@asynccontextmanager
async def network_to(url: str) -> AsyncIterator[tuple[Network, str]]:
    """Open a network to a server on a Unix socket, and return the address through it."""
    address = make_url(url)
    network = Network(f"{address.query['host']}/.s.PGSQL.{address.port or 5432}")
    network.up.set()
    listening = await asyncio.start_server(network.take, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    through = address.set(host="127.0.0.1", port=port, query={})
    try:
        yield network, through.render_as_string(hide_password=False)
    finally:
        await accept_pending()
        listening.close()
        await network.close()
