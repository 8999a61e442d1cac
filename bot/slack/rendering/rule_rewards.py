"""A rule's reward, cost and statistics in words; unknown values appear as Dintero sent them."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Final, TypeVar

from bot.domain.rules.rule import (
    NO_LIMIT,
    Availability,
    Item,
    Reward,
    RewardType,
    Rule,
    Statistics,
    difference,
)
from bot.slack.rendering.formatting import Formatter
from bot.slack.rendering.mrkdwn import fit, phrase, safe, shorten

T = TypeVar("T")
SHOWN: Final = 5
"""How many of a list are named; the others are counted."""
NAME: Final = 40
"""Characters shown of the id of an item, a store or a group."""
WORDS: Final = 1_500
"""Characters of mrkdwn in one sentence about a rule."""

MARKS: Final[dict[Availability, str]] = {
    Availability.NOW: "",
    Availability.SCHEDULED: "can be used later",
    Availability.EXPIRED: "✗ expired",
    Availability.INACTIVE: "✗ switched off",
    Availability.DELETED: "✗ deleted",
}
REWARDS: Final[dict[str, str]] = {
    RewardType.AMOUNT: "{amount} off",
    RewardType.PERCENT: "{number} % off",
    RewardType.ITEM_NEW_PRICE: "the item for {amount}",
    RewardType.ITEM_QUANTITY: "{items_free}",
    RewardType.ITEM_PERCENT: "{number} % off the cheapest item",
    RewardType.MIX_NEW_PRICE: "the mix for {amount}",
    RewardType.DEBIT: "credit of {amount}, what is left stays for later purchases{uses}",
}
AMOUNTS: Final = frozenset(
    {RewardType.AMOUNT, RewardType.ITEM_NEW_PRICE, RewardType.MIX_NEW_PRICE, RewardType.DEBIT}
)
BASES: Final = {
    "gross": "reckoned from the gross price",
    "net": "reckoned from the price after other discounts (net)",
}
EFFECTS: Final = {"discount": "", "bonus": "as bonus on the customer's balance, not off the receipt"}


def rule_reward(rule: Rule, formatter: Formatter) -> str:
    """Say what a rule gives in mrkdwn: the reward, other values for some items, base and effect."""
    return fit(safe(reward_plain(rule, formatter)), WORDS)


def reward_plain(rule: Rule, formatter: Formatter) -> str:
    """Say what a rule gives in plain text."""
    reward = rule.reward
    parts = [reward_brief(rule, formatter)]
    parts += [
        f"{_value(reward, other.value, formatter)} for {items(other.items)}"
        for other in reward.values[:SHOWN]
    ]
    if (more := len(reward.values) - SHOWN) > 0:
        parts.append(f"and {formatter.pluralize(more, 'other value')}")
    if reward.type != RewardType.ITEM_NEW_PRICE:  # Dintero: the base does not apply to a new price
        parts.append(BASES.get(reward.base) or f"base “{raw(reward.base)}”")
    parts.append(EFFECTS.get(reward.effect, f"effect “{raw(reward.effect)}”"))
    return "; ".join(part for part in parts if part)


def headline(rule: Rule, formatter: Formatter) -> str:
    """Say a rule's value shortly, as plain text that fits "… for 2 customers": `NOK 50 off`, `3 for 2`."""
    return reward_brief(rule, formatter)


def availability_warning(rule: Rule, usable: Availability, formatter: Formatter) -> str:
    """Warn in plain text that a rule can't be used now, such as "Starts 6 Dec 2026"; empty if it can."""
    start, end = rule.requirement.purchase_from, rule.requirement.purchase_to
    if usable is Availability.SCHEDULED and start is not None:
        return f"Starts {formatter.day(start)}"
    if usable is Availability.EXPIRED and end is not None:
        return f"Expired on {formatter.day(end)}"
    return {Availability.INACTIVE: "Inactive in Dintero", Availability.DELETED: "Deleted in Dintero"}.get(
        usable, ""
    )


def reward_brief(rule: Rule, formatter: Formatter) -> str:
    """Say the reward in a few words of plain text, for one line of a list."""
    kind, value = rule.reward.type, rule.reward.value
    if kind not in REWARDS:
        return f"{shorten(kind, NAME)} {shorten(str(value), NAME)} (a reward that this bot does not know)"
    free = f"{formatter.number(value)} item{'' if value == 1 else 's'} free"
    bought = rule.requirement.item_quantity
    if kind == RewardType.ITEM_QUANTITY and bought is not None and value < bought:
        free = f"buy {formatter.number(bought)}, pay for {formatter.number(bought - value)} ({free})"
    return REWARDS[kind].format(
        amount=formatter.amount(value),
        number=formatter.number(value),
        items_free=free,
        uses="" if rule.limitation.repeat_usage == NO_LIMIT else ", as far as its uses go",
    )


def items(those: Sequence[Item]) -> str:
    """Name items in plain text."""
    return several(those, _item)


def several(things: Sequence[T], name: Callable[[T], str], *, last: str = "or") -> str:
    """Name the first few of many, and count the others."""
    named = [name(one) for one in things[:SHOWN]]
    more = len(things) - len(named)
    return f"{', '.join(named)} and {more} more" if more > 0 else phrase(named, last=last)


def statistics(before: Statistics | None, after: Statistics | None, formatter: Formatter) -> list[str]:
    """Say how much all customers have used a rule, and what changed between two readings."""
    now, since = after or Statistics(), difference(before, after)
    figures = (
        ("Uses", now.usage, since.usage, formatter.number),
        ("Amount given", now.amount, since.amount, formatter.amount),
        ("Stamps", now.stamp, since.stamp, formatter.number),
        ("Credit left", now.debit_balance, since.debit_balance, formatter.amount),
    )
    lines = []
    for name, value, changed, write in figures:
        if value is None:
            continue
        note = ""
        if changed:
            note = f" ({'+' if changed > 0 else '−'}{write(abs(changed))} since it was asked)"
        elif changed == 0:
            note = " (unchanged since it was asked)"
        lines.append(f"{name}: {write(value)}{note}")
    return lines or ["Dintero sent no statistics"]


def unknown(rule: Rule) -> list[str]:
    """Show fields of a rule that the bot does not know, as Dintero sent them; mrkdwn."""
    shown = [f"`{_code(path)}`: `{_code(value)}`" for path, value in rule.unknown[: SHOWN * 2]]
    more = len(rule.unknown) - len(shown)
    return [*shown, *([f"… and {more} more"] if more > 0 else [])]


def raw(value: str) -> str:
    """Show a value as Dintero sent it, in plain text."""
    return shorten(value, NAME * 3)


def _code(text: str) -> str:
    return safe(shorten(text, 200).replace("`", "'")).replace("\u2060", "") or " "


def _item(item: Item) -> str:
    if item.id == "ANY_ITEM" and not item.group_id:
        return "any item"
    parts = []
    if item.id:
        parts.append(f"item {shorten(item.id, NAME)}")
    if item.group_id:
        parts.append(f"group {shorten(item.group_id, NAME)}")
    return " in ".join(parts) or "an item without an id"


def _value(reward: Reward, value: Decimal, formatter: Formatter) -> str:
    if reward.type in AMOUNTS:
        return formatter.amount(value)
    percent = reward.type in {RewardType.PERCENT, RewardType.ITEM_PERCENT}
    return f"{formatter.number(value)} %" if percent else formatter.number(value)
