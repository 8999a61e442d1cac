"""Time and size of a set-up: in a fresh checkout, and from the wheel in an empty folder."""

import asyncio
import os
import shutil
import sys
import time
from asyncio.subprocess import PIPE, STDOUT
from pathlib import Path
from typing import Final
from zipfile import ZipFile

from bench.metrics import Figure, median, megabytes, not_measured, within
from bench.processes import ROOT, Broken

MAX_BYTES: Final = 200e6
MAX_SECONDS: Final = 0.3
BLOCK_BYTES: Final = 512
"""The unit of `st_blocks`."""
STARTER_FILES: Final = {
    "env.example": ".env.example",
    "policy.example.toml": "policy.example.toml",
    "manifest.yml": "manifest.yml",
}
LEFT_OUT: Final = (".git", ".venv", "build", "*.egg-info", "__pycache__", ".*_cache", ".hypothesis")
KEPT_ENV: Final = ("PATH", "HOME", "LANG", "PIP_", "SSL_", "HTTP", "http")
"""Starts of the names of variables that a set-up may need."""


async def measure(folder: Path, *, times: int, install: bool) -> list[Figure]:
    """Set up a copy of this checkout, and install its wheel; without `install` only time the commands."""
    if not install:
        why = "needs a package registry; a full run measures it"
        return [*await _commands([sys.executable, "-m", "bot"], ROOT, times), not_measured("make setup", why)]
    checkout = folder / "checkout"
    shutil.copytree(ROOT, checkout, symlinks=True, ignore=shutil.ignore_patterns(*LEFT_OUT))
    return [*await _setup(checkout), *await _wheel(folder, checkout, times)]


async def _setup(checkout: Path) -> list[Figure]:
    python, venv = f"PYTHON={sys.executable}", checkout / ".venv"
    took = await _run("make", "setup", python, at=checkout)
    alone = _bytes(venv)
    await _run("make", "dev", python, at=checkout)
    return [
        within("make setup in a fresh checkout", took, None),
        within("make setup: size of .venv", alone, MAX_BYTES, unit=megabytes),
        within("make dev after it: size of .venv", _bytes(venv), None, unit=megabytes),
    ]


async def _wheel(folder: Path, checkout: Path, times: int) -> list[Figure]:
    """Install the wheel where nothing else is, and use it in an empty folder."""
    bare, empty = folder / "bare", folder / "empty"
    empty.mkdir()
    pip = (str(checkout / ".venv/bin/python"), "-m", "pip", "-qq")
    await _run(*pip, "wheel", "--no-deps", "-w", str(folder), ".", at=checkout)
    wheel = _compared(folder, checkout)
    await _run(sys.executable, "-m", "venv", str(bare), at=folder)
    installed = await _run(str(bare / "bin/python"), "-m", "pip", "-qq", "install", str(wheel), at=folder)
    program = str(bare / "bin/discount-bot")
    await _run(program, "init", at=empty, answers=b"\n" * 99)
    return [
        within("the wheel into an empty environment", installed, None),
        within("its sandbox, to the end of the demo", await _run(program, "sandbox", at=empty), None),
        *await _commands([program], empty, times),
    ]


async def _commands(program: list[str], folder: Path, times: int) -> list[Figure]:
    took = {
        option: [await _run(*program, option, at=folder) for _ in range(times + 1)][1:]
        for option in ("--help", "--version")
    }
    return [within(f"discount-bot {option}, p50", median(each), MAX_SECONDS) for option, each in took.items()]


async def _run(*command: str, at: Path, answers: bytes = b"") -> float:
    """Run a command to its end, and return how long it took."""
    env = {name: value for name, value in os.environ.items() if name.startswith(KEPT_ENV)}
    start = time.monotonic()
    process = await asyncio.create_subprocess_exec(
        *command, cwd=at, env=env, stdin=PIPE, stdout=PIPE, stderr=STDOUT
    )
    said, _ = await process.communicate(answers)
    if process.returncode:
        raise Broken(f"{' '.join(command)}:\n{said.decode()}")
    return time.monotonic() - start


def _bytes(folder: Path) -> float:
    """Return the space that a folder takes on the disk."""
    return float(sum(path.lstat().st_blocks for path in folder.rglob("*")) * BLOCK_BYTES)


def _compared(folder: Path, checkout: Path) -> Path:
    """Find the wheel, and compare its starter files with those of the checkout."""
    (wheel,) = folder.glob("*.whl")
    with ZipFile(wheel) as packed:
        for name, source in STARTER_FILES.items():
            if packed.read(f"bot/starter_files/{name}") != (checkout / source).read_bytes():
                raise Broken(f"{name} in the wheel is not the one at the top")
    return wheel
