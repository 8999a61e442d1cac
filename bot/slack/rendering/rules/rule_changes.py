"""The changes of a rule in words, old and new value side by side; what has no words is counted."""

from collections.abc import Sequence
from typing import Final

from bot.domain.requests.request import Request
from bot.domain.rules.rule import Rule, changes
from bot.slack.language.texts import _, ngettext
from bot.slack.rendering.blocks import fit
from bot.slack.rendering.formatting import Formatter
from bot.slack.rendering.mrkdwn import escape, safe
from bot.slack.rendering.rules.rule_conditions import Fact
from bot.slack.rendering.rules.rule_usage import facts

VALUE_LENGTH: Final = 200
LINE_LENGTH: Final = 1_000


def changed(request: Request, formatter: Formatter, *, most: int = VALUE_LENGTH) -> list[str]:
    """List what changed in a request's rule since the approval that this voided; nothing if none was."""
    return between(request.rule_before, request.rule, formatter, most=most)


def between(
    old: Rule | None, new: Rule | None, formatter: Formatter, *, most: int = VALUE_LENGTH
) -> list[str]:
    """List the differences between two rules under a heading, a line of mrkdwn each, its reward's first.

    A value has `most` characters. Nothing if the rules are alike.
    """
    if old is None or new is None or not (found := changes(old, new)):
        return []
    before, after = facts(old, formatter), facts(new, formatter)
    lines: list[str] = []
    unreadable = 0
    for path in sorted((change.path for change in found), key=lambda path: not path.startswith("reward")):
        was, now = _of_path(before, path), _of_path(after, path)
        told = _side_by_side(was, now, most)
        unread = _unread(was, now)
        if not told and not unread:
            labels = [fact.label for fact in now if fact.label]
            told = [_("• {label}: changed in Dintero", label=escape(label, 80)) for label in labels]
            unread = 0 if labels else 1
        lines += told
        unreadable += unread
    if unreadable:
        text = ngettext(
            "{count} change this bot can't read", "{count} changes this bot can't read", unreadable
        )
        lines.append(f"• {text}")
    return [_("*What changed*"), *(fit(line, LINE_LENGTH) for line in dict.fromkeys(lines))]


def _of_path(found: Sequence[Fact], path: str) -> list[Fact]:
    """Return the facts that tell a path of the terms, or a part of them that it belongs to."""
    return [fact for fact in found if any(path == told or path.startswith(f"{told}.") for told in fact.paths)]


def _side_by_side(before: Sequence[Fact], after: Sequence[Fact], most: int) -> list[str]:
    old = {fact.label: fact.value for fact in before if fact.label}
    new = {fact.label: fact.value for fact in after if fact.label}
    unset = _("not set")
    return [
        _(
            "• {label}: {old} → {new}",
            label=escape(label, 80),
            old=fit(safe(old.get(label, unset)), most),
            new=fit(safe(new.get(label, unset)), most),
        )
        for label in dict.fromkeys([*old, *new])
        if old.get(label) != new.get(label)
    ]


def _unread(before: Sequence[Fact], after: Sequence[Fact]) -> int:
    """Count the conditions without words that were added, taken away or changed."""
    old = {fact.value for fact in before if not fact.label}
    new = {fact.value for fact in after if not fact.label}
    return max(len(old - new), len(new - old))
