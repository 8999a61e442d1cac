"""The progress of a request being given: a bar, the counts, the pace and when it will be done."""

import math
from typing import Final

from bot.domain.requests.batches import Tally
from bot.domain.requests.progress import Progress
from bot.slack.rendering.formatting import Formatter

CELLS: Final = 20
SIGNIFICANT_DIGITS: Final = 2
"""Of a pace: it is never steady enough for more."""


def drawn(tally: Tally, progress: Progress, formatter: Formatter) -> str:
    """Draw the progress in mrkdwn."""
    refused = f" · {formatter.number(tally.refused)} refused" if tally.refused else ""
    left = f"{formatter.number(tally.left)} left of {formatter.customers(tally.asked)}"
    lines = [f"⚙️ *Giving:* {bar(tally)}", f"{formatter.number(tally.given)} given{refused} · {left}"]
    if pace := foretold(progress, formatter):
        lines.append(f"{pace[0].upper()}{pace[1:]}.")
    return "\n".join(lines)


def bar(tally: Tally) -> str:
    """Draw the settled share; the bar is full, at 100 %, only when nobody is left.

    >>> bar(Tally(1000, given=420, refused=10)), bar(Tally(1000, given=999))
    ('████████░░░░░░░░░░░░ 43 %', '███████████████████░ 99 %')
    """
    full = (tally.asked - tally.left) * CELLS // max(tally.asked, 1)
    return f"{'█' * full}{'░' * (CELLS - full)} {percent(tally)}"


def percent(tally: Tally) -> str:
    """Say the settled share, rounded down."""
    return f"{(tally.asked - tally.left) * 100 // max(tally.asked, 1)} %"


def foretold(progress: Progress, formatter: Formatter) -> str:
    """Say the pace and the expected end, as far as they are known."""
    parts = []
    if rate := progress.a_second:
        count, unit = (rate, "second") if rate >= 1 else (rate * 60, "minute")
        parts.append(f"about {formatter.number(_rounded(count))} a {unit}")
    if progress.done_at:
        parts.append(f"done at about {formatter.clock(progress.done_at)}")
    return ", ".join(parts)


def _rounded(count: float) -> int:
    """Round to two figures.

    >>> [_rounded(count) for count in (0.2, 7.4, 1234.5, 98765)]
    [1, 7, 1200, 99000]
    """
    digits = math.floor(math.log10(max(count, 1))) + 1
    return max(int(round(count, min(SIGNIFICANT_DIGITS - digits, 0))), 1)
