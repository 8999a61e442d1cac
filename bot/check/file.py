"""Checks an SQLite file without a change to it, or where it will be made."""

import os

from bot.background.workflows import sqlite_files
from bot.check.result import CheckFailed, CheckResult
from bot.check.schemas import read_schemas
from bot.database.migrate import refuse_hard_links
from bot.database.sqlite import is_log_alone


def file_result(database_url: str) -> CheckResult:
    """Check that the bot's file and the durable engine's can be used, or made.

    Raises:
        CheckFailed, DatabaseUnavailable: they cannot.
    """
    ours, engines = sqlite_files(database_url)
    folder = ours.resolve().parent
    if not folder.is_dir():
        raise CheckFailed(f"the folder {folder} doesn't exist", advice="Make it, or correct DATABASE_URL.")
    for path in (folder, ours, engines):
        if path.exists() and not os.access(path, os.R_OK | os.W_OK | (os.X_OK if path.is_dir() else 0)):
            fix = f"Let the bot's user read and write {folder} and its files, or correct DATABASE_URL."
            raise CheckFailed(f"this user can't read and write {path}", advice=fix)
    if not ours.exists():
        return CheckResult("database", f"{ours.name} doesn't exist yet; run will make it in {folder}")
    if not ours.is_file():
        raise CheckFailed(f"{ours} isn't a file", advice="Set DATABASE_URL to a file.")
    refuse_hard_links(ours)
    for path in filter(is_log_alone, (ours, engines)):
        problem = f"{path}-wal has changes that are not in {path.name} yet, although no program has it open"
        fix = "Keep the two files together: the next start adds the changes."
        return CheckResult("database", problem, fix, is_warning=True)
    return read_schemas(database_url).result(f"{ours.name} is readable and writable")
