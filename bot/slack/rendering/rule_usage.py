"""When and how a rule's discount can be used, in words, one line each."""

from collections.abc import Iterator
from itertools import groupby
from typing import Final

from bot.domain.rules.rule import NO_LIMIT, ItemBundle, Limitation, Requirement, Rule, WeeklyWindow
from bot.slack.rendering.formatting import Formatter
from bot.slack.rendering.mrkdwn import fit, phrase, safe, shorten
from bot.slack.rendering.rule_rewards import NAME, WORDS, items, raw, several

ELIGIBLE: Final = {
    "item_eligible_for_discount": "on any item that may be discounted",
    "item_eligible_for_discount_no_discount": "only on items without another discount",
    "receipt_no_discount": "only on receipts without another discount",
}
WEEK: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def rule_use(rule: Rule, formatter: Formatter) -> list[str]:
    """Say when and how a discount can be used, in lines of mrkdwn."""
    lines = [
        *_when(rule, formatter),
        *_how_often(rule.limitation, formatter),
        *_purchase(rule.requirement, formatter),
        *_where(rule.requirement),
        *_exceptions(rule.limitation),
    ]
    return [fit(safe(line), WORDS) for line in lines]


def validity(rule: Rule, formatter: Formatter) -> str:
    """Say from when until when a discount can be used, in plain text; empty without a bound."""
    start, end = rule.requirement.purchase_from, rule.requirement.purchase_to
    since = f"from {formatter.moment(start)}" if start is not None else ""
    if end is None:
        return since
    return f"{since} to {formatter.moment(end)}" if since else f"until {formatter.moment(end)}"


def _when(rule: Rule, formatter: Formatter) -> Iterator[str]:
    if bounds := validity(rule, formatter):
        yield f"For purchases {bounds}"
    if rule.visible_from is not None:
        yield f"Shown to the customer from {formatter.moment(rule.visible_from)}"
    days = rule.limitation.dynamic_purchase_to_days
    if days is not None and days != NO_LIMIT:
        yield f"dynamic_purchase_to_days: {days} (by its name it ends so many days after it is given)"
    if rule.limitation.hours:
        yield f"Hours: {_hours(rule.limitation.hours)} ({shorten(rule.limitation.hours_timezone, NAME)})"


def _hours(hours: tuple[WeeklyWindow, ...]) -> str:
    """Write the weekly windows, grouping days with the same hours."""
    ordered = sorted(hours, key=lambda one: (one.start, one.end))
    windows = []
    for (start, end), same in groupby(ordered, key=lambda one: (one.start, one.end)):
        by_weekday = sorted(
            (one.day for one in same), key=lambda day: WEEK.index(day) if day in WEEK else len(WEEK)
        )
        days = [day.title() if day in WEEK else _id(day) for day in by_weekday]
        windows.append(f"{phrase(days, last='and')} {_id(start)}–{_id(end)}")
    return phrase(windows, last="and", most=10)


def _how_often(limits: Limitation, formatter: Formatter) -> Iterator[str]:
    if limits.repeat_usage == NO_LIMIT:
        yield "On any number of purchases"
    else:
        yield f"On {formatter.pluralize(limits.repeat_usage, 'purchase')} at most"
    if limits.reward_usage != NO_LIMIT:
        yield f"{formatter.pluralize(limits.reward_usage, 'reward')} a purchase at most"
    yield {NO_LIMIT: "Together with other discounts", 0: "Not together with other discounts"}.get(
        limits.combination, f"discount_combination: {limits.combination}"
    )
    eligible = ELIGIBLE.get(limits.eligible)
    yield f"Used {eligible}" if eligible else f"discount_eligible: {raw(limits.eligible)}"


def _purchase(needs: Requirement, formatter: Formatter) -> Iterator[str]:
    if needs.gross_amount:
        yield f"For purchases of at least {formatter.amount(needs.gross_amount)}"
    if needs.net_amount:
        yield f"For purchases of at least {formatter.amount(needs.net_amount)} net, after other discounts"
    if needs.currencies:
        yield f"Currencies: {raw(needs.currencies)}"
    if needs.discount_code:
        yield f"Needs the code “{_id(needs.discount_code)}” on the purchase"
    if needs.item_quantity:
        yield f"Needs at least {formatter.number(needs.item_quantity)} of the items"
    if needs.items:
        yield f"Items: {items(needs.items)}"
    if needs.mixes:
        yield f"Bought together: {several(needs.mixes, lambda mix: _mix(mix, formatter), last='and')}"


def _where(needs: Requirement) -> Iterator[str]:
    if needs.store_ids:
        yield f"Stores: {several(needs.store_ids, _id)}"
    if needs.store:
        yield f"Stores where {raw(needs.store)}"
    if needs.customer:
        yield f"Customers where {raw(needs.customer)}"
    if needs.stamp:
        yield f"After {needs.stamp} stamp{'' if needs.stamp == 1 else 's'}"


def _id(text: str) -> str:
    return shorten(text, NAME)


def _mix(mix: ItemBundle, formatter: Formatter) -> str:
    part = "" if mix.reward_eligible else " (not discounted itself)"
    return f"{formatter.number(mix.quantity)} × {items(mix.items) or 'anything'}{part}"


def _exceptions(limits: Limitation) -> Iterator[str]:
    if limits.stamp_expire_days != NO_LIMIT:
        yield f"All stamps within {limits.stamp_expire_days} days"
    if limits.blacklist:
        yield f"Never on {items(limits.blacklist)}"
    if limits.deactivated_by:
        yield f"Off while these rules are active: {several(limits.deactivated_by, _id, last='and')}"
