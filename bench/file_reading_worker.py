"""Reads a file for each input line: the bot up to its review, or a bare loop; prints seconds and peak memory.

`python -m bench.file_reading_worker ours|bare <file>`, with the bot's settings in the environment.
"""

import asyncio
import csv
import os
import resource
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import uvloop
from python_calamine import CalamineWorkbook

from bench import constants
from bot.app import RunningBot, run_bot
from bot.clock import SystemClock
from bot.config.log_setup import set_up_logs
from bot.config.policy_file import load_policy
from bot.config.settings import Settings
from bot.domain.customers.uploads import TOLD, ReadResult, Upload
from bot.domain.ids import ChannelId, CustomerId, FileId, GroupId, TeamId, UserId
from bot.domain.policy.policy import Policy
from bot.domain.ports import Keep
from bot.domain.requests.person import AccountKind, Person, Profile
from bot.domain.requests.request import FormInput
from bot.domain.requests.views import Review
from bot.services.access import AccessControl
from bot.services.drafting.drafts import DraftService
from bot.spreadsheets.reader.reader import FileSource, Reader
from sandbox.dintero.catalogue import SEED_RULE

LOOK: Final = 0.05
"""Seconds between two checks for the rules."""
PIECE: Final = 64 * 1024
"""Bytes per piece, as fetched from Slack."""
KB: Final = 1024
"""Linux reports peaks in kilobytes."""
ROOM_BYTES: Final = 2**40
"""More lists than one person may have put in within a day."""

Read = Callable[[], Awaitable[float]]


class OpenDirectory:
    """A `Directory` in which everyone is a member."""

    def fresh(self) -> "OpenDirectory":
        """Return this one, which remembers nothing."""
        return self

    async def profile(self, user: UserId) -> Profile:
        """Return a member."""
        return Profile(user, AccountKind.MEMBER)

    def last_known(self, _user: UserId) -> None:
        """Know nobody's name or language."""

    async def group(self, _group: GroupId) -> frozenset[UserId]:
        """Return no members."""
        return frozenset()

    async def can_post(self, _channel: ChannelId) -> bool:
        """Return True."""
        return True

    async def is_open_to(self, _channel: ChannelId, _user: UserId) -> bool:
        """Return True."""
        return True


class LocalFiles:
    """A `FileReader` of files on disk, so that Slack is not measured."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._reader = Reader()

    async def read(
        self,
        uploads: Sequence[Upload],
        typed: Sequence[CustomerId],
        *,
        by: UserId,  # noqa: ARG002
        channel: ChannelId,  # noqa: ARG002
        portion: int,
        told: int = TOLD,
        keep: Keep | None = None,
    ) -> ReadResult:
        """Read it as the bot does."""
        sources = [FileSource(uploads[0], self._pieces)]
        return await self._reader.read(sources, typed, portion=portion, told=told, keep=keep)

    async def _pieces(self) -> AsyncIterator[bytes]:
        with self._path.open("rb") as file:
            while piece := file.read(PIECE):
                yield piece


async def main(reads: str, path: Path) -> None:
    """Read once for each line."""
    settings = Settings.read(os.environ)
    set_up_logs(level=settings.log_level, secrets=settings.secrets)
    async with READERS[reads](settings, path) as read:
        print("ready", flush=True)  # noqa: T201 - how the parent learns it
        while await asyncio.to_thread(sys.stdin.readline):
            print(await read(), _peak(resource.RUSAGE_SELF), _peak(resource.RUSAGE_CHILDREN), flush=True)  # noqa: T201


def _peak(whose: int) -> float:
    return resource.getrusage(whose).ru_maxrss * KB


@asynccontextmanager
async def by_the_bot(settings: Settings, path: Path) -> AsyncIterator[Read]:
    """Read it in a whole bot, up to the review in the database."""
    policy = load_policy(settings.policy_file)
    async with run_bot(settings, policy) as running:
        while not running.catalog.ready:  # noqa: ASYNC110 - the book tells nobody
            await asyncio.sleep(LOOK)
        drafts, who = (
            _asking(running, policy, path),
            Person(UserId(constants.PEOPLE[0]), TeamId(constants.TEAM)),
        )

        async def read() -> float:
            form_input = FormInput(rule=SEED_RULE, files=(Upload(FileId("F0BENCH"), path.name),))
            draft = await drafts.open_draft(who, ChannelId(constants.CHANNEL), form_input)
            start = time.monotonic()
            review = await drafts.review(draft.id, who)
            took = time.monotonic() - start
            if not isinstance(review, Review):
                raise TypeError(review)
            return took

        yield read


def _asking(running: RunningBot, policy: Policy, path: Path) -> DraftService:
    return DraftService(
        repository=running.repository,
        access=AccessControl(policy, OpenDirectory(), TeamId(constants.TEAM), constants.ACCOUNT),
        catalog=running.catalog,
        file_reader=LocalFiles(path),
        clock=SystemClock(),
        background=running.background,
        most_kept_bytes=ROOM_BYTES,
    )


@asynccontextmanager
async def by_a_bare_loop(_settings: Settings, path: Path) -> AsyncIterator[Read]:
    """Iterate over the rows as in the libraries' documentation, and keep nothing."""

    async def read() -> float:
        start = time.monotonic()
        (_workbook_rows if path.suffix == ".xlsx" else _text_rows)(path)
        return time.monotonic() - start

    yield read


def _text_rows(path: Path) -> None:
    with path.open(encoding="utf-8", newline="") as file:
        for _ in csv.reader(file):
            pass


def _workbook_rows(path: Path) -> None:
    for _ in CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).iter_rows():
        pass


READERS: Final = {"ours": by_the_bot, "bare": by_a_bare_loop}

if __name__ == "__main__":
    uvloop.run(main(sys.argv[1], Path(sys.argv[2])))
