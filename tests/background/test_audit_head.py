"""The audit's head is sent once a day and noted after each change; if it is gone, the bot is paused."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass

import pytest
from sqlalchemy import create_engine, text

from bot.background.audit_head import AuditHeadKeeper
from bot.background.restored_backup import RestoredBackup
from bot.database.audit.log import ChainHead
from bot.database.connection import parse_url
from bot.database.repositories.repository import SqlRepository, open_repository
from bot.domain.requests.audit_entries import Entry
from bot.domain.requests.pause import Pause, PausedFor
from bot.slack.announcer import EVENT_TYPE as CARD
from bot.slack.card_search import CardSearch
from bot.slack.client.audit_notice import AuditNotices
from bot.slack.client.connection import open_client
from sandbox.shop import POLICY, Shop, open_shop
from sandbox.slack.state.faults import Cut, Fault
from tests.support.clock import HandClock
from tests.support.outbox_fixture import LOOK
from tests.support.service_fixture import CHIEF, NOW

TOLD, PAUSED = "Audit checkpoint:", "Paused: the database"


@dataclass
class Desk:
    """A keeper between a database and a Slack; each `keeper` is that of a process that has just started."""

    shop: Shop
    repository: SqlRepository
    clock: HandClock
    notices: AuditNotices

    @property
    def keeper(self) -> AuditHeadKeeper:
        cards = CardSearch(self.notices.client, tuple(POLICY.channels), patience=1e-6)
        restored = RestoredBackup(self.repository, cards, LOOK, self.clock)
        notices = AuditNotices(self.notices.client, self.notices.admins)
        return AuditHeadKeeper(self.repository, notices, restored, self.clock)

    async def add(self, rows: int = 1) -> None:
        for _ in range(rows):
            await self.repository.record(Entry(kind="tested"))

    def post_card(self, short: str) -> None:
        facts = {"event_type": CARD, "event_payload": {"short": short, "key": short}}
        self.shop.slack.workspace.post(self.shop.support, text="waiting", blocks=[], metadata=facts)

    def refuse_history(self) -> None:
        """Let one search fail in every channel."""
        times = len(POLICY.channels)
        self.shop.slack.faults.plan("conversations.history", Fault.SERVER_ERROR, times=times)

    def told(self, what: str = TOLD) -> list[str]:
        read = map(self.shop.chief.read, self.shop.chief.direct.messages)
        return [message for message in read if what in message]


@pytest.fixture
async def desk(sqlite_url: str) -> AsyncIterator[Desk]:
    clock = HandClock(NOW)
    async with AsyncExitStack() as stack:
        shop = await stack.enter_async_context(open_shop())
        repository = await stack.enter_async_context(open_repository(sqlite_url, clock=clock))
        client = open_client(shop.slack.api_url, shop.slack.credentials.bot_token)
        notices = AuditNotices(await stack.enter_async_context(client), [shop.chief.id, shop.cleo.id])
        yield Desk(shop, repository, clock, notices)


async def test_without_admins_nothing_is_added_to_the_audit(desk: Desk) -> None:
    desk.notices.admins = []
    await desk.add(2)
    for _ in range(3):
        await desk.keeper.run_once()
    head = await desk.repository.audit.head()
    assert head
    assert head.seq == 2


async def test_a_deleted_notice_is_sent_again(desk: Desk) -> None:
    keeper = desk.keeper
    await desk.add(2)
    await keeper.run_once()
    for person in (desk.shop.chief, desk.shop.cleo):
        person.direct.messages.clear()
    for _ in range(2):
        await desk.add()
        await keeper.run_once()
    assert len(desk.told()) == 1


async def test_the_audit_head_is_sent_once_a_day_if_it_moved(desk: Desk) -> None:
    keeper = desk.keeper
    await desk.add()
    await keeper.run_once()
    assert desk.told() == []
    for _ in range(3):
        await desk.add()
        await keeper.run_once()
    assert len(desk.told()) == 1
    for _ in range(2):
        desk.clock.pass_by(days=1)
        await keeper.run_once()
    assert len(desk.told()) == 2
    assert [head.seq for head in await desk.repository.audit.heads()] == [2, 5]


async def test_a_clock_that_was_put_back_does_not_silence_the_notice(desk: Desk) -> None:
    keeper = desk.keeper
    await desk.add(2)
    await keeper.run_once()
    desk.clock.pass_by(days=-30)
    await desk.add(2)
    await keeper.run_once()
    assert len(desk.told()) == 2


async def test_a_head_that_could_not_be_sent_is_sent_the_next_time(desk: Desk) -> None:
    keeper = desk.keeper
    await desk.add(2)
    desk.shop.slack.faults.outage = True
    await keeper.run_once()
    assert await desk.repository.audit.heads() == ()
    desk.shop.slack.faults.outage = False
    await keeper.run_once()
    assert len(await desk.repository.audit.heads()) == 1


async def test_a_head_that_no_message_has_is_sent_at_once(desk: Desk) -> None:
    await desk.add(2)
    await desk.repository.audit.keep_head(ChainHead(1, "as an earlier version sent it, without metadata"))
    await desk.keeper.run_once()
    assert len(desk.told()) == 1


async def test_a_row_added_after_the_notice_is_missed_when_it_is_gone(desk: Desk, sqlite_url: str) -> None:
    keeper = desk.keeper
    await desk.add(2)
    await keeper.run_once()
    await desk.add(3)
    await keeper.run_once()
    _cut_off(sqlite_url, after=4)
    async with (keeper := desk.keeper).lifespan():
        assert await desk.repository.pause()
        assert desk.told(PAUSED) == []
        await keeper.run_once()
        assert len(desk.told(PAUSED)) == 1


async def test_a_notice_is_found_below_many_other_messages(desk: Desk, sqlite_url: str) -> None:
    await desk.add(4)
    await desk.keeper.run_once()
    for number in range(250):
        desk.shop.slack.workspace.post(desk.shop.chief.direct, text=f"{number}", blocks=[])
    _cut_off(sqlite_url, after=2)
    async with desk.keeper.lifespan():
        assert await desk.repository.pause()


async def test_rows_that_a_running_bot_has_lost_pause_it(desk: Desk, sqlite_url: str) -> None:
    keeper = desk.keeper
    await desk.add(4)
    await keeper.run_once()
    _cut_off(sqlite_url, after=2)
    await keeper.run_once()
    await keeper.run_once()
    assert await desk.repository.pause()
    assert len(desk.told(PAUSED)) == 1


async def test_admins_who_cannot_be_told_at_once_are_told_later(desk: Desk, sqlite_url: str) -> None:
    keeper = desk.keeper
    await desk.add(4)
    await keeper.run_once()
    _cut_off(sqlite_url, after=2)
    desk.shop.slack.faults.plan("chat.postMessage", Fault.REFUSED, times=2, error="fatal_error")
    async with (keeper := desk.keeper).lifespan():
        await keeper.run_once()
        assert await desk.repository.pause()
        assert desk.told(PAUSED) == []
        await keeper.run_once()
        assert len(desk.told(PAUSED)) == 1


async def test_a_failed_search_begins_at_the_backup_again(desk: Desk, sqlite_url: str) -> None:
    """Also in a backup that an admin had paused, and after the admins have resumed."""
    await desk.add(4)
    await desk.keeper.run_once()
    await desk.repository.begin_pause(Pause(NOW, CHIEF, "stocktaking"))
    desk.clock.pass_by(hours=3)
    desk.post_card("R-22222")
    _cut_off(sqlite_url, after=2)
    async with (keeper := desk.keeper).lifespan():
        await desk.add()
        desk.refuse_history()
        await keeper.run_once()
        assert "search Slack yet" in desk.told(PAUSED)[0]
        await desk.repository.end_pause(CHIEF, desk.clock.now())
        desk.refuse_history()
        await keeper.run_once()
        assert await desk.repository.pause() is None
    async with (keeper := desk.keeper).lifespan():
        await keeper.run_once()
        await keeper.run_once()
        assert await desk.repository.pause() is None
    assert [lost.backup_at for lost in await desk.repository.lost()] == [NOW]
    assert (len(desk.told("1 request is missing from the restored backup")), len(desk.told(PAUSED))) == (1, 1)


async def test_a_running_bot_searches_from_the_backup_too(desk: Desk, sqlite_url: str) -> None:
    keeper = desk.keeper
    await desk.add(4)
    await keeper.run_once()
    desk.clock.pass_by(hours=3)
    await keeper.run_once()
    _cut_off(sqlite_url, after=2)
    desk.clock.pass_by(seconds=5)
    await desk.add()
    desk.post_card("R-22222")
    await keeper.run_once()
    assert [lost.backup_at for lost in await desk.repository.lost()] == [NOW]


async def test_a_channel_that_keeps_failing_is_named_to_the_admins(desk: Desk, sqlite_url: str) -> None:
    await desk.add(4)
    await desk.keeper.run_once()
    _cut_off(sqlite_url, after=2)
    async with (keeper := desk.keeper).lifespan():
        desk.shop.slack.faults.plan("conversations.history", Fault.SERVER_ERROR)
        await keeper.run_once()
        await keeper.run_once()
        assert (len(desk.told("look in #")), len(desk.told(PAUSED))) == (1, 1)


async def test_the_list_is_not_repeated_if_the_next_message_fails(desk: Desk, sqlite_url: str) -> None:
    await desk.add(4)
    await desk.keeper.run_once()
    desk.post_card("R-22222")
    _cut_off(sqlite_url, after=2)

    cut: list[int] = []

    async def refuse_the_notice(when: str, method: str, number: int) -> None:
        listed = (when, method) == ("before", "chat.postMessage") and desk.told("1 request is missing")
        if listed and len(cut) < len(desk.notices.admins):
            cut.append(number)
            raise Cut

    async with (keeper := desk.keeper).lifespan():
        desk.shop.slack.faults.on_call = refuse_the_notice
        for _ in range(3):
            await keeper.run_once()
        assert len(cut) == 2
        assert (len(desk.told("1 request is missing")), len(desk.told(PAUSED))) == (1, 1)


async def test_another_database_of_the_same_app_is_not_taken_for_a_backup(
    desk: Desk, empty_database_url: str
) -> None:
    await desk.add(4)
    await desk.keeper.run_once()
    desk.clock.pass_by(seconds=1)
    async with open_repository(empty_database_url, clock=desk.clock) as other:
        await other.record(Entry(kind="tested"))
        desk.repository = other
        async with desk.keeper.lifespan():
            assert await other.pause() is None


async def test_a_new_database_in_place_of_another_one_pauses_the_bot(
    desk: Desk, empty_database_url: str
) -> None:
    await desk.add(4)
    await desk.keeper.run_once()
    async with open_repository(empty_database_url, clock=desk.clock) as new:
        desk.repository = new
        async with desk.keeper.lifespan():
            pause = await new.pause()
            assert pause
            assert pause.why == PausedFor.RESTORED
            await new.record(Entry(kind="tested"))
        async with (keeper := desk.keeper).lifespan():
            await keeper.run_once()
            assert len(desk.told("the database is new and empty")) == 1
        async with (keeper := desk.keeper).lifespan():
            await keeper.run_once()
            assert len(desk.told("the database is new and empty")) == 1


async def test_the_very_first_database_is_not_paused(desk: Desk) -> None:
    async with desk.keeper.lifespan():
        assert await desk.repository.pause() is None


def _cut_off(url: str, *, after: int) -> None:
    """Leave the audit as an older backup has it."""
    engine = create_engine(parse_url(url))
    with engine.begin() as connection:
        triggers = connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).scalars()
        for name in list(triggers):
            connection.execute(text(f"DROP TRIGGER {name}"))
        connection.execute(text("DELETE FROM audit WHERE seq > :after"), {"after": after})
        connection.execute(
            text("UPDATE audit_head SET seq = :after, hash = (SELECT hash FROM audit WHERE seq = :after)"),
            {"after": after},
        )
    engine.dispose()
