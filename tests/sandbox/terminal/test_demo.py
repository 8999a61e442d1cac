"""`discount-bot sandbox --terminal` as a program of its own."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Final

from tests.support.forking import PROGRAM_SECONDS

COMMAND: Final = [sys.executable, "-m", "bot", "sandbox", "--terminal"]
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


def test_the_journey_is_played_whatever_credentials_are_set(tmp_path: Path) -> None:
    env = {**os.environ, **REAL, "TMPDIR": str(tmp_path)}
    played = subprocess.run(
        COMMAND,
        stdin=subprocess.DEVNULL,
        env=env,
        capture_output=True,
        text=True,
        timeout=PROGRAM_SECONDS,
        check=False,
    )
    assert (played.returncode, played.stderr) == (0, "")
    told = [
        "Nobody has a discount yet.",
        'Ann (support) types in #loyalty-support:  /discount add "100 kr off" kari-1001 ola-1002 liv-1003',
        "[1] Rule: 100 kr off",
        "[2] Request approval",
        "[1] Approve…  [2] Reject…",
        "Bo, a lead, opens the approval",
        "connection lost",
        "already had it",
        "Given to 3 of 3 customers",
        "─ #campaigns ─",
        "─ direct message to Ann ─",
        "│ liv-1003  │ “100 kr off” │",
    ]
    places = [played.stdout.find(sentence) for sentence in told]
    assert [sentence for sentence, place in zip(told, places, strict=True) if place < 0] == []
    assert places == sorted(places)
    assert "real" not in played.stdout.replace("bot is real", "").replace("real customer", "")
    assert list(tmp_path.iterdir()) == []


def test_a_signal_ends_it_without_a_traceback_and_leaves_nothing_behind(tmp_path: Path) -> None:
    env = {**os.environ, "TMPDIR": str(tmp_path)}
    with subprocess.Popen(COMMAND, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline()
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=PROGRAM_SECONDS)
    assert (process.returncode, errors) == (0, b"")
    assert list(tmp_path.iterdir()) == []
