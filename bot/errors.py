"""The bot's errors, with advice for people."""

from datetime import timedelta


class DiscountBotError(Exception):
    """An error to show to a person; `advice` says what to do next."""

    advice = "Try again. If it keeps happening, send this message to the person who runs discount-bot."

    def __init__(self, what: str, *, advice: str | None = None) -> None:
        super().__init__(what)
        if advice is not None:
            self.advice = advice


class ConfigError(DiscountBotError):
    """The settings or the policy file are invalid; `faults` has one line for each fault."""

    advice = "Fix the lines above and start again."

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


class DirectoryUnavailable(DiscountBotError):
    """Slack did not return a profile, a user group or a channel."""

    advice = "Try again in a minute."


class DinteroError(DiscountBotError):
    """A call to Dintero failed."""


class TransientError(DinteroError):
    """A failure that may pass: the call can be repeated with the same idempotency key.

    `retry_after` is Dintero's own wait in seconds, if it sent one.
    """

    advice = "Dintero may be busy. Try again in a few minutes."

    def __init__(self, what: str, *, retry_after: float | None = None) -> None:
        super().__init__(what)
        self.retry_after = retry_after


class RateLimitedError(TransientError):
    """429: Dintero limited the rate; nothing was done."""


class OutcomeUnknownError(TransientError):
    """No usable answer (5xx, cut off, timeout, no JSON): the call may have taken effect."""


class TokenUnavailable(TransientError):
    """No token is available now (5xx, cut off, timeout): the call was not sent, so nothing was done."""


class CircuitOpenError(TransientError):
    """The circuit breaker blocks calls for longer than any caller waits; nothing was done.

    `turned_away`: Dintero limits the rate; otherwise it is down.
    """

    def __init__(self, what: str, *, turned_away: bool) -> None:
        super().__init__(what)
        self.turned_away = turned_away


class BatchRejectedError(DinteroError):
    """400: Dintero rejected the whole batch; the message is its reason."""

    advice = "Fix the customer IDs and request again for those."


class BatchTooLargeError(BatchRejectedError):
    """413: Dintero rejected the batch for its size, which says nothing about several customers."""


class AccessDenied(DinteroError):
    """401 or 403: the API client lacks access."""

    advice = (
        "Check in Backoffice → Settings → API clients that the client exists and has read:discounts"
        " and write:discounts."
    )


class TokenRefused(AccessDenied):
    """401 even with a new token: Dintero does not accept the client's id or secret."""


class ScopeMissing(AccessDenied):
    """403: the client lacks a scope."""


class OtherAccountError(DinteroError):
    """The request is for another account than the client's: the call was not made."""


class RuleNotFound(DinteroError):
    """404: this account has no such rule."""

    advice = "Choose another rule; this one may be deleted."


class ShortIdConflict(DiscountBotError):
    """Another request has the same short id."""


class DeliveryDeferred(DiscountBotError):
    """Slack did not accept a message now; retry `after` so many seconds. `clean`: surely nothing was posted.

    `all_wait`: the cause is not this message; Slack is down or limits the rate. `code` is Slack's code for a
    problem that a person must fix first, and `patience` how long to wait for that; None is forever.
    """

    def __init__(
        self,
        what: str,
        *,
        after: float,
        clean: bool,
        all_wait: bool = False,
        code: str = "",
        patience: timedelta | None = None,
    ) -> None:
        super().__init__(what)
        self.after = after
        self.clean = clean
        self.all_wait = all_wait
        self.code = code
        self.patience = patience


class DeliveryFailed(DiscountBotError):
    """Slack will never accept this message; `code` is Slack's error code."""

    def __init__(self, what: str, *, code: str = "") -> None:
        super().__init__(what)
        self.code = code


class CardDeleted(DeliveryFailed):
    """The card to edit was deleted."""


class DatabaseUnavailable(DiscountBotError):
    """The database is unreachable or failed; `passes`: it may work again without anybody's help."""

    advice = (
        "Try again in a minute. If it keeps happening, the person who runs discount-bot should check the"
        " database in DATABASE_URL."
    )

    def __init__(self, what: str, *, advice: str | None = None, passes: bool = True) -> None:
        super().__init__(what, advice=advice)
        self.passes = passes


class BackupError(DiscountBotError):
    """A backup could not be made, or is not one that can be restored; nothing was changed."""

    advice = "Nothing was changed."


class DeliveredBefore(DiscountBotError):
    """The payload is a copy of one that was handled before."""

    def __init__(self) -> None:
        super().__init__("Slack delivered this before")


class RunInterrupted(Exception):
    """The program is closing; unsent batches wait for the next start."""


class LeaseLost(RunInterrupted):
    """Another process has taken over this run: this one sends and writes nothing more."""
