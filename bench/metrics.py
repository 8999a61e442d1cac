"""Measured figures with their baselines and targets."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

Unit = Callable[[float], str]
"""Formats a figure for people."""


def shown(seconds: float) -> str:
    """Format a time.

    >>> shown(0.00123), shown(0.0201), shown(2.5)
    ('1.23 ms', '20.1 ms', '2.50 s')
    """
    if seconds >= 1:
        return f"{seconds:.2f} s"
    return f"{seconds * 1000:.2f} ms" if seconds < 0.01 else f"{seconds * 1000:.1f} ms"  # noqa: PLR2004 - three digits are enough


def per_second(rate: float) -> str:
    """Format a rate.

    >>> per_second(2345.6), per_second(3.21)
    ('2,346/s', '3.2/s')
    """
    return f"{rate:,.0f}/s" if rate >= 10 else f"{rate:.1f}/s"  # noqa: PLR2004 - two digits are enough


def per_cent(share: float) -> str:
    """Format a share.

    >>> per_cent(0.0123)
    '1.2 %'
    """
    return f"{share:.1%}".replace("%", " %")


def megabytes(size: float) -> str:
    """Format a size in bytes.

    >>> megabytes(123_400_000)
    '123 MB'
    """
    return f"{size / 1e6:.0f} MB"


def pieces(count: float) -> str:
    """Format a count."""
    return f"{count:,.0f}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A line of the table. `target` is for `ratio` if `of_ratio`, else for `ours`, None if not measured."""

    what: str
    ours: float | None
    baseline: float | None = None
    against: str = ""
    ratio: float | None = None
    target: str = ""
    reached: bool | None = None
    unit: Unit = shown
    of_ratio: bool = True


def percentile(times: Sequence[float], share: float) -> float:
    """Return the nearest-rank percentile.

    >>> percentile([4.0, 1.0, 3.0, 2.0], 0.5)
    2.0
    """
    return sorted(times)[max(math.ceil(share * len(times)) - 1, 0)]


def median(times: Sequence[float]) -> float:
    """Return the median, the lower one of two."""
    return percentile(times, 0.5)


def shorter(what: str, ours: float, baseline: float, *, against: str, at_most: float | None = None) -> Figure:
    """Compare two times; ours should be at most a share of the other."""
    return _compared(what, ours, baseline, ours / baseline, against, "≤", at_most)


def within(
    what: str,
    ours: float,
    limit: float | None,
    *,
    baseline: float | None = None,
    against: str = "",
    unit: Unit = shown,
) -> Figure:
    """Compare a figure with its maximum."""
    return Figure(
        what=what,
        ours=ours,
        baseline=baseline,
        against=against,
        ratio=ours / baseline if baseline else None,
        target=f"≤ {unit(limit)}" if limit is not None else "",
        reached=ours <= limit if limit is not None else None,
        unit=unit,
        of_ratio=False,
    )


def as_fast(
    what: str, ours: float, baseline: float, *, against: str, at_least: float | None = None
) -> Figure:
    """Compare two speeds by their times: the baseline's time over ours."""
    return _compared(what, ours, baseline, baseline / ours, against, "≥", at_least)


def as_many(
    what: str, ours: float, baseline: float, *, against: str, at_least: float | None = None
) -> Figure:
    """Compare two rates."""
    return _compared(what, ours, baseline, ours / baseline, against, "≥", at_least, per_second)


def not_measured(what: str, why: str) -> Figure:
    """Make a line that says why it has no figure."""
    return Figure(what=what, ours=None, against=why)


def _compared(
    what: str,
    ours: float,
    baseline: float,
    ratio: float,
    against: str,
    sign: str,
    target: float | None,
    unit: Unit = shown,
) -> Figure:
    figure = Figure(what=what, ours=ours, baseline=baseline, against=against, ratio=ratio, unit=unit)
    if target is None:
        return figure
    reached = ratio <= target if sign == "≤" else ratio >= target
    return replace(figure, target=f"{sign} {target:.2f} ×", reached=reached)
