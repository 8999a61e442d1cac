"""A pooler of PostgreSQL connections that gives each transaction another session, as PgBouncer can."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from sqlalchemy import make_url

from bot.web.server import accept_pending

SSL_AND_GSS = (80877103, 80877104)
"""Requests for encryption, which precede the start of a connection."""
Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@asynccontextmanager
async def transaction_pooler(url: str) -> AsyncIterator[str]:
    """Open a pooler before a server on a Unix socket, and return the address through it."""
    address = make_url(url)
    socket = f"{address.query['host']}/.s.PGSQL.{address.port or 5432}"

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        sessions: list[Stream] = []
        try:
            with suppress(asyncio.IncompleteReadError, ConnectionError):
                start = await _start(reader, writer)
                for _ in range(2):
                    sessions.append(await asyncio.open_unix_connection(socket))
                    sessions[-1][1].write(start)
                    greeting, _ = await _answer(sessions[-1][0])
                writer.write(greeting)
                await _serve(reader, writer, sessions)
        finally:
            for _, one in (*sessions, (reader, writer)):
                one.close()

    listening = await asyncio.start_server(take, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    try:
        yield address.set(host="127.0.0.1", port=port, query={}).render_as_string(hide_password=False)
    finally:
        await accept_pending()
        listening.close()


async def _serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, sessions: list[Stream]) -> None:
    """Send each transaction to the session whose turn it is."""
    while True:
        kind, batch = await _message(reader)
        while kind not in b"QSX":
            kind, more = await _message(reader)
            batch += more
        server, to_server = sessions[0]
        to_server.write(batch)
        if kind == b"X":
            return
        answer, state = await _answer(server)
        writer.write(answer)
        if state == b"I":
            sessions.reverse()


async def _start(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
    while True:
        length = await reader.readexactly(4)
        body = await reader.readexactly(int.from_bytes(length) - 4)
        if int.from_bytes(body[:4]) not in SSL_AND_GSS:
            return length + body
        writer.write(b"N")


async def _answer(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    """Read until the server is ready; return all, and the state of the transaction."""
    answer = b""
    while True:
        kind, message = await _message(reader)
        answer += message
        if kind == b"Z":
            return answer, message[-1:]


async def _message(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    kind, length = await reader.readexactly(1), await reader.readexactly(4)
    return kind, kind + length + await reader.readexactly(int.from_bytes(length) - 4)
