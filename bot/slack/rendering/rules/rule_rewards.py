"""A rule's reward, availability, cost and statistics in words."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from bot.domain.rules.conditions import is_readable
from bot.domain.rules.rule import Availability, Cost, Item, ItemValue, Reward, RewardType, Rule, Statistics
from bot.slack.language.texts import N_, _, ngettext, number
from bot.slack.rendering.blocks import fit
from bot.slack.rendering.formatting import Formatter
from bot.slack.rendering.mrkdwn import safe, shorten
from bot.slack.rendering.rules.rule_conditions import SHOWN, several

NAME: Final = 40
WORDS: Final = 1_500
ANY_ITEM: Final = "ANY_ITEM"

AMOUNTS: Final[dict[str, str]] = {
    RewardType.AMOUNT: N_("{amount} off"),
    RewardType.ITEM_NEW_PRICE: N_("item for {amount}"),
    RewardType.MIX_NEW_PRICE: N_("combination for {amount}"),
    RewardType.DEBIT: N_("{amount} credit"),
}
PERCENTAGES: Final[dict[str, str]] = {
    RewardType.PERCENT: N_("{percent} off"),
    RewardType.ITEM_PERCENT: N_("{percent} off the cheapest item"),
}
NEW_PRICES: Final = frozenset({RewardType.ITEM_NEW_PRICE, RewardType.MIX_NEW_PRICE})


def headline(rule: Rule, formatter: Formatter) -> str:
    """Say a rule's value shortly, as plain text that fits "… for 2 customers": `NOK 50 off`, `3 for 2`."""
    kind, value = rule.reward.type, rule.reward.value
    if kind in AMOUNTS:
        return _(AMOUNTS[kind], amount=formatter.amount(value))
    if kind in PERCENTAGES:
        return _(PERCENTAGES[kind], percent=formatter.percent(value))
    if kind != RewardType.ITEM_QUANTITY:
        return _("unknown reward")
    bought = rule.requirement.item_quantity
    if bought is not None and value < bought:
        return _("{bought} for {paid}", bought=bought, paid=bought - value)
    return ngettext("{count} item free", "{count} items free", plural(value), count=value)


def rule_reward(rule: Rule, formatter: Formatter) -> str:
    """Say what a rule gives in mrkdwn: the reward, other values for some items, base and effect."""
    return fit(safe(reward_plain(rule, formatter)), WORDS)


def reward_plain(rule: Rule, formatter: Formatter) -> str:
    """Say what a rule gives in plain text; a part that the bot does not know is only counted."""
    reward = rule.reward
    parts = [headline(rule, formatter)]
    if reward.type == RewardType.DEBIT:
        parts.append(_("remainder kept for later"))
    named = [other for other in reward.values if items(other.items)]
    parts += [_other_value(reward, other, formatter) for other in named[:SHOWN]]
    if more := len(reward.values) - len(named[:SHOWN]):
        parts.append(ngettext("+{count} other amount", "+{count} other amounts", more))
    if reward.base == "net" and reward.type != RewardType.ITEM_NEW_PRICE:  # Dintero: it has no base
        parts.append(_("on the price after other discounts"))
    if reward.effect == "bonus":
        parts.append(_("as bonus, not off the receipt"))
    return " · ".join(parts)


def unread_rewards(reward: Reward) -> list[tuple[str, str]]:
    """List the parts of a reward that the bot does not know: path and value."""
    known = {"type": frozenset(RewardType), "base": {"gross", "net"}, "effect": {"discount", "bonus"}}
    sent = {name: str(getattr(reward, name)) for name in known}
    return [(f"reward.{name}", sent[name]) for name, values in known.items() if sent[name] not in values]


def items(those: Sequence[Item]) -> str:
    """Name items in plain text, and count those whose id says nothing to people; empty for none."""
    named = [name for name in map(_item, those) if name]
    if named or not those:
        return several(named, len(those), last="or") if those else ""
    return ngettext("{count} item", "{count} items", len(those))


def status(rule: Rule, usable: Availability, formatter: Formatter) -> str:
    """Say in a few words of plain text whether a rule can be used: `active`, `ended 27 Nov 2026`."""
    dated = {Availability.SCHEDULED: N_("starts {day}"), Availability.EXPIRED: N_("ended {day}")}
    return _with_day(dated, rule, usable, formatter) or _(STATUS[usable])


STATUS: Final[dict[Availability, str]] = {
    Availability.NOW: N_("active"),
    Availability.SCHEDULED: N_("starts later"),
    Availability.EXPIRED: N_("expired"),
    Availability.INACTIVE: N_("inactive"),
    Availability.DELETED: N_("deleted"),
}


def availability_warning(rule: Rule, usable: Availability, formatter: Formatter) -> str:
    """Warn in plain text that a rule can't be used now, such as "Starts 6 Dec 2026"; empty if it can."""
    dated = {Availability.SCHEDULED: N_("Starts {day}"), Availability.EXPIRED: N_("Expired on {day}")}
    if said := _with_day(dated, rule, usable, formatter):
        return said
    return _(WARNINGS[usable]) if usable in WARNINGS else ""


def _with_day(texts: dict[Availability, str], rule: Rule, usable: Availability, formatter: Formatter) -> str:
    """Write the text with the day on which a rule begins or has ended; empty if there is none."""
    day = rule.requirement.purchase_from if usable is Availability.SCHEDULED else last_day(rule, formatter)
    return _(texts[usable], day=formatter.day(day)) if usable in texts and day else ""


WARNINGS: Final[dict[Availability, str]] = {
    Availability.INACTIVE: N_("Inactive in Dintero"),
    Availability.DELETED: N_("Deleted in Dintero"),
}


def last_day(rule: Rule, formatter: Formatter) -> datetime | None:
    """Return a moment of the last day on which a rule counts; midnight ends the day before."""
    end = rule.requirement.purchase_to
    if end is None or end.year == 1 or f"{formatter.local(end):%H:%M:%S}" != "00:00:00":
        return end
    return end - timedelta(seconds=1)


def validity(rule: Rule, formatter: Formatter) -> str:
    """Say on which days a rule counts, in plain text: `30 Oct 2026 – 31 Dec 2027`."""
    start, last = rule.requirement.purchase_from, last_day(rule, formatter)
    if start is not None and last is not None:
        return formatter.days(start, last)
    if start is not None:
        return _("from {day}", day=formatter.day(start))
    return _("until {day}", day=formatter.day(last)) if last is not None else _("always")


def validity_to_the_minute(rule: Rule, formatter: Formatter) -> str:
    """Say from when until when a rule counts; whole days without the time of day."""
    start, end = rule.requirement.purchase_from, rule.requirement.purchase_to
    midnights = {"00:00", "23:59"}
    if all(at is None or f"{formatter.local(at):%H:%M}" in midnights for at in (start, end)):
        return validity(rule, formatter)
    since = formatter.moment(start) if start is not None else ""
    until = formatter.moment(end) if end is not None else ""
    if since and until:
        return _("{start} – {end}", start=since, end=until)
    return _("from {day}", day=since) if since else _("until {day}", day=until)


def cost_text(price: Cost | None, formatter: Formatter) -> str:
    """Say the total for one use each and how often it can be used, or why there is no price."""
    if price is None:
        return _("Can't be calculated in advance. It depends on the purchase.")
    total = formatter.amount(price.total)
    if price.uses is None:
        if price.customers == 1:
            return _("{total} each time it's used (no use limit)", total=total)
        return _("{total} if each uses it once (no use limit)", total=total)
    if price.customers == 1:
        return ngettext(
            "{total} (1 use)", "{total} each time it's used (max {count} uses)", price.uses, total=total
        )
    return ngettext(
        "{total} if each uses it (1 use)",
        "{total} if each uses it once (max {count} uses)",
        price.uses,
        total=total,
    )


def statistics(figures: Statistics | None, formatter: Formatter) -> list[str]:
    """Say how much all customers have used a rule."""
    now, lines = figures or Statistics(), []
    if now.usage is not None:
        lines.append(ngettext("Used {count} time", "Used {count} times", now.usage))
    if now.amount is not None:
        lines.append(_("Total discount: {amount}", amount=formatter.amount(now.amount)))
    if now.stamp is not None:
        lines.append(_("Stamps: {stamps}", stamps=now.stamp))
    if now.debit_balance is not None:
        lines.append(_("Credit left: {amount}", amount=formatter.amount(now.debit_balance)))
    return lines or [_("No statistics from Dintero")]


def statistics_line(figures: Statistics | None, formatter: Formatter) -> str:
    """Say it all in one line: `Used 31 times · Total discount: NOK 3,100`."""
    return " · ".join(statistics(figures, formatter))


def plural(value: Decimal) -> int:
    """Return the whole number that decides the plural form of a count; 1.5 counts as several."""
    if not value.is_finite() or value.adjusted() > 9:  # noqa: PLR2004 - any larger number is plural too
        return 2
    return int(value) if value == int(value) else 2


def _item(item: Item) -> str:
    """Name an item in plain text; empty if neither its id nor its group says anything to people."""
    if item.id == ANY_ITEM and not item.group_id:
        return _("any item")
    name = shorten(item.id, NAME) if item.id and is_readable(item.id) else ""
    group = shorten(item.group_id, NAME) if item.group_id and is_readable(item.group_id) else ""
    if name and group:
        return _("item {item} ({group})", item=name, group=group)
    return _("item {item}", item=name) if name else _("group {group}", group=group) if group else ""


def _other_value(reward: Reward, other: ItemValue, formatter: Formatter) -> str:
    write: Callable[[Decimal], str] = number
    if reward.type in AMOUNTS:
        write = formatter.amount
    elif reward.type in PERCENTAGES:
        write = formatter.percent
    value, named = write(other.value), items(other.items)
    if reward.type in NEW_PRICES:
        return _("{price} for {items}", price=value, items=named)
    return _("{value} on {items}", value=value, items=named)
