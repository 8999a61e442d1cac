"""Faults between the bot and Slack's Web API, on demand."""

from collections import Counter, defaultdict, deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum

from sandbox.slack.state.errors import SlackSays


class Fault(StrEnum):
    """The kinds of faults."""

    RATE_LIMITED = "rate_limited"
    """429 with `Retry-After`, without effect."""
    SERVER_ERROR = "server_error"
    """500 without effect."""
    SERVER_ERROR_AFTER = "server_error_after"
    """500 after the effect."""
    CUT_BEFORE = "cut_before"
    """The connection ends before the effect."""
    CUT_AFTER = "cut_after"
    """The effect happens, but the answer never arrives."""
    REFUSED = "refused"
    """Slack's own `ok: false`, with an error code."""


@dataclass(frozen=True, slots=True)
class Planned:
    """One planned fault."""

    fault: Fault
    retry_after: int = 1
    error: str = "internal_error"


class Refuse(Exception):
    """Answer with a bare HTTP status."""

    def __init__(self, status: int, headers: dict[str, str] | None = None) -> None:
        """Keep status and headers."""
        super().__init__(status)
        self.status = status
        self.headers = headers or {}


class Cut(Exception):
    """End the connection without an answer."""


OnCall = Callable[[str, str, int], Awaitable[None]]
"""Called before and after a call's effect, with the method and its call count.

Raising `Cut` ends the connection at that point.
"""


class Faults:
    """The planned faults, and a call count per method."""

    def __init__(self) -> None:
        """Start without faults."""
        self.outage = False
        """Whether every call is answered with 503."""
        self.on_call: OnCall | None = None
        self.calls: Counter[str] = Counter()
        self._planned: defaultdict[str, deque[Planned]] = defaultdict(deque)

    def plan(
        self,
        method: str,
        fault: Fault,
        *,
        times: int = 1,
        retry_after: int = 1,
        error: str = "internal_error",
    ) -> None:
        """Make the next calls of a method (or of `response_url`) fail."""
        self._planned[method].extend([Planned(fault, retry_after, error)] * times)

    def take(self, method: str) -> Planned | None:
        """Take the fault for the incoming call.

        Raises:
            Refuse: there is an outage.
        """
        self.calls[method] += 1
        if self.outage:
            raise Refuse(503)
        return self._planned[method].popleft() if self._planned[method] else None

    async def before(self, method: str, number: int, planned: Planned | None) -> None:
        """Apply faults that come before a call's effect.

        Raises:
            Refuse, Cut, SlackSays: as planned.
        """
        if self.on_call is not None:
            await self.on_call("before", method, number)
        if planned is None:
            return
        match planned.fault:
            case Fault.RATE_LIMITED:
                raise Refuse(429, {"Retry-After": str(planned.retry_after)})
            case Fault.SERVER_ERROR:
                raise Refuse(500)
            case Fault.CUT_BEFORE:
                raise Cut
            case Fault.REFUSED:
                raise SlackSays(planned.error)

    async def after(self, method: str, number: int, planned: Planned | None) -> None:
        """Apply faults that come after a call's effect.

        Raises:
            Refuse, Cut: as planned.
        """
        if self.on_call is not None:
            await self.on_call("after", method, number)
        if planned is not None and planned.fault is Fault.CUT_AFTER:
            raise Cut
        if planned is not None and planned.fault is Fault.SERVER_ERROR_AFTER:
            raise Refuse(500)
