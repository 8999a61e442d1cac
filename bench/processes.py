"""Starts the measured processes and the fakes, and ends them all."""

import asyncio
import os
import socket
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Final

from bench import constants, raw_http
from bench.databases import SQLITE
from bench.payloads import commands

ROOT: Final = Path(__file__).parent.parent
PATIENCE: Final = 30.0
"""Seconds after which a process that is not ready, or not gone, is broken."""
LOOK: Final = 0.002
"""Seconds between two checks for an answer."""


class Broken(Exception):
    """A precondition of the measurement failed: no figure would mean anything."""


@asynccontextmanager
async def process(
    *arguments: str, folder: Path, settings: Mapping[str, str] | None = None
) -> AsyncIterator[Process]:
    """Run a Python module until the block ends."""
    python = (sys.executable, "-m", *arguments)
    async with program(
        *python, name=arguments[0], folder=folder, settings={**(settings or {}), "PYTHONPATH": str(ROOT)}
    ) as child:
        yield child


@asynccontextmanager
async def program(
    *command: str, name: str, folder: Path, settings: Mapping[str, str]
) -> AsyncIterator[Process]:
    """Run a program until the block ends, with its output in a file."""
    log = folder / f"{name}.log"
    # without the settings of the person who measures
    env = {
        **{kept: os.environ[kept] for kept in ("PATH", "HOME", "XDG_RUNTIME_DIR") if kept in os.environ},
        **settings,
    }
    with log.open("ab") as said:
        starting = asyncio.ensure_future(
            asyncio.create_subprocess_exec(
                *command, cwd=folder, env=env, stdin=PIPE, stdout=PIPE, stderr=said
            )
        )
        try:
            child = await asyncio.shield(starting)
        except asyncio.CancelledError:
            await _end(await starting)  # half started is started
            raise
    try:
        yield child
    except (OSError, EOFError, ValueError) as failure:
        raise Broken(
            f"{type(failure).__name__} {failure}\n{name} said last: {log.read_text()[-2000:]}"
        ) from failure
    finally:
        await _end(child)


async def _end(child: Process) -> None:
    with suppress(ProcessLookupError):
        child.terminate()
    try:
        await asyncio.wait_for(child.wait(), PATIENCE)
    except TimeoutError:
        child.kill()
        await child.wait()


async def told(child: Process) -> str:
    """Read a process's next output line.

    Raises:
        EOFError: it ended instead.
    """
    assert child.stdout  # noqa: S101 - it was asked for
    line = await asyncio.wait_for(child.stdout.readline(), PATIENCE * 2)
    if not line:
        raise EOFError
    return line.decode().strip()


@asynccontextmanager
async def stand_in_slack(folder: Path) -> AsyncIterator[int]:
    """Start the fake Slack; yield its port."""
    async with process("bench.fake_slack", folder=folder) as child:
        yield int(await told(child))


@asynccontextmanager
async def stand_in_dintero(
    folder: Path, *, rules: int = constants.RULES, latency: float = 0.0
) -> AsyncIterator[int]:
    """Start the fake Dintero; yield its port."""
    async with process("bench.fake_dintero", str(rules), str(latency), folder=folder) as child:
        yield int(await told(child))


@asynccontextmanager
async def bare_bolt(folder: Path, slack: int) -> AsyncIterator[int]:
    """Start bare Bolt; yield its port after its first ack."""
    port = free_port()
    async with process("bench.bare_bolt", str(port), str(slack), folder=folder) as child:
        await answering(port, commands(1, series="first")[0][1], child)
        yield port


@asynccontextmanager
async def real_bot(folder: Path, *, slack: int, dintero: int) -> AsyncIterator[int]:
    """Start the bot on an SQLite file in the folder; yield its port once it is ready."""
    async with bot_process(folder, slack=slack, dintero=dintero, database_url=SQLITE) as (_, port):
        yield port


@asynccontextmanager
async def bot_process(
    folder: Path, *, slack: int, dintero: int, database_url: str
) -> AsyncIterator[tuple[Process, int]]:
    """Start the bot; yield its process and port once it is ready."""
    port = free_port()
    (folder / "policy.toml").write_text(constants.POLICY)
    settings = constants.settings(slack=slack, dintero=dintero, database_url=database_url, port=port)
    async with process("bot", "run", folder=folder, settings=settings) as child:
        await answering(port, raw_http.question("/readyz"), child)
        yield child, port


async def answering(port: int, request: bytes, child: Process, *, patience: float = PATIENCE) -> None:
    """Wait for a 200.

    Raises:
        TimeoutError, EOFError: it never comes.
    """
    async with asyncio.timeout(patience):
        while child.returncode is None:
            with suppress(OSError, EOFError, ValueError):
                async with raw_http.line_to(port) as line:
                    await line.ask(request)
                return
            await asyncio.sleep(LOOK)
    raise EOFError(f"exit {child.returncode}")


def free_port() -> int:
    """Find a free port."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
