"""What an error of Slack's means for a message: later, never, or anew since the one that it belongs to is gone."""

from datetime import timedelta
from typing import Final

from slack_sdk.errors import SlackApiError

from bot.errors import DeliveryDeferred, DeliveryFailed

FOR_THE_OPERATOR: Final = frozenset(
    {"invalid_auth", "not_authed", "token_revoked", "token_expired", "account_inactive"}
)
"""Errors that pass when somebody mends the installation: everything is kept until then."""
MORE_RIGHTS: Final = "missing_scope"
"""The same, for what needs a right that the app was not given; all else is said."""
OPERATOR_SECONDS: Final = 60.0
CHANNEL_AWAY: Final = frozenset({"not_in_channel", "channel_not_found", "is_archived", "is_inactive"})
"""Errors that pass when somebody invites the bot again, or takes the channel out of the archive."""
AWAY_SECONDS: Final = 60.0
AWAY_PATIENCE: Final = timedelta(days=7)
"""For so long a channel is waited for, from what happened; whoever asked hears of it after some minutes."""
GONE: Final = frozenset(
    {"message_not_found", "thread_not_found", "cannot_reply_to_message", "cant_update_message"}
)
"""The card was deleted, or is the message of an app that the bot was before: it is posted anew."""
TOO_MANY: Final = 429
SERVER_FAULT: Final = 500
"""From this status on nothing in the body tells whether the message was posted."""
RATE_LIMIT_SECONDS: Final = 5.0
"""Waited where a 429 does not say how long."""
LONGEST_SECONDS: Final = 600.0
"""Waited where it says more: nobody is to wait a day for a slip of Slack's."""
MAY_PASS: Final = frozenset(
    {
        "internal_error",
        "fatal_error",
        "service_unavailable",
        "request_timeout",
        "team_added_to_org",
        "accesslimited",
    }
)


def code_of(error: Exception) -> str:
    """Read Slack's word for what went wrong; empty where there is none."""
    data = getattr(error.response, "data", None) if isinstance(error, SlackApiError) else None
    return str(data.get("error") or "") if isinstance(data, dict) else ""


def classify(error: Exception) -> DeliveryDeferred | DeliveryFailed:
    """Say whether Slack may take it later, and whether it can have taken it already."""
    if not isinstance(error, SlackApiError):
        return DeliveryDeferred(
            f"Slack could not be reached ({type(error).__name__})", after=1.0, clean=False, all_wait=True
        )
    status, code = getattr(error.response, "status_code", 0), code_of(error)
    if status == TOO_MANY or (status < SERVER_FAULT and code in {"ratelimited", "rate_limited"}):
        return DeliveryDeferred(
            "Slack asked to wait",
            after=_seconds(error.response.headers.get("Retry-After")),
            clean=True,
            all_wait=True,
        )
    if status >= SERVER_FAULT or not code or code in MAY_PASS:
        return DeliveryDeferred(f"Slack failed ({code or status})", after=1.0, clean=False, all_wait=True)
    if code in FOR_THE_OPERATOR:
        return DeliveryDeferred(
            f"Slack refused the bot's token ({code})",
            after=OPERATOR_SECONDS,
            clean=True,
            all_wait=True,
            code=code,
        )
    if code == MORE_RIGHTS:
        return DeliveryDeferred(
            f"the app was not given a right that this needs ({code})",
            after=OPERATOR_SECONDS,
            clean=True,
            code=code,
        )
    return DeliveryFailed(f"Slack refused it ({code})", code=code)


def away(never: DeliveryFailed) -> DeliveryDeferred:
    """Wait for a channel that the bot was taken out of: it may be invited again."""
    return DeliveryDeferred(
        str(never), after=AWAY_SECONDS, clean=True, code=never.code, patience=AWAY_PATIENCE
    )


def _seconds(said: str | None) -> float:
    return (
        min(float(said), LONGEST_SECONDS)
        if said and said.isascii() and said.isdigit()
        else RATE_LIMIT_SECONDS
    )
