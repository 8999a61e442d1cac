"""Closes a server together with the connections that are just arriving."""

import asyncio
from typing import Final

from aiohttp import web

ACCEPT_TURNS: Final = 3
"""Turns of the event loop from a connection in the backlog to one that the server knows."""


async def accept_pending() -> None:
    """Let a server accept the connections in its backlog; call this right before it stops.

    From Python 3.12 asyncio leaks a socket if the server stops between accepting it and making its transport:
    `Server._attach` fails. A client that is cancelled while it connects leaves such a connection behind.
    """
    for _ in range(ACCEPT_TURNS):
        await asyncio.sleep(0)


async def close(runner: web.AppRunner) -> None:
    """Let connections arrive, stop listening, and close every connection."""
    await accept_pending()
    await runner.cleanup()
