"""Closes a web server that runs beside its clients in one process."""

import asyncio

from aiohttp import web

TURNS = 3
"""Turns of the event loop from a connection that waits to be accepted to one that the server knows."""


async def close(runner: web.AppRunner) -> None:
    """Let connections arrive, stop listening, and close every connection.

    From Python 3.12, asyncio leaves a socket open where the server stops between accepting it and making a transport of it
    (`Server._attach` fails). A client that is cancelled while it connects leaves such a connection behind.
    """
    for _ in range(TURNS):
        await asyncio.sleep(0)
    await runner.cleanup()
