"""Draws the sum of all scenarios as one table."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from rich.table import Table

from chaos.run import Result
from chaos.schedule import FaultKind, KillPoint


def drawn(results: Sequence[Result], again: str) -> Table:
    """Draw the sum."""
    found = [result.comparison for result in results]
    kills, troubles = _sum(result.kills for result in results), _sum(result.troubles for result in results)
    did, states = _sum(result.did for result in results), _sum(one.states for one in found)
    ends, never = _sum(one.ends for one in found), _sum(one.never for one in found)
    table = Table(f"{len(results)} day{'s' if len(results) > 1 else ''}", "", title_justify="left")
    table.add_row("kills", f"{sum(kills.values()):,}: {_listed(kills)}")
    table.add_row(
        "what went wrong besides", f"{sum(troubles.values()):,}:\n{_listed(troubles, apart=chr(10))}"
    )
    table.add_row("requests", f"{sum(one.requests for one in found):,}: {_listed(states)}")
    table.add_row("customers", f"{sum(one.customers for one in found):,}: {_listed(ends)}")
    for what in sorted(did):
        table.add_row(what, f"{did[what]:,}")
    table.add_row("messages of the bot", f"{sum(one.messages for one in found):,}")
    table.add_row("never said, for Slack would never take it", f"{sum(never.values()):,}: {_listed(never)}")
    table.add_row("rows of the audit, verified", f"{sum(one.rows for one in found):,}")
    faults = [fault for one in found for fault in one.faults]
    table.add_row("lost, twice, without consent or unsaid", "\n".join(faults) or "none")
    table.add_row("again by", again)
    return table


def _sum(
    counters: Iterable[Mapping[KillPoint, int] | Mapping[FaultKind, int] | Mapping[str, int]],
) -> Counter[str]:
    total = Counter[str]()
    for counter in counters:
        total.update({str(what): number for what, number in counter.items()})
    return total


def _listed(numbers: Counter[str], *, apart: str = ", ") -> str:
    return apart.join(f"{number:,} {what}" for what, number in numbers.most_common())
