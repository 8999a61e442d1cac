"""A rule as `/discount rule` shows it: what it gives, whether it can be given now, when and how it can be used, what was used of it."""

from collections.abc import Sequence
from typing import Final

from bot.domain.rules.rule import Availability, Rule
from bot.slack.rendering import request_facts
from bot.slack.rendering.blocks import context, header, message, section, sections
from bot.slack.rendering.formatting import Formatter, Message
from bot.slack.rendering.mrkdwn import bold, escape
from bot.slack.rendering.rule_rewards import MARKS, reward_brief, rule_reward, statistics, unknown

SEVERAL: Final = 10


def build(rule: Rule, usable: Availability, formatter: Formatter) -> Message:
    """Draw a rule."""
    raw = unknown(rule)
    mark = MARKS[usable] or "can be given now"
    return message(
        f"{escape(rule.title, 100)}: {escape(reward_brief(rule, formatter))} ({mark})",
        [
            header(rule.title),
            *sections([f"*Reward:* {rule_reward(rule, formatter)}", f"*Now:* {mark}", *_about(rule)], most=3),
            *sections(request_facts.use_lines(rule, formatter), most=6),
            *sections(
                [
                    "*Used so far, by all who have it*",
                    *(f"• {line}" for line in statistics(None, rule.statistics, formatter)),
                ],
                most=1,
            ),
            *(sections(["*What the bot does not know, as Dintero sent it*", *raw], most=2) if raw else []),
            context(f"Rule id: {escape(rule.id, 255)}"),
        ],
    )


def several(rules: Sequence[Rule], formatter: Formatter) -> Message:
    """List rules that may have been meant, for a name that fits more than one."""
    shown = [
        f"• {bold(rule.title, 100)} – {escape(reward_brief(rule, formatter))}: `/discount rule {escape(rule.id, 80)}`"
        for rule in rules[:SEVERAL]
    ]
    more = [f"… and {len(rules) - SEVERAL} more: say more of the name"] if len(rules) > SEVERAL else []
    asked = f"{formatter.pluralize(len(rules), 'rule')} could be meant. Which one?"
    return message(asked, [section(asked), *sections([*shown, *more], most=4)])


def _about(rule: Rule) -> list[str]:
    named = (
        ("Description", rule.description),
        ("On the receipt", rule.receipt_text),
        ("Campaign", rule.campaign_id or ""),
        ("Type", rule.type or ""),
    )
    lines = [f"*{name}:* {escape(text, 300)}" for name, text in named if text.strip()]
    return [*lines, *(["*Private:* not shown in the public list"] if rule.private else [])]
