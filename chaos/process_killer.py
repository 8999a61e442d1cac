"""Kills replicas as scheduled: at random, during start, and before or after numbered calls and writes."""

import asyncio
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from chaos.fast_clock import LapsedClock
from chaos.replica import Replica
from chaos.schedule import ADD, Kill, KillPoint
from sandbox.dintero import Point
from sandbox.shop import Shop
from sandbox.slack import Cut

MET_WITHIN: Final = 2.5
"""Seconds after which a replica that does not reach its point is killed anyway."""
BEFORE_OR_AFTER: Final = {KillPoint.BEFORE_A_CALL: Point.BEFORE, KillPoint.AFTER_A_CALL: Point.AFTER}
LONGEST_START: Final = 0.5
"""Maximum seconds into the start for a kill during start."""


@dataclass(slots=True)
class Killing:
    """Carries out the scheduled kills, one after the other per replica."""

    shop: Shop
    replicas: list[Replica]
    clock: LapsedClock
    made: Counter[KillPoint] = field(default_factory=Counter)
    _armed: dict[int, Kill] = field(default_factory=dict)
    _left: dict[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Watch the calls to Slack; calls to Dintero are reported."""
        self.shop.slack.faults.on_call = self._slack

    async def go_on(self, kills: Iterable[Kill]) -> None:
        """Carry out all kills."""
        by_replica = [
            [kill for kill in kills if kill.replica == number] for number in range(len(self.replicas))
        ]
        async with asyncio.TaskGroup() as group:
            for number, its in enumerate(by_replica):
                group.create_task(self._one_after_the_other(number, its))

    async def _one_after_the_other(self, number: int, kills: Iterable[Kill]) -> None:
        for kill in kills:
            await self.clock.until(kill.at)
            await self._kill(number, kill)

    async def _kill(self, number: int, kill: Kill) -> None:
        """Kill as scheduled, or at random if the point is not reached."""
        replica = self.replicas[number]
        if kill.how is KillPoint.WHILE_STARTING:
            self.made[KillPoint.AT_RANDOM] += await replica.kill()
            await replica.begun.wait()
            await asyncio.sleep(LONGEST_START * (kill.at % 1))
        else:
            await replica.stands()
        how = kill.how if await self._met(number, kill) else KillPoint.AT_RANDOM
        if how in {KillPoint.AT_RANDOM, KillPoint.WHILE_STARTING} and not await replica.kill():
            return  # it has just ended by itself
        self.made[how] += 1

    async def _met(self, number: int, kill: Kill) -> bool:
        """Check whether it died at its point."""
        if not kill.nth:
            return kill.how is KillPoint.WHILE_STARTING
        replica = self.replicas[number]
        died = asyncio.ensure_future(replica.gone.wait())
        self._armed[number], self._left[number] = kill, kill.nth
        if kill.how is KillPoint.AT_A_STEP:
            replica.steps.value = kill.nth
        replica.expects_to_die()
        await asyncio.wait({died}, timeout=MET_WITHIN)
        self._armed.pop(number, None)
        replica.steps.value = 0
        met = died.done()
        died.cancel()
        return met

    async def dintero(self, point: Point) -> None:
        """Handle a call to Dintero."""
        if await self._call(point, ADD):
            raise asyncio.CancelledError

    async def _slack(self, point: str, method: str, _number: int) -> None:
        if await self._call(Point(point), method):
            raise Cut

    async def _call(self, point: Point, call: str) -> bool:
        """Count a call for the replicas to be killed at one; the fatal call gets no answer."""
        for number, kill in list(self._armed.items()):
            if kill.call == call and BEFORE_OR_AFTER.get(kill.how) is point and self._counts(number, 1):
                return await self.replicas[number].kill()
        return False

    async def writes(self, number: int, done: int) -> bool:
        """Count a replica's writes that PostgreSQL has done and not yet answered."""
        kill = self._armed.get(number)
        if kill and kill.how is KillPoint.AT_A_STEP and self._counts(number, done):
            return await self.replicas[number].kill()
        return False

    def _counts(self, number: int, done: int) -> bool:
        self._left[number] -= done
        if self._left[number] > 0:
            return False
        self._armed.pop(number, None)
        return True
