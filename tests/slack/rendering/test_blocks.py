"""Text is cut to Slack's limits, and never within an escape or a mention."""

import re

from hypothesis import given
from hypothesis import strategies as st

from bot.slack.rendering.blocks import fit, paragraphs
from bot.slack.rendering.mrkdwn import escape
from tests.slack.rendering.test_mrkdwn import PIECES


@given(PIECES, st.integers(min_value=30, max_value=200))
def test_a_cut_never_leaves_half_an_escape_or_half_a_mention(text: str, most: int) -> None:
    drawn = fit(f"{escape(text, 60)} <@U0ANN> " * 10, most)
    assert len(drawn) <= most
    assert drawn.count("<") == drawn.count(">")
    assert not re.search(r"&[a-z]*…$", drawn)


@given(st.lists(st.text(alphabet="ab ", max_size=50), max_size=40))
def test_no_line_gets_lost_in_paragraphs(lines: list[str]) -> None:
    written = paragraphs(lines, 60)
    assert "\n".join(written) == "\n".join(lines)
    assert all(len(paragraph) <= 60 for paragraph in written)
