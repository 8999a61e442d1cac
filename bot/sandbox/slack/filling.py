"""What Slack lets a person type or choose."""

from typing import Final

from bot.sandbox.slack.elements import Element, Json
from bot.sandbox.slack.reactions import CannotDo

LONGEST: Final = 3_000
"""Characters of a plain text input."""


def check_text(field: Element, typed: str) -> None:
    """Let a text pass that the input takes.

    Raises:
        CannotDo: too long, too short, or of several lines where there is one.
    """
    most = int(field.element.get("max_length", LONGEST))
    fewest = int(field.element.get("min_length", 0))
    if len(typed) > most:
        raise CannotDo(f"{field.label!r} takes {most} characters, not {len(typed)}")
    if typed and len(typed) < fewest:
        raise CannotDo(f"{field.label!r} wants {fewest} characters at least")
    if "\n" in typed and not field.element.get("multiline"):
        raise CannotDo(f"{field.label!r} has one line")


def choose(offered: list[Json], wanted: str) -> Json:
    """Choose the option that says or means what is wanted: its value or text, else the only text that holds it.

    Raises:
        CannotDo: no such option is offered, or more than one.
    """
    exact = [option for option in offered if wanted in {option["value"], option["text"]["text"]}]
    begins = [option for option in offered if option["text"]["text"].casefold().startswith(wanted.casefold())]
    holds = [option for option in offered if wanted.casefold() in option["text"]["text"].casefold()]
    for found in (exact, begins, holds):
        if len(found) == 1:
            return found[0]
    raise CannotDo(f"{wanted!r} is not one of {[option['text']['text'] for option in offered]}")
