"""The modal with everything about a rule in words."""

from typing import Final

from bot.domain.rules.rule import Rule
from bot.slack.rendering import request_facts
from bot.slack.rendering.blocks import header, modal, sections
from bot.slack.rendering.formatting import Formatter, Json

TITLE: Final = "All rule details"


def build(rule: Rule, formatter: Formatter) -> Json:
    """Draw the rule; it has nothing to submit, so it can be pushed on top of any modal."""
    return modal(TITLE, [header(rule.title), *sections(request_facts.use_lines(rule, formatter), most=6)])
