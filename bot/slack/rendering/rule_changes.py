"""A rule as it was and as it is now, side by side: in words where there are words, raw where not."""

import json
from collections.abc import Callable
from typing import Any, Final

from bot.domain.requests.notification import Happened, Notice, Story
from bot.domain.requests.request import Request
from bot.domain.rules.diff import Change, changes
from bot.domain.rules.rule import NO_LIMIT, Rule
from bot.slack.rendering.formatting import Look
from bot.slack.rendering.mrkdwn import fit, said, shorten
from bot.slack.rendering.rule_rewards import reward_plain
from bot.slack.rendering.rule_usage import ELIGIBLE, validity

RAW: Final = 200
"""Characters of a value that are shown of each side."""
LINE: Final = 1_000

Words = Callable[[Any, Look], str]


def beside(notice: Notice, story: Story, look: Look) -> list[str]:
    """Say below a line that tells of a changed rule what changed; nothing where the request has gone into another round since."""
    told_in = notice.facts.get("round")
    if notice.happened is not Happened.RULE_CHANGED or told_in != str(story.request.round):
        return []
    return changed(story.request, look)


def changed(request: Request, look: Look) -> list[str]:
    """Say what changed of a request's rule since the yes that was lost by it; nothing where none was."""
    if request.rule_before is None or request.rule is None:
        return []
    return side_by_side(request.rule_before, request.rule, look)


def side_by_side(old: Rule, new: Rule, look: Look) -> list[str]:
    """Put everything that changed side by side, a line each, in mrkdwn."""
    found = [line for change in changes(old, new) if (line := _line(change, old, new, look))]
    return ["*What changed in Dintero*", *dict.fromkeys(found)] if found else []


def _line(change: Change, old: Rule, new: Rule, look: Look) -> str:
    """Say one change; of several that one sentence tells, each says the same sentence."""
    label, before, after = _in_words(change, old, new, look)
    if before == after:  # the words leave out what changed
        label, before, after = change.path, _raw(change.old), _raw(change.new)
    return fit(f"• {said(label, 80)}: {said(before, RAW)} → {said(after, RAW)}", LINE)


def _in_words(change: Change, old: Rule, new: Rule, look: Look) -> tuple[str, str, str]:
    if change.path.startswith("reward."):
        return "Reward", reward_plain(old, look), reward_plain(new, look)
    if change.path in {"requirement.purchase_from", "requirement.purchase_to"}:
        return (
            "Valid for purchases",
            validity(old, look) or "at any time",
            validity(new, look) or "at any time",
        )
    label, words = WORDS.get(change.path, (change.path, _as_it_is))
    return label, words(change.old, look), words(change.new, look)


def _as_it_is(value: Any, _look: Look) -> str:
    return _raw(value)


def _raw(value: Any) -> str:
    if value is None:
        return "–"
    return shorten(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False), RAW)


def _limit(value: Any, look: Look) -> str:
    return (
        "without limit"
        if value == NO_LIMIT
        else look.number(value)
        if isinstance(value, int)
        else _raw(value)
    )


def _amount(value: Any, look: Look) -> str:
    return look.amount(value) if isinstance(value, int) and value else "none"


def _count(value: Any, look: Look) -> str:
    return look.number(value) if isinstance(value, int) and value else "none"


def _yes(value: Any, _look: Look) -> str:
    return "yes" if value else "no"


def _together(value: Any, _look: Look) -> str:
    return {0: "no", NO_LIMIT: "yes"}.get(value, _raw(value))


def _eligible(value: Any, _look: Look) -> str:
    return ELIGIBLE.get(str(value), _raw(value))


WORDS: Final[dict[str, tuple[str, Words]]] = {
    "active": ("Switched on", _yes),
    "deleted": ("Deleted", _yes),
    "type": ("Type of the rule", _as_it_is),
    "limitation.repeat_usage": ("Purchases that it can be used on", _limit),
    "limitation.reward_usage": ("Rewards a purchase", _limit),
    "limitation.combination": ("Together with other discounts", _together),
    "limitation.eligible": ("Used", _eligible),
    "limitation.stamp_expire_days": ("Days within which stamps count", _limit),
    "limitation.dynamic_purchase_to_days": ("Days that it can be used after it is given", _limit),
    "limitation.hours_timezone": ("Time zone of its hours", _as_it_is),
    "requirement.gross_amount": ("Smallest purchase", _amount),
    "requirement.net_amount": ("Smallest purchase, net", _amount),
    "requirement.stamp": ("Stamps needed", _count),
    "requirement.discount_code": ("Code needed", _as_it_is),
    "requirement.store": ("Stores where", _as_it_is),
    "requirement.customer": ("Customers where", _as_it_is),
    "requirement.currencies": ("Currencies", _as_it_is),
    "requirement.store_ids": ("Stores", _as_it_is),
}
"""What has words of its own; everything else stands there as Dintero has it, by its path."""
