"""Runs the program's commands in processes of their own that have imported everything already.

A command imports for longer than it works. So one process imports once, and forks for each call: the child
gets the folder, the environment and the output of that call, and ends as `python -m` would.
"""

import atexit
import json
import os
import runpy
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import traceback
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import IO, Any, Final, NoReturn

SECONDS: Final = 60.0
MESSAGE: Final = 1_000_000
IMPORTED: Final = (
    "bot.app",
    "bot.check.runner",
    "bot.cli.main",
    "bot.config.loader",
    "rich.console",
    "uvloop",
)


def run_command(
    module: str, arguments: Sequence[str], *, folder: Path, env: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    """Run `python -m module` with nothing on its input, and return what it wrote and its exit code."""
    call = {"module": module, "arguments": [*arguments], "folder": str(folder), "env": {**env}}
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        server = _start()
        socket.send_fds(server, [json.dumps(call).encode()], [output.fileno(), errors.fileno()])
        code = int(server.recv(MESSAGE))
        return subprocess.CompletedProcess([module, *arguments], code, _read(output), _read(errors))


@cache
def _start() -> socket.socket:
    """Start the process that imports. It ends when this one does."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    ours.settimeout(SECONDS)
    with theirs:
        process = subprocess.Popen(
            [sys.executable, __file__, str(theirs.fileno())], pass_fds=[theirs.fileno()]
        )

    def end() -> None:
        ours.close()
        process.wait()

    atexit.register(end)
    return ours


def _read(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode()


def _serve(calls: socket.socket) -> None:
    for module in IMPORTED:
        import_module(module)
    assert threading.active_count() == 1  # a fork has none of the others
    while True:
        message, files, _, _ = socket.recv_fds(calls, MESSAGE, 2)
        if not message:
            return
        child = os.fork()
        if child == 0:
            calls.close()
            _run(files, **json.loads(message))
        for file in files:
            os.close(file)
        _, status = os.waitpid(child, 0)
        calls.send(str(os.waitstatus_to_exitcode(status)).encode())


def _run(
    files: Sequence[int], *, module: str, arguments: list[str], folder: str, env: dict[str, str]
) -> NoReturn:
    signal.alarm(int(SECONDS))
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for ours, file in enumerate(files, start=1):
        os.dup2(file, ours)
        os.close(file)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(env)
    sys.argv = [module, *arguments]
    code: Any = 0
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    except SystemExit as end:
        code = end.code
    except BaseException:  # noqa: BLE001 - as Python does
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code if isinstance(code, int) else 0)


if __name__ == "__main__":
    with socket.socket(fileno=int(sys.argv[1])) as served:
        _serve(served)
