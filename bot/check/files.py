"""Checks who can read the files that hold secrets or customers, and who can write the policy."""

import os
from pathlib import Path
from typing import Final

from bot.background.durable_engine import sqlite_files
from bot.check.result import CheckResult
from bot.config.settings import ENV_FILE, Settings
from bot.database.connection import is_sqlite, parse_url

BESIDE: Final = ("", "-wal", "-shm", "-journal", ".lock")
"""What SQLite and the bot keep beside a database."""
READABLE: Final = 0o077
WRITABLE: Final = 0o022


def check_files(settings: Settings) -> list[CheckResult]:
    """Warn about files that other people on the machine can read, and of a policy that they can write."""
    if os.name == "nt":  # which has no such modes
        return []
    open_files = [path for path in (ENV_FILE, *_database_files(settings)) if _mode(path) & READABLE]
    policy = Path(settings.policy_file)
    results = []
    if open_files:
        names = " ".join(str(path) for path in open_files)
        detail = f"other people on this machine can read {names}"
        results.append(CheckResult("files", detail, f"chmod 600 {names}", is_warning=True))
    if _mode(policy) & WRITABLE:
        detail = f"other people on this machine can change {policy}, which decides who may give discounts"
        results.append(CheckResult("policy", detail, f"chmod go-w {policy}", is_warning=True))
    return results


def _database_files(settings: Settings) -> list[Path]:
    url = settings.database_url.get_secret_value()
    if not is_sqlite(parse_url(url)):
        return []
    return [Path(f"{file}{end}") for file in sqlite_files(url) for end in BESIDE]


def _mode(path: Path) -> int:
    try:
        return path.stat().st_mode
    except OSError:
        return 0
