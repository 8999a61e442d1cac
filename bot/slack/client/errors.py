"""Slack's error codes: one table of their kinds, and what each kind means for a call or a message."""

from collections.abc import Mapping
from enum import Enum
from typing import Final

import aiohttp
from slack_sdk.errors import SlackApiError

from bot.errors import DeliveryDeferred, DeliveryFailed
from bot.outages import why_unreachable

CALL_ERRORS: Final = (SlackApiError, aiohttp.ClientError, OSError)
"""What a call to Slack raises when it fails; `TimeoutError` is an `OSError`."""
BAD_REQUEST: Final = 400
TOO_MANY_REQUESTS: Final = 429
SERVER_ERROR: Final = 500
RETRY_SECONDS: Final = 1.0
RATE_LIMIT_SECONDS: Final = 5.0
"""The wait when a 429 does not name one."""
MAX_RATE_LIMIT_SECONDS: Final = 600.0
"""The longest wait that a 429 may impose: a mistake of Slack's must not silence the bot for a day."""
OPERATOR_SECONDS: Final = 60.0
NOT_SLACK: Final = "the answer isn't from Slack"


class ErrorKind(Enum):
    """Kinds of failed calls, by what helps, each with its codes."""

    TRANSIENT = (
        "internal_error",
        "fatal_error",
        "service_unavailable",
        "request_timeout",
        "team_added_to_org",
        "accesslimited",
    )
    """Passes by itself. The call may have taken effect."""
    RATE_LIMITED = ("ratelimited", "rate_limited")
    """Passes by itself. The call had no effect."""
    TOKEN_REJECTED = ("invalid_auth", "not_authed", "token_revoked", "token_expired", "account_inactive")
    """Passes when the operator repairs the installation: every message waits."""
    SCOPE_MISSING = ("missing_scope",)
    """Passes when the operator adds the scope: only messages that need it wait."""
    CHANNEL_UNAVAILABLE = ("not_in_channel", "channel_not_found", "is_archived", "is_inactive")
    """Passes when somebody invites the bot again or unarchives the channel."""
    MESSAGE_GONE = ("message_not_found", "thread_not_found", "cannot_reply_to_message", "cant_update_message")
    """The card was deleted, or belongs to an earlier app: the bot posts a new one."""
    VIEW_NOT_FOUND = ("not_found",)
    """The person closed the view, or Slack has yet to draw it from an ack: only `views.update` retries."""
    TRIGGER_USED = ("exchanged_trigger_id",)
    """Slack delivered a click twice; the first delivery opened the modal."""
    TRIGGER_EXPIRED = ("expired_trigger_id",)
    USER_UNKNOWN = ("user_not_found", "users_not_found", "user_not_visible")
    GROUP_UNAVAILABLE = ("no_such_subteam", "subteam_not_found", "plan_upgrade_required")
    """The user group is deleted, or the workspace has none any more."""
    FILE_GONE = ("file_not_found", "file_deleted")
    PERMANENT = frozenset[str]()  # early releases of Python 3.11 make an object() of an empty tuple
    """Slack will never accept this call: every other code."""


KINDS: Final[Mapping[str, ErrorKind]] = {code: kind for kind in ErrorKind for code in kind.value}


def kind_of(error: Exception) -> ErrorKind:
    """Classify what a call raised. From status 500 on the code proves nothing; a proxy sends none."""
    if not isinstance(error, SlackApiError):
        return ErrorKind.TRANSIENT if isinstance(error, CALL_ERRORS) else ErrorKind.PERMANENT
    status, code = _status(error), response_field(error, "error")
    if status == TOO_MANY_REQUESTS:
        return ErrorKind.RATE_LIMITED
    if status >= SERVER_ERROR or not code:
        return ErrorKind.TRANSIENT
    return KINDS.get(code, ErrorKind.PERMANENT)


def is_transient(error: Exception) -> bool:
    """Tell whether a call that may be repeated is worth repeating."""
    return kind_of(error) in {ErrorKind.TRANSIENT, ErrorKind.RATE_LIMITED}


def repeat_after(error: Exception) -> bool | float:
    """Tell it, with the seconds that Slack asks to wait: `stamina` waits as long as a 429 says."""
    return _retry_after(error) if kind_of(error) is ErrorKind.RATE_LIMITED else is_transient(error)


def response_field(error: Exception, name: str) -> str:
    """Read a field of Slack's answer; empty if there is none."""
    data = getattr(error.response, "data", None) if isinstance(error, SlackApiError) else None
    return str(data.get(name) or "") if isinstance(data, dict) else ""


def describe(error: Exception) -> str:
    """Say what went wrong: Slack's code, else the status, else why there was no answer, in plain words."""
    match error:
        case SlackApiError():
            return response_field(error, "error") or f"status {_status(error) or 'unknown'}"
        case aiohttp.ClientSSLError():
            return "no secure connection (TLS failed)"
        case aiohttp.ClientConnectorError():
            return why_unreachable(error)
        case TimeoutError():
            return "no answer in time"
        case aiohttp.ClientError() if str(error) == NOT_SLACK:
            return NOT_SLACK
        case aiohttp.ClientResponseError() | aiohttp.InvalidURL() | ValueError():
            return NOT_SLACK
        case aiohttp.ClientError() | OSError():
            return "connection lost"
        case _:
            return type(error).__name__


def delivery_error(error: Exception) -> DeliveryDeferred | DeliveryFailed:
    """Decide whether Slack may take the message later, and whether it may have it already."""
    kind, code = kind_of(error), response_field(error, "error")
    if kind is ErrorKind.RATE_LIMITED:
        return DeliveryDeferred(
            "Slack asks for fewer calls", after=_retry_after(error), clean=True, all_wait=True
        )
    if kind is ErrorKind.TRANSIENT:
        what = "Slack error" if isinstance(error, SlackApiError) else "can't reach Slack"
        return DeliveryDeferred(
            f"{what} ({describe(error)})", after=RETRY_SECONDS, clean=False, all_wait=True
        )
    if kind in {ErrorKind.TOKEN_REJECTED, ErrorKind.SCOPE_MISSING}:
        is_token = kind is ErrorKind.TOKEN_REJECTED
        what = "Slack rejected the bot token" if is_token else "the app is missing a permission"
        return DeliveryDeferred(
            f"{what} ({code})", after=OPERATOR_SECONDS, clean=True, all_wait=is_token, code=code
        )
    return DeliveryFailed(f"Slack refused the request ({code})", code=code)


def _status(error: SlackApiError) -> int:
    return getattr(error.response, "status_code", 0)


def _retry_after(error: Exception) -> float:
    seconds = getattr(getattr(error, "response", None), "headers", {}).get("Retry-After") or ""
    if not (seconds.isascii() and seconds.isdigit()):
        return RATE_LIMIT_SECONDS
    return min(float(seconds), MAX_RATE_LIMIT_SECONDS)
