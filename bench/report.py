"""Draws figures: in full for a terminal, as ratios for docs/."""

from collections.abc import Iterable

from rich import box
from rich.table import Table

from bench.metrics import Figure


def drawn(figures: Iterable[Figure], title: str) -> Table:
    """Draw the table."""
    table = Table(title=title, box=box.SIMPLE_HEAD, title_justify="left")
    table.add_column("")
    for name in ("ours", "baseline"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("against")
    for name in ("ratio", "target"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("")
    for figure in figures:
        table.add_row(
            figure.what,
            "–" if figure.ours is None else figure.unit(figure.ours),
            "" if figure.baseline is None else figure.unit(figure.baseline),
            figure.against,
            "" if figure.ratio is None else f"{figure.ratio:.2f} ×",
            figure.target,
            _mark(figure),
            style=None if figure.reached is not False else "red",
        )
    return table


def markdown(figures: Iterable[Figure]) -> str:
    """Format the table for docs/."""
    rows = ("| | ratio | against | target | |", "|---|---|---|---|---|", *map(_row, figures))
    return "\n".join(rows)


def _row(figure: Figure) -> str:
    """Format a line; a target for the figure itself is beside its ratio."""
    ratio = "" if figure.ratio is None else f"{figure.ratio:.2f}"
    itself = "" if figure.ours is None or (figure.of_ratio and ratio) else figure.unit(figure.ours)
    both = f"{ratio} ({itself})" if ratio and itself else ratio or itself or "–"
    target = figure.target.removesuffix(" ×")
    return f"| {figure.what} | {both} | {figure.against} | {target} | {_mark(figure)} |"


def _mark(figure: Figure) -> str:
    return "" if figure.reached is None else "✓" if figure.reached else "✗"
