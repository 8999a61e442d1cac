"""What goes wrong: kills at random and at numbered points, faults of Dintero and of Slack, and a rule that somebody changes."""

import asyncio
import random
from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from bot.sandbox.dintero import Fault, Operation, Point
from bot.sandbox.slack import Fault as SlackFault
from bot.tryout.shop import Shop
from tests.journeys.killer import ADD, Kill, Killer
from tests.journeys.process import RULE

POSTS, EDITS = "chat.postMessage", "chat.update"
LATEST: Final = 8
"""A numbered kill comes at the eighth call of its kind, at most."""
DINTERO: Final = (
    Fault.busy(1),
    Fault.broken(500),
    Fault.broken(502, after=True),
    Fault.cut(),
    Fault.cut(after=True),
    Fault.cut_halfway(),
    Fault.no_json(),
    Fault.hang(),
    Fault.hang(after=True),
    Fault.garbled(after=True),
)
SLACK: Final = (SlackFault.RATE_LIMITED, SlackFault.CUT_BEFORE, SlackFault.CUT_AFTER, SlackFault.SERVER_ERROR_AFTER)
AHEAD: Final = 9
"""For so many calls to Dintero it is settled how they go; every third of them goes wrong."""
WHILE_STARTING: Final = 0.1
"""How often it is killed although it may not stand yet."""
VALUES: Final = (10_000, 15_000)
"""Of the rule's reward, in minor units: the rule drifts from one to the other."""


@dataclass(slots=True)
class Trouble:
    """Makes it, until it is told to stop."""

    shop: Shop
    killer: Killer
    chance: random.Random
    made: Counter[str] = field(default_factory=Counter)

    async def go_on(self, kill_every: float) -> None:
        """Make trouble until cancelled, with a kill at no particular point every so many seconds, beside those at numbered points."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._strikes(kill_every))
            group.create_task(self._points())
            group.create_task(self.go_on_without_kills())

    async def go_on_without_kills(self) -> None:
        """Make trouble until cancelled, with a bot that lives long enough to meet it."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._supervise())
            group.create_task(self._faults())
            group.create_task(self._drifts())

    def no_more_kills(self) -> None:
        """Forget the numbered kill that was not met yet."""
        self.killer.plan = self.killer.plan[: self.killer.done]

    async def over(self) -> None:
        """Let everything go well from now on, and wait until the bot stands."""
        self.shop.slack.faults.outage = False
        self.shop.dintero.faults.clear()
        await self.killer.revive()
        await self.killer.process.ready()

    async def _strikes(self, every: float) -> None:
        while True:
            if self.chance.random() > WHILE_STARTING:
                await self.killer.process.ready()
            await asyncio.sleep(every * self.chance.uniform(0.1, 1.9))
            await asyncio.shield(asyncio.ensure_future(self.killer.strike()))

    async def _points(self) -> None:
        """Have one numbered kill lined up at any time, once the bot stands that the last one left."""
        while True:
            await self.killer.process.ready()
            if self.killer.done == len(self.killer.plan):
                kill = Kill(self.chance.choice(list(Point)), self.chance.choice((ADD, POSTS, EDITS)), self.chance.randint(1, LATEST))
                self.killer.plan.append(kill)
            await asyncio.sleep(0.1)

    async def _supervise(self) -> None:
        """Start the bot again where it ended by itself, as whatever runs it does: it does so when Slack is away while it starts."""
        while True:
            await asyncio.sleep(0.2)
            self.made["times that it ended by itself"] += await self.killer.revive()

    async def _faults(self) -> None:
        while True:
            await asyncio.sleep(self.chance.uniform(0.2, 1))
            if not self.shop.dintero.faults.lined_up(Operation.ADD):
                several = self.chance.choices((None, *DINTERO), [len(DINTERO) * 2, *[1] * len(DINTERO)], k=AHEAD)
                self.shop.dintero.faults.next(*several)
                self.made["faults of Dintero"] += AHEAD - several.count(None)
            if self.chance.random() < 1 / 3:
                self.shop.slack.faults.plan(self.chance.choice((POSTS, EDITS)), self.chance.choice(SLACK))
                self.made["faults of Slack"] += 1
            if self.chance.random() < 1 / 30:
                await self._outage()

    async def _outage(self) -> None:
        self.made["outages of Slack"] += 1
        self.shop.slack.faults.outage = True
        await asyncio.sleep(self.chance.uniform(0.3, 1.5))
        self.shop.slack.faults.outage = False

    async def _drifts(self) -> None:
        while True:
            await asyncio.sleep(self.chance.uniform(5, 15))
            self.shop.dintero.rules[RULE]["reward"]["value"] = self.chance.choice(VALUES)
            self.made["times that the rule was changed or saved"] += 1
