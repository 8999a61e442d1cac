"""The picture of a rule's use over time, drawn by Slack, and the same in a sentence.

Slack has drawn charts since June 2026 only: a client that does not has the sentence.
"""

from collections.abc import Sequence
from datetime import datetime, time
from typing import Final
from zoneinfo import ZoneInfo

from babel.dates import format_skeleton
from slackblocks import AxisConfig, Block, DataPoint, DataSeries, DataVisualizationBlock, LineChart

from bot.domain.rules.usage_history import UsagePoint
from bot.slack.language.texts import _, current_locale, ngettext
from bot.slack.rendering.blocks import context
from bot.slack.rendering.formatting import Formatter
from bot.slack.rendering.mrkdwn import shorten

SERIES: Final = 20
TITLE: Final = 50
"""Slack's limits for the name of a series, or of a point, and for the title."""
MOST: Final = 2**53
"""Larger whole numbers are no longer exact in JSON."""


def blocks(history: Sequence[UsagePoint], formatter: Formatter) -> list[Block]:
    """Draw the history below its sentence; nothing if there is none."""
    if not history:
        return []
    labels = [_label(point) for point in history]
    series = []
    if used := [point.used for point in history if point.used is not None]:
        series.append(_series(_("Used by everyone"), labels, used))
    if history[-1].given:
        series.append(_series(_("Given here"), labels, [point.given for point in history]))
    chart = LineChart(series, AxisConfig(labels))
    title = shorten(_("Used and given"), TITLE)
    return [context(sentence(history, formatter)), DataVisualizationBlock(title, chart)]


def sentence(history: Sequence[UsagePoint], formatter: Formatter) -> str:
    """Say what was given and used since the history begins; empty if there is none."""
    if not history:
        return ""
    day, last = _day(history[0], formatter), history[-1]
    given = formatter.customers(last.given)
    if last.used is None:
        return _("Since {day}: given to {customers} in this channel.", day=day, customers=given)
    used = ngettext("{count} time", "{count} times", last.used)
    if not last.given:
        return _("Since {day}: used {times} by everyone.", day=day, times=used)
    return _(
        "Since {day}: used {times} by everyone, given to {customers} in this channel.",
        day=day,
        times=used,
        customers=given,
    )


def _series(name: str, labels: Sequence[str], values: Sequence[int]) -> DataSeries:
    points = [DataPoint(label, min(value, MOST)) for label, value in zip(labels, values, strict=True)]
    return DataSeries(shorten(name, SERIES), points)


def _label(point: UsagePoint) -> str:
    """Name a day, without the year: a history is shorter than one."""
    return shorten(str(format_skeleton("MMMd", point.day, locale=current_locale())), SERIES)


def _day(point: UsagePoint, formatter: Formatter) -> str:
    return formatter.day(datetime.combine(point.day, time(12), ZoneInfo(formatter.timezone)))
