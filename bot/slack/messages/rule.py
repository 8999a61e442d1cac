"""A rule as `/discount rule` shows it: its reward, whether it can be given now, its terms and its use."""

from collections.abc import Sequence
from typing import Final

from slackblocks import Block

from bot.domain.rules.rule import Availability, Rule, Statistics
from bot.slack.rendering import request_facts
from bot.slack.rendering.blocks import context, header, message, section, sections
from bot.slack.rendering.formatting import Formatter, Message
from bot.slack.rendering.mrkdwn import escape
from bot.slack.rendering.rule_rewards import MARKS, reward_brief, rule_reward, statistics, unknown

MAX_RULES: Final = 10


def build(rule: Rule, usable: Availability, formatter: Formatter) -> Message:
    """Draw a rule."""
    mark = MARKS[usable] or "can be given now"
    described = (
        ("Description", rule.description),
        ("On the receipt", rule.receipt_text),
        ("Campaign", rule.campaign_id or ""),
        ("Type", rule.type or ""),
    )
    facts = [f"*Reward:* {rule_reward(rule, formatter)}", f"*Now:* {mark}"]
    facts += [f"*{name}:* {escape(text, 300)}" for name, text in described if text.strip()]
    if rule.private:
        facts.append("*Private:* not shown in the public list")
    return message(
        f"{escape(rule.title, 100)}: {escape(reward_brief(rule, formatter))} ({mark})",
        [
            header(rule.title),
            *sections(facts, most=3),
            *details(rule, None, rule.statistics, formatter),
            context(f"Rule id: {escape(rule.id, 255)}"),
        ],
    )


def details(
    rule: Rule, before: Statistics | None, after: Statistics | None, formatter: Formatter
) -> list[Block]:
    """Draw a rule's terms, its use, and what the bot does not know of it."""
    used = [f"• {line}" for line in statistics(before, after, formatter)]
    raw = unknown(rule)
    return [
        *sections(request_facts.use_lines(rule, formatter), most=6),
        *sections(["*Used so far, by all who have it*", *used], most=1),
        *(sections(["*What the bot does not know, as Dintero sent it*", *raw], most=2) if raw else []),
    ]


def several(rules: Sequence[Rule], formatter: Formatter) -> Message:
    """List rules that may have been meant, for a name that fits more than one."""
    shown = [
        f"• *{escape(rule.title, 100)}* – {escape(reward_brief(rule, formatter))}: "
        f"`/discount rule {escape(rule.id, 80)}`"
        for rule in rules[:MAX_RULES]
    ]
    if len(rules) > MAX_RULES:
        shown.append(f"… and {len(rules) - MAX_RULES} more: say more of the name")
    asked = f"{formatter.pluralize(len(rules), 'rule')} could be meant. Which one?"
    return message(asked, [section(asked), *sections(shown, most=4)])
