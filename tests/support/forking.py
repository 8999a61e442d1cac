"""Forks processes from one that has imported everything, which saves each start a second of CPU time."""

import multiprocessing
import os
import runpy
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

PROGRAM_SECONDS: Final = 240
"""How long a program may run: less than a test may, but the machine may be busy."""
FORKING: Final = multiprocessing.get_context("forkserver")
FORKING.set_forkserver_preload(
    [
        *("bot.lifecycle", "bot.check.runner", "bot.cli.main", "rich.console", "uvloop"),
        *("chaos.instrumented_process", "tests.journeys.process"),
    ]
)


def run_command(
    module: str, arguments: Sequence[str], *, folder: Path, env: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    """Run `python -m module` with nothing on its input, and return what it wrote and its exit code."""
    with tempfile.TemporaryDirectory() as written:
        files = [Path(written, name) for name in ("output", "errors")]
        process = FORKING.Process(target=_run, args=(module, arguments, folder, {**env}, files))
        process.start()
        process.join()
        code = process.exitcode
        process.close()
        assert code is not None
        return subprocess.CompletedProcess(
            [module, *arguments], code, *(file.read_text("utf-8") for file in files)
        )


def _run(
    module: str, arguments: Sequence[str], folder: Path, env: Mapping[str, str], files: Sequence[Path]
) -> None:
    signal.alarm(PROGRAM_SECONDS)
    for ours, path in enumerate((Path(os.devnull), *files)):
        os.dup2(os.open(path, os.O_RDWR | os.O_CREAT), ours)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(env)
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)
