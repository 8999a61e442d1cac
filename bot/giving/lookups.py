"""What is asked of Dintero beside the giving: how a rule is now, and who has it; knows not what for."""

from functools import partial
from typing import Final

from bot.domain.ids import RuleId
from bot.domain.ports import DinteroApi
from bot.domain.rules.rule import Holder, Rule
from bot.giving.scheduler import CallScheduler

RULE_WAITS: Final = 5.0
"""Seconds that a look at a rule waits while Dintero is left alone: whoever looks can try again, or do without."""
REFS_WAIT: Final = 40.0
"""Of a look at who has it: what was given up lately is what it is for, and a Dintero that was down is tried every 30 s at the latest."""


class RuleLookups:
    """Looks at Dintero in places of their own within the traffic: batches that hang hold up no look, and a look holds up no batch.

    They obey what all obey: a Dintero that is down, or asks to be left alone, is not asked.
    """

    def __init__(self, dintero: DinteroApi, scheduler: CallScheduler) -> None:
        self._dintero = dintero
        self._scheduler = scheduler

    async def rule(self, rule: RuleId) -> Rule:
        """Read one rule with its statistics.

        Raises:
            CircuitOpenError: Dintero is left alone just now.
            RuleNotFound: there is no such rule.
            DinteroError: it could not be read.
        """
        return await self._scheduler.lookup(partial(self._dintero.rule, rule), longest=RULE_WAITS)

    async def refs(self, rule: RuleId, *, after: str | None, patient: bool) -> tuple[Holder, ...]:
        """Read the next page of those who have a rule; who is not patient does not wait for a Dintero that is down.

        Raises:
            CircuitOpenError: Dintero is left alone just now.
            RuleNotFound: there is no such rule.
            DinteroError: it could not be read.
        """
        return await self._scheduler.lookup(
            partial(self._dintero.refs, rule, after=after), longest=REFS_WAIT if patient else RULE_WAITS
        )
