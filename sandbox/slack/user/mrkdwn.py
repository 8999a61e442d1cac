"""Slack's mrkdwn as plain text: mentions become names, date tokens local times; marks and escapes go."""

import re
from datetime import UTC, datetime
from html import unescape
from typing import Final

from bot.domain.ids import ChannelId, GroupId
from sandbox.slack.state.workspace import Workspace

TOKEN: Final = re.compile(r"<([^<>]*)>")
MARK: Final = re.compile(
    r"(?<![\w*_~`\u2060])([*_~`])(?=[^\s\u2060])([^\n]*?[^\s\u2060])\1(?![\w*_~`\u2060])"
)
"""Formatting; a word joiner (U+2060) beside a sign makes it an ordinary one."""
NEAR_DAYS: Final = {-1: "yesterday", 0: "today", 1: "tomorrow"}
FENCE: Final = re.compile(r"```\n?(.*?)\n?```", re.DOTALL)


def plain(text: str, workspace: Workspace) -> str:
    """Render mrkdwn as a person reads it.

    Escaped text keeps its meaning: `&lt;!channel&gt;` pings nobody and reads `<!channel>`.
    """
    bare = MARK.sub(r"\2", MARK.sub(r"\2", FENCE.sub(r"\1", text)))
    return unescape(TOKEN.sub(lambda token: read_token(token[1], workspace), bare))


def read_token(token: str, workspace: Workspace) -> str:
    """Render what stands between `<` and `>`: a mention, a channel, a date or a link; still escaped."""
    target, _, label = token.partition("|")
    if target.startswith("!date^"):
        return _date(target, label, workspace)
    if target.startswith("!subteam^"):
        group = workspace.groups.get(GroupId(target.removeprefix("!subteam^")))
        return f"@{group.handle}" if group else label or target
    if target.startswith("@"):
        return f"@{workspace.name_of(target[1:])}"
    if target.startswith("#"):
        channel = workspace.channels.get(ChannelId(target[1:]))
        return f"#{channel.name}" if channel else f"#{label or target[1:]}"
    if target.startswith("!"):
        return f"@{target[1:]}"
    return label or target


def _date(target: str, fallback: str, workspace: Workspace) -> str:
    _, seconds, pattern, *_link = target.split("^")
    try:
        moment = datetime.fromtimestamp(int(seconds), tz=UTC).astimezone(workspace.timezone)
    except ValueError:
        return fallback
    day, short = f"{moment.day} {moment:%B %Y}", f"{moment.day} {moment:%b %Y}"
    today = workspace.clock.now().astimezone(workspace.timezone).date()
    near = NEAR_DAYS.get((moment.date() - today).days)
    words = {
        "date_num": f"{moment:%Y-%m-%d}",
        "date": day,
        "date_pretty": near or day,
        "date_short": short,
        "date_short_pretty": near or short,
        "date_long": f"{moment:%A} {day}",
        "date_long_pretty": near or f"{moment:%A} {day}",
        "time": f"{moment:%H:%M}",
        "time_secs": f"{moment:%H:%M:%S}",
    }
    return re.sub(r"\{(\w+)\}", lambda name: words.get(name[1], name[0]), pattern)
