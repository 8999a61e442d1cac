"""Kills a real process at numbered points of its calls to Dintero and Slack, and starts it again."""

import asyncio
from dataclasses import dataclass

from sandbox.dintero import Point
from sandbox.shop import Shop
from sandbox.slack import Cut
from tests.journeys.process import BotProcess

ADD = "add customers"


@dataclass(frozen=True, slots=True)
class Kill:
    """A kill point: before or after the effect of a process's nth call of a kind."""

    point: Point
    call: str
    nth: int = 1

    def __str__(self) -> str:
        """Name it for pytest."""
        return f"{self.point} {self.call} {self.nth}"


@dataclass(slots=True)
class Killer:
    """Watches both sandbox servers, kills the process at its kill points, and restarts it at once."""

    shop: Shop
    process: BotProcess
    plan: list[Kill]
    done: int = 0
    _calls: int = 0
    _killing: bool = False

    def __post_init__(self) -> None:
        """Start to watch."""
        self.shop.dintero.on_call = self._dintero
        self.shop.slack.faults.on_call = self._slack

    @property
    def over(self) -> bool:
        """Whether all kills are done and the process is running again."""
        return self.process.starts > len(self.plan)

    async def _dintero(self, point: Point, _number: int) -> None:
        if await self._met(point, ADD):
            raise asyncio.CancelledError

    async def _slack(self, point: str, method: str, _number: int) -> None:
        if await self._met(Point(point), method):
            raise Cut

    async def _met(self, point: Point, call: str) -> bool:
        """Count the process's calls; the call at the kill point gets no answer.

        Other requests of the killed process still arrive, and do not count.
        """
        if self._killing or self.done == len(self.plan):
            return False
        kill = self.plan[self.done]
        self._calls += (kill.point, kill.call) == (point, call)
        if self._calls < kill.nth:
            return False
        self.done, self._calls = self.done + 1, 0
        await self._kill()
        return True

    async def _kill(self) -> None:
        self._killing = True
        await self.process.kill()
        await self.process.start()
        self._killing = False
        self.shop.slack.changes.happened()
