"""The retry policy of a call whose failure may pass: how often it is repeated, and how long the waits are."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from logging import getLogger
from typing import Final

# stamina, which the rest of the bot uses, sleeps by itself. tenacity beneath it takes our own sleep, which ends with
# a cancel, with a closing program, and as soon as Dintero has recovered.
from tenacity import (
    AsyncRetrying,
    RetryCallState,
    retry_if_exception,
    stop_after_attempt,
    stop_after_delay,
    wait_exponential_jitter,
)

from bot.errors import CircuitOpenError, TransientError

FIRST_WAIT_SECONDS: Final = 0.5
LONGEST_WAIT_SECONDS: Final = 30.0

log = getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How long a call is repeated, in seconds; the waits double, with jitter, up to the longest.

    The thread hears of an outage after `told` seconds without an answer.
    """

    first: float = FIRST_WAIT_SECONDS
    longest: float = LONGEST_WAIT_SECONDS
    total: float = 3600.0
    attempts: int = 1000
    told: float = 10.0

    def repeats(self, error: BaseException) -> bool:
        """Check whether to make a call again; not where Dintero asks for a wait longer than `total`."""
        return (
            isinstance(error, TransientError)
            and not isinstance(error, CircuitOpenError)
            and (error.retry_after or 0.0) <= self.total
        )


def repeating(retry_policy: RetryPolicy, sleep: Callable[[float], Awaitable[None]]) -> AsyncRetrying:
    """Make the attempts of one call, the first included; `sleep` waits between them."""
    return AsyncRetrying(
        retry=retry_if_exception(retry_policy.repeats),
        wait=wait_exponential_jitter(
            multiplier=retry_policy.first, max=retry_policy.longest, jitter=retry_policy.first
        ),
        stop=stop_after_attempt(retry_policy.attempts) | stop_after_delay(retry_policy.total),
        sleep=sleep,
        before_sleep=_log_repeat,
        reraise=True,
    )


def _log_repeat(state: RetryCallState) -> None:
    if state.outcome and state.next_action:
        log.warning(
            "a call to Dintero is repeated in %.1f s: %s", state.next_action.sleep, state.outcome.exception()
        )
