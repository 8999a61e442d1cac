"""Puts a backup of the SQLite files back; what it replaces stays beside it."""

import sqlite3
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from shutil import copyfile
from typing import Final

from bot.database.backup import (
    DATABASE,
    ENGINE,
    AuditEnd,
    Manifest,
    check_copy,
    errors_explained,
    read_manifest,
    require_room,
)
from bot.database.mapping import from_micros
from bot.database.schema import VERSION
from bot.database.sqlite import read_only_uri
from bot.errors import BackupError

SQLITE_SUFFIXES: Final = ("", "-wal", "-shm", "-journal")
"""The files of one SQLite database, by what follows its name."""

_CHANGED: Final = """
    SELECT latest.short, nullif(saved.state, 'draft'), latest.state FROM replaced.requests AS latest
    LEFT JOIN main.requests AS saved ON saved.id = latest.id
    WHERE latest.state != 'draft' AND latest.state IS NOT saved.state
    ORDER BY coalesce(latest.asked_at, latest.created_at), latest.short
"""
_ROWS_SINCE: Final = "SELECT count(*), max(at) FROM replaced.audit WHERE seq > ?"
_HASH: Final = "SELECT hash FROM replaced.audit WHERE seq = ?"
# Whatever waits to be said may have been said since: the bot then looks in Slack before it says it.
_MAY_BE_SAID: Final = "UPDATE outbox SET tried = 1 WHERE said_ts IS NULL AND given_up IS NULL"


@dataclass(frozen=True, slots=True)
class Change:
    """A request's state in the backup, None if it is not there, and its state in the replaced database."""

    short: str
    before: str | None
    after: str


@dataclass(frozen=True, slots=True)
class Difference:
    """What the replaced database had and the backup has not."""

    rows: int
    """Rows of the audit."""
    until: datetime | None
    """When the last of them was written."""
    requests: tuple["Change", ...]
    """Requests that were made or have moved on since, oldest first."""
    is_other: bool
    """Whether the backup was taken from another database."""


@dataclass(frozen=True, slots=True)
class RestoreResult:
    """A backup that was put back, and what it replaced."""

    manifest: Manifest
    replaced: Path | None
    """The folder with the files that were there; None if there were none."""
    difference: Difference | None
    """None if the replaced database could not be read."""


def restore_backup(folder: Path, database: Path, engine: Path, *, now: datetime) -> RestoreResult:
    """Check a backup, move the present files aside, and put copies of the saved ones in their place.

    No bot may run. After a crash in the middle it can simply be repeated. Raises BackupError.
    """
    manifest, places = read_manifest(folder), {DATABASE: database, ENGINE: engine}
    if manifest.schema > VERSION:
        raise BackupError(
            f"The backup's schema {manifest.schema} is newer than this program's ({VERSION}).",
            advice=f"Nothing was changed. Install discount-bot {manifest.version} or later.",
        )
    with errors_explained(database), ExitStack() as cleaning:
        require_room(database.absolute().parent, [folder / name for name in manifest.files])
        ready = {places[name]: _copy(folder / name, places[name], cleaning) for name in manifest.files}
        for name, saved in manifest.files.items():
            check_copy(ready[places[name]], saved, of=folder / name)
        with closing(sqlite3.connect(ready[database])) as connection, connection:
            connection.execute(_MAY_BE_SAID)
        difference = _difference(database, ready[database], manifest.audit)
        replaced = _move_aside(database, engine, now)
        for place, copy in ready.items():
            copy.rename(place)
    return RestoreResult(manifest, replaced, difference)


def _copy(saved: Path, place: Path, cleaning: ExitStack) -> Path:
    copy = place.with_name(f"{place.name}.restoring")
    copy.unlink(missing_ok=True)
    cleaning.callback(copy.unlink, missing_ok=True)
    copy.touch(mode=0o600)
    copyfile(saved, copy)
    return copy


def _move_aside(database: Path, engine: Path, now: datetime) -> Path | None:
    """Move all files of both databases into a new folder beside them."""
    files = (f.with_name(f"{f.name}{suffix}") for f in (database, engine) for suffix in SQLITE_SUFFIXES)
    present = [path for path in files if path.exists()]
    if not present:
        return None
    folder = database.with_name(f"{database.name}.replaced-{now:%Y-%m-%dT%H-%M-%SZ}")
    folder.mkdir(mode=0o700)
    for path in present:
        path.rename(folder / path.name)
    return folder


def _difference(database: Path, backup: Path, then: AuditEnd | None) -> Difference | None:
    """Compare the present database with the backup; None if it is not there, damaged, or not the bot's."""
    if not database.exists():
        return None
    try:
        with closing(sqlite3.connect(read_only_uri(backup.absolute()), uri=True)) as connection:
            connection.execute("ATTACH ? AS replaced", [read_only_uri(database.absolute())])
            return _compare(connection, then)
    except sqlite3.Error:
        return None


def _compare(connection: sqlite3.Connection, then: AuditEnd | None) -> Difference:
    seq, hash_ = (then.seq, then.hash) if then else (0, None)
    rows, until = connection.execute(_ROWS_SINCE, [seq]).fetchone()
    there = connection.execute(_HASH, [seq]).fetchone()
    return Difference(
        rows=rows,
        until=from_micros(until) if until else None,
        requests=tuple(Change(*row) for row in connection.execute(_CHANGED)),
        is_other=hash_ is not None and there != (hash_,),
    )
