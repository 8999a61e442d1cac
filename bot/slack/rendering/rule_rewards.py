"""A rule's reward, cost and statistics in words; what is not known is shown as Dintero sent it, never guessed."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Final, TypeVar

from bot.domain.rules.rule import (
    NO_LIMIT,
    Availability,
    Cost,
    Item,
    ItemValue,
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
"""How many of a list are named; of the rest it is said how many there are."""
NAME: Final = 40
"""Characters of an item's, store's or group's id that are shown."""
WORDS: Final = 1_500
"""Characters of mrkdwn that one sentence about a rule may take."""

MARKS: Final[dict[Availability, str]] = {
    Availability.NOW: "",
    Availability.SCHEDULED: "can be used later",
    Availability.EXPIRED: "✗ expired",
    Availability.INACTIVE: "✗ switched off",
    Availability.DELETED: "✗ deleted",
}
"""What marks a rule that cannot be given, or not be used at once."""


def rule_reward(rule: Rule, formatter: Formatter) -> str:
    """Say what a rule gives, for mrkdwn: all seven types, other values for some items, base and effect."""
    return fit(safe(reward_plain(rule, formatter)), WORDS)


def reward_plain(rule: Rule, formatter: Formatter) -> str:
    """Say what a rule gives, for plain text."""
    reward = rule.reward
    parts = [reward_brief(rule, formatter), *_others(reward, formatter), *_base(reward), *_effect(reward)]
    return "; ".join(parts)


def reward_brief(rule: Rule, formatter: Formatter) -> str:
    """Say the reward in a few words of plain text, for a list's one line."""
    words = _TYPES.get(rule.reward.type)
    if words is None:
        return _raw(rule.reward.type, rule.reward.value)
    return words(rule, rule.reward.value, formatter)


def items(those: Sequence[Item]) -> str:
    """Name items, in plain text."""
    return several(those, _item)


def several(things: Sequence[T], name: Callable[[T], str], *, last: str = "or") -> str:
    """Name the first few of many, and say how many more there are."""
    named = [name(one) for one in things[:SHOWN]]
    more = len(things) - len(named)
    return f"{', '.join(named)} and {more} more" if more > 0 else phrase(named, last=last)


def cost_words(cost: Cost | None, formatter: Formatter) -> str:
    """Say what giving costs, or why that cannot be said."""
    if cost is None:
        return "cannot be said beforehand: it depends on what is bought"
    uses = "without limit" if cost.uses is None else f"up to {formatter.pluralize(cost.uses, 'use')}"
    each = f"{formatter.number(cost.customers)} × {formatter.amount(cost.each)}, each time it is used"
    return f"{each}; {uses} ({formatter.amount(cost.total)} for one use each)"


def statistics(before: Statistics | None, after: Statistics | None, formatter: Formatter) -> list[str]:
    """Say what was used of a rule by all its customers, with what changed from the first reading to the second."""
    if after is None:
        return ["Dintero sent no statistics"]
    since = difference(before, after)
    lines = [
        _figure("Uses", after.usage, since.usage, formatter.number),
        _figure("Amount given", after.amount, since.amount, formatter.amount),
        _figure("Stamps", after.stamp, since.stamp, formatter.number),
        _figure("Credit left", after.debit_balance, since.debit_balance, formatter.amount),
    ]
    return [line for line in lines if line] or ["Dintero sent no statistics"]


def unknown(rule: Rule) -> list[str]:
    """Show what the bot does not understand of a rule, as it was sent; for mrkdwn."""
    shown = [f"`{_code(path)}`: `{_code(value)}`" for path, value in rule.unknown[: SHOWN * 2]]
    more = len(rule.unknown) - len(shown)
    return [*shown, *([f"… and {more} more"] if more > 0 else [])]


def raw(value: str) -> str:
    """Show a value as it was sent, in plain text."""
    return shorten(value, NAME * 3)


def _code(text: str) -> str:
    return safe(shorten(text, 200).replace("`", "'")).replace("\u2060", "") or " "


def _figure(name: str, now: int | None, changed: int | None, write: Callable[[int], str]) -> str:
    if now is None:
        return ""
    if changed is None:
        return f"{name}: {write(now)}"
    if changed == 0:
        return f"{name}: {write(now)} (unchanged since it was asked)"
    sign = "+" if changed > 0 else "−"
    return f"{name}: {write(now)} ({sign}{write(abs(changed))} since it was asked)"


def _item(item: Item) -> str:
    if item.id == "ANY_ITEM" and not item.group_id:
        return "any item"
    named = [f"item {shorten(item.id, NAME)}"] if item.id else []
    grouped = [f"group {shorten(item.group_id, NAME)}"] if item.group_id else []
    return " in ".join([*named, *grouped]) or "an item without an id"


def _raw(kind: str, value: Decimal) -> str:
    return f"{shorten(kind, NAME)} {shorten(str(value), NAME)} (a reward that this bot does not know)"


def _amount(_rule: Rule, value: Decimal, formatter: Formatter) -> str:
    return f"{formatter.amount(value)} off"


def _percent(_rule: Rule, value: Decimal, formatter: Formatter) -> str:
    return f"{formatter.number(value)} % off"


def _item_new_price(_rule: Rule, value: Decimal, formatter: Formatter) -> str:
    return f"the item for {formatter.amount(value)}"


def _item_quantity(rule: Rule, value: Decimal, formatter: Formatter) -> str:
    free = f"{formatter.number(value)} item{'' if value == 1 else 's'} free"
    bought = rule.requirement.item_quantity
    if bought is None or not value < bought:
        return free
    return f"buy {formatter.number(bought)}, pay for {formatter.number(bought - value)} ({free})"


def _item_percent(_rule: Rule, value: Decimal, formatter: Formatter) -> str:
    return f"{formatter.number(value)} % off the cheapest item"


def _mix_new_price(_rule: Rule, value: Decimal, formatter: Formatter) -> str:
    return f"the mix for {formatter.amount(value)}"


def _debit(rule: Rule, value: Decimal, formatter: Formatter) -> str:
    rest = "what is left stays for later purchases"
    if rule.limitation.repeat_usage != NO_LIMIT:
        rest += ", as far as its uses go"
    return f"credit of {formatter.amount(value)}, {rest}"


_TYPES: Final[dict[str, Callable[[Rule, Decimal, Formatter], str]]] = {
    RewardType.AMOUNT: _amount,
    RewardType.PERCENT: _percent,
    RewardType.ITEM_NEW_PRICE: _item_new_price,
    RewardType.ITEM_QUANTITY: _item_quantity,
    RewardType.ITEM_PERCENT: _item_percent,
    RewardType.MIX_NEW_PRICE: _mix_new_price,
    RewardType.DEBIT: _debit,
}
_AMOUNTS: Final = frozenset(
    {RewardType.AMOUNT, RewardType.ITEM_NEW_PRICE, RewardType.MIX_NEW_PRICE, RewardType.DEBIT}
)
_PERCENTS: Final = frozenset({RewardType.PERCENT, RewardType.ITEM_PERCENT})


def _others(reward: Reward, formatter: Formatter) -> list[str]:
    said = [f"{_value(reward, other, formatter)} for {items(other.items)}" for other in reward.values[:SHOWN]]
    more = len(reward.values) - len(said)
    return [*said, *([f"and {formatter.pluralize(more, 'other value')}"] if more > 0 else [])]


def _value(reward: Reward, other: ItemValue, formatter: Formatter) -> str:
    if reward.type in _AMOUNTS:
        return formatter.amount(other.value)
    if reward.type in _PERCENTS:
        return f"{formatter.number(other.value)} %"
    return formatter.number(other.value)


def _base(reward: Reward) -> list[str]:
    if reward.type == RewardType.ITEM_NEW_PRICE:  # Dintero: the base does not apply to a new price
        return []
    if reward.base == "gross":
        return ["reckoned from the gross price"]
    return (
        ["reckoned from the price after other discounts (net)"]
        if reward.base == "net"
        else [f"base “{raw(reward.base)}”"]
    )


def _effect(reward: Reward) -> list[str]:
    if reward.effect == "discount":
        return []
    return (
        ["as bonus on the customer's balance, not off the receipt"]
        if reward.effect == "bonus"
        else [f"effect “{raw(reward.effect)}”"]
    )
