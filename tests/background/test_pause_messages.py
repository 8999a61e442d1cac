"""Each channel with open requests has one message per pause, which shows the last state of the pause."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import update

from bot.database.mapping import to_columns
from bot.database.repositories.repository import SqlRepository
from bot.database.schema import pause
from bot.domain.ids import RequestId, UserId
from bot.domain.requests.pause import Pause
from bot.domain.requests.request import State
from bot.slack.rendering.formatting import duration
from sandbox.shop import QUICK
from sandbox.slack import Channel, Cut, Message
from tests.journeys.process import approved
from tests.support.engine_fixture import customers
from tests.support.outbox_fixture import Telling, open_telling

POST, EDIT = "chat.postMessage", "chat.update"
OPEN = " Nothing is sent until it ends (1 open request here). You can still request and approve discounts."
ACTS = st.one_of(
    st.sampled_from(["pause", "pause", "pause as the last release", "resume", "say", "forget"]),
    st.tuples(st.sampled_from([POST, EDIT]), st.sampled_from(["before", "after"]), st.booleans()),
)


@dataclass(slots=True)
class Reader:
    """What the readers of two channels must find, beside the outbox that makes it."""

    telling: Telling
    since: datetime | None = None
    is_told: bool = True
    reasons: int = 0
    wanted: list[str] = field(default_factory=list)

    async def pause(self) -> None:
        """Pause, or replace the reason."""
        self.reasons += 1
        clock, repository = self.telling.clock, self.telling.repository
        wanted = Pause(clock.now(), UserId(self.telling.shop.chief.id), f"reason {self.reasons}")
        assert await repository.begin_pause(wanted) is (self.since is None)
        if self.since is None:
            self.since = clock.now()
            self.wanted.append("")
        else:
            self._tells()
            assert await repository.replace_pause(wanted)
        self.wanted[-1] = f"⏸️ Paused by Chief: “{wanted.why}”.{OPEN}"

    async def pause_as_the_last_release(self) -> None:
        """Pause without a message about it."""
        if self.since is None:
            self.since, self.is_told = self.telling.clock.now(), False
            row = to_columns(since=self.since, doer=self.telling.shop.chief.id, why="of the last release")
            await self.telling.repository._database.run(update(pause), row)  # noqa: SLF001 - as it did

    def _tells(self) -> None:
        """A pause of the last release has its message from the first change by this one."""
        if not self.is_told:
            self.wanted.append("")
            self.is_told = True

    async def forget(self) -> None:
        """Forget what was sent more than a week ago."""
        self.telling.clock.pass_by(days=8)
        await self.telling.repository.forget_sent(self.telling.clock.now() - timedelta(days=7))

    async def resume(self) -> None:
        clock, repository = self.telling.clock, self.telling.repository
        ended = await repository.end_pause(UserId(self.telling.shop.chief.id), clock.now())
        assert ended is (self.since is not None)
        if self.since:
            self._tells()
            time = duration(clock.now() - self.since)
            self.wanted[-1] = f"✅ Pause ended after {time}. Approved requests are sent again."
            self.since = None

    async def say(self, method: str = "", point: str = "", *, killed: bool = False) -> None:
        """Deliver as a new process, whose first call of a method is cut, or which is killed in it."""
        reached, over = asyncio.Event(), asyncio.Event()

        async def on_call(where: str, name: str, _number: int) -> None:
            if (where, name) != (point, method) or over.is_set():
                return
            reached.set()
            if killed:
                await over.wait()
            over.set()
            raise Cut

        self.telling.shop.slack.faults.on_call = on_call
        saying = asyncio.create_task(self.telling.outbox().deliver_due())
        stopped = asyncio.create_task(reached.wait())
        await asyncio.wait({saying, stopped}, return_when=asyncio.FIRST_COMPLETED)
        if killed and reached.is_set():
            saying.cancel()
        stopped.cancel()
        with suppress(asyncio.CancelledError):
            await saying
        over.set()
        self.telling.shop.slack.faults.on_call = None

    async def put(self, request: RequestId, **changes: Any) -> None:
        async with self.telling.repository.unit_of_work(request) as unit:
            assert unit
            await unit.save(replace(unit.request, **changes))

    def messages(self, channel: Channel) -> list[Message]:
        found = self.telling.shop.slack.messages(channel)
        return [one for one in found if one.text.startswith(("⏸️", "✅ Pause"))]

    def read(self, channel: Channel) -> list[str]:
        return [one.text for one in self.messages(channel)]

    async def all_read_the_last_state(self) -> None:
        await self.telling.all_is_said()
        shop = self.telling.shop
        for channel in (shop.support, shop.quick):
            assert self.read(channel) == self.wanted
        assert not self.read(shop.campaigns)


@asynccontextmanager
async def open_reader(repository: SqlRepository) -> AsyncIterator[Reader]:
    """Open two channels with an open request each; end all of it, for the next one over this database."""
    async with open_telling(repository) as telling:
        reader = Reader(telling)
        other = await approved(repository, telling.shop, customers(1))
        await reader.put(other, channel=QUICK)
        yield reader
        await reader.resume()
        await telling.all_is_said()
        for request in (telling.request, other):
            await reader.put(request, state=State.CANCELLED)


@pytest.fixture
async def reader(repository: SqlRepository) -> AsyncIterator[Reader]:
    """Run over each kind of database."""
    async with open_reader(repository) as opened:
        yield opened


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    max_examples=40,
    deadline=None,
)
@given(acts=st.lists(ACTS, max_size=8))
async def test_whatever_happens_each_channel_has_one_message_per_pause_in_its_last_state(
    repository: SqlRepository, acts: list[str | tuple[str, str, bool]]
) -> None:
    async with open_reader(repository) as reader:
        for act in acts:
            reader.telling.clock.pass_by(seconds=61)
            match act:
                case "pause":
                    await reader.pause()
                case "pause as the last release":
                    await reader.pause_as_the_last_release()
                case "forget":
                    await reader.forget()
                case "resume":
                    await reader.resume()
                case "say":
                    await reader.say()
                case method, point, killed:
                    await reader.say(str(method), str(point), killed=bool(killed))
        await reader.all_read_the_last_state()


@pytest.mark.parametrize("killed", [False, True])
@pytest.mark.parametrize("point", ["before", "after"])
async def test_a_crash_during_the_announcement_repeats_and_loses_nothing(
    reader: Reader, point: str, *, killed: bool
) -> None:
    await reader.say()
    await reader.pause()
    await reader.say(POST, point, killed=killed)
    await reader.pause()
    await reader.say(EDIT, point, killed=killed)
    await reader.resume()
    await reader.all_read_the_last_state()


async def test_a_pause_that_ends_before_it_was_announced_is_announced_as_over(reader: Reader) -> None:
    await reader.say()
    await reader.pause()
    await reader.resume()
    await reader.all_read_the_last_state()
    assert len(reader.wanted) == 1
    (message,) = reader.messages(reader.telling.shop.quick)
    assert not any("Paused" in edit.text for edit in message.edits)


async def test_a_channel_that_the_bot_was_removed_from_holds_up_no_other(reader: Reader) -> None:
    shop = reader.telling.shop
    await reader.say()
    shop.quick.members.discard(shop.slack.bot.id)
    await reader.pause()
    await reader.say()
    assert reader.read(shop.support) == reader.wanted
    assert reader.read(shop.quick) == []
    await reader.resume()
    await reader.say()
    assert reader.read(shop.support) == reader.wanted
    shop.quick.members.add(shop.slack.bot.id)
    await reader.all_read_the_last_state()


async def test_a_deleted_message_is_not_posted_again(reader: Reader) -> None:
    await reader.say()
    await reader.pause()
    await reader.say()
    (message,) = reader.messages(reader.telling.shop.quick)
    message.deleted = True
    await reader.resume()
    await reader.telling.all_is_said()
    assert reader.read(reader.telling.shop.quick) == []
    assert reader.read(reader.telling.shop.support) == reader.wanted


async def test_the_end_of_a_pause_of_the_last_release_is_told_and_changes_no_earlier_message(
    reader: Reader,
) -> None:
    await reader.say()
    await reader.pause()
    await reader.resume()
    reader.telling.clock.pass_by(hours=6)
    await reader.pause_as_the_last_release()
    reader.telling.clock.pass_by(minutes=20)
    await reader.resume()
    await reader.all_read_the_last_state()
    assert reader.wanted[-1] == "✅ Pause ended after 20 minutes. Approved requests are sent again."


async def test_a_message_about_a_long_pause_is_kept_until_its_end_is_written(reader: Reader) -> None:
    await reader.say()
    await reader.pause()
    await reader.say()
    reader.telling.clock.pass_by(days=8)
    await reader.resume()
    await reader.forget()
    await reader.all_read_the_last_state()
