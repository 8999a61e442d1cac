"""Draws the sandbox in a terminal: boxes for Slack, tables for Dintero."""

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Final

from rich.box import HEAVY_HEAD, ROUNDED
from rich.console import Console
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from sandbox.dintero.ledger import Call, Grant

BULLET: Final = "• "
FEW: Final = 3
"""Lines of a list to show before counting the rest."""
NO_TERMINAL: Final = 110
"""Columns if the terminal's width is unknown."""
KEY: Final = 21
"""Characters of an idempotency key to show."""
LEDGER: Final = "Dintero's ledger"
CALLS: Final = 6


class Screen:
    """Draws on a console; texts of people and Dintero are never markup."""

    def __init__(self, console: Console | None = None) -> None:
        """Draw on the terminal, or on a given console."""
        self._console = console or Console(highlight=False, markup=False, emoji=False)
        if console is None and not self._console.is_terminal:
            self._console.width = NO_TERMINAL

    def say(self, text: str, style: str = "") -> None:
        """Print a sentence."""
        self._console.print(Text(text, style=style))

    def step(self, number: int, text: str) -> None:
        """Print the next step of the demo."""
        self._console.print(Text.assemble((f"\n{number} ", "bold cyan"), (text, "bold")))

    def message(self, where: str, lines: Iterable[str]) -> None:
        """Draw a message under its place."""
        self._box(where, folded(lines), "blue")

    def form(self, title: str, lines: Iterable[str], below: str) -> None:
        """Draw a modal, with its own buttons below."""
        self._box(title, [*folded(lines), below], "magenta")

    def holders(self, grants: Sequence[Grant], names: dict[str, str]) -> None:
        """Draw the ledger: who holds what, under which key."""
        if not grants:
            self._box(LEDGER, ["Nobody has a discount yet."], "green")
            return
        table = self._table(LEDGER, "customer", "has", "campaign key")
        for grant in grants:
            table.add_row(grant.customer, f"“{names.get(grant.rule, grant.rule)}”", _short(grant.key))
        self._console.print(table)

    def calls(self, calls: Sequence[Call]) -> None:
        """Draw the last calls to Dintero and their results."""
        if not calls:
            return
        table = self._table(
            "Calls to Dintero", "", "POST …/customers", "campaign key", "Dintero", "answer to the bot"
        )
        for call in calls[-CALLS:]:
            done = (
                "did nothing"
                if not call.carried_out
                else f"gave it to {call.granted}"
                if call.granted
                else "already had it"
            )
            got = f"{call.status}" if call.status else "connection lost"
            table.add_row(
                str(call.number),
                f"{call.count} customer{'' if call.count == 1 else 's'}",
                _short(call.key),
                done,
                got,
            )
        self._console.print(table)

    def _table(self, title: str, *columns: str) -> Table:
        table = Table(title=Text(title, style="bold green"), title_justify="left", box=HEAVY_HEAD)
        for column in columns:
            table.add_column(column, overflow="fold")
        return table

    def _box(self, title: str, lines: Iterable[str], colour: str) -> None:
        self._console.print(
            Panel(
                Text("\n".join(lines)),
                title=Text(title),
                title_align="left",
                box=ROUNDED,
                border_style=colour,
            )
        )


def _short(key: str | None) -> str:
    """Shorten an idempotency key, keeping it recognisable."""
    if key is None:
        return "–"
    return key if len(key) <= KEY else f"{key[:KEY]}…"


def folded(lines: Iterable[str], few: int = FEW) -> list[str]:
    """Shorten long lists and count what is left out.

    >>> folded(["Rule:", "• a", "• b", "• c", "• d"], few=1)
    ['Rule:', '• a', '• … and 3 more lines']
    """
    kept: list[str] = []
    for listed, run in groupby(lines, lambda line: line.startswith(BULLET)):
        several = list(run)
        more = len(several) - few
        kept += [*several[:few], f"{BULLET}… and {more} more lines"] if listed and more > 1 else several
    return kept
