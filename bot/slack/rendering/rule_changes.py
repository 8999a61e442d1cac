"""The changes of a rule, old and new value side by side: in words where there are some, raw otherwise."""

import json
from collections.abc import Callable
from typing import Any, Final

from bot.domain.requests.request import Request
from bot.domain.rules.rule import NO_LIMIT, Rule
from bot.domain.rules.terms import Change, changes
from bot.slack.rendering.formatting import Formatter
from bot.slack.rendering.mrkdwn import escape, fit, shorten
from bot.slack.rendering.rule_rewards import reward_plain
from bot.slack.rendering.rule_usage import ELIGIBLE, validity

VALUE_LENGTH: Final = 200

Words = Callable[[Any, Formatter], str]


def changed(request: Request, formatter: Formatter) -> list[str]:
    """List what changed in a request's rule since the approval that this voided; nothing if none was.

    A change is a line of mrkdwn; changes with the same sentence share a line.
    """
    old, new = request.rule_before, request.rule
    if old is None or new is None:
        return []
    lines = [_line(change, old, new, formatter) for change in changes(old, new)]
    return ["*What changed in Dintero*", *dict.fromkeys(lines)] if lines else []


def _line(change: Change, old: Rule, new: Rule, formatter: Formatter) -> str:
    if change.path.startswith("reward."):
        label, before, after = "Reward", reward_plain(old, formatter), reward_plain(new, formatter)
    elif change.path in {"requirement.purchase_from", "requirement.purchase_to"}:
        label = "Valid for purchases"
        before, after = (validity(rule, formatter) or "at any time" for rule in (old, new))
    else:
        label, words = WORDS.get(change.path, (change.path, _raw))
        before, after = words(change.old, formatter), words(change.new, formatter)
    if before == after:  # the words leave out what changed
        label, before, after = change.path, _raw(change.old), _raw(change.new)
    return fit(
        f"• {escape(label, 80)}: {escape(before, VALUE_LENGTH)} → {escape(after, VALUE_LENGTH)}", 1_000
    )


def _raw(value: Any, _formatter: Formatter | None = None) -> str:
    if value is None:
        return "–"
    return shorten(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False), VALUE_LENGTH)


def _limit(value: Any, formatter: Formatter) -> str:
    if value == NO_LIMIT:
        return "without limit"
    return formatter.number(value) if isinstance(value, int) else _raw(value)


def _amount(value: Any, formatter: Formatter) -> str:
    return formatter.amount(value) if isinstance(value, int) and value else "none"


def _count(value: Any, formatter: Formatter) -> str:
    return formatter.number(value) if isinstance(value, int) and value else "none"


def _yes_or_no(value: Any, _formatter: Formatter) -> str:
    return "yes" if value else "no"


WORDS: Final[dict[str, tuple[str, Words]]] = {
    "active": ("Switched on", _yes_or_no),
    "deleted": ("Deleted", _yes_or_no),
    "type": ("Type of the rule", _raw),
    "limitation.repeat_usage": ("Purchases that it can be used on", _limit),
    "limitation.reward_usage": ("Rewards a purchase", _limit),
    "limitation.combination": (
        "Together with other discounts",
        lambda value, _formatter: {0: "no", NO_LIMIT: "yes"}.get(value, _raw(value)),
    ),
    "limitation.eligible": ("Used", lambda value, _formatter: ELIGIBLE.get(str(value), _raw(value))),
    "limitation.stamp_expire_days": ("Days within which stamps count", _limit),
    "limitation.dynamic_purchase_to_days": ("Days that it can be used after it is given", _limit),
    "limitation.hours_timezone": ("Time zone of its hours", _raw),
    "requirement.gross_amount": ("Smallest purchase", _amount),
    "requirement.net_amount": ("Smallest purchase, net", _amount),
    "requirement.stamp": ("Stamps needed", _count),
    "requirement.discount_code": ("Code needed", _raw),
    "requirement.store": ("Stores where", _raw),
    "requirement.customer": ("Customers where", _raw),
    "requirement.currencies": ("Currencies", _raw),
    "requirement.store_ids": ("Stores", _raw),
}
"""Labels and words for known paths; other changes appear with their path and raw values."""
