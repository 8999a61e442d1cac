"""The picture of a rule's use, and the sentence that says the same."""

from dataclasses import replace
from datetime import date, timedelta

from bot.domain.rules.usage_history import UsagePoint
from bot.slack.language.texts import NORWEGIAN, use_language
from bot.slack.rendering.blocks import message
from bot.slack.rendering.rules import usage_chart
from tests.support.samples import LOOK

HISTORY = tuple(UsagePoint(date(2026, 11, 29) + timedelta(days=at), 2 * at, 3 * at) for at in range(3))


def chart(*history: UsagePoint) -> dict[str, object]:
    drawn = message("x", usage_chart.blocks(history, LOOK)).blocks
    assert [block["type"] for block in drawn] == ["context", "data_visualization"]
    found: dict[str, object] = drawn[1]["chart"]
    return found


DAYS = ["29 Nov", "30 Nov", "1 Dec"]


def series(name: str, *values: int) -> dict[str, object]:
    points = [{"label": day, "value": value} for day, value in zip(DAYS, values, strict=True)]
    return {"name": name, "data": points}


def test_the_chart_has_both_and_the_sentence_their_sums() -> None:
    assert chart(*HISTORY) == {
        "type": "line",
        "series": [series("Used by everyone", 0, 3, 6), series("Given here", 0, 2, 4)],
        "axis_config": {"categories": DAYS},
    }
    assert usage_chart.sentence(HISTORY, LOOK) == (
        "Since 29 Nov 2026: used 6 times by everyone, given to 4 customers in this channel."
    )


def test_what_is_not_known_or_nothing_is_left_out() -> None:
    not_given = [replace(point, given=0) for point in HISTORY]
    assert "Given" not in str(chart(*not_given))
    assert usage_chart.sentence(not_given, LOOK) == "Since 29 Nov 2026: used 6 times by everyone."
    unknown = [replace(point, used=None) for point in HISTORY]
    assert "Used" not in str(chart(*unknown))
    assert usage_chart.sentence(unknown, LOOK) == "Since 29 Nov 2026: given to 4 customers in this channel."


def test_without_a_history_there_is_neither() -> None:
    assert usage_chart.blocks((), LOOK) == []
    assert usage_chart.sentence((), LOOK) == ""


def test_days_are_written_as_the_reader_writes_them() -> None:
    with use_language(NORWEGIAN):
        assert "1. des." in str(chart(*HISTORY))
