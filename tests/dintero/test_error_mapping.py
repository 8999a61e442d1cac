import json
from datetime import UTC, datetime

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.dintero.error_mapping import (
    MAX_REASON_LENGTH,
    MAX_WAIT_SECONDS,
    error_for,
    reason,
    retry_after,
    token_error_for,
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
def test_each_status_has_its_error(status: int, error: type[DinteroError]) -> None:
    assert type(error_for(httpx.Response(status))) is error


@given(st.integers(100, 599))
def test_a_token_request_never_blames_a_rule_or_a_customer(status: int) -> None:
    assert not isinstance(token_error_for(httpx.Response(status)), RuleNotFound | BatchRejectedError)


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_transient_error_says_how_long_to_wait(status: int) -> None:
    error = error_for(httpx.Response(status, headers={"Retry-After": "12"}))
    assert isinstance(error, RateLimitedError | OutcomeUnknownError)
    assert error.retry_after == 12


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("0", 0),
        ("12", 12),
        (" 12 ", 12),
        ("9" * 400, MAX_WAIT_SECONDS),
        ("Fri, 01 May 2026 12:01:30 GMT", 90),
        ("Fri, 01 May 2026 11:00:00 GMT", 0),
        ("Fri, 01 May 2037 12:00:00 GMT", MAX_WAIT_SECONDS),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("nan", None),
        ("٣", None),
    ],
)
def test_the_wait_is_read_from_seconds_and_from_dates(header: str, seconds: float | None) -> None:
    answer = httpx.Response(429, headers=[(b"Retry-After", header.encode())])
    assert retry_after(answer, now=at_noon) == seconds


def test_a_date_is_compared_with_the_senders_clock() -> None:
    dates = {"Retry-After": "Fri, 01 May 2026 12:01:30 GMT", "Date": "Fri, 01 May 2026 12:01:00 GMT"}
    assert retry_after(httpx.Response(429, headers=dates), now=at_noon) == 30


def test_without_the_header_there_is_no_wait() -> None:
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
def test_the_reason_is_read_from_any_shape(error: object, words: str) -> None:
    assert reason(httpx.Response(400, json={"error": error})) == words


@pytest.mark.parametrize("body", ["", "<html>", "[]", "7", "null", '"error"', "{}", '{"error', "[" * 100_000])
def test_a_gateways_body_contains_no_reason(body: str) -> None:
    assert reason(httpx.Response(400, text=body)) == ""
    assert str(error_for(httpx.Response(400, text=body))) == "Dintero answered 400 without a reason"


def test_a_very_long_reason_is_cut() -> None:
    words = reason(httpx.Response(400, json={"error": {"message": "a" * 100_000}}))
    assert len(words) == MAX_REASON_LENGTH
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
def test_any_json_error_gives_a_short_reason_on_one_line(error: object) -> None:
    words = reason(httpx.Response(400, content=json.dumps({"error": error}).encode()))
    assert len(words) <= MAX_REASON_LENGTH
    assert "\n" not in words
