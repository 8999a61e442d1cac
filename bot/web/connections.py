"""Bounds a server's connections: slow and silent ones are closed, and there are never too many."""

import asyncio
import resource
import time
from contextlib import suppress
from typing import Final, cast

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

REQUEST_SECONDS: Final = 10.0
"""From a connection, or the first byte of its next request, to the last byte of the request."""
IDLE_SECONDS: Final = 75.0
"""How long a connection stays open between two requests."""
MAX_CONNECTIONS: Final = 1_000
RESERVED_FILES: Final = 256
"""Open files for all else that the bot does."""
BACKLOG: Final = 512
LOG_SECONDS: Final = 60.0

log = structlog.get_logger()


class Connection(asyncio.Protocol):
    """Wraps aiohttp's protocol, and closes its transport if a request takes too long."""

    def __init__(self, inner: asyncio.Protocol, connections: "Connections") -> None:
        self._inner = inner
        self._connections = connections
        self._timer: asyncio.TimerHandle | None = None
        self.transport: asyncio.Transport | None = None
        self.peer = ""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start the time of the first request, unless there are too many connections."""
        self.peer = str((transport.get_extra_info("peername") or ("",))[0])
        if not self._connections.admit(self):
            transport.abort()
            return
        self.transport = transport
        self._connections.add(self, transport)
        self._inner.connection_made(transport)
        self._start()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._stop()
        if self.transport:
            self._connections.remove(self, self.transport)
            self._inner.connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Start the time of the next request with its first byte."""
        if self._timer is None and self._connections.is_waiting(self):
            self._start()
        self._inner.data_received(data)

    def eof_received(self) -> bool | None:
        """Pass it on."""
        return self._inner.eof_received()

    def pause_writing(self) -> None:
        """Pass it on."""
        self._inner.pause_writing()

    def resume_writing(self) -> None:
        """Pass it on."""
        self._inner.resume_writing()

    def request_arrived(self) -> None:
        """A request is here as a whole: it has as long as its answer takes."""
        self._stop()

    def close(self) -> None:
        """Close it without a word."""
        if self.transport:
            self.transport.abort()

    def _start(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(self._connections.seconds, self.close)

    def _stop(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None


class Connections:
    """The connections of one server; those without a whole request wait, and make room for others."""

    def __init__(self, most: int, *, seconds: float = REQUEST_SECONDS) -> None:
        self.seconds = seconds
        self._most = most
        self._by_transport: dict[asyncio.BaseTransport, Connection] = {}
        self._waiting: dict[str, dict[Connection, None]] = {}
        """By peer, the oldest first."""
        self._logged_at = -LOG_SECONDS

    def admit(self, new: Connection) -> bool:
        """Make room by closing the oldest waiting connection of the peer that has most of them."""
        if len(self._by_transport) < self._most:
            return True
        if time.monotonic() - self._logged_at >= LOG_SECONDS:
            self._logged_at = time.monotonic()
            log.warning("too many connections", most=self._most, peer=new.peer)
        if not self._waiting:
            return False
        busiest = max(self._waiting.values(), key=len)
        oldest = next(iter(busiest))
        oldest.close()
        if oldest.transport:
            self.remove(oldest, oldest.transport)
        return True

    def add(self, connection: Connection, transport: asyncio.BaseTransport) -> None:
        """Count a connection, which waits for its first request."""
        self._by_transport[transport] = connection
        self._wait(connection)

    def remove(self, connection: Connection, transport: asyncio.BaseTransport) -> None:
        """Count a connection no more."""
        self._by_transport.pop(transport, None)
        self._answer(connection)

    def is_waiting(self, connection: Connection) -> bool:
        """Tell whether a connection has no request that is being answered."""
        return connection in self._waiting.get(connection.peer, ())

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Read a request to its end, then answer it: until then its connection counts as waiting."""
        with suppress(web.RequestPayloadError):  # those who need the body read it again
            await request.read()
        connection = self._by_transport.get(request.transport) if request.transport else None
        if connection is None:
            return await handler(request)
        connection.request_arrived()
        self._answer(connection)
        try:
            return await handler(request)
        finally:
            if connection.transport in self._by_transport:
                self._wait(connection)

    def _wait(self, connection: Connection) -> None:
        self._waiting.setdefault(connection.peer, {})[connection] = None

    def _answer(self, connection: Connection) -> None:
        waiting = self._waiting.get(connection.peer, {})
        waiting.pop(connection, None)
        if not waiting:
            self._waiting.pop(connection.peer, None)


class BoundedSite(web.BaseSite):
    """A TCP address whose connections are bounded."""

    def __init__(self, runner: web.AppRunner, host: str, port: int, connections: Connections) -> None:
        """The runner is set up."""
        super().__init__(runner)
        self._host = host
        self._port = port
        self._connections = connections

    @property
    def name(self) -> str:
        """Its address."""
        return f"http://{self._host}:{self._port}"

    async def start(self) -> None:
        """Listen."""
        await super().start()
        server = cast("web.Server", self._runner.server)

        def connection() -> Connection:
            return Connection(server(), self._connections)

        self._server = await asyncio.get_running_loop().create_server(
            connection, self._host, self._port, backlog=BACKLOG
        )


def raise_file_limit() -> int:
    """Let this process open as many files as the system allows, and return the bound of connections."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = hard if hard != resource.RLIM_INFINITY else max(soft, MAX_CONNECTIONS + RESERVED_FILES)
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
        soft = most
    return min(MAX_CONNECTIONS, max(soft - RESERVED_FILES, soft // 2))
