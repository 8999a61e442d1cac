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
        raise CheckFailed(f"there is no folder {folder}", advice="Make it, or correct DATABASE_URL.")
    for path in (folder, ours, engines):
        if path.exists() and not os.access(path, os.R_OK | os.W_OK | (os.X_OK if path.is_dir() else 0)):
            fix = f"Let the bot's user read and write {folder} and the files in it, or correct DATABASE_URL."
            raise CheckFailed(f"{path} cannot be read and written by this user", advice=fix)
    if not ours.exists():
        where = f"{ours.name} will be made at the first start in {folder}, which can be written to"
        return CheckResult("database", where)
    if not ours.is_file():
        raise CheckFailed(f"{ours} is no file", advice="Name a file in DATABASE_URL.")
    refuse_hard_links(ours)
    for path in filter(is_log_alone, (ours, engines)):
        problem = f"{path}-wal has changes that are not in {path.name} yet, and nobody has it open"
        fix = "Keep the two files together: the next start takes the changes up."
        return CheckResult("database", problem, fix, is_warning=True)
    return read_schemas(database_url).result(f"{ours.name} can be read and written")
