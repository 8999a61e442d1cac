"""Slack's mrkdwn as HTML."""

import re
from typing import Final

from markupsafe import Markup, escape

from sandbox.slack.state.workspace import Workspace
from sandbox.slack.user.mrkdwn import FENCE, MARK, TOKEN, read_token

TAGS: Final = {"*": "strong", "_": "em", "~": "s", "`": "code"}
CODE: Final = re.compile(r"(?<!\u2060)`([^`\n\u2060][^`\n]*)(?<!\u2060)`(?!\u2060)")
QUOTE: Final = re.compile(r"(?:&gt;|>) ?(.*)")
PERMALINK: Final = re.compile(
    r"https://(?P<domain>[\w-]+)\.slack\.com/archives/(?P<channel>\w+)/p(?P<seconds>\d+)(?P<rest>\d{6})\b"
)
"""The address of a message; in the workspace itself it leads to the message on the page."""
KEPT: Final = re.compile("\ue000(\\d+)\ue001")
"""A finished piece of HTML; it stands in the text as a letter, so that `*<!date…>*` is bold around it."""


def to_html(text: str, workspace: Workspace) -> Markup:
    """Render mrkdwn. Nothing of the text becomes HTML of its own.

    Code and tokens are set aside first: signs inside them are no formatting.
    """
    kept: list[Markup] = []

    def keep(piece: Markup) -> str:
        kept.append(piece)
        return f"\ue000{len(kept) - 1}\ue001"

    def read(code: str) -> str:
        return unescape(TOKEN.sub(lambda token: read_token(token[1], workspace), code))

    text = text.replace("\ue000", "").replace("\ue001", "")
    text = FENCE.sub(lambda found: keep(Markup("<pre>{}</pre>").format(read(found[1]))), text)
    text = CODE.sub(lambda found: keep(Markup("<code>{}</code>").format(read(found[1]))), text)
    text = TOKEN.sub(lambda found: keep(_token(found[1], workspace)), text)
    html = Markup("\n").join(_line(line) for line in text.split("\n"))
    html = Markup(str(html).replace("</blockquote>\n", "</blockquote>"))  # noqa: S704 - escaped line by line
    while KEPT.search(html):
        html = Markup(KEPT.sub(lambda found: str(kept[int(found[1])]), str(html)))  # noqa: S704 - made above
    return html


def unescape(text: str) -> str:
    """Undo Slack's three escapes, and no others."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _line(line: str) -> Markup:
    if quote := QUOTE.fullmatch(line):
        return Markup("<blockquote>{}</blockquote>").format(_marked(quote[1]))
    return _marked(line)


def _marked(text: str) -> Markup:
    """Turn signs into tags, those inside others too."""
    parts: list[Markup] = []
    end = 0
    for found in MARK.finditer(text):
        tag = TAGS[found[1]]
        parts += [escape(unescape(text[end : found.start()])), Markup(f"<{tag}>"), _marked(found[2])]  # noqa: S704
        parts.append(Markup(f"</{tag}>"))  # noqa: S704 - one of TAGS
        end = found.end()
    return Markup("").join([*parts, escape(unescape(text[end:]))])


def _token(token: str, workspace: Workspace) -> Markup:
    shown, target = unescape(read_token(token, workspace)), unescape(token.partition("|")[0])
    if target.startswith("!date^"):
        return Markup("<time>{}</time>").format(shown)
    if target.startswith(("@", "#", "!")):
        return Markup('<span class="mention">{}</span>').format(shown)
    if (place := PERMALINK.match(target)) and place["domain"] == workspace.domain:
        link = '<a href="#m{}.{}" data-in="{}">{}</a>'
        return Markup(link).format(place["seconds"], place["rest"], place["channel"], shown)  # noqa: S704
    if target.startswith(("https://", "http://", "mailto:")):
        return Markup('<a href="{}" target="_blank" rel="noopener noreferrer">{}</a>').format(target, shown)
    return escape(shown)
