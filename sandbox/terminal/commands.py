"""The prompt's commands, and the controls on the screen."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum


class Kind(StrEnum):
    """The kinds of controls."""

    FIELD = "field"
    BUTTON = "button"
    SUBMIT = "submit"
    CLOSE = "close"


@dataclass(frozen=True, slots=True)
class Control:
    """A control on the screen, used by its number or text."""

    number: int
    label: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class ScreenState:
    """The choices at the prompt: people, channels, controls, and whether a form is open."""

    people: tuple[str, ...]
    channels: tuple[str, ...]
    things: tuple[Control, ...] = ()
    form: bool = False


@dataclass(frozen=True, slots=True)
class Become:
    """Act as another person."""

    name: str


@dataclass(frozen=True, slots=True)
class GoTo:
    """Switch to another channel; an empty name means the direct messages with the bot."""

    channel: str


@dataclass(frozen=True, slots=True)
class Command:
    """Type a slash command."""

    text: str


@dataclass(frozen=True, slots=True)
class Fill:
    """Fill in a field; without a text, ask for it."""

    field: Control
    text: str | None


@dataclass(frozen=True, slots=True)
class Clear:
    """Clear a field."""

    field: Control


@dataclass(frozen=True, slots=True)
class Press:
    """Press a button, including a form's own."""

    button: Control


@dataclass(frozen=True, slots=True)
class Look:
    """Redraw the screen; `whole` shortens nothing."""

    whole: bool = False


@dataclass(frozen=True, slots=True)
class ShowLedger:
    """Show Dintero's ledger, of one customer if given."""

    customer: str = ""


@dataclass(frozen=True, slots=True)
class Cut:
    """Cut Dintero's next calls, before or after their effect."""

    after: bool = False
    times: int = 1


@dataclass(frozen=True, slots=True)
class Later:
    """Let time pass."""

    while_: timedelta


@dataclass(frozen=True, slots=True)
class Change:
    """Change a rule's reward in Dintero; `worth` is in the reward's unit, amounts in whole kroner."""

    rule: str
    worth: Decimal


@dataclass(frozen=True, slots=True)
class Share:
    """Post a file from disk in the channel."""

    path: str


class SimpleCommand(StrEnum):
    """Commands of one word."""

    DOWN = "down"
    UP = "up"
    HELP = "help"
    QUIT = "quit"
    NOTHING = ""


@dataclass(frozen=True, slots=True)
class Unclear:
    """An unknown command; `advice` says what to type instead."""

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
