"""Given + refused + unconfirmed + not sent = asked: in the database, in files and in messages."""

import re
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.database.repositories.repository import SqlRepository
from bot.domain.customers.uploads import Upload
from bot.domain.ids import CustomerId, FileId
from bot.domain.policy.policy import Policy
from bot.domain.requests.batches import BatchOutcome, NotGiven, Outcome, Refused, Tally
from bot.domain.requests.notification import NotificationType, RequestSnapshot
from bot.domain.requests.request import FormInput, Request, State
from bot.services.snapshots import load_snapshot
from bot.slack.messages import notices, summary
from bot.slack.messages.files import not_given_file
from bot.slack.rendering import request_state
from bot.slack.rendering.formatting import Formatter
from bot.spreadsheets.writer.writer import ListWriter
from tests.contracts.repository import giving, notice
from tests.support.lists import records_of

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
LOOK = Formatter("NOK", "Europe/Oslo")
POLICY = Policy(currency="NOK", timezone="Europe/Oslo")
over_one_database = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    max_examples=25,
    deadline=None,
)

ENDS = st.lists(st.sampled_from(["given", *Outcome]), min_size=1, max_size=30)
SILENT = st.sets(st.integers(min_value=0, max_value=14))
"""Batches that have no outcome."""
STARTED = st.sets(st.integers(min_value=0, max_value=7))
"""Portions that were started."""


async def came_to(
    repository: SqlRepository, ends: list[str], *, silent: set[int], started: set[int]
) -> Request:
    """Write a request with these outcomes, in batches of 2 and portions of 4."""
    request = await giving(repository, [f"c-{at}" for at in range(len(ends))], size=2)
    for portion in range(await repository.portions(request.id)):
        if portion not in started:
            continue
        await repository.start_portion(request.id, portion)
        asked = await repository.customers(request.id, portion)
        for at in range(0, len(asked), 2):
            batch, number = asked[at : at + 2], at // 2
            if portion * 2 + number not in silent:
                await repository.record_outcomes(
                    request.id, _outcome(portion, number, batch, ends[portion * 4 + at :])
                )
    return request


def _outcome(portion: int, number: int, batch: tuple[CustomerId, ...], ends: list[str]) -> BatchOutcome:
    of = dict(zip(batch, ends, strict=False))

    def those(outcome: Outcome) -> tuple[CustomerId, ...]:
        return tuple(customer for customer in batch if of[customer] == outcome)

    refused = tuple(Refused(customer, f"no {customer}") for customer in those(Outcome.REFUSED))
    return BatchOutcome(
        portion,
        number,
        len(batch),
        refused=refused,
        unknown=those(Outcome.UNKNOWN),
        not_tried=those(Outcome.NOT_TRIED),
    )


async def listed(repository: SqlRepository, request: Request) -> list[NotGiven]:
    return [one async for portion in repository.not_given(request.id) for one in portion]


def counted(rows: list[NotGiven], asked: int) -> Tally:
    ends = [one.outcome for one in rows]
    return Tally(
        asked,
        given=asked - len(rows),
        refused=ends.count(Outcome.REFUSED),
        unknown=ends.count(Outcome.UNKNOWN),
    )


@over_one_database
@given(ends=ENDS, silent=SILENT, started=STARTED)
async def test_the_four_outcomes_add_up_in_database_file_and_summary(
    repository: SqlRepository, ends: list[str], silent: set[int], started: set[int]
) -> None:
    request = await came_to(repository, ends, silent=silent, started=started)
    tally, rows = await repository.tally(request.id), await listed(repository, request)
    assert tally.given + tally.refused + tally.unknown + tally.not_tried == tally.asked == len(ends)
    assert counted(rows, len(ends)) == tally
    assert [(one.row, one.customer) for one in rows] == sorted((one.row, f"c-{one.row - 1}") for one in rows)
    file = await not_given_file.written(request, repository, ListWriter())
    with file.content as content:
        content.seek(0)
        read = records_of(content.read())
    assert [(row["row"], row["customer_id"], row["outcome"]) for row in read] == [
        (str(one.row), one.customer, one.outcome) for one in rows
    ]
    ended = replace(request, state=State.DONE, started_at=NOW, ended_at=NOW)
    snapshot = await load_snapshot(repository, ended, POLICY)
    assert summed(snapshot) == (tally.given, len(ends), tally.refused, tally.unknown, tally.not_tried)
    comment = not_given_file.build(ended, file, title="").comment
    assert (f" {len(rows)} of {len(ends)} customers " if len(ends) > 1 else " the customer ") in comment


def summed(snapshot: RequestSnapshot) -> tuple[int, ...]:
    """Read the figures out of the summary's sentence."""
    given, *others = summary.build(snapshot, LOOK).text.split(":")[0].split(", ")
    given_to, asked = (int(word) for word in given.split() if word.isdigit())
    counts = {words: int(count) for count, words in (part.split(" ", 1) for part in others)}
    return (
        given_to,
        asked,
        *(counts.get(words, 0) for words in ("refused by Dintero", "unconfirmed", "not sent")),
    )


@settings(over_one_database, max_examples=8)
@given(ends=ENDS, silent=SILENT, started=STARTED, typed=st.integers(0, 4), first=st.integers(1, 9))
async def test_the_four_outcomes_add_up_in_source_file_columns_and_messages(
    sqlite_books: SqlRepository, ends: list[str], silent: set[int], started: set[int], typed: int, first: int
) -> None:
    repository = sqlite_books
    request = await came_to(repository, ends, silent=silent, started=started)
    asked = [f"c-{at}" for at in range(len(ends))]
    request = await in_files(
        repository, request, {"one.csv": asked[typed : typed + first], "two.csv": asked[typed + first :]}
    )
    tally, not_given = (
        await repository.tally(request.id),
        {one.customer: one.outcome for one in await listed(repository, request)},
    )
    file = await not_given_file.written(request, repository, ListWriter())
    with file.content as content:
        content.seek(0)
        rows = records_of(content.read())
    assert {row["request"] for row in rows} <= {request.short}
    if len(ends) > typed:  # else nobody came from a file, and they are listed as they were typed
        assert {row["Kundenr"]: row["outcome"] for row in rows} == not_given
        assert {row["Kundenr"]: row["Navn"] for row in rows} == {
            one: f"Åse {one}" if one in asked[typed:] else "" for one in not_given
        }
    assert (
        Tally(
            len(ends),
            len(ends) - len(rows),
            *(Counter(row["outcome"] for row in rows)[end] for end in ("refused", "unconfirmed")),
        )
        == tally
    )
    for state in (State.STOPPED, State.DONE):
        snapshot = await load_snapshot(repository, replace(request, state=state, started_at=NOW), POLICY)
        direct = notices.direct(notice(happened=NotificationType.DONE), snapshot, LOOK, link="").text
        for said in (
            "\n".join(request_state.status_lines(snapshot, LOOK)),
            summary.build(snapshot, LOOK).text,
            direct,
        ):
            assert figures(said, len(ends)) == (tally.given, tally.refused, tally.unknown, tally.not_tried), (
                said
            )


async def in_files(repository: SqlRepository, request: Request, files: dict[str, list[str]]) -> Request:
    """Let a request's customers come from files with a name after each id; a file without rows is none."""
    kept = {name: ids for name, ids in files.items() if ids}
    for number, ids in enumerate(kept.values()):
        lines = ["Navn;Kundenr", *(f"Åse {one};{one}" for one in ids)]
        await repository.keep_piece(request.id, "reading", number, 0, "\n".join(lines).encode())
    request = replace(request, files="reading" if kept else "")
    async with repository.unit_of_work(request.id) as page:
        assert page
        await page.save(replace(request, state=State.DRAFT))
    await repository.save_input(
        request.id, FormInput(files=tuple(Upload(FileId(name), name) for name in kept))
    )
    async with repository.unit_of_work(request.id) as unit:
        assert unit
        await unit.save(request)
    return request


def figures(text: str, asked: int) -> tuple[int, ...]:
    """Read the four outcomes from a message."""

    def count(words: str) -> int:
        found = re.search(rf"(\d+) {words}", text)
        return int(found[1]) if found else 0

    everybody = asked if re.search(r"given to all \d+|[Ss]o far:?\*? given[ ,.;]", text) else 0
    some = re.search(r"[Gg]iven to (\d+) of|(\d+) confirmed", text)
    given = int(some[1] or some[2]) if some else everybody
    others = count("refused by Dintero"), count("unconfirmed"), count("not sent")
    if "Not given to anyone" in text and not any(others):
        return 0, 0, 0, asked  # nobody was sent: the count would say it again
    return given, *others


async def test_a_redacted_request_lists_no_customers(repository: SqlRepository) -> None:
    request = await came_to(repository, [Outcome.REFUSED, "given"], silent=set(), started={0})
    async with repository.unit_of_work(request.id) as unit:
        assert unit
        await unit.redact(NOW)
    assert await listed(repository, request) == []


async def test_only_the_first_of_many_refused_customers_are_read(repository: SqlRepository) -> None:
    request = await came_to(repository, [Outcome.REFUSED] * 12, silent=set(), started={0, 1, 2})
    every = await repository.refused(request.id)
    assert [one.customer for one in every] == [f"c-{at}" for at in range(12)]
    assert await repository.refused(request.id, most=5) == every[:5]
    assert await repository.refused(request.id, most=50) == every
