import json
from datetime import UTC, datetime

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.dintero.error_mapping import (
    LONGEST_REASON,
    LONGEST_WAIT,
    reason,
    refusal,
    retry_after,
    token_refusal,
)
from bot.errors import (
    BatchRejectedError,
    BatchTooLargeError,
    DinteroError,
    OutcomeUnknownError,
    RateLimitedError,
    RuleNotFound,
    ScopeMissing,
    TokenRefused,
)

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


def at_noon() -> datetime:
    return NOON


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, BatchRejectedError),
        (401, TokenRefused),
        (403, ScopeMissing),
        (404, RuleNotFound),
        (413, BatchTooLargeError),
        (422, BatchRejectedError),
        (429, RateLimitedError),
        *(
            (status, OutcomeUnknownError)
            for status in (
                201,
                202,
                204,
                207,
                301,
                302,
                307,
                402,
                405,
                408,
                409,
                418,
                500,
                502,
                503,
                504,
                599,
            )
        ),
    ],
)
def test_every_status_has_its_error(status: int, error: type[DinteroError]) -> None:
    assert type(refusal(httpx.Response(status))) is error


@given(st.integers(100, 599))
def test_no_status_where_a_token_was_asked_for_blames_a_rule_or_a_customer(status: int) -> None:
    assert not isinstance(token_refusal(httpx.Response(status)), RuleNotFound | BatchRejectedError)


@pytest.mark.parametrize("status", [429, 500, 503])
def test_how_long_to_wait_is_told_with_whatever_may_pass(status: int) -> None:
    told = refusal(httpx.Response(status, headers={"Retry-After": "12"}))
    assert isinstance(told, RateLimitedError | OutcomeUnknownError)
    assert told.retry_after == 12


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("0", 0),
        ("12", 12),
        (" 12 ", 12),
        ("9" * 400, LONGEST_WAIT),
        ("Fri, 01 May 2026 12:01:30 GMT", 90),
        ("Fri, 01 May 2026 11:00:00 GMT", 0),
        ("Fri, 01 May 2037 12:00:00 GMT", LONGEST_WAIT),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("nan", None),
        ("٣", None),
    ],
)
def test_how_long_to_wait_is_read_from_seconds_and_from_dates(said: str, seconds: float | None) -> None:
    answer = httpx.Response(429, headers=[(b"Retry-After", said.encode())])
    assert retry_after(answer, now=at_noon) == seconds


def test_a_date_to_wait_for_is_compared_with_the_clock_of_whoever_sent_it() -> None:
    dates = {"Retry-After": "Fri, 01 May 2026 12:01:30 GMT", "Date": "Fri, 01 May 2026 12:01:00 GMT"}
    assert retry_after(httpx.Response(429, headers=dates), now=at_noon) == 30


def test_an_answer_that_says_nothing_of_waiting_asks_for_no_wait() -> None:
    assert retry_after(httpx.Response(429)) is None


@pytest.mark.parametrize(
    ("error", "words"),
    [
        ({"message": "Invalid customer"}, "Invalid customer"),
        (
            {"message": "Invalid", "errors": [{"message": "too long"}, {"message": "too short"}]},
            "Invalid (too long; too short)",
        ),
        ({"message": "Invalid", "errors": [{"message": "same"}, {"message": "same"}]}, "Invalid (same)"),
        (
            {"message": "Invalid", "errors": [{"field": "customers[0]", "why": 7}]},
            'Invalid ({"field": "customers[0]", "why": 7})',
        ),
        ({"message": "Invalid", "errors": "all of them"}, "Invalid (all of them)"),
        ({"message": "Invalid", "errors": []}, "Invalid"),
        ({"message": "Invalid", "errors": None}, "Invalid"),
        ({"message": None, "errors": [{"message": "too long"}]}, "too long"),
        ({"message": 7, "code": "NOT FOUND"}, "NOT FOUND"),
        ({"message": "on\ntwo\tlines"}, "on two lines"),
        ("just words", "just words"),
        (None, ""),
        ([], ""),
        ({}, ""),
    ],
)
def test_the_reason_is_read_from_whatever_shape_it_has(error: object, words: str) -> None:
    assert reason(httpx.Response(400, json={"error": error})) == words


@pytest.mark.parametrize("body", ["", "<html>", "[]", "7", "null", '"error"', "{}", '{"error', "[" * 100_000])
def test_a_gateways_body_has_no_reason_in_it(body: str) -> None:
    assert reason(httpx.Response(400, text=body)) == ""
    assert str(refusal(httpx.Response(400, text=body))) == "Dintero answered 400 and gave no reason"


def test_a_reason_without_end_is_cut() -> None:
    words = reason(httpx.Response(400, json={"error": {"message": "a" * 100_000}}))
    assert len(words) == LONGEST_REASON
    assert words.endswith("…")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["message", "errors", "code", "x"]), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(json_values)
def test_whatever_stands_for_an_error_some_words_come_of_it(error: object) -> None:
    words = reason(httpx.Response(400, content=json.dumps({"error": error}).encode()))
    assert len(words) <= LONGEST_REASON
    assert "\n" not in words
