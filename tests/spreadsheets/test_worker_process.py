"""A worker process gets nothing of the bot's, runs no foreign code, and reaches nothing outside its job."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from bot.spreadsheets import worker_process
from bot.spreadsheets.reader.reader import Reader
from bot.spreadsheets.worker_process import KEPT_VARIABLES
from tests.spreadsheets.reader.test_reader import source

SHADOWED = ("bot", "csv", "heapq", "isal", "json", "re", "runpy", "sitecustomize", "struct", "usercustomize")
"""Modules that the process imports, or that Python imports when it starts."""


@pytest.mark.parametrize("secret", ["SLACK_BOT_TOKEN", "DINTERO_CLIENT_SECRET", "AUDIT_KEY", "DATABASE_URL"])
def test_the_process_gets_no_secret(secret: str) -> None:
    assert secret not in KEPT_VARIABLES


@pytest.mark.parametrize("python_path", [None, "", ":", "."])
async def test_nothing_is_imported_from_the_working_directory(
    python_path: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in SHADOWED:
        (tmp_path / f"{name}.py").write_text("raise SystemExit('imported from the working directory')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend("")
    if python_path is not None:
        monkeypatch.setenv("PYTHONPATH", python_path)
    read_result = await Reader().read([source(b"kundenr\na1\n")])
    assert read_result.everybody.unpacked() == ("a1",)


async def test_a_process_taken_over_opens_no_file_connection_or_process() -> None:
    async def job() -> AsyncGenerator[bytes]:
        yield json.dumps({"memory": 1024**3, "seconds": 10}).encode()

    async def answer(stream: asyncio.StreamReader) -> list[str]:
        return list(json.loads(await worker_process.receive(stream)))

    succeeded = await worker_process.run("tests.spreadsheets.confined_module", job(), answer)
    assert succeeded == (["a process"] if os.geteuid() == 0 else [])  # no limit of processes binds root


@pytest.mark.skipif(sys.platform != "linux", reason="others protect a process's memory by default")
def test_no_process_of_the_same_user_can_read_the_bots_memory() -> None:
    dumpable = "import ctypes; print(ctypes.CDLL(None).prctl(3))"
    code = f"from bot.cli.main import protect; protect(); {dumpable}"
    found = [
        subprocess.run([sys.executable, "-c", each], check=True, capture_output=True, text=True).stdout
        for each in (dumpable, code)
    ]
    assert found == ["1\n", "0\n"]
