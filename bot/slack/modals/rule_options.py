"""Rules as options of the searchable select: reward, validity, and a mark if they cannot be given now."""

from collections.abc import Sequence
from typing import Final

from slackblocks import Option, PlainText

from bot.domain.rules.rule import Availability, Rule
from bot.slack.rendering.blocks import MAX_OPTIONS, OPTION
from bot.slack.rendering.formatting import Formatter, Json
from bot.slack.rendering.mrkdwn import shorten
from bot.slack.rendering.rule_rewards import MARKS, reward_brief

NO_RULE: Final = "no-rule"


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
    """Draw one rule."""
    mark = MARKS[usable]
    start, end = rule.requirement.purchase_from, rule.requirement.purchase_to
    validity = ""
    if start and usable is Availability.SCHEDULED:
        validity += f" · from {formatter.day(start)}"
    if end:
        validity += f" · {'ended' if mark.endswith('expired') else 'until'} {formatter.day(end)}"
    most = OPTION - len(mark) - 3
    name = shorten(rule.title, most) or shorten(rule.id, most)
    reward = shorten(reward_brief(rule, formatter), OPTION - len(validity))
    return Option(
        text=PlainText(f"{name} ({mark})" if mark else name),
        value=rule.id,
        description=PlainText(reward + validity),
    )


def fits_option(rule: Rule) -> bool:
    """Tell whether the rule's id can be an option's value."""
    return 0 < len(rule.id) <= OPTION
