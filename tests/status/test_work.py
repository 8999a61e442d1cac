"""What `discount-bot status` reads from a database: figures and reasons, and nothing that people typed."""

import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, event

from bot.database.address import is_sqlite, parse_url
from bot.database.repositories.repository import SqlRepository, open_repository
from bot.database.schema import VERSION_TABLE
from bot.domain.ids import ChannelId, RequestId, RuleId, ShortId, UserId
from bot.domain.policy.policy import RefusalReason
from bot.domain.requests.lost import LostRequest
from bot.domain.requests.pause import Pause, PausedFor
from bot.domain.requests.request import State, StopReason
from bot.errors import DatabaseUnavailable
from bot.status import work
from bot.status.parts import Part
from bot.status.report import LATE, WIDTH, StatusReport
from bot.status.work import MOST_LISTED, Work, read_work
from tests.support.clock import HandClock
from tests.support.service_fixture import BO, CHIEF, NOW, open_office, person

FINE = Part(ok=True, detail="fine")
SECRETS = ("secret-customer", "secret reason", "secret pause", "secret note")
LOST = LostRequest(
    short=ShortId("R-7K2QF"),
    id=RequestId("an-id"),
    channel=ChannelId("C0SUPPORT"),
    card_ts="1.1",
    rule=RuleId("rule"),
    said="done",
    backup_at=NOW,
)
LATER = NOW + timedelta(minutes=35)


async def fill(url: str) -> None:
    """Leave a request in each open state, a second stopped one, an unsent message, and a pause."""
    clock = HandClock(NOW)
    async with open_repository(url, clock=clock) as repository:
        office = await open_office(repository, clock=clock)
        ended, approved, giving, stopped, changed = [
            await office.ask(customers=f"secret-customer-{at}", reason="secret reason") for at in range(5)
        ]
        await office.decisions.reject(ended.id, person(BO), "secret note")
        await office.put(approved, state=State.APPROVED, give_after=NOW + timedelta(hours=2))
        await office.put(giving, state=State.GIVING, waits_since=NOW)
        await office.put(stopped, state=State.STOPPED, stop=StopReason.RULE_EXPIRED, note="secret note")
        code = RefusalReason.DATABASE_CHANGED
        await office.put(changed, state=State.STOPPED, stop=StopReason.POLICY, note=str(code))
        await office.unsaid()
        clock.pass_by(minutes=30)
        await office.ask(customers="secret-customer-9", reason="secret reason")
        await repository.begin_pause(Pause(clock.now(), CHIEF, "secret pause"))


def report(found: Work | None) -> StatusReport:
    return StatusReport(
        at=LATER, account="P12345678", bot=FINE, slack=FINE, dintero=FINE, database=FINE, work=found
    )


async def test_what_waits_and_has_stopped_is_counted_with_its_reason(database_url: str) -> None:
    await fill(database_url)
    found = read_work(database_url, LATER)
    assert found
    assert found.requests == {State.WAITING: 1, State.APPROVED: 1, State.GIVING: 1, State.STOPPED: 2}
    assert (found.on_hold, found.waiting_for_service) == (1, 1)
    assert {one.reason for one in found.stopped} == {"rule_expired", "database_changed"}
    assert all(one.since == NOW for one in found.stopped)
    assert found.oldest_unsent == NOW + timedelta(minutes=30)
    assert found.pause
    assert found.processes == (None if is_sqlite(parse_url(database_url)) else 0)


async def test_nothing_that_people_typed_is_on_the_screen_or_in_the_json(database_url: str) -> None:
    await fill(database_url)
    found = report(read_work(database_url, LATER))
    screen, said = found.screen(), found.as_json()
    assert [word for word in SECRETS if word in screen or word in said] == []
    for words in (
        "✗ pause     since",
        "by U0CHIEF",
        "✓ messages  ",
        "unsent, the oldest for 5 minutes",
        "✓ requests  1 to approve, 1 approved, 1 on hold, 1 sending, 1 delayed",
        "✗ stopped   2",
        ": The rule has expired",
        " request is no longer what people",
        "✗ Needs a person: pause, stopped.",
    ):
        assert words in screen
    assert json.loads(said)["unsent"]["oldest_seconds"] == 300
    assert not found.ok


async def test_a_lost_request_needs_a_person_until_it_is_settled(
    repository: SqlRepository, database_url: str
) -> None:
    await repository.note_lost([LOST], NOW)
    found = report(read_work(database_url, LATER))
    assert not found.ok
    assert "✗ restored  1 request in Slack but not in the backup, not settled" in found.screen()
    assert json.loads(found.as_json())["counts"]["lost"] == 1
    await repository.settle_lost(UserId(CHIEF), NOW)
    assert report(read_work(database_url, LATER)).ok


def test_a_late_message_needs_a_person() -> None:
    for waited, ok in ((LATE - timedelta(seconds=1), True), (LATE, False)):
        found = report(Work(schema="0013", unsent=1, oldest_unsent=LATER - waited))
        assert (found.ok, found.parts["messages"].ok) == (ok, ok)


def test_the_screen_has_24_lines_of_80_characters_in_the_worst_case() -> None:
    stopped = work.StoppedRequest("R-7K2QF", NOW, "busy", "why " * 50)
    found = Work(
        schema="0013",
        requests=dict.fromkeys(State, 1_000_000),
        stopped=(stopped,) * MOST_LISTED,
        pause=Pause(NOW, None, PausedFor.RESTORED),
        processes=3,
    )
    bad = Part(ok=False, detail="long " * 50)
    shown = report(found)
    for wrong in (shown, replace(shown, bot=bad, slack=bad, dintero=bad, database=bad)):
        lines = wrong.screen().splitlines()
        assert len(lines) <= 24
        assert max(map(len, lines)) <= WIDTH
    assert "    and 999996 more" in shown.screen()
    assert "it is a restored backup, or a new one" in " ".join(shown.screen().split())


def test_a_long_cause_is_wrapped_and_whole() -> None:
    socket = (
        'connection to server on socket "/var/run/postgresql/.s.PGSQL.5432" failed: No such file or directory'
    )
    away = f"{socket}\n\tIs the server running locally and accepting connections on that socket?"
    screen = replace(report(None), database=Part(ok=False, detail=away)).screen()
    assert " ".join(away.split()) in " ".join(screen.split())
    assert max(map(len, screen.splitlines())) <= WIDTH


def test_a_database_without_a_bot_says_so(empty_database_url: str) -> None:
    assert read_work(empty_database_url, NOW) is None
    assert '"counts": null' in report(None).as_json()


def test_no_statement_reads_a_whole_table(sqlite_url: str) -> None:
    ran: list[tuple[str, Any]] = []

    def note(_connection: object, _cursor: object, sql: str, values: Any, *_more: object) -> None:
        ran.append((sql, values))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        assert read_work(sqlite_url, NOW)
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    with closing(sqlite3.connect(sqlite_url.removeprefix("sqlite:///"))) as file:
        plans = [file.execute(f"EXPLAIN QUERY PLAN {sql}", values) for sql, values in ran if "FROM" in sql]
        steps = [str(step) for plan in plans for *_, step in plan]
    tables = ("requests", "outbox", "audit", "pause")
    assert [step for step in steps if step.startswith(tuple(f"SCAN {table}" for table in tables))] == [
        "SCAN outbox USING INDEX ix_outbox_pending"
    ]


def test_an_older_schema_that_lacks_something_is_named(sqlite_url: str) -> None:
    with closing(sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), isolation_level=None)) as file:
        file.execute("ALTER TABLE requests DROP COLUMN waits_since")
        file.execute(f"UPDATE {VERSION_TABLE} SET version_num = '0005'")
    with pytest.raises(DatabaseUnavailable, match="its schema 0005 is too old for this command"):
        read_work(sqlite_url, NOW)
