"""Reading ease: no long sentence, no internal word and no sign but the six, in whatever people read."""

import re
from collections.abc import Iterator
from typing import Any, Final

from bot.slack.rendering.formatting import Message

MOST_WORDS: Final = 20
SIGNS: Final = frozenset("⏳✅⚠🚫⏸📄")

_NAMES: Final = (
    (re.compile(r"<!date\^[^|>]*\|([^>]*)>"), r"\1"),
    (re.compile(r"<[@#!][^>]*>"), "@name"),
    (re.compile(r"<[^|>]*\|([^>]*)>"), r"\1"),
    (re.compile(r"<[^>]*>"), "link"),
    (re.compile(r"```.*?```|`[^`]*`", re.DOTALL), "command"),
    (re.compile(r"“[^”]*”"), "“name”"),
    (re.compile(r"^(?:>|&gt;).*$", re.MULTILINE), ""),
)
"""What is no prose of ours: mentions, links, commands, and what people or Dintero wrote, in quotes."""
_SENTENCE: Final = re.compile(r"(?<=[.!?…])[\s*_]+|\n+|\s·\s")
_EMOJI: Final = re.compile("[\u23e9-\u23fa\u2600-\u27bf\u2b00-\u2bff\U0001f000-\U0001faff]")

INTERNAL: Final = re.compile(
    r"\b(?:"
    r"polic(?:y|ies)|digests?|tiers?|once-only|cards?|allow_unpriced|JSON|UUID"
    r"|giving|whoever|whom|those who|anew|reckoned|shall|beforehand|therein|so many"
    r"|stands?|not tried|left out|mend(?:s|ed)?|again and again|agrees?|agreed"
    r"|(?:a|your|the last|say) yes|asks? for(?! help)|asked (?:for|by)|ask again"
    r"|admins? of the bot|runs the bot|unknown(?! (?:reward|host))"
    r"|(?:was|is|be) held|held until|nobody had to|End here|Show customers|Get the (?:list|unreadable rows)"
    r"|Look it over|Give now|More…|Continue…"
    r"|(?<!id: )[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22,}"
    r")(?!\w)",
    re.IGNORECASE,
)
"""The left column of the guide's words to change, and its internal words."""


def faults_of(text: str) -> list[str]:
    """List what makes a text hard to read.

    >>> faults_of("The policy does not allow this.")
    ['“policy”: The policy does not allow this.']
    >>> faults_of("Needs 1 approval from @leads.")
    []
    """
    for pattern, name in _NAMES:
        text = pattern.sub(name, text)
    found = [f"{sign}: {text}" for sign in dict.fromkeys(_EMOJI.findall(text)) if sign not in SIGNS]
    for sentence in filter(None, _SENTENCE.split(text)):
        words = [word for word in sentence.split() if any(letter.isalpha() for letter in word)]
        if len(words) > MOST_WORDS:
            found.append(f"{len(words)} words: {sentence}")
        found += [f"“{word}”: {sentence}" for word in dict.fromkeys(INTERNAL.findall(sentence))]
    return found


def texts_of(drawn: Message | dict[str, Any]) -> Iterator[str]:
    """Yield all texts of a message or a modal: what is drawn, and what is read out."""
    if isinstance(drawn, Message):
        yield drawn.text
        yield from _texts(drawn.blocks)
    else:
        yield from _texts(drawn)


def _texts(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        for key in ("text", "alt_text", "accessibility_label"):
            if isinstance(part.get(key), str):
                yield part[key]
        for inner in part.values():
            yield from _texts(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from _texts(inner)
