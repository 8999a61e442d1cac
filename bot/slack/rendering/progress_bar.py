"""The progress of a request being sent: the share, a bar, the counts, the pace and when it will be done."""

import math
from typing import Final

from bot.domain.requests.batches import Tally
from bot.domain.requests.progress import Progress
from bot.slack.language.texts import N_, _
from bot.slack.rendering.formatting import Formatter

CELLS: Final = 10
SIGNIFICANT_DIGITS: Final = 2
"""Of a pace: it is never steady enough for more."""


def drawn(tally: Tally, progress: Progress, formatter: Formatter) -> str:
    """Draw the progress in mrkdwn: the percentage first."""
    lines = [
        _("⏳ *Sending to Dintero:* {percent} {bar}", percent=percent(tally, formatter), bar=bar(tally)),
        counts(tally),
    ]
    if pace := foretold(progress, formatter):
        lines.append(pace)
    return "\n".join(lines)


def counts(tally: Tally) -> str:
    """Count those given and refused so far.

    >>> counts(Tally(121, given=36)), counts(Tally(121, given=36, refused=1))
    ('36 of 121 given', '36 of 121 given, 1 refused')
    """
    text = (
        N_("{given} of {total} given, {refused} refused") if tally.refused else N_("{given} of {total} given")
    )
    return _(text, given=tally.given, total=tally.asked, refused=tally.refused)


def bar(tally: Tally) -> str:
    """Draw the settled share; the bar is full only when nobody is left.

    >>> bar(Tally(1000, given=420, refused=10)), bar(Tally(1000, given=999))
    ('████░░░░░░', '█████████░')
    """
    full = (tally.asked - tally.left) * CELLS // max(tally.asked, 1)
    return "█" * full + "░" * (CELLS - full)


def percent(tally: Tally, formatter: Formatter) -> str:
    """Say the settled share, rounded down: 100% only when nobody is left."""
    return formatter.percent((tally.asked - tally.left) * 100 // max(tally.asked, 1))


def foretold(progress: Progress, formatter: Formatter) -> str:
    """Say the pace and the expected end, as far as they are known."""
    done_at = formatter.clock(progress.done_at) if progress.done_at else ""
    rate = progress.a_second
    if not rate:
        return _("Done around {time}", time=done_at) if done_at else ""
    if rate >= 1:
        text = N_("About {count} per second")
        if done_at:
            text = N_("About {count} per second, done around {time}")
        return _(text, count=_rounded(rate), time=done_at)
    text = N_("About {count} per minute, done around {time}") if done_at else N_("About {count} per minute")
    return _(text, count=_rounded(rate * 60), time=done_at)


def _rounded(count: float) -> int:
    """Round to two figures.

    >>> [_rounded(count) for count in (0.2, 7.4, 1234.5, 98765)]
    [1, 7, 1200, 99000]
    """
    digits = math.floor(math.log10(max(count, 1))) + 1
    return max(int(round(count, min(SIGNIFICANT_DIGITS - digits, 0))), 1)
