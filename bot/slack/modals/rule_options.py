"""Rules as options of the searchable select: value and validity, and whether they can't be used now."""

from collections.abc import Sequence
from typing import Final

from slackblocks import Option, PlainText

from bot.domain.rules.rule import Availability, Rule
from bot.slack.language.texts import N_, _
from bot.slack.rendering.blocks import MAX_OPTIONS, OPTION
from bot.slack.rendering.formatting import Formatter, Json
from bot.slack.rendering.mrkdwn import capitalised, shorten
from bot.slack.rendering.rules.rule_rewards import headline, last_day, status

NO_RULE: Final = "no-rule"
MARKED: Final = {
    Availability.EXPIRED: N_("{rule} (expired)"),
    Availability.INACTIVE: N_("{rule} (inactive)"),
    Availability.DELETED: N_("{rule} (deleted)"),
}


def options(rules: Sequence[tuple[Rule, Availability]], formatter: Formatter) -> list[Json]:
    """Draw as many options as Slack takes, without rules whose id fits no option."""
    drawn = [option(rule, formatter, usable) for rule, usable in rules if fits_option(rule)]
    return [
        {
            "text": {"type": "plain_text", "text": one.text.text},
            "value": one.value,
            "description": {"type": "plain_text", "text": one.description.text if one.description else ""},
        }
        for one in drawn[:MAX_OPTIONS]
    ]


def without_rules(text: str) -> list[Json]:
    """Say in the list why it has no rules; choosing this chooses none."""
    return [{"text": {"type": "plain_text", "text": shorten(text, OPTION)}, "value": NO_RULE}]


def option(rule: Rule, formatter: Formatter, usable: Availability = Availability.NOW) -> Option:
    """Draw one rule: `NOK 100 off · until 31 Dec 2027` below its name."""
    dates = _dates(rule, usable, formatter)
    value = shorten(capitalised(headline(rule, formatter)), OPTION - len(dates))
    return Option(text=PlainText(_name(rule, usable)), value=rule.id, description=PlainText(value + dates))


def fits_option(rule: Rule) -> bool:
    """Tell whether the rule's id can be an option's value."""
    return 0 < len(rule.id) <= OPTION


def _name(rule: Rule, usable: Availability) -> str:
    text = _(MARKED[usable]) if usable in MARKED else "{rule}"
    most = OPTION - len(text.format(rule=""))
    return text.format(rule=shorten(rule.title, most) or shorten(rule.id, most))


def _dates(rule: Rule, usable: Availability, formatter: Formatter) -> str:
    start, last = rule.requirement.purchase_from, last_day(rule, formatter)
    dates = []
    if usable is Availability.SCHEDULED and start is not None:
        dates.append(_("from {day}", day=formatter.day(start)))
    if usable is Availability.EXPIRED:
        dates.append(status(rule, usable, formatter))
    elif last is not None:
        dates.append(_("until {day}", day=formatter.day(last)))
    return "".join(f" · {date}" for date in dates)
