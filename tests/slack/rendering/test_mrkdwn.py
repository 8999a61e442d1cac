"""Texts from people and Dintero are safe in any message."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.slack.rendering.mrkdwn import JOINER, MASK, escape, mask, mention, mentions, phrase, shorten, visible

SPECIAL = re.compile(r"<(?!/)[^>]*>")
PIECES = st.lists(
    st.sampled_from(["<!channel>", "<@U1>", "&amp;", "a", " ", "*", "\n", "|", "<", ">", "é", "\u202e"]),
    max_size=200,
).map("".join)


@given(st.text() | PIECES)
def test_escaped_text_cannot_mention_link_or_break_the_line(text: str) -> None:
    drawn = escape(text, 100)
    assert not SPECIAL.search(drawn)
    assert "\n" not in drawn
    assert all(char.isprintable() or char == JOINER for char in drawn)


@given(st.text() | PIECES, st.integers(min_value=2, max_value=80))
def test_a_shortened_text_is_never_too_long(text: str, most: int) -> None:
    assert len(shorten(text, most)) <= most


def test_a_text_that_was_cut_says_so() -> None:
    assert shorten("x" * 20, 10) == "xxxxxxxxx…"
    assert shorten("ab" + " " * 2_000 + "c", 10).endswith("…")


def test_a_name_with_stars_stays_as_it_is_and_is_not_bold() -> None:
    assert escape("*Spar* 100").replace(JOINER, "") == "*Spar* 100"
    assert escape("*Spar* 100").startswith(JOINER)


def test_an_underscore_inside_a_word_is_left_alone() -> None:
    assert escape("spar_100_kr") == "spar_100_kr"


@pytest.mark.parametrize(
    ("customer", "shown"),
    [
        ("x" * 255, f"xx{MASK}xx"),
        ("123456789", f"1{MASK}89"),
        ("123456", f"1{MASK}6"),
        ("1234", f"{MASK}4"),
        ("123", MASK),
        ("a", MASK),
        ("", MASK),
    ],
)
def test_a_channel_sees_a_share_of_an_id_and_never_its_length(customer: str, shown: str) -> None:
    assert mask(customer) == shown


@given(st.text(min_size=1, max_size=255))
def test_a_mask_tells_no_more_than_a_third_and_four_characters(customer: str) -> None:
    begin, _, end = mask(customer).partition(MASK)
    shown = next(
        first + last
        for first in range(3)
        for last in range(3)
        if (begin, end) == (visible(customer[:first]), visible(customer[len(customer) - last :]))
    )
    assert shown <= min(len(customer) // 3, 4)
    assert len(customer) > 3 or shown == 0


def test_people_groups_and_channels_are_mentioned_and_nothing_else_is() -> None:
    assert mention("U0ANN") == "<@U0ANN>"
    assert mention("W0ANN") == "<@W0ANN>"
    assert mention("S0LEADS") == "<!subteam^S0LEADS>"
    assert mention("C0SUPPORT") == "<#C0SUPPORT>"
    assert mention("*") == "any member of this workspace"
    assert mention("<!channel>") == "&lt;!channel&gt;"


def test_only_the_first_of_many_people_are_named() -> None:
    assert mentions(["U1", "U2", "U3"], most=2) == "<@U1>, <@U2> and 1 more"
    assert phrase([]) == ""
