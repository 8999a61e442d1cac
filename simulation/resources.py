"""What everything runs on: cores, processes with one event loop each, PostgreSQL; who uses one waits for its turn."""

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any, TypeAlias

from simpy import Environment, Event, Resource

from bot.giving.concurrency_limit import ConcurrencyLimiter
from simulation.parameters import Measured

Steps: TypeAlias = Generator[Any, Any, None]


class TrackedResource:
    """Something of which there are so many, and how long they were in use."""

    def __init__(self, env: Environment, many: int) -> None:
        self._env = env
        self._resource = Resource(env, many)
        self.many = many
        self.seconds = 0.0
        self.by_hour: dict[int, float] = {}

    def use(self, seconds: float) -> Steps:
        """Wait for one, and use it."""
        with self._resource.request() as turn:
            yield turn
            yield self._env.timeout(seconds)
        hour = int(self._env.now // 3600)
        self.seconds += seconds
        self.by_hour[hour] = self.by_hour.get(hour, 0.0) + seconds

    @property
    def busiest(self) -> float:
        """Say what share of them was in use in the busiest hour."""
        return max(self.by_hour.values(), default=0.0) / 3600 / self.many


class Process:
    """One `discount-bot run`: its loop does one thing at a time, on a core. How many calls are out is the real `ConcurrencyLimiter`'s business."""

    def __init__(self, site: "Cluster") -> None:
        self._env = site.env
        self._cores = site.cores
        self._loop = Resource(site.env, 1)
        self._waiting: list[Event] = []
        self.limiter = ConcurrencyLimiter()
        self.alive = True

    def work(self, seconds: float) -> Steps:
        """Do something that takes so long, once the loop and a core are free."""
        with self._loop.request() as turn:
            yield turn
            yield from self._cores.use(seconds)

    def place(self) -> Steps:
        """Wait until one more call may go out to Dintero, and take its place."""
        while self.alive and not self.limiter.has_capacity(self._env.now):
            alone = self.limiter.alone_until - self._env.now
            if alone > 0:
                yield self._env.timeout(alone)
            else:
                self._waiting.append(self._env.event())
                yield self._waiting[-1]
        self.limiter.under_way += 1

    def leave(self) -> None:
        """Give a place back; whoever waits looks again."""
        self.limiter.under_way -= 1
        waiting, self._waiting = self._waiting, []
        for event in waiting:
            event.succeed()

    def die(self) -> None:
        """End as by kill -9: whoever waits here waits no more."""
        self.alive = False
        waiting, self._waiting = self._waiting, []
        for event in waiting:
            event.succeed()


@dataclass(slots=True)
class Cluster:
    """Machines and one PostgreSQL, shared by all workspaces."""

    env: Environment
    measured: Measured
    cores: TrackedResource
    postgres: TrackedResource

    def write(self) -> Steps:
        """Write a statement, and wait until it is on the disk."""
        yield from self.postgres.use(self.measured.statement)


def site(env: Environment, measured: Measured, *, cores: int) -> Cluster:
    """Set up machines with so many cores in all, and a PostgreSQL of its own machine."""
    return Cluster(
        env, measured, TrackedResource(env, cores), TrackedResource(env, measured.statements_at_once)
    )
