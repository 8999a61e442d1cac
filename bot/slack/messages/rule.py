"""A rule as `/discount rule` shows it: its value, whether it can be used, what it needs, and its use."""

from collections.abc import Sequence
from typing import Final

from slackblocks import ActionsBlock, Block, Button, SectionBlock, Text

from bot.domain.rules.rule import Availability, Rule, Statistics
from bot.domain.rules.usage_history import UsagePoint
from bot.slack.language.texts import _, ngettext
from bot.slack.rendering.blocks import (
    BUTTON_LABEL,
    BUTTON_VALUE,
    context,
    folded,
    header,
    message,
    section,
    sections,
)
from bot.slack.rendering.formatting import Formatter, Message
from bot.slack.rendering.mrkdwn import escape, safe, shorten
from bot.slack.rendering.rules import usage_chart
from bot.slack.rendering.rules.rule_rewards import (
    availability_warning,
    headline,
    rule_reward,
    statistics_line,
    status,
    validity,
)
from bot.slack.rendering.rules.rule_usage import (
    more_conditions,
    readable_conditions,
    rule_use,
    unreadable,
    unreadable_line,
)

DETAILS: Final = "discount_rule_details"
SHOW: Final = "discount_rule_show"
"""The actions of a rule's buttons; their value is the rule's id."""
MAX_RULES: Final = 10
CONDITIONS: Final = 4
"""How many conditions are always open; the others are folded, and in the rule's details."""
IN_TEXT: Final = 6
BUTTONS: Final = "discount_rule_buttons"


def build(
    rule: Rule, usable: Availability, formatter: Formatter, *, history: Sequence[UsagePoint] = ()
) -> Message:
    """Draw a rule, with the use of it over time."""
    now = status(rule, usable, formatter)
    warning = availability_warning(rule, usable, formatter)
    value, title = safe(headline(rule, formatter)), escape(rule.title, 100)
    figures = statistics_line(rule.statistics, formatter)
    said = [
        _("{rule}: {value}", rule=title, value=value),
        now,
        *rule_use(rule, formatter, most=IN_TEXT),
        figures,
    ]
    said.append(usage_chart.sentence(history, formatter))
    facts = [
        *([] if warning else [_("*Now:* {status}", status=now)]),
        _("*Valid:* {dates}", dates=validity(rule, formatter)),
        *described(rule, formatter),
    ]
    return message(
        " · ".join(filter(None, said)),
        [
            header(rule.title),
            *sections([f"⚠️ *{escape(warning)}*"] if warning else [], most=1),
            *sections([_("*Reward:* {reward}", reward=rule_reward(rule, formatter)), *facts], most=2),
            *_conditions(rule, formatter),
            *sections(used(rule.statistics, formatter), most=1),
            *usage_chart.blocks(history, formatter),
            *_details_button(rule),
            context(_("Rule id: `{id}`", id=escape(rule.id.replace("`", "'"), 255))),
        ],
    )


def several(rules: Sequence[Rule], formatter: Formatter, *, is_named: bool = True) -> Message:
    """List rules that may have been meant, each with its button: by a name that fits several, or by none."""
    shown = rules[:MAX_RULES]
    asked = _("Add a rule's name, for example `/discount rule “Spar 100”`.")
    if is_named:
        asked = ngettext("{count} rule matches. Which one?", "{count} rules match. Which one?", len(rules))
    blocks: list[Block] = [section(asked), *(_choice(rule, formatter) for rule in shown)]
    if more := len(rules) - len(shown):
        hint = ngettext("{count} more. Type more of the name.", "{count} more. Type more of the name.", more)
        blocks.append(context(hint))
    names = " · ".join(escape(rule.title, 100) for rule in shown)
    return message(f"{asked} {names}", blocks)


def used(figures: Statistics | None, formatter: Formatter) -> list[str]:
    """Say how much all customers have used a rule, under a heading."""
    return [_("*Used so far (all customers)*"), statistics_line(figures, formatter)]


def described(rule: Rule, formatter: Formatter) -> list[str]:
    """Say what Dintero's texts about a rule say, and whether and since when customers see it."""
    lines = []
    if rule.description.strip():
        lines.append(_("*Description:* {text}", text=escape(rule.description, 300)))
    if rule.receipt_text.strip():
        lines.append(_("*On the receipt:* {text}", text=escape(rule.receipt_text, 300)))
    if rule.visible_from is not None:
        lines.append(_("*Shown to customers from:* {day}", day=formatter.day(rule.visible_from)))
    if rule.private:
        lines.append(_("*Private:* hidden in customer lists"))
    return lines


def _conditions(rule: Rule, formatter: Formatter) -> list[Block]:
    """Draw what the rule needs; of many conditions some are folded, which the details show too."""
    lines = [f"• {line}" for line in readable_conditions(rule, formatter)]
    shown = lines if len(lines) <= CONDITIONS else lines[: CONDITIONS - 1]
    if hidden := unreadable(rule, formatter):
        shown = [*shown, f"⚠️ {unreadable_line(hidden)}"]
    blocks = sections([_("*When it can be used*"), *shown], most=2) if shown else []
    if len(lines) > CONDITIONS:
        folds = lines[CONDITIONS - 1 :]
        blocks.append(folded(more_conditions(len(folds)), folds))
    return blocks


def _details_button(rule: Rule) -> list[Block]:
    if len(rule.id) > BUTTON_VALUE:
        return []
    button = Button(_("All rule details"), action_id=DETAILS, value=rule.id)
    return [ActionsBlock([button], block_id=BUTTONS)]


def _choice(rule: Rule, formatter: Formatter) -> Block:
    text = _("*{rule}*: {value}", rule=escape(rule.title, 100), value=safe(headline(rule, formatter)))
    if len(rule.id) > BUTTON_VALUE:
        return section(text)
    label = shorten(_("View {rule}", rule=rule.title), BUTTON_LABEL)
    button = Button(_("View rule"), action_id=SHOW, value=rule.id, accessibility_label=label)
    return SectionBlock(Text(text, verbatim=True), accessory=button)
