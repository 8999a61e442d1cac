"""`discount-bot sandbox` as a program of its own, with a terminal and without one."""

import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

COMMAND: Final = [sys.executable, "-m", "bot", "sandbox"]
# what opens a terminal as the first of its session is ended by the terminal's Ctrl-C
IN_TERMINAL: Final = ["/bin/sh", "-c", 'exec "$@" <"$TTY" >"$TTY" 2>&1', "sh", *COMMAND]
NOWHERE: Final = "http://127.0.0.1:9"
REAL: Final = {
    "SLACK_BOT_TOKEN": "xoxb-real",
    "SLACK_APP_TOKEN": "xapp-real",
    "SLACK_SIGNING_SECRET": "real-secret",
    "SLACK_API_URL": f"{NOWHERE}/api/",
    "DINTERO_ACCOUNT_ID": "P12345678",
    "DINTERO_CLIENT_ID": "real-client",
    "DINTERO_CLIENT_SECRET": "real-secret",
    "DINTERO_API_URL": f"{NOWHERE}/v1",
    "DATABASE_URL": "postgresql://me:secret@127.0.0.1:9/real",
    "HTTP_PROXY": NOWHERE,
    "HTTPS_PROXY": NOWHERE,
    "ALL_PROXY": NOWHERE,
}
"""An environment with credentials, in which every way out leads nowhere."""


def test_without_a_terminal_the_demo_runs_whatever_credentials_are_set(
    tmp_path: Path,
) -> None:
    env = {**os.environ, **REAL, "TMPDIR": str(tmp_path)}
    played = subprocess.run(
        COMMAND, stdin=subprocess.DEVNULL, env=env, capture_output=True, text=True, timeout=60, check=False
    )
    assert (played.returncode, played.stderr) == (0, "")
    told = [
        "Nobody holds a discount yet.",
        'Ann (support) types in #loyalty-support:  /discount add "Spar 100,-" kari-1001 ola-1002 liv-1003',
        "[1] Rule: Spar 100,-",
        "Account: TEST – no real customer gets this",
        "[1] Approve…  [2] Reject…  [3] Cancel request",
        "Bo (a lead) presses Approve…",
        "no answer: cut off",
        "they had it already",
        "Given to 3 of 3 customers",
        "─ #campaigns ─",
        "─ direct message to Ann ─",
        "│ liv-1003  │ “Spar 100,-” │",
    ]
    places = [played.stdout.find(sentence) for sentence in told]
    assert [sentence for sentence, place in zip(told, places, strict=True) if place < 0] == []
    assert places == sorted(places)
    assert "real" not in played.stdout.replace("real one", "").replace("real customer", "")
    assert list(tmp_path.iterdir()) == []


def test_at_a_terminal_ids_typed_by_hand_are_seen_in_the_ledger(tmp_path: Path) -> None:
    with terminal(tmp_path) as at:
        at.waits_for("Now it is yours")
        at.types("/discount add", then="in “Give a discount” > ")
        at.types("1 Spar 100", then="[1] Rule: Spar 100,-")
        at.types("2 my-first, my-second", then="[2] Customer IDs (optional): my-first, my-second")
        at.types("review", then="[1] Ask for approval")
        at.types("1", then="[5] Approve…")
        at.types("as bo", then="Bo, in #loyalty-support > ")
        at.types("cut after", then="is cut after Dintero has done")
        at.types("5", then="[1] Approve ")
        at.types("1", then="Given to 2 of 2 customers")
        at.types("ledger", then="│ my-second │ “Spar 100,-” │")
        at.types("quit", then="everything of this try-out is gone again")
        assert at.ends() == 0
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("how", ["ctrl-d", "ctrl-c", "ctrl-c in the middle of the journey", "sigterm"])
def test_it_ends_without_a_traceback_and_leaves_nothing_behind(tmp_path: Path, how: str) -> None:
    with terminal(tmp_path) as at:
        at.waits_for("Nobody holds" if "journey" in how else "Ann, in #loyalty-support > ")
        if how == "sigterm":
            at.process.send_signal(signal.SIGTERM)
        else:
            at.presses(b"\x04" if how == "ctrl-d" else b"half a line\x03")
        at.waits_for("everything of this try-out is gone again")
        assert at.ends() == 0
        assert "Traceback" not in at.seen
    assert list(tmp_path.iterdir()) == []


class Terminal:
    """A terminal with the try-out in it."""

    def __init__(self, process: subprocess.Popen[bytes], end: int) -> None:
        self.process = process
        self._end = end
        self._raw = b""
        self._read_to = 0

    @property
    def seen(self) -> str:
        """All that has come so far, without colours."""
        return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", self._raw.decode(errors="ignore"))

    def waits_for(self, text: str, within: float = 40) -> None:
        """Read on until a text comes that was not there before."""
        until = time.monotonic() + within
        while (place := self.seen.find(text, self._read_to)) < 0:
            if not self._reads(until - time.monotonic()):
                self.process.send_signal(signal.SIGABRT)  # Python tells where it was
                while self._reads(1):
                    pass
                pytest.fail(f"no {text!r} in:\n{self.seen[self._read_to :]}")
        self._read_to = place + len(text)

    def _reads(self, within: float) -> bool:
        there = bool(select.select([self._end], [], [], max(within, 0))[0])
        if there:
            self._raw += os.read(self._end, 65536)
        return there

    def types(self, line: str, *, then: str) -> None:
        self.presses(line.encode() + b"\r")
        self.waits_for(then)

    def presses(self, keys: bytes) -> None:
        os.write(self._end, keys)

    def ends(self) -> int:
        return self.process.wait(timeout=30)


@contextmanager
def terminal(folder: Path) -> Iterator[Terminal]:
    ours, theirs = pty.openpty()
    env = {
        **os.environ,
        "TMPDIR": str(folder),
        "TERM": "xterm",
        "COLUMNS": "120",
        "LINES": "60",
        "PYTHONFAULTHANDLER": "1",
    }
    process = subprocess.Popen(IN_TERMINAL, env={**env, "TTY": os.ttyname(theirs)}, start_new_session=True)
    try:
        yield Terminal(process, ours)
    finally:
        process.kill()
        process.wait()
        os.close(theirs)
        os.close(ours)
