"""A rule's reward, cost and statistics in words; what is not known is shown as Dintero sent it, never guessed."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Final, TypeVar

from bot.domain.rules.rule import (
    NO_LIMIT,
    Cost,
    Item,
    ItemValue,
    Reward,
    RewardType,
    Rule,
    Statistics,
    Usable,
    difference,
)
from bot.slack.rendering.formatting import Look
from bot.slack.rendering.mrkdwn import fit, phrase, safe, shorten

T = TypeVar("T")
SHOWN: Final = 5
"""How many of a list are named; of the rest it is said how many there are."""
NAME: Final = 40
"""Characters of an item's, store's or group's id that are shown."""
WORDS: Final = 1_500
"""Characters of mrkdwn that one sentence about a rule may take."""

MARKS: Final[dict[Usable, str]] = {
    Usable.NOW: "",
    Usable.SCHEDULED: "can be used later",
    Usable.EXPIRED: "✗ expired",
    Usable.INACTIVE: "✗ switched off",
    Usable.DELETED: "✗ deleted",
}
"""What marks a rule that cannot be given, or not be used at once."""


def rule_reward(rule: Rule, look: Look) -> str:
    """Say what a rule gives, for mrkdwn: all seven types, other values for some items, base and effect."""
    return fit(safe(reward_plain(rule, look)), WORDS)


def reward_plain(rule: Rule, look: Look) -> str:
    """Say what a rule gives, for plain text."""
    reward = rule.reward
    parts = [reward_brief(rule, look), *_others(reward, look), *_base(reward), *_effect(reward)]
    return "; ".join(parts)


def reward_brief(rule: Rule, look: Look) -> str:
    """Say the reward in a few words of plain text, for a list's one line."""
    words = _TYPES.get(rule.reward.type)
    if words is None:
        return _raw(rule.reward.type, rule.reward.value)
    return words(rule, rule.reward.value, look)


def items(those: Sequence[Item]) -> str:
    """Name items, in plain text."""
    return several(those, _item)


def several(things: Sequence[T], name: Callable[[T], str], *, last: str = "or") -> str:
    """Name the first few of many, and say how many more there are."""
    named = [name(one) for one in things[:SHOWN]]
    more = len(things) - len(named)
    return f"{', '.join(named)} and {more} more" if more > 0 else phrase(named, last=last)


def cost_words(cost: Cost | None, look: Look) -> str:
    """Say what giving costs, or why that cannot be said."""
    if cost is None:
        return "cannot be said beforehand: it depends on what is bought"
    uses = "without limit" if cost.uses is None else f"up to {look.counted(cost.uses, 'use')}"
    each = f"{look.number(cost.customers)} × {look.amount(cost.each)}, each time it is used"
    return f"{each}; {uses} ({look.amount(cost.total)} for one use each)"


def statistics(before: Statistics | None, after: Statistics | None, look: Look) -> list[str]:
    """Say what was used of a rule by all its customers, with what changed from the first reading to the second."""
    if after is None:
        return ["Dintero sent no statistics"]
    since = difference(before, after)
    lines = [
        _figure("Uses", after.usage, since.usage, look.number),
        _figure("Amount given", after.amount, since.amount, look.amount),
        _figure("Stamps", after.stamp, since.stamp, look.number),
        _figure("Credit left", after.debit_balance, since.debit_balance, look.amount),
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


def _amount(_rule: Rule, value: Decimal, look: Look) -> str:
    return f"{look.amount(value)} off"


def _percent(_rule: Rule, value: Decimal, look: Look) -> str:
    return f"{look.number(value)} % off"


def _item_new_price(_rule: Rule, value: Decimal, look: Look) -> str:
    return f"the item for {look.amount(value)}"


def _item_quantity(rule: Rule, value: Decimal, look: Look) -> str:
    free = f"{look.number(value)} item{'' if value == 1 else 's'} free"
    bought = rule.requirement.item_quantity
    if bought is None or not value < bought:
        return free
    return f"buy {look.number(bought)}, pay for {look.number(bought - value)} ({free})"


def _item_percent(_rule: Rule, value: Decimal, look: Look) -> str:
    return f"{look.number(value)} % off the cheapest item"


def _mix_new_price(_rule: Rule, value: Decimal, look: Look) -> str:
    return f"the mix for {look.amount(value)}"


def _debit(rule: Rule, value: Decimal, look: Look) -> str:
    rest = "what is left stays for later purchases"
    if rule.limitation.repeat_usage != NO_LIMIT:
        rest += ", as far as its uses go"
    return f"credit of {look.amount(value)}, {rest}"


_TYPES: Final[dict[str, Callable[[Rule, Decimal, Look], str]]] = {
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


def _others(reward: Reward, look: Look) -> list[str]:
    said = [f"{_value(reward, other, look)} for {items(other.items)}" for other in reward.values[:SHOWN]]
    more = len(reward.values) - len(said)
    return [*said, *([f"and {look.counted(more, 'other value')}"] if more > 0 else [])]


def _value(reward: Reward, other: ItemValue, look: Look) -> str:
    if reward.type in _AMOUNTS:
        return look.amount(other.value)
    if reward.type in _PERCENTS:
        return f"{look.number(other.value)} %"
    return look.number(other.value)


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
