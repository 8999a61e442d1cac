"""How a giving gets on, as its card and its status show it: a bar, the counts, the pace, and when it will be done."""

import math
from typing import Final

from bot.domain.requests.batches import Tally
from bot.domain.requests.progress import Progress
from bot.slack.rendering.formatting import Formatter

CELLS: Final = 20
MINUTE: Final = 60
FIGURES: Final = 2
"""Of a pace only so many are told: it is never as steady as more would make believe."""


def drawn(tally: Tally, progress: Progress, formatter: Formatter) -> str:
    """Draw it, in mrkdwn."""
    refused = f" · {formatter.number(tally.refused)} refused" if tally.refused else ""
    counts = f"{formatter.number(tally.given)} given{refused} · {formatter.number(tally.left)} left of {formatter.customers(tally.asked)}"
    pace = foretold(progress, formatter)
    return "\n".join(
        [f"⚙️ *Giving:* {bar(tally)}", counts, *([f"{pace[0].upper()}{pace[1:]}."] if pace else [])]
    )


def bar(tally: Tally) -> str:
    """Draw how much of it is settled; it is full, and says 100 %, only when nobody is left.

    >>> bar(Tally(1000, given=420, refused=10)), bar(Tally(1000, given=999))
    ('████████░░░░░░░░░░░░ 43 %', '███████████████████░ 99 %')
    """
    settled, asked = tally.asked - tally.left, max(tally.asked, 1)
    full = settled * CELLS // asked
    return f"{'█' * full}{'░' * (CELLS - full)} {percent(tally)}"


def percent(tally: Tally) -> str:
    """Say how much of it is settled, rounded down."""
    return f"{(tally.asked - tally.left) * 100 // max(tally.asked, 1)} %"


def foretold(progress: Progress, formatter: Formatter) -> str:
    """Say the pace, and when it will be done; nothing where nothing is known."""
    pace = [f"about {_pace(progress.a_second, formatter)}"] if progress.a_second else []
    return ", ".join(
        [*pace, *([f"done at about {formatter.clock(progress.done_at)}"] if progress.done_at else [])]
    )


def _pace(a_second: float, formatter: Formatter) -> str:
    count, each = (a_second, "second") if a_second >= 1 else (a_second * MINUTE, "minute")
    return f"{formatter.number(_rounded(count))} a {each}"


def _rounded(count: float) -> int:
    """Round to two figures.

    >>> [_rounded(count) for count in (0.2, 7.4, 1234.5, 98765)]
    [1, 7, 1200, 99000]
    """
    digits = math.floor(math.log10(max(count, 1))) + 1
    return max(int(round(count, min(FIGURES - digits, 0))), 1)
