"""Closes a web server that runs beside its clients in one process."""

import asyncio

from aiohttp import web

TURNS = 3
"""Event-loop turns between accepting a connection and the server knowing it."""


async def close(runner: web.AppRunner) -> None:
    """Let connections arrive, stop listening and close every connection.

    From Python 3.12, asyncio leaks a socket when the server stops between accepting it and creating its
    transport (`Server._attach` fails). A client cancelled while it connects leaves such a socket behind.
    """
    for _ in range(TURNS):
        await asyncio.sleep(0)
    await runner.cleanup()
