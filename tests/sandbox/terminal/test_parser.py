"""What is typed at the try-out's prompt is taken for what a newcomer means by it."""

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.terminal.commands import (
    Act,
    Become,
    Change,
    Clear,
    Command,
    Control,
    Cut,
    Fill,
    GoTo,
    Kind,
    Later,
    Look,
    Press,
    ScreenState,
    ShowLedger,
    SimpleCommand,
    Unclear,
)
from sandbox.terminal.parser import read

RULE = Control(1, "Rule", Kind.FIELD)
CUSTOMERS = Control(2, "Customer IDs", Kind.FIELD)
MORE = Control(3, "More…", Kind.BUTTON)
REVIEW = Control(4, "Review", Kind.SUBMIT)
CLOSE = Control(5, "Close", Kind.CLOSE)
APPROVE = Control(11, "Approve…", Kind.BUTTON)
CANCEL = Control(12, "Cancel request", Kind.BUTTON)

PEOPLE = ("Ann", "Bo", "Cleo", "Chief")
CHANNELS = ("loyalty-support", "campaigns")
FORM = ScreenState(PEOPLE, CHANNELS, (RULE, CUSTOMERS, MORE, REVIEW, CLOSE), form=True)
CHANNEL = ScreenState(PEOPLE, CHANNELS, (APPROVE, CANCEL))
EMPTY = ScreenState(PEOPLE, CHANNELS)


@pytest.mark.parametrize(
    ("typed", "act"),
    [
        ("", SimpleCommand.NOTHING),
        ("   ", SimpleCommand.NOTHING),
        ('/discount add "Spar 100,-" c-1', Command('/discount add "Spar 100,-" c-1')),
        ("/Discount help", Command("/discount help")),
        ("as bo", Become("Bo")),
        ("AS CLEO", Become("Cleo")),
        ("as chi", Become("Chief")),
        ("in campaigns", GoTo("campaigns")),
        ("in #loyalty-support", GoTo("loyalty-support")),
        ("in dm", GoTo("")),
        ("11", Press(APPROVE)),
        ("[11]", Press(APPROVE)),
        ("press 11", Press(APPROVE)),
        ("approve", Press(APPROVE)),
        ("Approve…", Press(APPROVE)),
        ("cancel request", Press(CANCEL)),
        ("Can", Press(CANCEL)),
        ("press cancel req", Press(CANCEL)),
        ("look", Look()),
        ("look all", Look(whole=True)),
        ("ledger", ShowLedger()),
        ("ledger c 1", ShowLedger("c 1")),
        ("cut", Cut()),
        ("cut before", Cut()),
        ("cut after", Cut(after=True)),
        ("cut after 3", Cut(after=True, times=3)),
        ("cut 2", Cut(times=2)),
        ("later 10m", Later(timedelta(minutes=10))),
        ("later 3 hours", Later(timedelta(hours=3))),
        ("Later 2D", Later(timedelta(days=2))),
        ("change spar 100 to 150", Change("spar 100", Decimal(150))),
        ("change 10 % to 12.5", Change("10 %", Decimal("12.5"))),
        ("down", SimpleCommand.DOWN),
        ("up", SimpleCommand.UP),
        ("help", SimpleCommand.HELP),
        ("?", SimpleCommand.HELP),
        ("quit", SimpleCommand.QUIT),
        ("exit", SimpleCommand.QUIT),
    ],
)
def test_in_a_channel(typed: str, act: Act) -> None:
    assert read(typed, CHANNEL) == act


@pytest.mark.parametrize(
    ("typed", "act"),
    [
        ("1 Spar 100", Fill(RULE, "Spar 100")),
        ("1: Spar 100", Fill(RULE, "Spar 100")),
        ("1", Fill(RULE, None)),
        ("rule spar", Fill(RULE, "spar")),
        ("2 c-1, c-2", Fill(CUSTOMERS, "c-1, c-2")),
        ("customer ids c-1", Fill(CUSTOMERS, "c-1")),
        ("Customer IDs: c-1", Fill(CUSTOMERS, "c-1")),
        ("2 2", Fill(CUSTOMERS, "2")),
        ("clear 2", Clear(CUSTOMERS)),
        ("3", Press(MORE)),
        ("more", Press(MORE)),
        ("4", Press(REVIEW)),
        ("review", Press(REVIEW)),
        ("rev", Press(REVIEW)),
        ("submit", Press(REVIEW)),
        ("close", Press(CLOSE)),
        ("as bo", Become("Bo")),
    ],
)
def test_in_a_form(typed: str, act: Act) -> None:
    assert read(typed, FORM) == act


@pytest.mark.parametrize(
    ("typed", "around", "says"),
    [
        ("as bob", CHANNEL, "“as bo”"),
        ("as c", CHANNEL, "“as cleo”, “as chief”"),
        ("as", CHANNEL, "Say who"),
        ("in kitchen", CHANNEL, "“in dm”"),
        ("9", CHANNEL, "11 Approve…, 12 Cancel request"),
        ("9", EMPTY, "nothing to press"),
        ("hello", CHANNEL, "/discount"),
        ("/discout add", CHANNEL, "/discount help"),
        ("/discount add", FORM, "close"),
        ("12397af6e5e b2", FORM, "2 c-1, c-2"),
        ("4 now", FORM, "type 4 alone"),
        ("clear 3", FORM, "clear 2"),
        ("submit", CHANNEL, "nothing to submit"),
        ("press", CHANNEL, "number"),
        ("cut sometimes", CHANNEL, "cut after"),
    ],
)
def test_what_cannot_be_done_is_answered_with_what_can(typed: str, around: ScreenState, says: str) -> None:
    act = read(typed, around)
    assert isinstance(act, Unclear)
    assert says in act.advice


def test_a_button_that_stands_there_twice_is_pressed_by_its_number_only() -> None:
    other = Control(21, "Approve…", Kind.BUTTON)
    around = ScreenState(PEOPLE, CHANNELS, (APPROVE, CANCEL, other))
    assert read("approve", around) == Unclear("“Approve…” stands there 2 times: type its number, 11 or 21.")
    assert read("21", around) == Press(other)


@pytest.mark.parametrize("typed", ["ca", "cancel requests", "c"])
def test_a_button_is_not_pressed_by_next_to_nothing_of_its_name(typed: str) -> None:
    assert isinstance(read(typed, CHANNEL), Unclear)


def test_two_buttons_that_begin_alike_are_pressed_by_neither_beginning() -> None:
    other = Control(13, "Cancel the list", Kind.BUTTON)
    assert isinstance(read("cancel", ScreenState(PEOPLE, CHANNELS, (CANCEL, other))), Unclear)


@given(st.text(max_size=60), st.sampled_from([FORM, CHANNEL, EMPTY]))
def test_nothing_that_is_typed_is_without_a_meaning_or_an_advice(typed: str, around: ScreenState) -> None:
    act = read(typed, around)
    assert not isinstance(act, Unclear) or act.advice
