"""Copies the bot's two SQLite files as they are at one moment, while the bot runs."""

import hashlib
import os
import shutil
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from bot.database.mapping import from_micros
from bot.database.schema import VERSION_TABLE
from bot.database.sqlite import BUSY_TIMEOUT_MS, read_only_uri
from bot.errors import BackupError

FORMAT: Final = 1
MANIFEST: Final = "manifest.json"
DATABASE: Final = "discount-bot.db"
ENGINE: Final = "discount-bot.dbos.db"
"""The names of the two copies, whatever the files themselves are called."""
SPARE: Final = 1.1
"""How much more than the files' size must be free."""

_LAST_ROW: Final = "SELECT seq, hash, at FROM audit WHERE seq = (SELECT seq FROM audit_head)"
_FACTS: Final[Mapping[str, str]] = {
    "schema": f"SELECT version_num FROM {VERSION_TABLE}",  # noqa: S608 - our own name
    "requests": "SELECT count(*) FROM requests WHERE state != 'draft'",
}


@dataclass(frozen=True, slots=True)
class SavedFile:
    """One file of a backup."""

    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class AuditEnd:
    """The last row of the audit; `at` is when the bot last wrote down that something happened."""

    seq: int
    hash: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup holds."""

    format: int
    version: str
    """Of the program that made it."""
    schema: str
    taken_at: datetime
    requests: int
    audit: AuditEnd | None
    files: dict[str, SavedFile]


_MANIFEST: Final = TypeAdapter(Manifest)


def take_backup(database: Path, engine: Path, into: Path, *, version: str, now: datetime) -> Path:
    """Make a folder in `into` with both files and a manifest; overwrites nothing; raises BackupError."""
    if not database.exists():
        raise BackupError(f"There's no file {database}.", advice="Set DATABASE_URL to the bot's database.")
    files = {DATABASE: database} | ({ENGINE: engine} if engine.exists() else {})
    folder = into / f"discount-bot-{now:%Y-%m-%dT%H-%M-%SZ}"
    with errors_explained(database), _new_folder(folder) as partial:
        require_room(into, files.values())
        with _at_one_moment(database, files) as snapshots:
            for name, snapshot in snapshots.items():
                _copy(snapshot, partial / name)
        saved = {name: saved_file(partial / name) for name in files}
        written = Manifest(FORMAT, version, taken_at=now, files=saved, **_facts(partial / DATABASE))
        _write(partial / MANIFEST, _MANIFEST.dump_json(written, indent=2))
    return folder


def read_manifest(folder: Path) -> Manifest:
    """Read what a backup holds; raises BackupError if it is none, or one of a later program."""
    what = f"{folder} isn't a backup of discount-bot"
    advice = f"Name a folder made by discount-bot backup: it has a file {MANIFEST}."
    try:
        manifest = _MANIFEST.validate_json((folder / MANIFEST).read_bytes())
    except (OSError, ValidationError):
        raise BackupError(f"{what}.", advice=advice) from None
    if manifest.format != FORMAT or not {DATABASE} <= manifest.files.keys() <= {DATABASE, ENGINE}:
        raise BackupError(f"{what} that this version can read.", advice="Use the version that made it.")
    return manifest


def check_copy(path: Path, saved: SavedFile | None = None, *, of: Path | None = None) -> None:
    """Raise BackupError unless a file is whole and as it was saved; `of` is what it was copied from."""
    advice = "Nothing was changed. Use another backup."
    if saved and saved_file(path) != saved:
        raise BackupError(f"{of or path} has changed since the backup was made.", advice=advice)
    try:
        with closing(read_only(path)) as connection:
            ((found,),) = connection.execute("PRAGMA integrity_check(1)").fetchall()
    except sqlite3.DatabaseError as error:
        found = str(error)
    if found != "ok":
        raise BackupError(f"{of or path} is damaged: {found}", advice=advice)


def read_only(path: Path) -> sqlite3.Connection:
    """Open a file that nobody writes, without making a journal beside it."""
    return sqlite3.connect(read_only_uri(path, immutable=True), uri=True)


def saved_file(path: Path) -> SavedFile:
    """Measure and hash a file."""
    with path.open("rb") as file:
        return SavedFile(path.stat().st_size, hashlib.file_digest(file, "sha256").hexdigest())


def require_room(folder: Path, files: Iterable[Path]) -> None:
    """Raise BackupError if a folder has no room for copies of these files."""
    needed = int(SPARE * sum(_size(path) + _size(Path(f"{path}-wal")) for path in files))
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise BackupError(
            f"{folder} has {free / 1e6:,.0f} MB free, and the copies need {needed / 1e6:,.0f} MB.",
            advice="Nothing was changed. Make room, or name a folder on another disk.",
        )


@contextmanager
def errors_explained(path: Path) -> Iterator[None]:
    """Raise what the disk or SQLite refuses as BackupError."""
    try:
        yield
    except OSError as error:
        advice = "Nothing was changed. Name another folder, or let this user read and write that one."
        raise BackupError(f"{error.filename or path}: {error.strerror or error}", advice=advice) from error
    except sqlite3.Error as error:
        advice = "Nothing was changed. Check DATABASE_URL and the folder, then try again."
        raise BackupError(f"{path}: {error}", advice=advice) from error


@contextmanager
def _new_folder(folder: Path) -> Iterator[Path]:
    """Make a folder under another name, which becomes its own only once everything is in it."""
    partial = folder.with_name(f".{folder.name}.partial")
    folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if folder.exists():
        raise BackupError(f"{folder} already exists.", advice="Nothing was changed. Try again in a second.")
    partial.mkdir(mode=0o700)
    try:
        yield partial
        partial.rename(folder)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise


@contextmanager
def _at_one_moment(database: Path, files: Mapping[str, Path]) -> Iterator[dict[str, sqlite3.Connection]]:
    """Begin to read all files while nobody can write ours; writers wait for milliseconds, not for the copy.

    The engine notes a step after our own rows have its outcome: in this moment, it knows of nothing more.
    """
    with ExitStack() as stack:
        readers = {name: stack.enter_context(closing(_connect(path))) for name, path in files.items()}
        lock = stack.enter_context(closing(_connect(database)))
        lock.execute("BEGIN IMMEDIATE")
        try:
            for reader in readers.values():
                reader.execute("BEGIN")
                reader.execute("SELECT count(*) FROM sqlite_master").fetchall()
        finally:
            lock.rollback()
        yield readers


def _connect(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, isolation_level=None, timeout=BUSY_TIMEOUT_MS / 1000)


def _copy(snapshot: sqlite3.Connection, path: Path) -> None:
    """Copy a snapshot into a file of its own, without a journal beside it."""
    path.touch(mode=0o600)
    with closing(_connect(path)) as copy:
        snapshot.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE").fetchall()
    check_copy(path)


def _facts(path: Path) -> dict[str, Any]:
    with closing(read_only(path)) as connection:
        facts = {name: connection.execute(query).fetchone()[0] for name, query in _FACTS.items()}
        row = connection.execute(_LAST_ROW).fetchone()
        return {**facts, "audit": AuditEnd(row[0], row[1], from_micros(row[2])) if row else None}


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _write(path: Path, content: bytes) -> None:
    with open(path, "wb", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
