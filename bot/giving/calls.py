"""One call to Dintero after the other for a request, repeated while its failure may pass; knows nothing of batches and their ends."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial

from bot.domain.rules.rule import Rule
from bot.errors import DinteroAway, DinteroBusy, MayPass, OutcomeUnknown
from bot.giving.outage_notice import Silence
from bot.giving.retry import Patience, repeating
from bot.giving.scheduler import LOOK, Line, Traffic

Make = Callable[[], Awaitable[Rule]]


@dataclass(slots=True)
class Tries:
    """What is known of a call's tries so far.

    `maybe`: it may have been carried out, though no answer says so. `until`: when patience ends with a Dintero that fails, or is left
    alone, by the loop's clock; waiting for other calls takes none.
    """

    maybe: bool = False
    until: float | None = None


@dataclass(slots=True)
class Calling:
    """A request's calls. `wanted` raises what ends a wait; it is told whether to look into the books for it."""

    traffic: Traffic
    patience: Patience
    silence: Silence
    wanted: Callable[[bool], Awaitable[None]]
    line: Line = field(init=False)
    _looked_at: float = field(init=False, default=0.0)

    def __post_init__(self) -> None:
        """Open the request's line."""
        self.line = self.traffic.line()

    async def call(self, make: Make, tries: Tries) -> Rule:
        """Make one call, repeated while its failure may pass.

        Raises:
            DinteroAway: Dintero has been left alone for as long as anybody waits.
            DinteroError: the last answer.
        """
        try:
            return await self._once(make, tries)
        except MayPass as failure:
            return await self._again(make, tries, failure)

    async def _again(self, make: Make, tries: Tries, failure: MayPass) -> Rule:
        """Repeat a call that has failed once."""
        tries.until = _now() + self.patience.total
        async for attempt in repeating(
            self.patience, partial(self.line.rest, meanwhile=partial(self._meanwhile, tries))
        ):
            with attempt:
                if attempt.retry_state.attempt_number == 1:
                    raise failure
                await self.wanted(True)
                return await self._once(make, tries)
        raise AssertionError  # tenacity returns or raises

    async def _once(self, make: Make, tries: Tries) -> Rule:
        went = 0.0

        async def send() -> Rule:
            nonlocal went
            went = _now()
            return await make()

        try:
            answer = await self.line.call(send, partial(self._meanwhile, tries))
        except DinteroAway:
            raise
        except MayPass as failure:
            tries.maybe = tries.maybe or isinstance(failure, OutcomeUnknown)
            await self.silence.lasts(failure, since=went)
            raise
        if self.silence.ends():
            await self.silence.tell_end()
        return answer

    async def _meanwhile(self, tries: Tries) -> None:
        """Look up while a call waits: whether it is still wanted, and for how long Dintero has been left alone already."""
        now = _now()
        due, self._looked_at = (True, now) if now - self._looked_at >= LOOK else (False, self._looked_at)
        await self.wanted(due)
        if trouble := self.traffic.trouble:
            tries.until = tries.until or now + self.patience.total
            if now >= tries.until or self.traffic.alone_for > self.patience.total:
                raise DinteroAway(str(trouble), turned_away=isinstance(trouble, DinteroBusy))
            await self.silence.lasts(trouble)


def _now() -> float:
    return asyncio.get_running_loop().time()
