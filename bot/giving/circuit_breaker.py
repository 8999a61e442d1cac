"""Keeps a dead Dintero from being hammered: after some failures in a row nobody calls it, but for one probe at a time.

`interlock-cb` has what this needs and others have not: one probe at a time whose waits grow, a clock of one's own, and answers that come
late from before it opened counting for nothing. (purgatory lets everybody through after one wait of fixed length, and goes by the wall
clock; aiobreaker is not kept up; pybreaker knows no asyncio.)
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from interlock import CircuitBreaker, Config, CoreEventListener, State

from bot.errors import RateLimitedError, TransientError

IN_A_ROW: Final = 5
"""Failures in a row until Dintero counts as down: more than one cut or one lost process of Dintero's brings about, and within the first
round of 8 lanes."""


def circuit(
    first: float, longest: float, now: Callable[[], float], moved: Callable[[State], None]
) -> CircuitBreaker:
    """Make the circuit; its waits begin with `first` seconds and double up to `longest`, `moved` hears of every change."""
    return CircuitBreaker(
        name="Dintero",
        config=Config(
            failure_rate_threshold=1.0,
            minimum_number_of_calls=IN_A_ROW,
            window_size=IN_A_ROW,
            slow_call_duration_threshold=float("inf"),
            permitted_calls_in_half_open=1,
            wait_duration_in_open=first,
            wait_duration_backoff_multiplier=2.0,
            wait_duration_in_open_max=longest,
        ),
        clock=_Clock(now),
        classifier=_IsDown(),
        listener=_Ear(moved),
    )


class _IsDown:
    """No usable answer, or no token: whoever refuses, or turns away, is alive."""

    def is_failure(self, *, result: object, exception: Exception | None) -> bool:  # noqa: ARG002 - the library's
        """Say whether this means that Dintero is down."""
        return isinstance(exception, TransientError) and not isinstance(exception, RateLimitedError)


@dataclass(frozen=True, slots=True)
class _Clock:
    now: Callable[[], float]

    def monotonic(self) -> float:
        """Tell the time as the library asks for it."""
        return self.now()


class _Ear(CoreEventListener):
    def __init__(self, moved: Callable[[State], None]) -> None:
        self._moved = moved

    def on_state_change(self, *, name: str, old: State, new: State) -> None:  # noqa: ARG002 - the library's
        """Pass it on."""
        self._moved(new)
