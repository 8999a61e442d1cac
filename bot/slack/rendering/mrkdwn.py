"""Text that people or Dintero wrote, made safe to stand in a message: escaped, on one line, shortened, masked."""

import re
from collections.abc import Iterable, Sequence
from typing import Final

JOINER: Final = "\u2060"
"""A word joiner: it has no width, and takes the meaning from a `*` before which it stands."""
MASK: Final = "••••"
WHOLE: Final = 6
"""An id of up to so many characters is masked entirely: the rest would nearly give it away."""

ROOM: Final = 10
"""Of a text that is shortened, so many times what is shown is looked at: Dintero's texts have no bound."""

_FORMATTING = re.compile(r"(?<!\w)[*_~]|[*_~](?!\w)|`")
_USER = re.compile(r"[UW][A-Z0-9]+")
_GROUP = re.compile(r"S[A-Z0-9]+")
_CHANNEL = re.compile(r"[CGD][A-Z0-9]+")
_HALF = re.compile(r"&[a-z]{0,4}$|<[^<>]*$")


def one_line(text: str) -> str:
    """Put text on one line, without the characters that cannot be seen (they can turn the rest of a line around)."""
    return "".join(char for char in " ".join(text.split()) if char.isprintable())


def shorten(text: str, most: int) -> str:
    r"""Put text on one line of at most so many characters.

    >>> shorten("Spar  100,-\nkroner", 12)
    'Spar 100,- …'
    """
    looked_at = text[: most * ROOM]
    line = one_line(looked_at)
    return line if len(line) <= most and looked_at == text else line[: most - 1] + "…"


def escape_controls(text: str) -> str:
    """Take from text what Slack would read as a mention or a link.

    >>> escape_controls("<!channel> & co")
    '&lt;!channel&gt; &amp; co'
    """
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def safe(text: str) -> str:
    """Make one line of anybody's text stand in mrkdwn as it is: no mentions, no links, no bold."""
    return escape_controls(_FORMATTING.sub(lambda found: f"{JOINER}{found[0]}{JOINER}", text))


def escape(text: str, most: int = 150) -> str:
    """Make anybody's text, however long, stand in mrkdwn."""
    return safe(shorten(text, most))


def address(link: str) -> str:
    """Make a link's address stand in mrkdwn, whatever it holds."""
    return escape_controls("".join(link.split())).replace("|", "%7C")


def quoted(text: str, most: int = 150) -> str:
    """Put anybody's text between quotes, safe in mrkdwn."""
    return f"“{escape(text, most)}”"


def bold(text: str, most: int = 150) -> str:
    """Set anybody's text in bold, safe in mrkdwn."""
    return f"*{escape(text, most)}*"


def visible(customer: str) -> str:
    r"""Write an id so that it can be found again: nothing left out, unseen characters as their number.

    >>> visible("a b\u00a0c")
    'a b\\u00a0c'
    """
    return "".join(char if char.isprintable() else f"\\u{ord(char):04x}" for char in customer)


def mask(customer: str) -> str:
    """Hide the middle of a customer id, for channels.

    >>> mask("12397af6e5e"), mask("ann")
    ('12••••5e', '••••')
    """
    return MASK if len(customer) <= WHOLE else f"{visible(customer[:2])}{MASK}{visible(customer[-2:])}"


def mention(who: str) -> str:
    """Mention a person, a user group or a channel by id; anything else is shown as it is."""
    if who == "*":
        return "any full member of this workspace"
    if _USER.fullmatch(who):
        return f"<@{who}>"
    if _GROUP.fullmatch(who):
        return f"<!subteam^{who}>"
    return f"<#{who}>" if _CHANNEL.fullmatch(who) else escape(who, 40)


def mentions(who: Sequence[str], *, last: str = "or", most: int = 10) -> str:
    """Mention several, as a phrase."""
    return phrase([mention(one) for one in who], last=last, most=most)


def phrase(parts: Sequence[str], *, last: str = "or", most: int = 10) -> str:
    """Join parts as one says them.

    >>> phrase(["a", "b", "c"]), phrase(["a", "b", "c", "d"], most=2)
    ('a, b or c', 'a, b and 2 more')
    """
    if len(parts) > most:
        return f"{', '.join(parts[:most])} and {len(parts) - most} more"
    return f" {last} ".join(filter(None, (", ".join(parts[:-1]), *parts[-1:])))


def fit(text: str, most: int) -> str:
    """Cut finished mrkdwn, never inside an escape or a mention."""
    return text if len(text) <= most else _HALF.sub("", text[: most - 1]) + "…"


def paragraphs(lines: Iterable[str], most: int) -> list[str]:
    """Join lines into paragraphs of at most so many characters, each line kept whole where it fits at all."""
    paragraphs: list[str] = []
    for line in (fit(line, most) for line in lines):
        if paragraphs and len(paragraphs[-1]) + 1 + len(line) <= most:
            paragraphs[-1] += "\n" + line
        else:
            paragraphs.append(line)
    return paragraphs
