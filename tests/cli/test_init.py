"""`discount-bot init` as a process: with answers from a pipe, and at a terminal."""

import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from bot.config.loader import load_usable
from bot.config.settings import environment
from bot.domain.ids import ChannelId, UserId
from tests.support.forking import PROGRAM_SECONDS

COMMAND: Final = [sys.executable, "-m", "bot", "init"]
# what opens a terminal as the first of its session is ended by the terminal's Ctrl-C
IN_TERMINAL: Final = ["/bin/sh", "-c", 'exec "$@" <"$TTY" >"$TTY" 2>&1', "sh", *COMMAND]
SLACK: Final = ("xoxb-secret-1", "xapp-secret-2")
DINTERO: Final = ("T12345678", "client", "secret-3")
POLICY: Final = ("C0SHOP", "U0ANN", "U0ANN, U0BO U0CAL", "SEK", "Europe/Stockholm")
FILES: Final = {".env", "policy.toml", "manifest.yml"}


def call(folder: Path, *answers: str) -> subprocess.CompletedProcess[str]:
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("SLACK_", "DINTERO_"))}
    lines = "".join(f"{answer}\n" for answer in answers)
    return subprocess.run(
        COMMAND,
        cwd=folder,
        env=ours,
        input=lines,
        capture_output=True,
        text=True,
        timeout=PROGRAM_SECONDS,
        check=False,
    )


def test_good_answers_make_usable_files_of_ones_own_and_three_steps_are_left(tmp_path: Path) -> None:
    result = call(tmp_path, *SLACK, *DINTERO, *POLICY)
    assert (result.returncode, result.stderr) == (0, "")
    assert {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == dict.fromkeys(
        FILES, 0o600
    )
    env = environment(tmp_path, {})
    settings, policy = load_usable({**env, "POLICY_FILE": str(tmp_path / "policy.toml")})
    assert set(settings.secrets) == {*SLACK, "secret-3"}
    assert (policy.currency, policy.timezone, policy.admins) == (
        "SEK",
        "Europe/Stockholm",
        (UserId("U0ANN"),),
    )
    (channel,) = policy.channels.values()
    assert (channel.id, channel.approvers) == (ChannelId("C0SHOP"), ("U0ANN", "U0BO", "U0CAL"))
    assert [step.split()[-1] for step in result.stdout.splitlines()[-2:]] == ["check", "run"]
    assert "secret" not in result.stdout.replace("signing secret", "").replace("the secret of", "")


def test_answers_that_are_left_out_are_named_as_the_next_step(tmp_path: Path) -> None:
    result = call(tmp_path, *([""] * 11))
    assert result.returncode == 0
    assert {path.name for path in tmp_path.iterdir()} == FILES
    assert "1. Fill in .env: SLACK_BOT_TOKEN, SLACK_APP_TOKEN or" in result.stdout
    assert "Put your own IDs into policy.toml." in result.stdout


@pytest.mark.parametrize(
    ("answers", "fault", "kept"),
    [
        (
            ["xoxp-secret-1"],
            "SLACK_BOT_TOKEN: doesn't look like a Slack token. Use the token that starts with xoxb-",
            "",
        ),
        ([*SLACK, *DINTERO, "#shop"], "not a channel ID. Write [channels.C0123456789]", "xapp-secret-2"),
        ([*SLACK, *DINTERO, "C0SHOP", "U0ANN", "U0ANN"], "Name two people or a user group", "xapp-secret-2"),
        (SLACK, "no answer; the input has ended", ""),
    ],
)
def test_a_wrong_answer_is_refused_and_loses_no_file_before_it(
    tmp_path: Path, answers: list[str], fault: str, kept: str
) -> None:
    result = call(tmp_path, *answers)
    assert (result.returncode, fault in result.stderr, "Traceback" in result.stderr) == (2, True, False)
    assert {path.name for path in tmp_path.iterdir()} == {"manifest.yml", *([".env"] if kept else [])}
    assert not kept or kept in (tmp_path / ".env").read_text()
    assert "xoxp-secret-1" not in result.stdout + result.stderr


def test_no_file_is_ever_overwritten_and_the_others_are_made(tmp_path: Path) -> None:
    (tmp_path / ".env").symlink_to("elsewhere")
    (tmp_path / "manifest.yml").write_text("mine")
    result = call(tmp_path, *POLICY)
    assert result.returncode == 0
    assert ".env exists and is left unchanged." in result.stdout
    assert (tmp_path / "manifest.yml").read_text() == "mine"
    assert {path.name for path in tmp_path.iterdir()} == FILES
    assert not (tmp_path / "elsewhere").exists()


def test_at_a_terminal_it_asks_again_and_shows_no_secret(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    environ = {**os.environ, "TTY": os.ttyname(theirs)}
    answers = ("xoxb", "xoxb-secret-1", "xapp-secret-2", "T1", *DINTERO, *POLICY)
    seen = ""
    with subprocess.Popen(IN_TERMINAL, cwd=tmp_path, env=environ, start_new_session=True) as process:
        try:
            for answer in answers:
                while not seen.endswith(": "):
                    seen += os.read(ours, 4096).decode()
                os.write(ours, f"{answer}\n".encode())
                seen += os.read(ours, 1).decode()
            assert process.wait(timeout=PROGRAM_SECONDS) == 0
            os.set_blocking(ours, False)
            seen += os.read(ours, 65536).decode()
        finally:
            process.kill()
            os.close(theirs)
            os.close(ours)
    assert "SLACK_BOT_TOKEN: doesn't look like" in seen
    assert "DINTERO_ACCOUNT_ID: isn't valid. Use T or P and 8 digits" in seen
    assert "T12345678" in seen
    assert [secret for secret in (*SLACK, "secret-3") if secret in seen] == []
    assert "3. discount-bot run" in seen
