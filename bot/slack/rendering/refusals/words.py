"""What the texts of a refusal are filled in with, for mrkdwn or for plain text."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from bot.domain.policy.policy import Refusal
from bot.slack.language.texts import _
from bot.slack.rendering.formatting import Formatter
from bot.slack.rendering.mrkdwn import capitalised

UUID: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Words:
    """The parts of a refusal's text: `who` can help, `places` are channels, empty if there are none."""

    refusal: Refusal
    who: str
    places: str
    quote: Callable[[str], str]
    say: Callable[[str], str]
    mention: Callable[[str], str]
    formatter: Formatter

    @property
    def detail(self) -> str:
        """The value at fault, as it came."""
        return self.refusal.detail.strip()

    @property
    def name(self) -> str:
        """The quoted name of what it is about, never an internal id; empty if it has none."""
        name = self.refusal.name or self.detail
        return self.quote(name) if name and not UUID.fullmatch(name) else ""

    @property
    def request(self) -> str:
        """The short id of the request that it is about; empty if it has none."""
        short = self.refusal.name or self.detail
        return self.say(short) if short.startswith("R-") else ""

    def numbers(self) -> tuple[int, int] | None:
        """Read a detail such as "501/500", the actual and the allowed number."""
        first, _slash, second = self.detail.partition("/")
        return (int(first), int(second)) if first.isdecimal() and second.isdecimal() else None

    def fill(self, text: str, **values: object) -> str:
        """Translate a text and fill in `{who}`, `{places}`, `{name}`, `{request}` and other values."""
        known: dict[str, object] = {
            "who": self.who,
            "places": self.places,
            "name": self.name,
            "request": self.request or _("this request"),
        }
        return capitalised(_(text, **known | values))


Text = str | Callable[[Words], str]
Choice = Callable[..., str]
"""Writes one of several texts, with other values."""


def named(with_name: str, without: str) -> Choice:
    """Write one of two texts: with the name of what it is about, or without."""
    return lambda words, **values: words.fill(with_name if words.name else without, **values)


def about(text: str, unnamed: str) -> Choice:
    """Write a text with the name of what it is about, or with `unnamed` in its place."""
    return lambda words, **values: words.fill(text, name=words.name or _(unnamed), **values)


def elsewhere(with_places: str, without: str) -> Choice:
    """Write one of two texts: with the channels where it is possible, or without."""
    return lambda words, **values: words.fill(with_places if words.places else without, **values)
