"""The modal with everything about a rule in words."""

from collections.abc import Sequence
from typing import Final

from bot.domain.rules.rule import Availability, Rule
from bot.slack.language.texts import N_, _
from bot.slack.messages import rule as rule_message
from bot.slack.rendering.blocks import fit, header, modal, section, sections
from bot.slack.rendering.formatting import Formatter, Json
from bot.slack.rendering.mrkdwn import escape, safe
from bot.slack.rendering.rules.rule_conditions import Fact
from bot.slack.rendering.rules.rule_rewards import WORDS, availability_warning, statistics
from bot.slack.rendering.rules.rule_usage import facts, unreadable, unreadable_line

TITLE: Final = N_("All rule details")


def build(
    rule: Rule,
    formatter: Formatter,
    usable: Availability = Availability.NOW,
    *,
    about: Sequence[str] = (),
) -> Json:
    """Draw the rule, below lines `about` its request. It submits nothing, so it fits on top of any modal."""
    shown = [fact for fact in facts(rule, formatter) if fact.label and not _goes_without_saying(fact)]
    lines = [f"• {fit(safe(fact.line), WORDS)}" for fact in shown]
    used = [f"• {line}" for line in statistics(rule.statistics, formatter)]
    warning = availability_warning(rule, usable, formatter)
    blocks = [
        *sections(about, most=10),
        header(rule.title),
        *sections([f"⚠️ *{escape(warning)}*"] if warning else [], most=1),
        *sections(rule_message.described(rule, formatter), most=2),
        *sections(lines, most=10),
        *sections([_("*Used so far (all customers)*"), *used], most=1),
    ]
    if hidden := unreadable(rule, formatter):
        where = _("Look at the rule in Dintero's Backoffice.")
        blocks.append(section(f"⚠️ {unreadable_line(hidden)}. {where}"))
    return modal(_(TITLE), blocks)


def _goes_without_saying(fact: Fact) -> bool:
    return fact.ordinary and fact.paths[0] in {"active", "deleted"}
