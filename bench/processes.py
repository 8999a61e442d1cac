"""Starts the measured processes and the fakes, and ends them all."""

import asyncio
import os
import socket
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from contextvars import ContextVar
from pathlib import Path
from typing import Any, Final

from bench import constants, raw_http
from bench.databases import SQLITE
from bench.forked import ForkedProcess, fork
from bench.payloads import commands

ROOT: Final = Path(__file__).parent.parent
PATIENCE: Final = 30.0
"""Seconds after which a process that is not ready, or not gone, is broken."""
LOOK: Final = 0.002
"""Seconds between two checks for an answer."""

forks: Final = ContextVar("forks", default=False)
"""Whether modules start in forks: the quick form's starts cost a tenth, and are no figure."""

Child = Process | ForkedProcess


class Broken(Exception):
    """A precondition of the measurement failed: no figure would mean anything."""


@asynccontextmanager
async def process(
    *arguments: str, folder: Path, settings: Mapping[str, str] | None = None
) -> AsyncIterator[Child]:
    """Run a Python module until the block ends."""
    log, env = folder / f"{arguments[0]}.log", _environment({**(settings or {}), "PYTHONPATH": str(ROOT)})
    if forks.get():
        starting: Coroutine[Any, Any, Child] = fork(arguments, folder, env, log)
    else:
        starting = _execute((sys.executable, "-m", *arguments), folder, env, log)
    async with _running(starting, log) as child:
        yield child


@asynccontextmanager
async def program(
    *command: str, name: str, folder: Path, settings: Mapping[str, str]
) -> AsyncIterator[Child]:
    """Run a program until the block ends."""
    log = folder / f"{name}.log"
    async with _running(_execute(command, folder, _environment(settings), log), log) as child:
        yield child


def _environment(settings: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a program, without the settings of the person who measures."""
    kept = ("PATH", "HOME", "XDG_RUNTIME_DIR")
    return {**{name: os.environ[name] for name in kept if name in os.environ}, **settings}


async def _execute(command: Sequence[str], folder: Path, env: Mapping[str, str], log: Path) -> Process:
    with log.open("ab") as errors:
        return await asyncio.create_subprocess_exec(
            *command, cwd=folder, env=env, stdin=PIPE, stdout=PIPE, stderr=errors
        )


@asynccontextmanager
async def _running(start: Coroutine[Any, Any, Child], log: Path) -> AsyncIterator[Child]:
    """Run it until the block ends, with what it said last in the error if it fails."""
    starting = asyncio.ensure_future(start)
    try:
        child = await asyncio.shield(starting)
    except asyncio.CancelledError:
        await _end(await starting)  # half started is started
        raise
    try:
        yield child
    except (OSError, EOFError, ValueError) as failure:
        raise Broken(f"{type(failure).__name__} {failure}\n{_last_words(log)}") from failure
    finally:
        await _end(child)


def _last_words(log: Path) -> str:
    return f"{log.stem} said last: {log.read_text()[-2000:]}" if log.exists() else f"{log.stem} said nothing"


async def run_command(*arguments: str, folder: Path, settings: Mapping[str, str]) -> None:
    """Run a command of the bot to its end.

    Raises:
        Broken: it failed.
    """
    async with process("bot", *arguments, folder=folder, settings=settings) as child:
        said, _ = await child.communicate()
        if await child.wait():
            raise Broken(said.decode())


async def _end(child: Child) -> None:
    with suppress(ProcessLookupError):
        child.terminate()
    try:
        await asyncio.wait_for(child.wait(), PATIENCE)
    except TimeoutError:
        child.kill()
        await child.wait()


async def begin(child: Child, *, patience: float = PATIENCE * 2) -> str:
    """Let a worker start; return its output line."""
    assert child.stdin  # noqa: S101 - it was asked for
    child.stdin.write(b"go\n")
    return await told(child, patience=patience)


async def told(child: Child, *, patience: float = PATIENCE * 2) -> str:
    """Read a process's next output line.

    Raises:
        EOFError: it ended instead.
    """
    assert child.stdout  # noqa: S101 - it was asked for
    line = await asyncio.wait_for(child.stdout.readline(), patience)
    if not line:
        raise EOFError
    return line.decode().strip()


@asynccontextmanager
async def stand_ins(
    folder: Path, *, rules: int = constants.RULES, latency: float = 0.0
) -> AsyncIterator[tuple[int, int]]:
    """Start the fakes of Slack and Dintero; yield their ports."""
    async with (
        process("bench.fake_slack", folder=folder) as slack,
        process("bench.fake_dintero", str(rules), str(latency), folder=folder) as dintero,
    ):
        yield int(await told(slack)), int(await told(dintero))


@asynccontextmanager
async def both_servers(folder: Path, *, rules: int = constants.RULES) -> AsyncIterator[tuple[int, int, int]]:
    """Start the fakes, bare Bolt and the bot; yield the ports of Slack, Bolt and the bot."""
    async with (
        stand_ins(folder, rules=rules) as (slack, dintero),
        bare_bolt(folder, slack) as bare,
        bot_process(folder, slack=slack, dintero=dintero) as (_, ours),
    ):
        yield slack, bare, ours


@asynccontextmanager
async def bare_bolt(folder: Path, slack: int) -> AsyncIterator[int]:
    """Start bare Bolt; yield its port after its first ack."""
    port = free_port()
    async with process("bench.bare_bolt", str(port), str(slack), folder=folder) as child:
        await answering(port, commands(1, series="first")[0][1], child)
        yield port


@asynccontextmanager
async def bot_process(
    folder: Path, *, slack: int, dintero: int, database_url: str = SQLITE
) -> AsyncIterator[tuple[Child, int]]:
    """Start the bot; yield its process and port once it is ready."""
    port = free_port()
    (folder / "policy.toml").write_text(constants.POLICY)
    settings = constants.settings(slack=slack, dintero=dintero, database_url=database_url, port=port)
    async with process("bot", "run", folder=folder, settings=settings) as child:
        await answering(port, raw_http.question("/readyz"), child)
        yield child, port


async def answering(port: int, request: bytes, child: Child, *, patience: float = PATIENCE) -> None:
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
