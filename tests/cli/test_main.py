"""The program from outside: its commands, its exit codes, and what `make run` chooses."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from bot.cli.launcher import command_for
from bot.config.settings import credentials_state
from bot.errors import ConfigError

CREDENTIALS: Final = {
    "SLACK_BOT_TOKEN": "xoxb-secret-1",
    "SLACK_SIGNING_SECRET": "secret-2",
    "DINTERO_ACCOUNT_ID": "T12345678",
    "DINTERO_CLIENT_ID": "client",
    "DINTERO_CLIENT_SECRET": "secret-3",
}


def call(folder: Path, *arguments: str, module: str = "bot", **env: str) -> subprocess.CompletedProcess[str]:
    ours = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("SLACK_", "DINTERO_", "POLICY_", "DATABASE_"))
    }
    command = [sys.executable, "-m", module, *arguments]
    return subprocess.run(
        command, cwd=folder, env={**ours, **env}, capture_output=True, text=True, timeout=60, check=False
    )


def test_help_names_the_commands_that_exist(tmp_path: Path) -> None:
    shown = call(tmp_path, "--help")
    assert shown.returncode == 0
    assert [
        name for name in ("run", "check", "sandbox", "migrate", "audit", "purge") if name not in shown.stdout
    ] == []


@pytest.mark.parametrize("arguments", [["unheard-of"], ["run", "--fast"], ["migrate", "now"]])
def test_unusable_arguments_are_2(tmp_path: Path, arguments: list[str]) -> None:
    assert call(tmp_path, *arguments).returncode == 2


def test_run_is_never_the_sandbox_and_lists_what_is_missing(tmp_path: Path) -> None:
    told = call(tmp_path, "run")
    assert told.returncode == 2
    assert told.stdout == ""
    assert [name for name in CREDENTIALS if name not in told.stderr] == []
    assert "Traceback" not in told.stderr


def test_run_lists_the_faults_of_the_policy_and_no_secret(tmp_path: Path) -> None:
    (tmp_path / "policy.toml").write_text('currency = "nok"\nwhat = 1\n')
    told = call(tmp_path, "run", **CREDENTIALS)
    assert told.returncode == 2
    assert "policy.toml, line 1: currency is" in told.stderr
    assert "policy.toml, line 2: what is no known key" in told.stderr
    assert "secret-" not in told.stderr


def test_run_lists_the_faults_of_settings_and_policy_together(tmp_path: Path) -> None:
    (tmp_path / "policy.toml").write_text("what = 1\n")
    told = call(tmp_path, "run", PORT="many")
    assert [
        word
        for word in ("PORT: ", "SLACK_BOT_TOKEN: ", "policy.toml, line 1: what", "currency is missing")
        if word not in told.stderr
    ] == []


def test_check_with_unusable_settings_is_2(tmp_path: Path) -> None:
    told = call(tmp_path, "check")
    assert told.returncode == 2
    assert "✗ settings – SLACK_BOT_TOKEN: is missing" in told.stdout


def test_check_is_1_where_a_check_fails(tmp_path: Path) -> None:
    (tmp_path / "policy.toml").write_text('currency = "NOK"\ntimezone = "Europe/Oslo"\n')
    nowhere = {"SLACK_API_URL": "http://127.0.0.1:9/api/", "DINTERO_API_URL": "http://127.0.0.1:9/v1"}
    told = call(tmp_path, "check", **CREDENTIALS, **nowhere)
    assert told.returncode == 1
    assert "✓ policy" in told.stdout
    assert "✗ Slack bot token" in told.stdout
    assert "✗ Dintero token" in told.stdout


def test_migrate_needs_no_credentials_and_can_be_repeated(tmp_path: Path) -> None:
    assert "was brought to" in call(tmp_path, "migrate").stdout
    again = call(tmp_path, "migrate")
    assert (again.returncode, (tmp_path / "discount-bot.db").exists()) == (0, True)
    assert "already" in again.stdout


def test_migrate_to_an_address_that_is_none_is_2(tmp_path: Path) -> None:
    told = call(tmp_path, "migrate", DATABASE_URL="mysql://me:secret@db")
    assert (told.returncode, "secret" in told.stderr) == (2, False)


def test_migrate_where_nothing_answers_is_1_with_advice(tmp_path: Path) -> None:
    told = call(tmp_path, "migrate", DATABASE_URL="postgresql://me:secret@127.0.0.1:9/db")
    assert (told.returncode, "secret" in told.stderr, "Traceback" in told.stderr) == (1, False, False)
    assert told.stderr


@pytest.mark.parametrize(("env", "command"), [({}, "sandbox"), (CREDENTIALS, "run")])
def test_what_is_set_decides_what_make_run_starts(env: dict[str, str], command: str) -> None:
    assert command_for(credentials_state(env)) == command


@pytest.mark.parametrize("name", CREDENTIALS)
def test_some_credentials_but_not_all_is_an_error_that_lists_what_is_missing(name: str) -> None:
    with pytest.raises(ConfigError) as unusable:
        command_for(credentials_state({name: CREDENTIALS[name]}))
    listed = "\n".join(unusable.value.faults)
    assert [other for other in CREDENTIALS if (other in listed) is (other == name)] == []


def test_make_run_with_some_credentials_is_2_and_starts_nothing(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("DINTERO_CLIENT_SECRET=secret-3\n")
    told = call(tmp_path, module="bot.cli.launcher")
    assert (told.returncode, told.stdout) == (2, "")
    assert "SLACK_APP_TOKEN or SLACK_SIGNING_SECRET" in told.stderr
    assert "secret-3" not in told.stderr


def test_make_run_with_all_credentials_is_the_bot(tmp_path: Path) -> None:
    told = call(tmp_path, module="bot.cli.launcher", **CREDENTIALS)
    assert told.returncode == 2
    assert "policy.example.toml" in told.stderr
