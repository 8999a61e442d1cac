"""What can be done at the try-out's prompt, and what there is to do it with."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum


class Kind(StrEnum):
    """How a thing on the screen is used."""

    FIELD = "field"
    BUTTON = "button"
    SUBMIT = "submit"
    CLOSE = "close"


@dataclass(frozen=True, slots=True)
class Control:
    """Something on the screen that can be used, by its number or by what stands on it."""

    number: int
    label: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class ScreenState:
    """What there is to choose from: who can be played, where one can be, what can be used, and whether it stands in a form."""

    people: tuple[str, ...]
    channels: tuple[str, ...]
    things: tuple[Control, ...] = ()
    form: bool = False


@dataclass(frozen=True, slots=True)
class Become:
    """Play somebody else."""

    name: str


@dataclass(frozen=True, slots=True)
class GoTo:
    """Look at another channel; the empty name is the direct messages with the bot."""

    channel: str


@dataclass(frozen=True, slots=True)
class Command:
    """Type a slash command."""

    text: str


@dataclass(frozen=True, slots=True)
class Fill:
    """Fill a field in; without a text it has to be asked for."""

    field: Control
    text: str | None


@dataclass(frozen=True, slots=True)
class Clear:
    """Empty a field."""

    field: Control


@dataclass(frozen=True, slots=True)
class Press:
    """Press a button, be it a form's own."""

    button: Control


@dataclass(frozen=True, slots=True)
class Look:
    """Draw the screen again; `whole` leaves nothing out."""

    whole: bool = False


@dataclass(frozen=True, slots=True)
class ShowLedger:
    """Show what Dintero holds, of one customer where one is named."""

    customer: str = ""


@dataclass(frozen=True, slots=True)
class Cut:
    """Cut Dintero's connection on its next calls, before or after it has done what was asked."""

    after: bool = False
    times: int = 1


@dataclass(frozen=True, slots=True)
class Later:
    """Let a while pass."""

    while_: timedelta


@dataclass(frozen=True, slots=True)
class Change:
    """Change in Dintero what a rule is worth; `worth` is in the reward's own unit, amounts in whole kroner."""

    rule: str
    worth: Decimal


@dataclass(frozen=True, slots=True)
class Share:
    """Post a file of this machine in the channel."""

    path: str


class SimpleCommand(StrEnum):
    """What is said in one word."""

    DOWN = "down"
    UP = "up"
    HELP = "help"
    QUIT = "quit"
    NOTHING = ""


@dataclass(frozen=True, slots=True)
class Unclear:
    """Nothing that can be done; `advice` says what to type instead."""

    advice: str


Act = (
    Become
    | GoTo
    | Command
    | Fill
    | Clear
    | Press
    | Look
    | ShowLedger
    | Cut
    | Later
    | Change
    | Share
    | SimpleCommand
    | Unclear
)
