"""A process of this package that works on what came from outside: without the bot's secrets, spoken to in pieces, gone when it is done."""

import asyncio
import os
import sys
from contextlib import suppress
from typing import Final

from bot.spreadsheets.framing import LENGTH

KEPT: Final = ("PATH", "PYTHONPATH", "SYSTEMROOT", "LANG", "LC_ALL")
"""Of the environment; the rest of it may hold secrets, and a process that reads files from outside has no need of them."""
AT_ONCE: Final = 1024 * 1024
"""Bytes that a stream of it takes before they are heard, or twice as many; it waits then."""


async def start(module: str) -> asyncio.subprocess.Process:
    """Start a module.

    Raises:
        OSError: the machine has no memory, or no process, left for it.
    """
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        module,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=AT_ONCE,
        stderr=asyncio.subprocess.DEVNULL,  # what a library says of a file may quote it
        env={name: os.environ[name] for name in KEPT if name in os.environ},
    )


async def end(process: asyncio.subprocess.Process) -> None:
    """End it, whatever it is at, and close its pipes."""
    with suppress(ProcessLookupError):
        process.kill()
    # wait() alone can leave a pipe open when the event loop ends first
    await process.communicate(b"")


async def hear(stream: asyncio.StreamReader) -> bytes:
    """Hear its next piece.

    Raises:
        IncompleteReadError: it is gone.
    """
    (length,) = LENGTH.unpack(await stream.readexactly(LENGTH.size))
    return await stream.readexactly(length)
