"""How often a call that may yet pass is repeated, and how long is waited between; knows not what is called."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from logging import getLogger
from typing import Final

# stamina, which the rest of the bot uses, sleeps by itself; tenacity beneath it lets the wait be ours: it ends with a cancel or a closing
# program, and as soon as Dintero is well again
from tenacity import (
    AsyncRetrying,
    RetryCallState,
    retry_if_exception,
    stop_after_attempt,
    stop_after_delay,
    wait_exponential_jitter,
)

from bot.errors import CircuitOpenError, TransientError

FIRST_WAIT: Final = 0.5
LONGEST_WAIT: Final = 30.0

log = getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How long a call that may yet pass is repeated, in seconds; the waits double, with jitter, up to the longest.

    After `told` seconds without an answer the thread hears of it.
    """

    first: float = FIRST_WAIT
    longest: float = LONGEST_WAIT
    total: float = 3600.0
    attempts: int = 1000
    told: float = 10.0

    def repeats(self, error: Exception) -> bool:
        """Say whether a call is made again after this error; one that asks for a longer wait than our patience is not."""
        return (
            isinstance(error, TransientError)
            and not isinstance(error, CircuitOpenError)
            and (error.retry_after or 0.0) <= self.total
        )


def repeating(retry_policy: RetryPolicy, rest: Callable[[float], Awaitable[None]]) -> AsyncRetrying:
    """Make the attempts of one call, the first included; `rest` waits between them."""
    return AsyncRetrying(
        retry=retry_if_exception(lambda error: isinstance(error, Exception) and retry_policy.repeats(error)),
        wait=wait_exponential_jitter(
            multiplier=retry_policy.first, max=retry_policy.longest, jitter=retry_policy.first
        ),
        stop=stop_after_attempt(retry_policy.attempts) | stop_after_delay(retry_policy.total),
        sleep=rest,
        before_sleep=_tell,
        reraise=True,
    )


def _tell(state: RetryCallState) -> None:
    if state.outcome and state.next_action:
        log.warning(
            "a call to Dintero is repeated in %.1f s: %s", state.next_action.sleep, state.outcome.exception()
        )
