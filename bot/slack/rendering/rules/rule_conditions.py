"""The conditions of a rule on stores, customers and currencies, as labels and values in words."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from babel.dates import format_date

from bot.domain.rules.conditions import Condition, is_readable, read_conditions
from bot.domain.rules.rule import Requirement
from bot.slack.language.texts import N_, _, current_locale, joined, ngettext

SHOWN: Final = 5
Path = tuple[str, ...]

STORES: Final[dict[Path, str]] = {
    ("id",): N_("Store"),
    ("name",): N_("Store name"),
    ("business_name",): N_("Store's company"),
    ("chain",): N_("Store chain"),
    ("address", "country"): N_("Store's country"),
    ("address", "postal_code"): N_("Store's postal code"),
    ("address", "postal_place"): N_("Store's town"),
    ("email",): N_("Store's email"),
    ("phone_number",): N_("Store's phone"),
    ("organization_number",): N_("Store's organisation number"),
    ("gln",): N_("Store's location number (GLN)"),
    ("mcc",): N_("Store's category code (MCC)"),
    ("mcc_ranges",): N_("Store's category codes (MCC)"),
    ("bax",): N_("Store's BAX number"),
    ("terminal_id",): N_("Payment terminal"),
}
CUSTOMERS: Final[dict[Path, str]] = {
    ("type",): N_("Customer type"),
    ("status",): N_("Customer status"),
    ("gender",): N_("Customer's gender"),
    ("first_name",): N_("Customer's first name"),
    ("last_name",): N_("Customer's last name"),
    ("date_of_birth",): N_("Customer's date of birth"),
    ("favorite_store",): N_("Customer's favourite store"),
    ("addresses", "country"): N_("Customer's country"),
    ("addresses", "postal_code"): N_("Customer's postal code"),
    ("addresses", "postal_place"): N_("Customer's town"),
    ("addresses", "type"): N_("Customer's type of address"),
    ("addresses", "custom_type"): N_("Customer's own type of address"),
    ("company", "bussiness_name"): N_("Customer's company"),
    ("company", "business_name"): N_("Customer's company"),
    ("company", "department"): N_("Customer's department"),
    ("company", "industry"): N_("Customer's industry"),
    ("company", "number_of_employees"): N_("Employees in the customer's company"),
    ("company", "organization_number"): N_("Customer's organisation number"),
    ("company", "website"): N_("Customer's website"),
    ("enrolled_by", "type"): N_("How the customer joined"),
    ("enrolled_by", "value"): N_("Where the customer joined"),
    ("marketing_consent", "email", "consent"): N_("Customer accepts marketing by email"),
    ("marketing_consent", "sms", "consent"): N_("Customer accepts marketing by SMS"),
    ("term", "id"): N_("Terms that the customer accepted"),
}
"""Dintero's example writes `bussiness_name`."""
ATTRIBUTES: Final = "attributes"
YES_NO: Final = {"true": N_("yes"), "false": N_("no")}


@dataclass(frozen=True, slots=True)
class Fact:
    """A part of a rule in words, as plain text; `paths` are the terms that it tells.

    `ordinary` means that it limits nothing. Without a label the bot cannot read it, and `value` is Dintero's
    JSON: it is counted, and never shown.
    """

    label: str
    value: str
    paths: tuple[str, ...]
    ordinary: bool = False

    @property
    def line(self) -> str:
        """Write it as one line of plain text."""
        return _("{label}: {value}", label=self.label, value=self.value)


def unread(path: str, raw: str) -> Fact:
    """Make a fact that the bot cannot read."""
    return Fact("", raw, (path,))


def where(needs: Requirement) -> Iterator[Fact]:
    """Tell the stores where a rule counts, deprecated list of ids included."""
    if needs.store_ids:
        store_id = STORES["id",]
        path, label = "requirement.store_ids", _(store_id)
        named = list(filter(is_readable, needs.store_ids))
        yield (
            Fact(label, several(named, len(needs.store_ids), last="or"), (path,))
            if named
            else unread(path, str(needs.store_ids))
        )
    for condition in read_conditions(needs.store):
        yield _fact(condition, STORES, "requirement.store")


def customers(needs: Requirement) -> Iterator[Fact]:
    """Tell which customers a rule counts for."""
    for condition in read_conditions(needs.customer):
        yield _fact(condition, CUSTOMERS, "requirement.customer")


def currencies(needs: Requirement) -> Iterator[Fact]:
    """Tell in which currencies a rule counts."""
    for condition in read_conditions(needs.currencies):
        yield _fact(condition, {(): N_("Currency")}, "requirement.currencies")


def several(named: Sequence[str], total: int = 0, *, last: str = "and") -> str:
    """Name the first few of many, and count the others, those without a name included.

    >>> several(["a", "b"], last="or"), several(["a"], 3)
    ('a or b', 'a and 2 more')
    """
    shown = list(named[:SHOWN])
    if more := max(total, len(named)) - len(shown):
        return ngettext("{names} and {count} more", "{names} and {count} more", more, names=", ".join(shown))
    return joined(shown, "or" if last == "or" else "and")


def _fact(condition: Condition, labels: dict[Path, str], path: str) -> Fact:
    label = _(labels[condition.path]) if condition.path in labels else _attribute(condition.path)
    if not label or not condition.values:
        return unread(path, f"{condition.path} {condition.raw}")
    values = several([_value(condition.path, value) for value in condition.values], last="or")
    return Fact(label, _("not {values}", values=values) if condition.excluded else values, (path,))


def _attribute(path: Path) -> str:
    """Name a customer's attribute, which is the shop's own; empty if it is none, or has no readable name."""
    if len(path) != 2 or path[0] != ATTRIBUTES or not is_readable(path[1]):  # noqa: PLR2004 - the word and its name
        return ""
    return _("Customer's “{attribute}”", attribute=path[1].replace("_", " "))


def _value(path: Path, value: str) -> str:
    if path[-1:] == ("country",):
        return str(current_locale().territories.get(value.upper(), value))
    if path[-1:] == ("consent",) and value in YES_NO:
        return _(YES_NO[value])
    if path == ("date_of_birth",):
        try:
            return format_date(date.fromisoformat(value), "medium", locale=current_locale())
        except ValueError:
            return value
    return value
