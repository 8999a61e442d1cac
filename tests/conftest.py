"""Fixtures of several layers: databases of both kinds, and repositories over them."""

import asyncio
import gc
import os
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from dbos import DBOS
from hypothesis import HealthCheck, settings

from bot.background.durable_engine import engine_url
from bot.database.migrate import migrate
from bot.database.repositories.repository import SqlRepository, open_repository
from sandbox.slack.server import SandboxSlack
from tests.support.engine_fixture import Ground, open_ground
from tests.support.event_loops import run
from tests.support.plain_logs import plain_logs
from tests.support.postgres import BUSY_SECONDS, Server, start
from tests.support.service_fixture import Office, open_office

# No deadlines: an example's time depends on the machine's load. `make bench` measures.
# Examples are the same in every run: a failure points to a change. Others: --hypothesis-profile=explore.
settings.register_profile(
    "here", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)
settings.register_profile("explore", settings.get_profile("here"), derandomize=False)
settings.load_profile("here")

plain_logs()

# The machine may be busy: Slack's three real seconds are no test's matter.
SandboxSlack.time_limit = timedelta(seconds=30)

# pytest-asyncio asks for a loop before it sets its own; without this, that would create one nobody closes.
asyncio.set_event_loop(None)

SHORT = 1.0
"""Timeout of a hanging call in seconds; enough for an answer on loopback, even on a busy machine."""

BOTH = ("sqlite", "postgresql")
LONGEST = (
    "tests/chaos",
    "tests/bench",
    "tests/journeys/test_fail_over",
    "tests/services/model",
    "tests/slack/test_slack_limits",
)
WAITING = ("tests/journeys", "tests/background/test_runner", "tests/handlers", "tests/cli", "tests/cluster")
"""Tests that wait for a bot more than they compute."""
SPREAD = 0.8
"""Over how much of a run these are spread: at the end, short tests keep all workers busy."""


FREEZE_SECONDS = 5.0
MEMORY = Path("/dev/shm")  # noqa: S108 - pytest makes a folder of its own in it
"""A file system in memory, on Linux: a third of a test's time would be waits for the disk."""
MEMORY_BYTES = 2 * 1024**3
"""A run takes a tenth of it; less, as in many containers, might be too little."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let the tests run on another version of PostgreSQL: docs/postgresql.md."""
    parser.addoption("--postgres-bin", metavar="FOLDER", help="the folder of a PostgreSQL server's programs")


def pytest_configure() -> None:
    """Keep the files of tests in memory, those of the programs that they start too."""
    if "TMPDIR" not in os.environ and MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > MEMORY_BYTES:
        os.environ["TMPDIR"] = tempfile.tempdir = str(MEMORY)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Start the longest tests first, and spread those that wait among those that compute."""
    waiting = [item for item in items if item.nodeid.startswith(WAITING)]
    computing = [item for item in items if not item.nodeid.startswith(WAITING)]
    turns = {item: SPREAD * at / len(waiting) for at, item in enumerate(waiting)}
    turns |= {item: at / len(computing) for at, item in enumerate(computing)}
    items.sort(key=lambda item: -1.0 if item.nodeid.startswith(LONGEST) else turns[item])


def pytest_collection_finish() -> None:
    """Exclude imported objects from later collections: each takes a millisecond instead of 0.3 s.

    Each test collects its own garbage in the end, so Python hardly has to do so in between.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000)


@pytest.fixture(autouse=True)
def left_open() -> Iterator[None]:
    """Blame a test for what it left open: in a reference cycle, a socket warns only when collected.

    Only new objects are looked at; the older ones are at the end of the module.
    """
    yield
    gc.collect(1)


@pytest.fixture(scope="session")
def frozen_at() -> list[float]:
    """When this process last excluded objects from collections."""
    return [time.monotonic()]


@pytest.fixture(scope="module", autouse=True)
def caches_of_modules(frozen_at: list[float]) -> Iterator[None]:
    """Exclude the caches that tests filled from later collections, now and then."""
    yield
    if time.monotonic() > frozen_at[0] + FREEZE_SECONDS:
        gc.collect()
        gc.freeze()
        frozen_at[0] = time.monotonic()


@pytest.fixture(scope="session")
def postgres(testrun_uid: str, request: pytest.FixtureRequest) -> Server:
    """A PostgreSQL server; all workers of a run share it."""
    return start(testrun_uid, request.config.getoption("--postgres-bin"))


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file, to be copied, beside that of the engine."""
    path = tmp_path_factory.mktemp("template") / "books.db"
    url = f"sqlite:///{path}"
    run(migrate(url))
    DBOS.migrate(engine_url(url))
    return path


@pytest.fixture
def sqlite_url(tmp_path: Path, sqlite_template: Path) -> str:
    """A `DATABASE_URL` of a migrated SQLite file of this test's own."""
    path = tmp_path / "books.db"
    shutil.copyfile(sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture
def postgres_url(postgres: Server) -> Iterator[str]:
    """A `DATABASE_URL` of a migrated PostgreSQL database of this test's own."""
    with postgres.database() as url:
        yield url


@pytest.fixture(params=BOTH)
def database_url(request: pytest.FixtureRequest) -> str:
    """A `DATABASE_URL` of a migrated database; the test runs once for each kind."""
    url: str = request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres_url")
    return url


@pytest.fixture(params=BOTH)
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A `DATABASE_URL` where nothing is yet; the test runs once for each kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/new.db"
        return
    server: Server = request.getfixturevalue("postgres")
    with server.database(empty=True) as url:
        yield url


@pytest.fixture
async def repository(database_url: str) -> AsyncIterator[SqlRepository]:
    """Open books; the test runs once for each kind of database."""
    async with open_repository(database_url, pool_timeout=BUSY_SECONDS) as opened:
        yield opened


@pytest.fixture
async def sqlite_books(sqlite_url: str) -> AsyncIterator[SqlRepository]:
    """Open a repository on SQLite alone, for tests that are not about the database."""
    async with open_repository(sqlite_url) as opened:
        yield opened


@pytest.fixture
async def office(sqlite_books: SqlRepository) -> Office:
    """Open an office over SQLite alone."""
    return await open_office(sqlite_books)


@pytest.fixture
async def either_office(repository: SqlRepository) -> Office:
    """Open an office; the test runs once for each kind of database."""
    return await open_office(repository)


@pytest.fixture
async def ground(sqlite_books: SqlRepository) -> AsyncIterator[Ground]:
    """SQLite and a Dintero."""
    async with open_ground(sqlite_books) as opened:
        yield opened


@pytest.fixture
async def both(repository: SqlRepository) -> AsyncIterator[Ground]:
    """Each kind of database and a Dintero."""
    async with open_ground(repository) as opened:
        yield opened


@pytest.fixture
async def hasty(sqlite_books: SqlRepository) -> AsyncIterator[Ground]:
    """A Dintero that has to answer at once."""
    async with open_ground(sqlite_books, timeout=SHORT) as opened:
        yield opened
