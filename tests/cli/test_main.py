"""The commands as separate processes: output, exit codes, and the choice of `make run`."""

import json
import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Final

import pytest

from bot.cli.launcher import command_for
from bot.config.settings import missing_credentials
from bot.errors import ConfigError
from tests.support.forking import PROGRAM_SECONDS, run_command

CREDENTIALS: Final = {
    "SLACK_BOT_TOKEN": "xoxb-secret-1",
    "SLACK_SIGNING_SECRET": "secret-2",
    "DINTERO_ACCOUNT_ID": "T12345678",
    "DINTERO_CLIENT_ID": "client",
    "DINTERO_CLIENT_SECRET": "secret-3",
}
NOWHERE: Final = {
    "SLACK_API_URL": "http://127.0.0.1:9/api/",
    "DINTERO_API_URL": "http://127.0.0.1:9/v1",
    "PORT": "0",
}
"""Addresses at which nobody listens, and any free port."""


def call(folder: Path, *arguments: str, module: str = "bot", **env: str) -> subprocess.CompletedProcess[str]:
    ours = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("SLACK_", "DINTERO_", "POLICY_", "DATABASE_"))
    }
    return run_command(module, arguments, folder=folder, env={**ours, **env})


def test_help_names_every_command(tmp_path: Path) -> None:
    result = call(tmp_path, "--help")
    assert result.returncode == 0
    assert [
        name
        for name in ("run", "check", "status", "init", "sandbox", "migrate", "audit", "purge")
        if name not in result.stdout
    ] == []


@pytest.mark.parametrize("option", ["--help", "--version"])
def test_help_and_version_load_no_library_that_takes_long(option: str) -> None:
    command = [sys.executable, "-X", "importtime", "-m", "bot", option]
    loaded = subprocess.run(command, capture_output=True, text=True, check=True).stderr
    names = {line.rpartition("|")[2].strip() for line in loaded.splitlines()}
    assert "bot.cli.main" in names
    assert {"asyncio", "click", "pydantic", "rich", "sqlalchemy", "uvloop"} & names == set()


def test_the_version_is_that_of_the_installed_package(tmp_path: Path) -> None:
    assert call(tmp_path, "--version").stdout == f"discount-bot {version('discount-bot')}\n"


def test_the_shell_completes_commands_and_prints_no_secret(tmp_path: Path) -> None:
    words = {"COMP_WORDS": "discount-bot audit v", "COMP_CWORD": "2"}
    result = call(tmp_path, _DISCOUNT_BOT_COMPLETE="complete_bash", **words, **CREDENTIALS)
    assert (result.returncode, result.stdout, result.stderr) == (0, "verify\n", "")


@pytest.mark.parametrize("arguments", [["unknown"], ["run", "--fast"], ["migrate", "now"]])
def test_unusable_arguments_exit_with_2(tmp_path: Path, arguments: list[str]) -> None:
    assert call(tmp_path, *arguments).returncode == 2


def test_run_without_credentials_lists_the_missing_ones_and_starts_no_sandbox(tmp_path: Path) -> None:
    result = call(tmp_path, "run")
    assert result.returncode == 2
    assert result.stdout == ""
    assert [name for name in CREDENTIALS if name not in result.stderr] == []
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("module", "arguments", "env", "event"),
    [
        ("bot", ["run"], {}, "SLACK_BOT_TOKEN: not set"),
        ("bot", ["migrate"], {"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"}, "PostgreSQL: "),
        ("bot.cli.launcher", [], {"DINTERO_CLIENT_ID": "client"}, "SLACK_BOT_TOKEN: not set"),
    ],
)
def test_a_refusal_to_start_is_one_json_object_if_the_log_is(
    tmp_path: Path, module: str, arguments: list[str], env: dict[str, str], event: str
) -> None:
    result = call(tmp_path, *arguments, module=module, **env, LOG_FORMAT="json")
    assert result.returncode != 0
    (line,) = map(json.loads, result.stderr.splitlines())
    assert event in line["event"]
    assert "\n" not in line["event"] or "faults" in line
    assert line["timestamp"].endswith("Z")
    assert (line["level"], bool(line["advice"]), bool(line["timestamp"])) == ("error", True, True)


@pytest.mark.parametrize("module", ["bot", "bot.cli.launcher"])
def test_an_env_file_that_cannot_be_read_is_named_in_one_line(tmp_path: Path, module: str) -> None:
    (tmp_path / ".env").symlink_to(".env")  # refused to root too, as mode 000 is to others
    result = call(tmp_path, *(["status"] if module == "bot" else []), module=module, LOG_FORMAT="json")
    (line,) = map(json.loads, result.stderr.splitlines())
    assert result.returncode == 2
    assert line["event"].startswith(".env: ")
    assert line["event"].endswith(". Let the bot's user read it.")
    assert "sandbox" not in line["advice"]


def test_run_lists_policy_faults_and_no_secret(tmp_path: Path) -> None:
    (tmp_path / "policy.toml").write_text('currency = "nok"\nwhat = 1\n')
    result = call(tmp_path, "run", **CREDENTIALS)
    assert result.returncode == 2
    assert "policy.toml, line 1: currency: " in result.stderr
    assert "policy.toml, line 2: what: unknown key" in result.stderr
    assert "secret-" not in result.stderr


def test_run_lists_settings_and_policy_faults_together(tmp_path: Path) -> None:
    (tmp_path / "policy.toml").write_text("what = 1\n")
    result = call(tmp_path, "run", PORT="many")
    assert [
        word
        for word in ("PORT: ", "SLACK_BOT_TOKEN: ", "policy.toml, line 1: what: ", "currency: missing")
        if word not in result.stderr
    ] == []


def test_check_with_unusable_settings_exits_with_2(tmp_path: Path) -> None:
    result = call(tmp_path, "check")
    assert result.returncode == 2
    assert "✗ settings – SLACK_BOT_TOKEN: not set" in result.stdout


def test_check_exits_with_1_if_a_check_fails(tmp_path: Path) -> None:
    (tmp_path / "policy.toml").write_text('currency = "NOK"\ntimezone = "Europe/Oslo"\n')
    result = call(tmp_path, "check", **CREDENTIALS, **NOWHERE)
    assert result.returncode == 1
    assert "✓ policy" in result.stdout
    assert "✗ Slack bot token" in result.stdout
    assert "✗ Dintero sign-in" in result.stdout
    assert "✗ 2 problems and 1 warning: discount-bot run would wait." in result.stdout.splitlines()[-1]


@pytest.mark.parametrize(
    ("arguments", "unbuffered"), [(["status"], "1"), (["audit", "export", "--format", "csv"], "")]
)
def test_output_that_nobody_reads_ends_the_command_quietly(
    tmp_path: Path, arguments: list[str], unbuffered: str
) -> None:
    call(tmp_path, "migrate")
    read, write = os.pipe()
    os.close(read)
    command = [sys.executable, "-m", "bot", *arguments]
    env = {**os.environ, **CREDENTIALS, **NOWHERE, "PYTHONUNBUFFERED": unbuffered}
    with os.fdopen(write) as closed:
        result = subprocess.run(
            command,
            cwd=tmp_path,
            env=env,
            stdout=closed,
            stderr=subprocess.PIPE,
            timeout=PROGRAM_SECONDS,
            check=False,
        )
    assert (result.returncode, result.stderr) == (141, b"")


def test_check_says_where_each_value_came_from(tmp_path: Path) -> None:
    (tmp_path / "policy.toml").write_text('currency = "NOK"\ntimezone = "Europe/Oslo"\nadmins = ["U1"]\n')
    (tmp_path / ".env").write_text("DINTERO_ACCOUNT_ID=T87654321\nLOG_LEVEL=debug\nOTHER=1\n")
    (tmp_path / ".env").chmod(0o600)
    lines = call(tmp_path, "check", **CREDENTIALS, **NOWHERE).stdout.splitlines()
    assert f"✓ settings from {tmp_path}/.env – LOG_LEVEL" in lines
    (environment,) = [line for line in lines if line.startswith("✓ settings from the environment – ")]
    assert [name for name in {**CREDENTIALS, **NOWHERE} if name not in environment] == []
    (warning,) = [line for line in lines if line.startswith("⚠ ")]
    assert warning.startswith(
        "⚠ setting DINTERO_ACCOUNT_ID – has two values; the one in the environment counts"
    )
    wrong = call(tmp_path, "check", PORT="many").stdout
    assert "Change it in the environment." in wrong
    (missing,) = [line for line in wrong.splitlines() if "SLACK_BOT_TOKEN: not set" in line]
    assert missing.endswith(f"Set it in the environment or in {tmp_path}/.env.")


def test_status_exits_with_1_if_something_needs_a_person_and_makes_no_file(tmp_path: Path) -> None:
    result = call(tmp_path, "status", **CREDENTIALS, **NOWHERE)
    assert (result.returncode, result.stderr) == (1, "")
    assert "✗ database  no bot has used it yet" in result.stdout
    said = json.loads(call(tmp_path, "status", "--json", **CREDENTIALS, **NOWHERE).stdout)
    assert (said["ok"], said["slack"]["ok"], said["counts"]) == (False, False, None)
    assert list(tmp_path.iterdir()) == []


def test_status_with_unusable_settings_exits_with_2_and_names_init(tmp_path: Path) -> None:
    result = call(tmp_path, "status", PORT="many")
    assert (result.returncode, "run discount-bot init to make one" in result.stderr) == (2, True)


@pytest.mark.parametrize("since", ["nonsense", "2026-13-01"])
def test_a_date_that_is_none_is_answered_with_the_forms_it_may_have(tmp_path: Path, since: str) -> None:
    result = call(tmp_path, "audit", "export", "--since", since)
    assert (result.returncode, "like 2026-11-30" in result.stderr) == (2, True)
    assert "Value error" not in result.stderr


def test_check_makes_no_file(tmp_path: Path) -> None:
    (tmp_path / "policy.toml").write_text('currency = "NOK"\ntimezone = "Europe/Oslo"\n')
    result = call(tmp_path, "check", **CREDENTIALS, **NOWHERE)
    assert f"✓ database – discount-bot.db doesn't exist yet; run will make it in {tmp_path}" in result.stdout
    assert [path.name for path in tmp_path.iterdir()] == ["policy.toml"]


def test_migrate_needs_no_credentials_and_can_be_repeated(tmp_path: Path) -> None:
    assert "Database updated to schema" in call(tmp_path, "migrate").stdout
    again = call(tmp_path, "migrate")
    assert (again.returncode, (tmp_path / "discount-bot.db").exists()) == (0, True)
    assert "already" in again.stdout


def test_migrate_with_an_invalid_database_url_exits_with_2(tmp_path: Path) -> None:
    result = call(tmp_path, "migrate", DATABASE_URL="mysql://me:secret@db")
    assert (result.returncode, "secret" in result.stderr) == (2, False)


@pytest.mark.parametrize(
    ("url", "advice"),
    [
        (
            "postgresql://me:secret@127.0.0.1:9/db",
            "Check DATABASE_URL, and that PostgreSQL is running for db at 127.0.0.1",
        ),
        ("sqlite:///none/bot.db", "/none exists, that the bot's user can read and write it and bot.db"),
    ],
)
def test_an_unreachable_database_exits_with_1_and_advice_to_the_operator(
    tmp_path: Path, url: str, advice: str
) -> None:
    result = call(tmp_path, "migrate", DATABASE_URL=url)
    assert (result.returncode, advice in result.stderr) == (1, True)
    words = ("secret", "Traceback", "connection is bad", "whoever runs", "in a minute")
    assert [word for word in words if word in result.stderr] == []


def test_an_old_sqlite_is_told_once_without_asking_for_a_file(tmp_path: Path) -> None:
    program = (
        "import sqlite3; sqlite3.sqlite_version_info = (3, 34, 1); from bot.cli.main import main; main()"
    )
    result = subprocess.run(
        [sys.executable, "-c", program, "migrate"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert result.returncode == 2
    assert result.stderr.startswith("DATABASE_URL: SQLite 3.34.1 is too old. Use a Python with SQLite 3.35")
    assert "sqlite:///" not in result.stderr


def test_make_warns_of_an_old_sqlite_and_goes_on(tmp_path: Path) -> None:
    for name in ("pyproject.toml", "constraints.txt"):
        (tmp_path / name).touch()
    python = tmp_path / "python"
    python.write_text('#!/bin/sh\ncase "$*" in *sqlite_version_info*) exit 1;; *venv*) exit 3;; esac\n')
    python.chmod(0o700)
    command = ["make", "-f", str(Path("Makefile").resolve()), "setup", f"PYTHON={python}"]
    said = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False).stdout
    assert "older than 3.35: set DATABASE_URL to a PostgreSQL, or make setup PYTHON=" in said
    assert "Making .venv" in said


@pytest.mark.parametrize(("env", "command"), [({}, "sandbox"), (CREDENTIALS, "run")])
def test_make_run_starts_the_bot_with_credentials_and_the_sandbox_without(
    env: dict[str, str], command: str
) -> None:
    assert command_for(missing_credentials(env)) == command


@pytest.mark.parametrize("name", CREDENTIALS)
def test_with_only_some_credentials_the_error_lists_the_missing_ones(name: str) -> None:
    with pytest.raises(ConfigError) as unusable:
        command_for(missing_credentials({name: CREDENTIALS[name]}))
    faults = "\n".join(unusable.value.faults)
    assert [other for other in CREDENTIALS if (other in faults) is (other == name)] == []


def test_make_run_with_only_some_credentials_exits_with_2(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("DINTERO_CLIENT_SECRET=secret-3\n")
    result = call(tmp_path, module="bot.cli.launcher")
    assert (result.returncode, result.stdout) == (2, "")
    assert "SLACK_APP_TOKEN or SLACK_SIGNING_SECRET" in result.stderr
    assert "secret-3" not in result.stderr


def test_make_run_with_all_credentials_starts_the_bot(tmp_path: Path) -> None:
    result = call(tmp_path, module="bot.cli.launcher", **CREDENTIALS)
    assert result.returncode == 2
    assert "Run discount-bot init to make one" in result.stderr


@pytest.mark.parametrize("arguments", [["migrate"], ["purge"], ["audit", "verify"], ["audit", "export"]])
def test_no_command_makes_files_that_others_can_read(tmp_path: Path, arguments: list[str]) -> None:
    (tmp_path / "policy.toml").write_text('currency = "NOK"\ntimezone = "Europe/Oslo"\n')
    before = set(tmp_path.rglob("*"))
    old = os.umask(0o000)
    try:
        if arguments[0] in {"audit", "purge"}:
            call(tmp_path, "migrate")
        call(tmp_path, *arguments, **CREDENTIALS, **NOWHERE)
    finally:
        os.umask(old)
    made = set(tmp_path.rglob("*")) - before
    assert made
    assert [path.name for path in made if path.stat().st_mode & 0o077] == []
