"""A rule as it was and as it is now, side by side: in words where there are words, raw where not."""

import json
from collections.abc import Callable
from typing import Any, Final

from bot.domain.requests.notification import Notification, NotificationType, RequestSnapshot
from bot.domain.requests.request import Request
from bot.domain.rules.rule import NO_LIMIT, Rule
from bot.domain.rules.terms import Change, changes
from bot.slack.rendering.formatting import Formatter
from bot.slack.rendering.mrkdwn import escape, fit, shorten
from bot.slack.rendering.rule_rewards import reward_plain
from bot.slack.rendering.rule_usage import ELIGIBLE, validity

RAW: Final = 200
"""Characters of a value that are shown of each side."""
LINE: Final = 1_000

Words = Callable[[Any, Formatter], str]


def beside(notification: Notification, snapshot: RequestSnapshot, formatter: Formatter) -> list[str]:
    """Say below a line that tells of a changed rule what changed; nothing where the request has gone into another round since."""
    told_in = notification.facts.get("round")
    if notification.happened is not NotificationType.RULE_CHANGED or told_in != str(snapshot.request.round):
        return []
    return changed(snapshot.request, formatter)


def changed(request: Request, formatter: Formatter) -> list[str]:
    """Say what changed of a request's rule since the yes that was lost by it; nothing where none was."""
    if request.rule_before is None or request.rule is None:
        return []
    return side_by_side(request.rule_before, request.rule, formatter)


def side_by_side(old: Rule, new: Rule, formatter: Formatter) -> list[str]:
    """Put everything that changed side by side, a line each, in mrkdwn."""
    found = [line for change in changes(old, new) if (line := _line(change, old, new, formatter))]
    return ["*What changed in Dintero*", *dict.fromkeys(found)] if found else []


def _line(change: Change, old: Rule, new: Rule, formatter: Formatter) -> str:
    """Say one change; of several that one sentence tells, each says the same sentence."""
    label, before, after = _in_words(change, old, new, formatter)
    if before == after:  # the words leave out what changed
        label, before, after = change.path, _raw(change.old), _raw(change.new)
    return fit(f"• {escape(label, 80)}: {escape(before, RAW)} → {escape(after, RAW)}", LINE)


def _in_words(change: Change, old: Rule, new: Rule, formatter: Formatter) -> tuple[str, str, str]:
    if change.path.startswith("reward."):
        return "Reward", reward_plain(old, formatter), reward_plain(new, formatter)
    if change.path in {"requirement.purchase_from", "requirement.purchase_to"}:
        return (
            "Valid for purchases",
            validity(old, formatter) or "at any time",
            validity(new, formatter) or "at any time",
        )
    label, words = WORDS.get(change.path, (change.path, _as_it_is))
    return label, words(change.old, formatter), words(change.new, formatter)


def _as_it_is(value: Any, _formatter: Formatter) -> str:
    return _raw(value)


def _raw(value: Any) -> str:
    if value is None:
        return "–"
    return shorten(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False), RAW)


def _limit(value: Any, formatter: Formatter) -> str:
    return (
        "without limit"
        if value == NO_LIMIT
        else formatter.number(value)
        if isinstance(value, int)
        else _raw(value)
    )


def _amount(value: Any, formatter: Formatter) -> str:
    return formatter.amount(value) if isinstance(value, int) and value else "none"


def _count(value: Any, formatter: Formatter) -> str:
    return formatter.number(value) if isinstance(value, int) and value else "none"


def _yes(value: Any, _formatter: Formatter) -> str:
    return "yes" if value else "no"


def _together(value: Any, _formatter: Formatter) -> str:
    return {0: "no", NO_LIMIT: "yes"}.get(value, _raw(value))


def _eligible(value: Any, _formatter: Formatter) -> str:
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
