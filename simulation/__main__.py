"""`python -m simulation`: simulates the scenarios of docs/scale.md and prints its tables."""

import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from bench.metrics import percentile, shown
from simulation.parameters import AGREES_WITHIN, GIVEN
from simulation.scenario import Day, Scenario, one_list, simulated

PLAN: Final = Scenario(workspaces=100, replicas=2, cores=8, requests=4_000, customers=10_000_000, kills=20)
"""A hundred workspaces, ten million ids a day, and a kill about every hour during a giving."""
PLANS: Final = {
    "one machine, one workspace": Scenario(workspaces=1, replicas=1, cores=2, requests=40, customers=100_000),
    "the plan": PLAN,
    "ten times the ids": replace(PLAN, customers=100_000_000),
    "ten times the requests": replace(PLAN, requests=40_000),
    "Dintero takes 5 calls a second": replace(PLAN, dintero_takes=5.0),
}


def main() -> int:
    """Print the tables as Markdown; exit with 1 if simulation and measurement differ."""
    began, apart = time.monotonic(), _compared()
    days = {name: simulated(plan) for name, plan in PLANS.items()}
    _table(
        [
            "| a simulated day | " + " | ".join(days) + " |",
            "|---|" + "---|" * len(days),
            *_rows(list(days.values())),
        ]
    )
    print(f"Simulated in {time.monotonic() - began:.0f} s.")  # noqa: T201 - what it is for
    return apart


def _compared() -> int:
    """Compare the simulation of one process with its measurement."""
    rows, apart = ["| share of the ideal speed | measured | simulated |", "|---|---|---|"], 0
    for (customers, batch, wide), measured in GIVEN.items():
        found = one_list(customers, batch, wide)
        apart |= abs(found / measured - 1) > AGREES_WITHIN
        rows.append(
            f"| {customers:,} customers, {batch:,} a call, {wide} wide | {measured:.2f} | {found:.2f} |"
        )
    _table(rows)
    return apart


def _rows(days: Sequence[Day]) -> list[str]:
    def row(name: str, *values: str) -> str:
        return f"| {name} | " + " | ".join(values) + " |"

    return [
        row(
            "workspaces × replicas, cores",
            *(f"{d.plan.workspaces} × {d.plan.replicas}, {d.plan.cores}" for d in days),
        ),
        row("requests, ids", *(f"{d.plan.requests:,}, {d.plan.customers:,}" for d in days)),
        row("calls to Dintero; sent again after kills", *(f"{d.seen.sent:,}; {d.seen.again}" for d in days)),
        row(
            "ack, p50 / p99",
            *(
                f"{shown(percentile(d.seen.acks, 0.5))} / {shown(percentile(d.seen.acks, 0.99))}"
                for d in days
            ),
        ),
        row("up to 100 ids: start to done, p50 / p99", *(_both(d.took(up_to=100)) for d in days)),
        row(
            "more than 10,000: start to done, p50 / longest",
            *(_both(d.took(above=10_000), longest=True) for d in days),
        ),
        row("message: waits for Slack, p99", *(shown(percentile(d.seen.lags, 0.99)) for d in days)),
        row("cores in use, busiest hour", *(f"{d.cores_busiest:.0%}".replace("%", " %") for d in days)),
        row(
            "PostgreSQL's writing in use, busiest hour",
            *(f"{d.site.postgres.busiest:.1%}".replace("%", " %") for d in days),
        ),
        row(
            "memory of the processes",
            *(f"{d.plan.processes * d.plan.measured.memory / 1e9:.1f} GB" for d in days),
        ),
        row("connections to PostgreSQL", *(f"{d.plan.connections:,}" for d in days)),
        row(
            "statements a second of idling",
            *(f"{d.plan.processes * d.plan.measured.idle_statements:,.0f}" for d in days),
        ),
        row("kept in PostgreSQL, 90 days", *(f"{d.plan.stored / 1e9:,.1f} GB" for d in days)),
    ]


def _both(took: Sequence[float], *, longest: bool = False) -> str:
    if not took:
        return "–"
    return f"{shown(percentile(took, 0.5))} / {shown(max(took) if longest else percentile(took, 0.99))}"


def _table(rows: Sequence[str]) -> None:
    print("\n".join(rows), end="\n\n")  # noqa: T201 - what it is for


if __name__ == "__main__":
    sys.exit(main())
