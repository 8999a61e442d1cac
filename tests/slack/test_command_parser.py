"""Whatever people type after `/discount`, on whatever keyboard, is parsed as they mean it."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bot.domain.ids import ShortId
from bot.domain.requests.request import new_short_id
from bot.slack.command_parser import (
    FIXED_SPACES,
    QUOTES,
    Add,
    Cancel,
    Command,
    ParseProblem,
    ShowRule,
    Status,
    UnknownCommand,
    Word,
    read,
    short_id,
)

PAIRS = ["“”", "„“", "„”", "«»", "»«", '""', "‟”", "‘’", "''", "‚‘", "‹›", '“"', '"”']  # noqa: RUF001 - as phones and Macs type them
WORDS = st.text(min_size=1).filter(
    lambda text: not set(text) & {*QUOTES, "&"} and text.translate(FIXED_SPACES) == text
)


def escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("", Word.HELP),
        ("   ", Word.HELP),
        ("help", Word.HELP),
        ("HELP me", Word.HELP),
        ("add", Add("", (), quoted=False)),
        ("add r-1", Add("r-1", (), quoted=False)),
        ("ADD r-1 c1,c2  c3\nc4", Add("r-1", ("c1,", "c2", "c3", "c4"), quoted=False)),
        ("add “Spar 100” c1 «c 2»", Add("Spar 100", ("c1", "c 2"), quoted=True)),
        ("add\u00a0“Spar\u00a0100”\u00a0c1", Add("Spar 100", ("c1",), quoted=True)),
        ("add 'A &amp; B &lt;3' O'Brien", Add("A & B <3", ("O'Brien",), quoted=True)),
        ("add &amp;lt; c1", Add("&lt;", ("c1",), quoted=False)),
        ('add "" c1', Add("", ("c1",), quoted=True)),
        ('add "Kjell\'s deal" c1', Add("Kjell's deal", ("c1",), quoted=True)),
        ("add “Spar 100 c1", UnknownCommand("add “Spar 100 c1", "add", ParseProblem.OPEN_QUOTE)),
        ("status", Status()),
        ("status R-7KQ2M", Status(short_id("R-7KQ2M"))),
        ("status tomorrow", UnknownCommand("tomorrow", "status", ParseProblem.NO_SHORT_ID)),
        ("rule Spar 100, 2 for 1", ShowRule("Spar 100, 2 for 1")),
        ("rule “Spar 100”", ShowRule("Spar 100")),
        ("rule “Spar 100", ShowRule("Spar 100")),
        ("rule", ShowRule()),
        ('rule ""', ShowRule()),
        ("cancel", Cancel()),
        ("cancel R-7KQ2M R-7KQ2N", Cancel(typed="R-7KQ2M R-7KQ2N")),
        ("stauts R-7KQ2M", UnknownCommand("stauts R-7KQ2M", "status")),
        ("cancle", UnknownCommand("cancle", "cancel")),
        ("ad r-1", UnknownCommand("ad r-1", "add")),
        ("history", UnknownCommand("history", "status")),
        ("status “R-7K2QF”", Status(ShortId("R-7K2QF"))),
        ("add Spar <mailto:kari@shop.no|kari@shop.no>", Add("Spar", ("kari@shop.no",), quoted=False)),
    ],
)
def test_a_command_is_parsed(text: str, command: Command) -> None:
    assert read(text) == command


@pytest.mark.parametrize("word", ["history", "check"])
def test_a_future_command_is_unknown(word: str) -> None:
    seen = read(word)
    assert isinstance(seen, UnknownCommand)
    assert seen.nearest != word


@pytest.mark.parametrize(
    "typed", ["R-7KQLM", "r-7kqlm", "7kqlm", "R7KQLM", "R–7KQ1M", "r 7kqIm", "  R\u20117KQLM "]
)
def test_a_short_id_is_read_in_every_spelling(typed: str) -> None:
    assert read(f"cancel {typed}") == Cancel(ShortId("R-7KQLM"))


@pytest.mark.parametrize("typed", ["R-7KQ0M", "R-7KQOM", "R-7KQ", "R-7KQMMM", "R-7KQ\u212aM", "7KQM-R"])
def test_a_text_that_no_request_can_have_is_not_a_short_id(typed: str) -> None:
    assert short_id(typed) is None


@given(st.randoms(use_true_random=False))
def test_every_short_id_is_read_in_any_case(random: object) -> None:
    short = new_short_id()
    assert short_id(short) == short_id(short.lower()) == short_id(short[2:].lower()) == short, random


@given(
    st.lists(st.tuples(WORDS, st.sampled_from(PAIRS)), min_size=2),
    st.sampled_from([" ", ",", ", ", "\n", " , "]),
)
def test_quoted_words_are_read_as_they_are(quoted: list[tuple[str, str]], between: str) -> None:
    """Commas between the words stay: the reader of the customers parts them."""
    command = read("add " + between.join(f"{pair[0]}{escaped(word)}{pair[1]}" for word, pair in quoted))
    assert isinstance(command, Add)
    comma = between.strip()
    words = [word + comma for word, _ in quoted[1:-1]] + [word for word, _ in quoted[-1:]]
    assert [command.rule, *command.customers] == [quoted[0][0], *words]


@given(st.lists(st.text(alphabet="abcæøå0123456789-_.'/*&<>", min_size=1), min_size=1))
def test_ids_without_spaces_need_no_quotes(ids: list[str]) -> None:
    assume(not any(one.startswith("'") for one in ids))
    command = read("add r-1 " + " ".join(escaped(one) for one in ids))
    assert isinstance(command, Add)
    assert list(command.customers) == ids


@given(st.text() | st.text(alphabet="add \"'“”„«»,r-&amp;").map("add ".__add__))
def test_any_text_gives_a_command(text: str) -> None:
    assert read(text)
