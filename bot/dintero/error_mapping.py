"""What Dintero's answers that are no success mean, in our errors; the one place that knows status codes."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final

import httpx

from bot.dintero.schemas import as_json
from bot.errors import (
    BatchRejectedError,
    BatchTooLargeError,
    DinteroError,
    OutcomeUnknownError,
    RateLimitedError,
    RuleNotFound,
    ScopeMissing,
    TokenRefused,
    TokenUnavailable,
)

LONGEST_REASON: Final = 500
"""Characters: a reason is read in Slack, and Dintero's details are of any length."""
LONGEST_WAIT: Final = 86_400.0
"""Seconds: whoever says more means "not today"."""


def refusal(answer: httpx.Response) -> DinteroError:
    """Say what an answer other than 200 means.

    413 is undocumented; a gateway may say so of a batch that is too long, and halving helps there too. Any other status, redirects and
    other successes among them, tells nothing of whether the call was carried out.
    """
    match answer.status_code:
        case 413:
            return BatchTooLargeError(reason(answer) or "Dintero took this for too large")
        case 400 | 422:
            return BatchRejectedError(
                reason(answer) or f"Dintero answered {answer.status_code} and gave no reason"
            )
        case 401:
            return TokenRefused("Dintero refused the token, a new one too")
        case 403:
            return ScopeMissing("Dintero forbids this to the API client")
        case 404:
            return RuleNotFound("Dintero has no such rule")
        case _:
            return passing(answer)


def token_refusal(answer: httpx.Response) -> DinteroError:
    """Say what an answer other than 200 means where a token was asked for: nothing else was asked, so no rule or customer is at fault."""
    match answer.status_code:
        case 401:
            return TokenRefused("Dintero does not accept the API client's id and secret")
        case 403:
            return ScopeMissing("Dintero gives this API client no token")
        case 400 | 404 | 422:
            return TokenRefused(
                f"Dintero gave no token for this account and API client (it answered {answer.status_code})"
            )
        case 429:
            return passing(answer)
        case _:
            return TokenUnavailable(f"Dintero answered {answer.status_code}", retry_after=retry_after(answer))


def passing(answer: httpx.Response) -> DinteroError:
    """Say what a status means that may pass."""
    if answer.status_code == httpx.codes.TOO_MANY_REQUESTS:
        return RateLimitedError("Dintero asks for fewer calls", retry_after=retry_after(answer))
    return OutcomeUnknownError(f"Dintero answered {answer.status_code}", retry_after=retry_after(answer))


def retry_after(
    answer: httpx.Response, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> float | None:
    """Read how many seconds Dintero wants to be left alone; None where it says nothing that can be read.

    Dintero documents seconds; a gateway may send a date, which is compared with the gateway's own clock where it tells the time.
    """
    said = answer.headers.get("Retry-After", "").strip()
    if said.isascii() and said.isdigit():
        return min(float(said), LONGEST_WAIT)
    until = _date(said)
    if until is None:
        return None
    wait = (until - (_date(answer.headers.get("Date", "")) or now())).total_seconds()
    return min(max(wait, 0.0), LONGEST_WAIT)


def _date(text: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)


def reason(answer: httpx.Response) -> str:
    """Read why, in Dintero's words; empty where it gave no reason that can be read, as gateways do."""
    try:
        error = answer.json()["error"]
    except (ValueError, RecursionError, KeyError, TypeError, IndexError):
        return ""
    said = error if isinstance(error, dict) else {"message": error}
    message = _line(said.get("message"))
    details = "; ".join(dict.fromkeys(_details(said.get("errors"))))
    words = f"{message} ({details})" if message and details else message or details or _line(said.get("code"))
    return words if len(words) <= LONGEST_REASON else words[: LONGEST_REASON - 1] + "…"


def _details(errors: Any) -> Iterator[str]:
    """Say each detail once: its own message where it has one, else all of it, for their form is free."""
    for error in errors if isinstance(errors, list) else [errors]:
        words = _line(error.get("message")) if isinstance(error, dict) else _line(error)
        if words or error:
            yield words or as_json(error)


def _line(value: object) -> str:
    """Put text on one line; anything else is no text."""
    return " ".join(value.split()) if isinstance(value, str) else ""
