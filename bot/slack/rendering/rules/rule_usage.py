"""When and how a rule's discount can be used, as facts in words."""

import re
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final

from babel.dates import get_day_names

from bot.domain.rules.conditions import is_readable
from bot.domain.rules.rule import NO_LIMIT, ItemBundle, Limitation, Requirement, Rule, WeeklyWindow, binding
from bot.slack.language.texts import N_, _, current_locale, in_quotes, joined, ngettext, number
from bot.slack.rendering.blocks import fit
from bot.slack.rendering.formatting import Formatter
from bot.slack.rendering.mrkdwn import safe
from bot.slack.rendering.rules.rule_conditions import Fact, currencies, customers, several, unread, where
from bot.slack.rendering.rules.rule_rewards import (
    WORDS,
    items,
    plural,
    reward_plain,
    unread_rewards,
    validity_to_the_minute,
)

ELIGIBLE: Final = {
    "item_eligible_for_discount": N_("on any discountable item"),
    "item_eligible_for_discount_no_discount": N_("only on items without another discount"),
    "receipt_no_discount": N_("only on receipts without another discount"),
}
RULE_TYPES: Final = {"item": N_("on items"), "receipt": N_("on the whole receipt")}
WEEK: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
SPAN: Final = 3
"""From this many days in a row only the first and the last are named."""

_TIME = re.compile(r"\d\d:\d\d(:\d\d)?")


def facts(rule: Rule, formatter: Formatter) -> list[Fact]:
    """Tell everything about a rule that an approval is for, and what the bot cannot read of it."""
    return [
        *_reward(rule, formatter),
        *_when(rule, formatter),
        *_how_often(rule.limitation),
        *_purchase(rule.requirement, formatter),
        *where(rule.requirement),
        *customers(rule.requirement),
        *_exceptions(rule),
        *_state(rule),
        *(unread(f"unknown {path}", value) for path, value in binding(rule.unknown)),
    ]


def conditions(rule: Rule, formatter: Formatter) -> list[Fact]:
    """Tell what limits the use of a rule, without its reward and its dates; and what cannot be read."""
    told = ("reward", "requirement.purchase_from", "active", "deleted", "type")
    return [
        fact
        for fact in facts(rule, formatter)
        if not fact.label or not (fact.ordinary or fact.paths[0] in told)
    ]


def rule_use(rule: Rule, formatter: Formatter, *, most: int | None = None) -> list[str]:
    """Write the conditions in lines of mrkdwn: the first of them with `most`, the others counted."""
    written = readable_conditions(rule, formatter)
    shown = written if most is None or len(written) <= most else written[: most - 1]
    lines = list(shown)
    if more := len(written) - len(shown):
        lines.append(more_conditions(more))
    if hidden := unreadable(rule, formatter):
        lines.append(unreadable_line(hidden))
    return lines


def readable_conditions(rule: Rule, formatter: Formatter) -> list[str]:
    """Write the conditions that have words, a line of mrkdwn each."""
    return [fit(safe(fact.line), WORDS) for fact in conditions(rule, formatter) if fact.label]


def more_conditions(count: int) -> str:
    """Count conditions that are not shown here."""
    return ngettext("{count} more condition", "{count} more conditions", count)


def unreadable(rule: Rule, formatter: Formatter) -> int:
    """Count the conditions that the bot cannot put into words."""
    return sum(not fact.label for fact in facts(rule, formatter))


def unreadable_line(count: int) -> str:
    """Say how many conditions the bot cannot put into words."""
    return ngettext("{count} condition this bot can't read", "{count} conditions this bot can't read", count)


def _reward(rule: Rule, formatter: Formatter) -> Iterator[Fact]:
    yield Fact(_("Reward"), reward_plain(rule, formatter), ("reward",))
    yield from (unread(path, value) for path, value in unread_rewards(rule.reward))


def _when(rule: Rule, formatter: Formatter) -> Iterator[Fact]:
    bounds = ("requirement.purchase_from", "requirement.purchase_to")
    always = rule.requirement.purchase_from is None and rule.requirement.purchase_to is None
    yield Fact(_("Valid"), validity_to_the_minute(rule, formatter), bounds, ordinary=always)
    days = rule.limitation.dynamic_purchase_to_days
    if days is not None and days != NO_LIMIT:
        label = _("Days valid after it's given")
        yield Fact(label, number(days), ("limitation.dynamic_purchase_to_days",))
    if rule.limitation.hours:
        yield _hours(rule.limitation, formatter)


def _hours(limits: Limitation, formatter: Formatter) -> Fact:
    """Tell the weekly windows, days with the same hours together."""
    path = "limitation.hours"
    readable = all(
        window.day in WEEK and _TIME.fullmatch(window.start) and _TIME.fullmatch(window.end)
        for window in limits.hours
    )
    if not (readable and is_readable(limits.hours_timezone)):
        return unread(path, f"{limits.hours} {limits.hours_timezone}")
    ordered = sorted(limits.hours, key=lambda one: (one.start, one.end, WEEK.index(one.day)))
    windows = []
    for (start, end), same in groupby(ordered, key=lambda one: (one.start, one.end)):
        windows.append(_("{days} {start}–{end}", days=_days(list(same)), start=start, end=end))
    written = joined(windows)
    if limits.hours_timezone != formatter.timezone:
        written = _("{hours} ({place} time)", hours=written, place=limits.hours_timezone)
    return Fact(_("Hours"), written, (path, "limitation.hours_timezone"))


def _days(windows: Sequence[WeeklyWindow]) -> str:
    """Name days of the week: `Mon–Fri`, or `Mon and Sat`."""
    names = get_day_names("abbreviated", locale=current_locale())
    days = sorted({WEEK.index(window.day) for window in windows})
    if len(days) >= SPAN and days[-1] - days[0] == len(days) - 1:
        return f"{names[days[0]]}–{names[days[-1]]}"
    return joined([str(names[day]) for day in days])


def _how_often(limits: Limitation) -> Iterator[Fact]:
    for label, value, path in (
        (_("Number of uses"), limits.repeat_usage, "limitation.repeat_usage"),
        (_("Rewards per purchase"), limits.reward_usage, "limitation.reward_usage"),
    ):
        no_limit = value == NO_LIMIT
        yield Fact(label, _("no limit") if no_limit else number(value), (path,), ordinary=no_limit)
    path = "limitation.combination"
    if limits.combination in {NO_LIMIT, 0}:
        together = limits.combination == NO_LIMIT
        yield Fact(_("Together with other discounts"), yes_or_no(value=together), (path,), ordinary=together)
    else:
        yield unread(path, str(limits.combination))
    path = "limitation.eligible"
    if limits.eligible in ELIGIBLE:
        anywhere = limits.eligible == next(iter(ELIGIBLE))
        yield Fact(_("Can be used"), _(ELIGIBLE[limits.eligible]), (path,), ordinary=anywhere)
    else:
        yield unread(path, limits.eligible)


def _purchase(needs: Requirement, formatter: Formatter) -> Iterator[Fact]:
    if needs.gross_amount:
        yield Fact(_("Minimum purchase"), formatter.amount(needs.gross_amount), ("requirement.gross_amount",))
    if needs.net_amount:
        label = _("Minimum purchase (net)")
        yield Fact(label, formatter.amount(needs.net_amount), ("requirement.net_amount",))
    yield from currencies(needs)
    if needs.discount_code:
        path = "requirement.discount_code"
        code = needs.discount_code
        yield Fact(_("Code needed"), in_quotes(code), (path,)) if is_readable(code) else unread(path, code)
    if needs.item_quantity:
        path = "requirement.item_quantity"
        yield Fact(_("Number of items needed"), number(needs.item_quantity), (path,))
    if needs.items:
        yield Fact(_("Items"), items(needs.items), ("requirement.items",))
    if needs.mixes:
        bundles = several([_bundle(bundle) for bundle in needs.mixes])
        yield Fact(_("Bought together"), bundles, ("requirement.mixes",))
    if needs.stamp:
        yield Fact(_("Stamps needed"), number(needs.stamp), ("requirement.stamp",))


def _bundle(bundle: ItemBundle) -> str:
    named = items(bundle.items)
    if named:
        text = _("{quantity} × {items}", quantity=bundle.quantity, items=named)
    else:
        text = ngettext("{count} item", "{count} items", plural(bundle.quantity), count=bundle.quantity)
    return text if bundle.reward_eligible else _("{items} (not discounted itself)", items=text)


def _exceptions(rule: Rule) -> Iterator[Fact]:
    limits = rule.limitation
    if limits.stamp_expire_days != NO_LIMIT:
        label = _("Stamp expiry (days)")
        yield Fact(label, number(limits.stamp_expire_days), ("limitation.stamp_expire_days",))
    if limits.blacklist:
        yield Fact(_("Never on"), items(limits.blacklist), ("limitation.blacklist",))
    if limits.deactivated_by:
        others = ngettext(
            "while another discount is active",
            "while any of {count} other discounts is active",
            len(limits.deactivated_by),
        )
        yield Fact(_("Doesn't apply"), others, ("limitation.deactivated_by",))


def _state(rule: Rule) -> Iterator[Fact]:
    yield Fact(_("Active"), yes_or_no(value=rule.active), ("active",), ordinary=rule.active)
    deleted = rule.deleted_at is not None
    yield Fact(_("Deleted"), yes_or_no(value=deleted), ("deleted",), ordinary=not deleted)
    if rule.type in RULE_TYPES:
        yield Fact(_("Rule type"), _(RULE_TYPES[rule.type]), ("type",), ordinary=True)
    elif rule.type:
        yield unread("type", rule.type)


def yes_or_no(*, value: bool) -> str:
    """Say yes or no."""
    return _("yes") if value else _("no")
