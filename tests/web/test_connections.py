"""Silent, slow and too many connections keep nobody else out."""

import asyncio
import resource
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress

import aiohttp
import pytest
from aiohttp import web

from bot.web.connections import MAX_CONNECTIONS, RESERVED_FILES, Connections, raise_file_limit
from bot.web.server import serve

MOST = 20
HEAD = b"POST /slack/events HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n"
UNFINISHED = (b"", b"POST /sl", HEAD, HEAD + b"cut")
PATIENT = 60


@asynccontextmanager
async def served(seconds: float = PATIENT) -> AsyncIterator[int]:
    """Serve something that repeats a body."""

    async def repeat(request: web.Request) -> web.Response:
        return web.Response(body=await request.read())

    app = web.Application()
    app.router.add_post("/slack/events", repeat)
    async with serve(app, host="127.0.0.1", port=0, connections=Connections(MOST, seconds=seconds)) as port:
        yield port


@contextmanager
def opened(
    port: int, count: int, *, sent: bytes = b"", host: str = "127.0.0.1"
) -> Iterator[list[socket.socket]]:
    """Open connections that send the beginning of a request, and no more."""
    with ExitStack() as stack:
        found = []
        for _ in range(count):
            client = socket.create_connection(("127.0.0.1", port), timeout=PATIENT, source_address=(host, 0))
            found.append(stack.enter_context(client))
            client.sendall(sent)
            client.setblocking(False)
        yield found


async def received(client: socket.socket) -> bytes:
    return await asyncio.wait_for(asyncio.get_running_loop().sock_recv(client, 1_000), PATIENT)


async def ended(client: socket.socket) -> None:
    """Wait until the server has closed a connection."""
    with suppress(ConnectionError):
        assert not await received(client)


async def post(port: int) -> str:
    url = f"http://127.0.0.1:{port}/slack/events"
    async with aiohttp.ClientSession() as http, http.post(url, data=b"well") as answer:
        return await answer.text()


@pytest.mark.parametrize("sent", UNFINISHED, ids=["silent", "head", "no body", "body"])
async def test_others_are_answered_while_too_many_send_nothing_more(sent: bytes) -> None:
    async with served() as port:
        with opened(port, 2 * MOST, sent=sent):
            assert await post(port) == "well"
        assert await post(port) == "well"


async def test_the_oldest_connection_of_the_busiest_peer_makes_room() -> None:
    async with served() as port:
        with opened(port, 2, host="127.0.0.2") as others, opened(port, 2 * MOST) as many:
            assert await post(port) == "well"
            await asyncio.gather(*map(ended, many[:MOST]))
            for other in others:
                other.sendall(HEAD + b"well done")
                assert (await received(other)).endswith(b"well done")


async def test_a_request_that_does_not_arrive_in_time_is_cut_off() -> None:
    async with served(seconds=0.2) as port:
        for sent in UNFINISHED:
            with opened(port, 1, sent=sent) as (client,):
                await ended(client)


async def test_a_second_request_on_a_connection_has_its_time_too() -> None:
    async with served(seconds=1) as port:
        with opened(port, 1, sent=HEAD + b"well done") as (client,):
            assert (await received(client)).endswith(b"well done")
            client.sendall(b"POST /sl")
            await ended(client)


def test_the_limit_of_open_files_leaves_room_for_all_connections() -> None:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (300, before[1]))
        most = raise_file_limit()
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
    assert soft == hard
    assert most == min(MAX_CONNECTIONS, hard - RESERVED_FILES)
