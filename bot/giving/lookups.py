"""What is read in Dintero beside the giving: rules and their holders, and what a start needs, asked early."""

import asyncio
import time
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from bot.domain.ids import RequestId, RuleId
from bot.domain.ports import DinteroApi
from bot.domain.requests.request import Request
from bot.domain.rules.rule import Holder, Rule
from bot.giving.scheduler import CallScheduler
from bot.services.access import AccessControl

RULE_LOOKUP_SECONDS: Final = 5.0
"""How long a lookup of a rule waits while Dintero is left alone: it can be tried again, or left out."""
HOLDERS_LOOKUP_SECONDS: Final = 40.0
"""The same for its holders, who are looked up after an outage: a Dintero that is down is tried every 30 s."""
HEAD_START_SECONDS: Final = 2.0
"""How long the answers count, from the questions on: the start follows the approval at once."""


@dataclass(frozen=True, slots=True)
class RuleLookups:
    """Reads rules and their holders from Dintero; batches and lookups do not wait for each other.

    Both methods raise DinteroError: CircuitOpenError while Dintero is left alone, RuleNotFound if there is no
    such rule.
    """

    dintero: DinteroApi
    scheduler: CallScheduler

    async def rule(self, rule: RuleId) -> Rule:
        """Read one rule with its statistics."""
        return await self.scheduler.lookup(partial(self.dintero.rule, rule), longest=RULE_LOOKUP_SECONDS)

    async def refs(self, rule: RuleId, *, after: str | None, patient: bool) -> tuple[Holder, ...]:
        """Read the next page of a rule's holders; only `patient` waits for a Dintero that is down."""
        seconds = HOLDERS_LOOKUP_SECONDS if patient else RULE_LOOKUP_SECONDS
        return await self.scheduler.lookup(partial(self.dintero.refs, rule, after=after), longest=seconds)


@dataclass(frozen=True, slots=True)
class HeadStart:
    """The people that an approval looked up, and Dintero's answer about the rule."""

    round: int
    access: AccessControl
    rule: asyncio.Task[Rule]
    asked_at: float = field(default_factory=time.monotonic)

    @property
    def is_recent(self) -> bool:
        """Whether the answers still count."""
        return time.monotonic() - self.asked_at < HEAD_START_SECONDS

    def end(self) -> None:
        """Wait for the rule no longer."""
        self.rule.cancel()


@dataclass(slots=True)
class HeadStarts:
    """The head starts of a process. Each serves one start, and none that has to wait."""

    lookups: RuleLookups
    _of: dict[RequestId, HeadStart] = field(default_factory=dict)

    def begin(self, request: Request, access: AccessControl) -> None:
        """Read the rule while an approval is checked with these look-ups, which ask Slack again."""
        if request.rule is None:
            return
        for old in [id_ for id_, one in self._of.items() if id_ == request.id or not one.is_recent]:
            self._of.pop(old).end()
        reading = asyncio.create_task(self.lookups.rule(request.rule.id))
        reading.add_done_callback(lambda task: task.cancelled() or task.exception())
        self._of[request.id] = HeadStart(request.round, access, reading)

    def take(self, request: RequestId) -> HeadStart | None:
        """Take what the approval of a request has just asked, if anything; another start asks again."""
        found = self._of.pop(request, None)
        if found is None or found.is_recent:
            return found
        found.end()
        return None
