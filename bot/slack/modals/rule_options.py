"""Rules as the options of a list that is searched: what they give, until when, and which cannot be given now."""

from collections.abc import Sequence
from typing import Final

from slackblocks import Option, PlainText

from bot.domain.rules.rule import Availability, Rule
from bot.slack.rendering.formatting import Formatter, Json
from bot.slack.rendering.mrkdwn import shorten
from bot.slack.rendering.rule_rewards import MARKS, reward_brief

OPTIONS: Final = 100
WORDS: Final = 75
"""Slack's limit for an option's text and description, and what is safe for its value."""


def options(rules: Sequence[tuple[Rule, Availability]], formatter: Formatter) -> list[Json]:
    """Draw rules for an options request, as many as Slack takes; one whose id is no option's value is left out."""
    drawn = [option(rule, formatter, usable) for rule, usable in rules if fits_a_list(rule)]
    return [_json(one) for one in drawn[:OPTIONS]]


def option(rule: Rule, formatter: Formatter, usable: Availability = Availability.NOW) -> Option:
    """Draw one rule."""
    mark = MARKS[usable]
    name = shorten(rule.title, WORDS - len(mark) - 3) or shorten(rule.id, WORDS - len(mark) - 3)
    return Option(
        text=PlainText(f"{name} ({mark})" if mark else name),
        value=rule.id,
        description=PlainText(_description(rule, formatter, mark)),
    )


def fits_a_list(rule: Rule) -> bool:
    """Say whether the rule's id can be an option's value."""
    return 0 < len(rule.id) <= WORDS


def _description(rule: Rule, formatter: Formatter, mark: str) -> str:
    end = rule.requirement.purchase_to
    until = (
        f" · {'ended' if mark.endswith('expired') else 'until'} {formatter.day(end)}"
        if end is not None
        else ""
    )
    start = rule.requirement.purchase_from
    since = (
        f" · from {formatter.day(start)}"
        if start is not None and mark == MARKS[Availability.SCHEDULED]
        else ""
    )
    return shorten(reward_brief(rule, formatter), WORDS - len(since + until)) + since + until


def _json(option: Option) -> Json:
    drawn: Json = {
        "text": {"type": "plain_text", "text": option.text.text},
        "value": option.value,
    }
    return (
        {**drawn, "description": {"type": "plain_text", "text": option.description.text}}
        if option.description
        else drawn
    )
