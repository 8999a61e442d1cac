"""Starts Python modules by forking a process that has imported the bot: a start costs a tenth.

Only the quick form does so. The full form measures processes that start as an operator starts them.
"""

import asyncio
import os
import runpy
import socket
import sys
from collections.abc import Mapping, Sequence
from multiprocessing import get_context
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Final

CONTEXT: Final = get_context("forkserver")
CONTEXT.set_forkserver_preload([
    *("bot.app", "bot.check.runner", "bot.cli.main", "bot.config.loader"),
    *("bench.fixtures", "sandbox.dintero.catalogue"),
    *("alembic.command", "httpx_aiohttp", "psycopg", "python_calamine", "uvloop"),
])  # fmt: skip


class ForkedProcess:
    """A module that runs in a forked process, used like asyncio's `Process`."""

    def __init__(
        self, process: ForkServerProcess, stdout: asyncio.StreamReader, stdin: asyncio.StreamWriter
    ) -> None:
        self.pid, self.stdout, self.stdin = process.pid or 0, stdout, stdin
        self.terminate, self.kill = process.terminate, process.kill
        self._process = process
        self._ended = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(process.sentinel, self._note_end)

    def _note_end(self) -> None:
        self._loop.remove_reader(self._process.sentinel)
        self._ended.set()

    @property
    def returncode(self) -> int | None:
        """Its exit code, negative for a signal, or None while it runs."""
        return self._process.exitcode

    async def wait(self) -> int | None:
        """Wait until it ends; what it printed and nobody read is lost."""
        await self._ended.wait()
        self.stdin.close()
        return self.returncode

    async def communicate(self) -> tuple[bytes, None]:
        """Read what it prints until it ends."""
        said = await self.stdout.read()
        await self.wait()
        return said, None


async def fork(arguments: Sequence[str], folder: Path, env: Mapping[str, str], log: Path) -> ForkedProcess:
    """Run `python -m` with these arguments; one socket is its input and output, the log has its errors."""
    ours, theirs = socket.socketpair()
    with theirs:
        process = CONTEXT.Process(target=_run, args=(arguments, folder, dict(env), log, theirs))
        process.start()
    return ForkedProcess(process, *await asyncio.open_unix_connection(sock=ours))


def _run(
    arguments: Sequence[str], folder: Path, env: Mapping[str, str], log: Path, line: socket.socket
) -> None:
    with line, log.open("ab") as errors:
        for ours, file in enumerate((line.fileno(), line.fileno(), errors.fileno())):
            os.dup2(file, ours)
    sys.stdin = open(0, closefd=False)  # noqa: SIM115 - multiprocessing closes the first one
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(env)
    sys.argv = [*arguments]
    runpy.run_module(arguments[0], run_name="__main__", alter_sys=True)
