"""A plan for so many workspaces, and what a simulated day shows of it."""

from dataclasses import dataclass, field, replace
from random import Random
from typing import Final

from simpy import Environment

from simulation.arrivals import Asked, a_day
from simulation.parameters import LIMITS, MEASURED, Limits, Measured
from simulation.resources import Cluster, site
from simulation.workspace_model import TO_APPROVED, Seen, Workspace

KEPT_DAYS: Final = 90
"""`retention_days`, as the policy has it by default."""
SPARE_CONNECTIONS: Final = 5
"""That a process opens more when it gives and is clicked on."""
LONG: Final = 10_000
"""Customers of a list that is given for long enough to be killed in the middle of it."""
INTO: Final = 0.12
"""Seconds after the approval at which the process is killed that gives."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """What runs, and what is asked of it on a day."""

    workspaces: int
    replicas: int
    cores: int
    requests: int
    customers: int
    kills: int = 0
    dintero_takes: float | None = None
    """Calls a second that an account takes; None where all are."""
    seed: int = 4
    measured: Measured = field(default=MEASURED)
    limits: Limits = field(default=LIMITS)

    @property
    def processes(self) -> int:
        """How many run in all."""
        return self.workspaces * self.replicas

    @property
    def connections(self) -> int:
        """How many connections PostgreSQL has to have, where one process of each workspace is busy."""
        return self.processes * self.measured.connections + self.workspaces * SPARE_CONNECTIONS

    @property
    def stored(self) -> float:
        """How many bytes PostgreSQL keeps, once as much is forgotten every day as is written."""
        return self.customers * self.measured.stored * KEPT_DAYS


@dataclass(frozen=True, slots=True)
class Day:
    """What a day was like."""

    plan: Scenario
    asked: tuple[Asked, ...]
    seen: Seen
    site: Cluster

    @property
    def cores_busiest(self) -> float:
        """Say what share of the cores was in use in the busiest hour, idling included."""
        return self.site.cores.busiest + self.plan.processes * self.plan.measured.idle / self.plan.cores

    def took(self, *, above: int = 0, up_to: int = 1_000_000) -> list[float]:
        """List the seconds from start to end of requests of some size."""
        return [seconds for customers, seconds in self.seen.done if above < customers <= up_to]


def simulated(plan: Scenario) -> Day:
    """Let a day pass, and all that was begun in it come to its end."""
    env, random = Environment(), Random(plan.seed)  # noqa: S311 - a simulation's
    where, seen = site(env, plan.measured, cores=plan.cores), Seen()
    workspaces = [
        Workspace(
            where,
            plan.limits,
            replicas=plan.replicas,
            seen=seen,
            random=random,
            dintero_takes=plan.dintero_takes,
        )
        for _ in range(plan.workspaces)
    ]
    asked = a_day(
        workspaces=plan.workspaces, requests=plan.requests, customers=plan.customers, seed=plan.seed
    )
    for one in asked:
        env.process(workspaces[one.workspace].request(one))
    for one in random.sample([one for one in asked if one.customers > LONG], plan.kills):
        env.process(workspaces[one.workspace].kill(one.at + TO_APPROVED + INTO))
    env.run()
    return Day(plan, tuple(asked), seen, where)


def one_list(customers: int, batch: int, wide: int, *, measured: Measured = MEASURED) -> float:
    """Say what share of the ideal speed one process is simulated to reach with one list and nothing else."""
    env = Environment()
    limits, seen = replace(LIMITS, batch=batch, wide=wide), Seen()
    workspace = Workspace(site(env, measured, cores=1), limits, replicas=1, seen=seen, random=Random(0))  # noqa: S311
    env.process(workspace.give(customers))
    env.run()
    return -(-customers // batch) / wide * measured.latency / seen.done[0][1]
