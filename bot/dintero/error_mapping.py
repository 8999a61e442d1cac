"""Maps Dintero's answers other than 200 to our errors; the only place that knows status codes."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final

import httpx

from bot import errors
from bot.dintero.schemas import as_json

MAX_REASON_LENGTH: Final = 500
"""A reason is shown in Slack, and Dintero's details have any length."""
MAX_WAIT_SECONDS: Final = 86_400.0
"""A longer wait means "not today"."""


def error_for(answer: httpx.Response) -> errors.DinteroError:
    """Return the error for an answer other than 200.

    413 is undocumented; a gateway may send it for a long batch, and halving helps there too. Any other
    status, including redirects and other successes, leaves open whether the call was carried out.
    """
    status = answer.status_code
    match status:
        case 413:
            return errors.BatchTooLargeError(reason(answer) or "too large for Dintero")
        case 400 | 422:
            return errors.BatchRejectedError(reason(answer) or f"Dintero answered {status} without a reason")
        case 401:
            return errors.TokenRefused("Dintero rejected the access token twice")
        case 403:
            return errors.ScopeMissing("the API client isn't allowed to do this")
        case 404:
            return errors.RuleNotFound("Dintero has no such rule")
        case 429:
            return errors.RateLimitedError("rate limited by Dintero", retry_after=retry_after(answer))
        case _:
            return errors.OutcomeUnknownError(f"Dintero answered {status}", retry_after=retry_after(answer))


def token_error_for(answer: httpx.Response) -> errors.DinteroError:
    """Return the error for a token request; such a request never blames a rule or a customer."""
    status = answer.status_code
    match status:
        case 401:
            return errors.TokenRefused("Dintero rejected the API client's id and secret")
        case 403:
            return errors.ScopeMissing("Dintero issued no token")
        case 400 | 404 | 422:
            return errors.TokenRefused(
                f"Dintero issued no token for this account and API client (status {status})"
            )
        case 429:
            return error_for(answer)
        case _:
            return errors.TokenUnavailable(f"Dintero answered {status}", retry_after=retry_after(answer))


def retry_after(
    answer: httpx.Response, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> float | None:
    """Read how many seconds to wait, or None if the answer does not say.

    Dintero documents seconds; a gateway may send a date, which is compared with the gateway's own `Date`.
    """
    header = answer.headers.get("Retry-After", "").strip()
    if header.isascii() and header.isdigit():
        return min(float(header), MAX_WAIT_SECONDS)
    until = _date(header)
    if until is None:
        return None
    wait = (until - (_date(answer.headers.get("Date", "")) or now())).total_seconds()
    return min(max(wait, 0.0), MAX_WAIT_SECONDS)


def _date(text: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)


def reason(answer: httpx.Response) -> str:
    """Read Dintero's reason; empty if the body has none, as with gateways."""
    try:
        error = answer.json()["error"]
    except (ValueError, RecursionError, KeyError, TypeError, IndexError):
        return ""
    fields = error if isinstance(error, dict) else {"message": error}
    message = _one_line(fields.get("message"))
    details = "; ".join(dict.fromkeys(_details(fields.get("errors"))))
    text = f"{message} ({details})" if message and details else message or details
    text = text or _one_line(fields.get("code"))
    return text if len(text) <= MAX_REASON_LENGTH else text[: MAX_REASON_LENGTH - 1] + "…"


def _details(sent: Any) -> Iterator[str]:
    """Yield each detail's message, or all of a detail without one: their form is free."""
    for error in sent if isinstance(sent, list) else [sent]:
        text = _one_line(error.get("message") if isinstance(error, dict) else error)
        if text or error:
            yield text or as_json(error)


def _one_line(value: object) -> str:
    return " ".join(value.split()) if isinstance(value, str) else ""
