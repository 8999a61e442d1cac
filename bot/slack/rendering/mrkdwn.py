"""Makes text from people and Dintero safe for mrkdwn: escapes, shortens, masks and joins it."""

import re
from collections.abc import Sequence
from typing import Final, Literal

from bot.slack.language.texts import _, in_quotes, joined

JOINER: Final = "\u2060"
"""A word joiner: it has no width, and a `*` beside it is no formatting."""
MASK: Final = "•••"
FULLY_MASKED_LENGTH: Final = 3
"""Ids up to this length are masked entirely: one visible character would nearly give them away."""
MASKED_SHARE: Final = 3
"""One character in so many is shown of a longer id, and of a long one four."""
MAX_UNMASKED: Final = 4
SCAN_FACTOR: Final = 10
"""How many times the shown length is read of a text to shorten: Dintero's texts have no bound."""

_FORMATTING = re.compile(r"(?<!\w)[*_~]|[*_~](?!\w)|`")
_USER = re.compile(r"[UW][A-Z0-9]+")
_GROUP = re.compile(r"S[A-Z0-9]+")
_CHANNEL = re.compile(r"[CGD][A-Z0-9]+")


def shorten(text: str, most: int) -> str:
    r"""Put text on one line of at most `most` characters, without invisible ones: those can reverse the line.

    >>> shorten("Spar  100,-\nkroner", 12)
    'Spar 100,- …'
    """
    scanned = text[: most * SCAN_FACTOR]
    line = " ".join(scanned.split())
    if not line.isprintable():
        line = "".join(filter(str.isprintable, line))
    return line if len(line) <= most and scanned == text else line[: most - 1] + "…"


def escape_controls(text: str) -> str:
    """Escape what Slack would read as a mention or a link.

    >>> escape_controls("<!channel> & co")
    '&lt;!channel&gt; &amp; co'
    """
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def safe(text: str) -> str:
    """Escape one line for mrkdwn: no mentions, no links, no formatting."""
    return escape_controls(_FORMATTING.sub(lambda found: f"{JOINER}{found[0]}{JOINER}", text))


def capitalised(text: str) -> str:
    """Begin a line with a capital letter.

    >>> capitalised("item for NOK 99")
    'Item for NOK 99'
    """
    return text[:1].upper() + text[1:]


def escape(text: str, most: int = 150) -> str:
    """Shorten a text and escape it for mrkdwn."""
    return safe(shorten(text, most))


def address(link: str) -> str:
    """Escape the address of a link for mrkdwn."""
    return escape_controls("".join(link.split())).replace("|", "%7C")


def linked(text: str, link: str) -> str:
    """Write a text as a link; without an address the text alone."""
    return f"<{address(link)}|{text}>" if link else text


def quoted(text: str, most: int = 150) -> str:
    """Put a text between quotes, escaped for mrkdwn."""
    return in_quotes(escape(text, most))


def visible(customer: str) -> str:
    r"""Write an id in full, with invisible characters as their number.

    >>> visible("a b\u00a0c")
    'a b\\u00a0c'
    """
    if customer.isprintable():
        return customer
    return "".join(char if char.isprintable() else f"\\u{ord(char):04x}" for char in customer)


def mask(customer: str) -> str:
    """Hide most of a customer id, for channels; its length too.

    >>> mask("12397af6e5e"), mask("100107"), mask("1007"), mask("ann")
    ('1•••5e', '1•••7', '•••7', '•••')
    """
    if len(customer) <= FULLY_MASKED_LENGTH:
        return MASK
    shown = min(len(customer) // MASKED_SHARE, MAX_UNMASKED)
    first, last = shown // 2, shown - shown // 2
    return f"{visible(customer[:first])}{MASK}{visible(customer[-last:])}"


def mention(who: str) -> str:
    """Mention a person, a user group or a channel by id; show anything else as it is."""
    if who == "*":
        return _("any member of this workspace")
    if _USER.fullmatch(who):
        return f"<@{who}>"
    if _GROUP.fullmatch(who):
        return f"<!subteam^{who}>"
    return f"<#{who}>" if _CHANNEL.fullmatch(who) else escape(who, 40)


def mentions(who: Sequence[str], *, last: Literal["and", "or"] = "or", most: int = 10) -> str:
    """Mention several, joined as a phrase."""
    return phrase([mention(one) for one in who], last=last, most=most)


def phrase(parts: Sequence[str], *, last: Literal["and", "or"] = "or", most: int = 10) -> str:
    """Join parts as the language does; say how many were left out.

    >>> phrase(["a", "b", "c"]), phrase(["a", "b", "c", "d"], most=2)
    ('a, b or c', 'a, b and 2 more')
    """
    return joined(first_few(parts, most), last if len(parts) <= most else "and")


def first_few(parts: Sequence[str], most: int, *, of: int | None = None) -> list[str]:
    """Keep the first parts, and count the others; there are more than these if they are the first `of` many.

    >>> first_few(["a", "b", "c"], 2), first_few(["a"], 2, of=3), first_few(["a"], 2)
    (['a', 'b', '1 more'], ['a', '2 more'], ['a'])
    """
    shown = list(parts[:most])
    more = (len(parts) if of is None else of) - len(shown)
    return [*shown, *and_more(more)]


def and_more(count: int) -> list[str]:
    """Count those that are not named; nothing if all are."""
    return [_("{count} more", count=count)] if count > 0 else []
