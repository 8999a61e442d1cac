"""The file of customers without the discount: its reasons, name and comment."""

import io
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from bot.database.repositories.repository import SqlRepository
from bot.domain.ids import CustomerId, UserId
from bot.domain.requests.batches import BatchOutcome, Outcome, Refused, Verification
from bot.domain.requests.request import Request, State, StopReason
from bot.slack.messages.files import not_given_file
from bot.spreadsheets.writer.writer import ListFile, ListWriter
from tests.contracts.repository import NOW, giving
from tests.support.lists import records_of
from tests.support.samples import REQUEST


async def reasons(repository: SqlRepository, request: Request, **changes: Any) -> dict[str, str]:
    file = await not_given_file.written(replace(request, **changes), repository, ListWriter())
    with file.content as content:
        content.seek(0)
        return {row["customer_id"]: row["reason"] for row in records_of(content.read())}


async def begun(repository: SqlRepository) -> Request:
    """Of five, a was refused, b and c are unknown, d not tried, and e was given it."""
    request = await giving(repository, ["a", "b", "c", "d", "e"], size=5)
    await repository.start_portion(request.id, 0)
    a, b, c, d = map(CustomerId, "abcd")
    await repository.record_outcomes(
        request.id,
        BatchOutcome(0, 0, 5, refused=(Refused(a, "ukjent – «a»"),), unknown=(b, c), not_tried=(d,)),
    )
    return request


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        (
            {"state": State.CANCELLED, "cancel_asked_by": UserId("U0ANN")},
            "The request was cancelled before their turn",
        ),
        (
            {"state": State.DONE, "stop": StopReason.RULE_GONE},
            "turn. The rule was deleted in Dintero.",
        ),
        ({"state": State.EXPIRED}, "wasn't approved again in time"),
    ],
)
async def test_the_file_says_why_a_customer_was_not_tried_as_the_summary_does(
    sqlite_books: SqlRepository, changes: dict[str, Any], why: str
) -> None:
    assert why in (await reasons(sqlite_books, await begun(sqlite_books), **changes))["d"]


@pytest.mark.parametrize(
    ("found", "why"),
    [
        (
            Verification(NOW, 2, there=1, refs=7, whole=True),
            "No answer; Dintero's list doesn't have this customer",
        ),
        (
            Verification(NOW, 2, there=1, refs=50_000),
            "No answer; not among the first 50,000 entries of Dintero's list",
        ),
        (Verification(NOW, 2, there=1, failed="cut"), "No answer; Dintero's list couldn't be read"),
    ],
)
async def test_each_unknown_customer_has_what_dinteros_list_showed(
    sqlite_books: SqlRepository, found: Verification, why: str
) -> None:
    request = await begun(sqlite_books)
    await sqlite_books.save_verification(request.id, found, frozenset({CustomerId("b")}))
    found_reasons = await reasons(sqlite_books, request)
    assert found_reasons["a"] == "ukjent – «a»"
    assert found_reasons["b"] == "No answer; Dintero lists this customer, perhaps from before"
    assert found_reasons["c"] == why


async def test_without_a_verification_dinteros_list_is_not_mentioned(sqlite_books: SqlRepository) -> None:
    assert (await reasons(sqlite_books, await begun(sqlite_books)))[
        "c"
    ] == "No answer: may or may not have it"


def test_a_list_is_titled_by_its_request_and_its_outbox_row() -> None:
    titles = {not_given_file.title(REQUEST, key) for key in ("3f2a9c1b-4d5e", "4f2a9c1b-4d5e")}
    assert titles == {"R-7K2QF customer list (3f2a9c1b)", "R-7K2QF customer list (4f2a9c1b)"}


@pytest.mark.parametrize("suffix", [".xlsx", ".txt"])
def test_a_list_is_named_by_its_format(suffix: str) -> None:
    file = ListFile(io.BytesIO(), suffix=suffix)
    assert not_given_file.build(REQUEST, file, title="").name == f"R-7K2QF-not-given{suffix}"


def test_the_comment_says_how_many_customers_and_why() -> None:
    file = ListFile(io.BytesIO(), counts=Counter({Outcome.REFUSED: 2}))
    message = not_given_file.build(REQUEST, file, title="")
    assert message.comment == (
        "📄 *R-7K2QF*: not given to 2 of 10 customers (2 refused by Dintero). The reasons are in the file."
    )


def test_a_list_with_an_unconfirmed_customer_does_not_say_that_they_did_not_get_it() -> None:
    file = ListFile(io.BytesIO(), counts=Counter({Outcome.REFUSED: 1, Outcome.UNKNOWN: 1}))
    message = not_given_file.build(REQUEST, file, title="")
    assert message.comment == (
        "📄 *R-7K2QF*: not confirmed for 2 of 10 customers (1 refused by Dintero, 1 unconfirmed). "
        "The reasons are in the file."
    )
    assert message.name == "R-7K2QF-not-confirmed.xlsx"
