"""What the texts of a refusal are filled in with, for mrkdwn or for plain text."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from bot.domain.policy.policy import Refusal
from bot.slack.language.texts import _
from bot.slack.rendering.formatting import Formatter

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
        """The short id of the request that it is about."""
        short = self.refusal.name or self.detail
        return self.say(short) if short.startswith("R-") else ""

    def numbers(self) -> tuple[int, int] | None:
        """Read a detail such as "501/500", the actual and the allowed number."""
        first, _slash, second = self.detail.partition("/")
        return (int(first), int(second)) if first.isdecimal() and second.isdecimal() else None


Text = Callable[[Words], str]
"""Writes the whole text of one reason."""


def always(text: str) -> Text:
    """Write one text; `{who}` is who can help."""
    return lambda words: _(text, who=words.who)


def named(with_name: str, without: str) -> Text:
    """Write one of two texts: with the name of what it is about, or without."""
    return lambda words: (
        _(with_name, name=words.name, who=words.who) if words.name else _(without, who=words.who)
    )


def of_request(with_id: str, without: str) -> Text:
    """Write one of two texts: with the request's short id, or without."""
    return lambda words: (
        _(with_id, request=words.request, who=words.who) if words.request else _(without, who=words.who)
    )


def elsewhere(with_places: str, without: str) -> Text:
    """Write one of two texts: with the channels where it is possible, or without."""
    return lambda words: (
        _(with_places, places=words.places, who=words.who) if words.places else _(without, who=words.who)
    )
