"""A worker process for untrusted files: it gets none of the bot's secrets, and ends with its one job."""

import asyncio
import os
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing, suppress
from pathlib import Path
from typing import IO, Final, TypeVar

import bot
from bot.spreadsheets.worker_protocol import LENGTH, frame

KEPT_VARIABLES: Final = ("PATH", "SYSTEMROOT", "LANG", "LC_ALL")
"""The environment that the process gets; other variables may contain secrets."""
ROOT: Final = str(Path(bot.__file__).parents[1])
"""Where the bot's own code is; searched last, so that nothing beside it replaces a library."""
BUFFER_BYTES: Final = 1024 * 1024
"""At about twice this much unread output the process has to wait."""

Result = TypeVar("Result")


async def start(module: str, *files: IO[bytes]) -> asyncio.subprocess.Process:
    """Start a module with open files; raise OSError if the machine has no memory or process left."""
    return await asyncio.create_subprocess_exec(
        sys.executable,
        *("-P", "-S", "-s"),  # no modules from the working directory, and no search for others: it has a path
        "-m",
        module,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=BUFFER_BYTES,
        stderr=asyncio.subprocess.DEVNULL,  # a library's error may quote the file
        env={name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ} | _python_path(),
        pass_fds=[file.fileno() for file in files],
    )


def _python_path() -> dict[str, str]:
    """Return this process's search path, without the working directory."""
    excluded = {ROOT, os.getcwd()}  # noqa: PTH109 - to compare with texts
    path = [entry for entry in sys.path if os.path.isabs(entry) and entry not in excluded]  # noqa: PTH117
    return {"PYTHONPATH": os.pathsep.join([*path, ROOT])}


async def end(process: asyncio.subprocess.Process) -> None:
    """Kill the process and close its pipes."""
    with suppress(ProcessLookupError):
        process.kill()
    if process.stdin:
        process.stdin.close()
    await process.communicate()  # wait() alone can leave a pipe open when the event loop ends first


async def run(
    module: str,
    contents: AsyncGenerator[bytes],
    collect: Callable[[asyncio.StreamReader], Awaitable[Result]],
    *files: IO[bytes],
) -> Result:
    """Start a module with open files, send it frames while its output is collected, and end it.

    Raises:
        OSError: the process could not be started.
        Exception: raised by `contents` or `collect`; an error of `contents` is the cause and comes first.
    """
    process = await start(module, *files)
    assert process.stdin  # noqa: S101 - started with pipes
    assert process.stdout  # noqa: S101
    sending = asyncio.ensure_future(_send(process.stdin, contents))
    collecting = asyncio.ensure_future(collect(process.stdout))
    try:
        await asyncio.wait({sending, collecting}, return_when=asyncio.FIRST_EXCEPTION)
        if sending.done():
            sending.result()
        return await collecting
    finally:
        sending.cancel()
        collecting.cancel()
        await end(process)
        await asyncio.gather(sending, collecting, return_exceptions=True)


async def _send(stream: asyncio.StreamWriter, contents: AsyncGenerator[bytes]) -> None:
    with suppress(ConnectionError):  # `collect` notices if the process is gone
        async with aclosing(contents):
            async for content in contents:
                stream.write(frame(content))
                await stream.drain()


async def receive(stream: asyncio.StreamReader) -> bytes:
    """Read the next frame; raise IncompleteReadError if the process is gone."""
    (length,) = LENGTH.unpack(await stream.readexactly(LENGTH.size))
    return await stream.readexactly(length)
