"""What was measured, and how it is drawn: each figure beside its baseline and what it should reach."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rich import box
from rich.table import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One line of the table; times in seconds. `target` is for `ratio` where there is one to reach, else for `ours` itself."""

    what: str
    ours: float
    baseline: float | None = None
    against: str = ""
    ratio: float | None = None
    target: str = ""
    reached: bool | None = None


def percentile(times: Sequence[float], share: float) -> float:
    """Find the time that this share of all did not exceed (nearest rank).

    >>> percentile([4.0, 1.0, 3.0, 2.0], 0.5)
    2.0
    """
    return sorted(times)[max(math.ceil(share * len(times)) - 1, 0)]


def median(times: Sequence[float]) -> float:
    """Find the middle one, the lower of two."""
    return percentile(times, 0.5)


def shorter(what: str, ours: float, baseline: float, *, against: str, at_most: float | None = None) -> Figure:
    """Compare two times, of which ours should be a share of the other at most."""
    ratio = ours / baseline
    return Figure(
        what=what,
        ours=ours,
        baseline=baseline,
        against=against,
        ratio=ratio,
        target=f"≤ {at_most:.2f} ×" if at_most is not None else "",
        reached=ratio <= at_most if at_most is not None else None,
    )


def within(what: str, ours: float, limit: float, *, baseline: float | None = None, against: str = "") -> Figure:
    """Compare a time with what it may be at most, in seconds."""
    return Figure(
        what=what,
        ours=ours,
        baseline=baseline,
        against=against,
        ratio=ours / baseline if baseline else None,
        target=f"≤ {shown(limit)}",
        reached=ours <= limit,
    )


def as_fast(what: str, ours: float, baseline: float, *, against: str, at_least: float | None = None) -> Figure:
    """Compare two speeds by their times: the baseline's time over ours."""
    ratio = baseline / ours
    return Figure(
        what=what,
        ours=ours,
        baseline=baseline,
        against=against,
        ratio=ratio,
        target=f"≥ {at_least:.2f} ×" if at_least is not None else "",
        reached=ratio >= at_least if at_least is not None else None,
    )


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
            shown(figure.ours),
            "" if figure.baseline is None else shown(figure.baseline),
            figure.against,
            "" if figure.ratio is None else f"{figure.ratio:.2f} ×",
            figure.target,
            "" if figure.reached is None else "✓" if figure.reached else "✗",
            style=None if figure.reached is not False else "red",
        )
    return table


def shown(seconds: float) -> str:
    """Write a time as people say it.

    >>> shown(0.00123), shown(0.0201), shown(2.5)
    ('1.23 ms', '20.1 ms', '2.50 s')
    """
    if seconds >= 1:
        return f"{seconds:.2f} s"
    return f"{seconds * 1000:.2f} ms" if seconds < 0.01 else f"{seconds * 1000:.1f} ms"  # noqa: PLR2004 - three digits are enough
