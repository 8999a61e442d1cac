"""An approval that fits a phone: sixteen lines, whatever there is to warn of.

The warnings are named in a few words each, the most serious first; **All rule details** has them in full.
"""

from typing import Final

from slackblocks import Block

from bot.domain.requests.batches import Tally
from bot.domain.requests.views import ApprovalView, Review
from bot.slack.language.texts import _, ngettext
from bot.slack.rendering import request_facts
from bot.slack.rendering.blocks import LINE_CHARACTERS, header, section, sections
from bot.slack.rendering.formatting import Formatter
from bot.slack.rendering.mrkdwn import escape, fit, phrase
from bot.slack.rendering.outcomes import outcome
from bot.slack.rendering.rules import rule_changes
from bot.slack.rendering.rules.rule_rewards import availability_warning

LONG_REASON: Final = 80
REASON: Final = 40
MOST_POINTS: Final = 7
FEW: Final = 3
"""With so many points at most, there is room for as many changes of the rule; else for one."""


def draw(view: ApprovalView, formatter: Formatter) -> list[Block]:
    """Draw the offer, its facts in lines, the beginning of the reason, and what to read first."""
    request = view.review.request
    found = points(view, formatter)
    warned = [
        _(
            "⚠️ *Read before you approve:* {points}. See *All rule details*.",
            points=phrase(found, last="and", most=MOST_POINTS),
        )
    ]
    changed = rule_changes.changed(request, formatter)[1:]
    warned += [fit(line, LINE_CHARACTERS) for line in changed[: FEW if len(found) <= FEW else 1]]
    return [
        header(request_facts.heading(request, formatter)),
        section("\n".join(request_facts.brief(request, formatter))),
        *request_facts.quote(request, most=LONG_REASON if len(found) <= FEW else REASON),
        *sections(warned if found else []),
    ]


def points(view: ApprovalView, formatter: Formatter) -> list[str]:
    """Name each warning in a few words, the most serious first."""
    review, tally = view.review, view.snapshot.tally
    return [
        *([_("Dintero isn't answering")] if view.unread else []),
        *([_("the bot is paused")] if review.pause else []),
        *([_("the rule changed")] if rule_changes.changed(review.request, formatter) else []),
        *_of_rule(review, formatter),
        *([_("it's over budget")] if review.budget_use and not review.budget_use.fits else []),
        *_of_earlier_requests(review),
        *_of_files(review),
        *_so_far(view, tally),
    ]


def _of_rule(review: Review, formatter: Formatter) -> list[str]:
    unusable = escape(availability_warning(review.rule, review.usable, formatter))
    other = request_facts.other_account(review.request, formatter)
    return [
        *([_("another Dintero account")] if other else []),
        *([unusable[:1].lower() + unusable[1:]] if unusable else []),
    ]


def _of_earlier_requests(review: Review) -> list[str]:
    prior, used = review.prior_grants, review.key_use
    count = prior.customers
    return [
        *([_("a backup lacks requests")] if prior.lost else []),
        *([ngettext("{count} may have it already", "{count} may have it already", count)] if count else []),
        *([_("earlier requests couldn't be compared")] if prior.more and not count else []),
        *([_("others requested the same")] if review.remainder and review.remainder.also else []),
        *([_("the campaign key was used before")] if used.given or used.forgotten or used.by else []),
    ]


def _of_files(review: Review) -> list[str]:
    odd = sum(file.odd for file in review.files_read)
    doubtful = sum(each.count for file in review.files_read for each in file.doubtful)
    return [
        *([ngettext("{count} row skipped", "{count} rows skipped", odd)] if odd else []),
        *([ngettext("{count} doubtful id", "{count} doubtful ids", doubtful)] if doubtful else []),
        *([_("more about the list")] if _has_more(review, odd, doubtful) else []),
    ]


def _has_more(review: Review, odd: int, doubtful: int) -> bool:
    return not odd and not doubtful and any(file.hidden or file.other_sheets for file in review.files_read)


def _so_far(view: ApprovalView, tally: Tally) -> list[str]:
    return [outcome(tally)] if view.snapshot.request.started_at else []
