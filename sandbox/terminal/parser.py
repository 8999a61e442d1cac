"""Parses what is typed at the prompt."""

import re
from collections.abc import Callable, Iterable
from datetime import timedelta
from decimal import Decimal
from typing import Final

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
    Share,
    ShowLedger,
    SimpleCommand,
    Unclear,
)

NUMBERED: Final = re.compile(r"\[?(\d+)\]?(?:\s*[:=]\s*|\s+|$)(.*)", re.DOTALL)
UNITS: Final = {"m": "minutes", "h": "hours", "d": "days"}
BEGUN: Final = 3
"""Letters of a button's name that are enough to press it."""
DIRECT: Final = ("dm", "bot")
"""The names of the direct messages with the bot."""


def read(typed: str, around: ScreenState) -> Act:
    """Parse a line.

    >>> read("as bo", ScreenState(people=("Ann", "Bo"), channels=()))
    Become(name='Bo')
    >>> read("cut after", ScreenState((), ()))
    Cut(after=True, times=1)
    """
    text = typed.strip()
    if not text:
        return SimpleCommand.NOTHING
    if text.startswith("/"):
        return _command(text, around)
    word, _, rest = text.partition(" ")
    reader = VERBS.get(word.casefold())
    return reader(rest.strip(), around) if reader else _use(text, around)


def _command(text: str, around: ScreenState) -> Act:
    if around.form:
        return Unclear("A form is open: fill it in and press its button, or type “close” first.")
    command = text.split(maxsplit=1)[0]
    if command.casefold() != "/discount":
        return Unclear(
            f"There is no {_short(command)} here: the bot's command is /discount, such as “/discount help”."
        )
    return Command(command.casefold() + text[len(command) :])


def _use(text: str, around: ScreenState) -> Act:
    if (numbered := NUMBERED.fullmatch(text)) is not None:
        return _numbered(int(numbered[1]), numbered[2].strip(), text, around)
    called = _called(text, around.things)
    if not called:
        begun = _begun(text, around.things)
        if begun:
            return Press(begun)
        return Unclear(f"“{_short(text)}” is not understood: {_instead(around)}")
    if len(called) > 1:
        numbers = " or ".join(str(thing.number) for thing in called)
        return Unclear(f"“{called[0].label}” stands there {len(called)} times: type its number, {numbers}.")
    return _with(called[0], text[len(_bare(called[0].label)) :].strip(" \t:=…"), around)


def _numbered(number: int, rest: str, text: str, around: ScreenState) -> Act:
    thing = next((thing for thing in around.things if thing.number == number), None)
    if thing is not None:
        return _with(thing, rest, around)
    if not around.things:
        return Unclear(
            f"“{_short(text)}” is not understood, for there is nothing to press here: {_instead(around)}"
        )
    there = ", ".join(f"{thing.number} {thing.label}" for thing in around.things)
    return Unclear(f"There is no {number} here, but {there}.")


def _with(thing: Control, text: str, around: ScreenState) -> Act:
    if thing.kind is Kind.FIELD:
        return Fill(thing, text or None)
    if text and around.form:
        return Unclear(f"“{thing.label}” is a button: type {thing.number} alone to press it.")
    return Press(thing)


def _called(text: str, things: Iterable[Control]) -> list[Control]:
    """Find the name that the text begins with; the longest wins."""
    found = [
        thing
        for thing in things
        if re.match(re.escape(_bare(thing.label)) + r"(?![\w-])", text, re.IGNORECASE)
    ]
    longest = max((len(thing.label) for thing in found), default=0)
    return [thing for thing in found if len(thing.label) == longest]


def _begun(text: str, things: Iterable[Control]) -> Control | None:
    """Find the only button whose name begins with the text, of three letters or more."""
    found = [
        thing
        for thing in things
        if thing.kind is not Kind.FIELD and thing.label.casefold().startswith(text.casefold())
    ]
    return found[0] if len(found) == 1 and len(text) >= BEGUN else None


def _bare(label: str) -> str:
    return label.rstrip("…. ")


def _instead(around: ScreenState) -> str:
    if around.form:
        return "type a number, for a field with its text, such as “2 c-1, c-2”; “help” lists the rest."
    return "type “/discount …”, the number of a button, or “help” to see what else there is."


def _short(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:39]}…"  # noqa: PLR2004 - as much as a sentence bears


def _person(rest: str, around: ScreenState) -> Act:
    name = _one_of(rest, around.people)
    if name is None:
        return Unclear(
            f"{_missing('Nobody here is called', rest) or 'Say who'}: type {_choice('as', around.people)}."
        )
    return Become(name)


def _place(rest: str, around: ScreenState) -> Act:
    wanted = rest.removeprefix("#")
    if wanted.casefold() in DIRECT:
        return GoTo("")
    name = _one_of(wanted, around.channels)
    if name is None:
        return Unclear(
            f"{_missing('There is no channel', rest) or 'Say where'}: "
            f"type {_choice('in', (*around.channels, 'dm'))}."
        )
    return GoTo(name)


def _missing(what: str, wanted: str) -> str:
    return f"{what} “{_short(wanted)}”" if wanted else ""


def _one_of(wanted: str, names: Iterable[str]) -> str | None:
    """Find the only name that begins with the text."""
    found = [name for name in names if wanted and name.casefold().startswith(wanted.casefold())]
    return found[0] if len(found) == 1 else None


def _choice(verb: str, names: Iterable[str]) -> str:
    return ", ".join(f"“{verb} {name.lower()}”" for name in names)


def _look(rest: str, _: ScreenState) -> Act:
    return Look(whole=rest.casefold() in {"all", "whole"})


def _ledger(rest: str, _: ScreenState) -> Act:
    return ShowLedger(rest)


def _cut(rest: str, _: ScreenState) -> Act:
    cut = re.fullmatch(r"(before|after)?\s*(\d{1,2})?", rest, re.IGNORECASE)
    if cut is None:
        return Unclear(
            "Type “cut” (before Dintero does the next call), “cut after”, or “cut after 3” for three calls."
        )
    return Cut(after=(cut[1] or "").casefold() == "after", times=int(cut[2] or 1))


def _later(rest: str, _: ScreenState) -> Act:
    """Parse a duration: a number and m(inutes), h(ours) or d(ays)."""
    while_ = re.fullmatch(r"(\d{1,4})\s*(m|h|d)[a-z]*", rest, re.IGNORECASE)
    if while_ is None:
        return Unclear("Type how long, such as “later 10m”, “later 3h” or “later 2d”.")
    return Later(timedelta(**{UNITS[while_[2].casefold()]: int(while_[1])}))


def _change(rest: str, _: ScreenState) -> Act:
    changed = re.fullmatch(r"(\S.*?)\s+to\s+(\d{1,7}(?:\.\d{1,2})?)", rest, re.IGNORECASE)
    if changed is None:
        return Unclear("Type which rule and what it is worth from now on, such as “change spar 100 to 150”.")
    return Change(changed[1], Decimal(changed[2]))


def _share(rest: str, around: ScreenState) -> Act:
    if around.form:
        return Unclear("A form is open: share the file before you open it, and paste its link then.")
    return (
        Share(rest) if rest else Unclear("Type which file of this machine, such as “share ~/customers.csv”.")
    )


def _press(rest: str, around: ScreenState) -> Act:
    return _use(rest, around) if rest else Unclear("Press what? Type the number beside the button.")


def _clear(rest: str, around: ScreenState) -> Act:
    used = _use(rest, around)
    return (
        Clear(used.field)
        if isinstance(used, Fill)
        else Unclear("Clear what? Type “clear” and the number of a field, such as “clear 2”.")
    )


def _own(kind: Kind) -> Callable[[str, ScreenState], Act]:
    def act(_: str, around: ScreenState) -> Act:
        thing = next((thing for thing in around.things if thing.kind is kind), None)
        return Press(thing) if thing else Unclear(f"There is nothing to {kind} here: {_instead(around)}")

    return act


def _plain(act: SimpleCommand) -> Callable[[str, ScreenState], Act]:
    return lambda _rest, _around: act


VERBS: Final[dict[str, Callable[[str, ScreenState], Act]]] = {
    "as": _person,
    "in": _place,
    "look": _look,
    "ledger": _ledger,
    "cut": _cut,
    "later": _later,
    "change": _change,
    "share": _share,
    "down": _plain(SimpleCommand.DOWN),
    "up": _plain(SimpleCommand.UP),
    "press": _press,
    "clear": _clear,
    "submit": _own(Kind.SUBMIT),
    "close": _own(Kind.CLOSE),
    "help": _plain(SimpleCommand.HELP),
    "?": _plain(SimpleCommand.HELP),
    "quit": _plain(SimpleCommand.QUIT),
    "exit": _plain(SimpleCommand.QUIT),
}
