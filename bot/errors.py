"""What can go wrong outside the heart, and what to tell the person who meets it; knows no library."""

from datetime import timedelta


class DiscountBotError(Exception):
    """Something that a person has to hear about; `advice` says what to do next."""

    advice = "Try again; if it goes on, show this message to whoever runs the bot."

    def __init__(self, what: str, *, advice: str | None = None) -> None:
        """Keep what happened, and an advice that fits better than the class's own."""
        super().__init__(what)
        if advice is not None:
            self.advice = advice


class ConfigError(DiscountBotError):
    """Settings or the policy file cannot be used; `faults` lists every fault, one line each."""

    advice = "Fix the problems above and start again."

    def __init__(self, faults: list[str]) -> None:
        """Keep all faults, so that they are mended in one go."""
        super().__init__("\n".join(faults))
        self.faults = faults


class DirectoryUnavailable(DiscountBotError):
    """Slack could not say who somebody is, or who is in a user group."""

    advice = "Try again in a minute."


class DinteroError(DiscountBotError):
    """Dintero did not do as it was asked."""


class TransientError(DinteroError):
    """A failure that may pass: the same call can be made again, under the same once-only key.

    `retry_after` is how many seconds Dintero asked to be left alone, where it said so.
    """

    advice = "Dintero may be busy; try again in a few minutes."

    def __init__(self, what: str, *, retry_after: float | None = None) -> None:
        """Keep how long to wait."""
        super().__init__(what)
        self.retry_after = retry_after


class RateLimitedError(TransientError):
    """429: Dintero turned the call away, and nothing of it was done."""


class OutcomeUnknownError(TransientError):
    """No answer that can be used (5xx, cut, hanging, no JSON): what was asked may have been done, or not."""


class TokenUnavailable(TransientError):
    """No token to be had just now (5xx, cut, hanging): what was asked did not go out, so surely nothing of it was done."""


class CircuitOpenError(TransientError):
    """Dintero is being left alone, since it was down or asked for it, for longer than anybody waits: surely nothing was done.

    `turned_away` tells that it was busy, and not down.
    """

    def __init__(self, what: str, *, turned_away: bool) -> None:
        """Keep why it is left alone."""
        super().__init__(what)
        self.turned_away = turned_away


class BatchRejectedError(DinteroError):
    """400: the batch as it stands was refused whole; the message is Dintero's reason."""

    advice = "Correct the customer ids and ask again for those."


class BatchTooLargeError(BatchRejectedError):
    """413: it was refused for its size, which says nothing of its customers while there is more than one."""


class AccessDenied(DinteroError):
    """401 or 403: the API client may not do this."""

    advice = "In Dintero's Backoffice, Settings → API clients: check that the client exists and has read:discounts and write:discounts."


class TokenRefused(AccessDenied):
    """401, again after a new token: the client's id or secret is not accepted."""


class ScopeMissing(AccessDenied):
    """403: the client has too little scope."""


class RuleNotFound(DinteroError):
    """404: Dintero has no such rule in this account."""

    advice = "Choose another rule; this one may have been deleted."


class ShortIdConflict(DiscountBotError):
    """Another request has the same short id."""


class DeliveryDeferred(DiscountBotError):
    """Slack did not take a message now. `after` is in seconds; `clean` tells that surely nothing was posted.

    `all_wait` tells that it has nothing to do with this message: Slack is away, or asked to be left alone. `code` is Slack's word for what
    somebody has to mend first, and `patience` for how long that is waited for; None is for ever.
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
        """Keep when to try again, and whether to look for the message first."""
        super().__init__(what)
        self.after = after
        self.clean = clean
        self.all_wait = all_wait
        self.code = code
        self.patience = patience


class DeliveryFailed(DiscountBotError):
    """Slack will never take this message; `code` is its word for why."""

    def __init__(self, what: str, *, code: str = "") -> None:
        """Keep why."""
        super().__init__(what)
        self.code = code


class CardDeleted(DeliveryFailed):
    """The card that was to be edited was deleted."""


class DatabaseUnavailable(DiscountBotError):
    """The database could not be reached, or could not do its part."""

    advice = "Try again in a minute; if it goes on, whoever runs the bot should look at the database that DATABASE_URL names."


class RunInterrupted(Exception):
    """What has not gone out stays for the next start: the program is closing."""


class LeaseLost(RunInterrupted):
    """Another process gives this request now: nothing more goes out here, and nothing of it is written here."""
