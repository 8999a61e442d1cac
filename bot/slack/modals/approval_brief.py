"""An approval that fits a phone: sixteen lines, whatever there is to warn of.

Where the warnings' own words have no room, each is named in a few, the most serious first.
**All rule details** has them in full.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from slackblocks import Block

from bot.domain.requests.batches import Tally
from bot.domain.requests.views import ApprovalView, Review
from bot.slack.language.texts import _, joined, ngettext
from bot.slack.rendering import earlier_requests, request_facts
from bot.slack.rendering.blocks import LINE_CHARACTERS, fit, header, height, section, sections
from bot.slack.rendering.formatting import Formatter
from bot.slack.rendering.mrkdwn import escape
from bot.slack.rendering.outcomes import outcome
from bot.slack.rendering.rules import rule_changes
from bot.slack.rendering.rules.rule_rewards import availability_warning

REASONS: Final = (80, 40, 0)
"""How much of the reason is quoted: it goes first where there is no room."""
MOST_POINTS: Final = 4
MOST_OF_VALUE: Final = 36
"""How much of a changed value is shown, the new one always beside the old one."""


def draw(
    view: ApprovalView,
    customers: tuple[str, str],
    warnings: Sequence[str],
    formatter: Formatter,
    *,
    room: int,
) -> list[Block]:
    """Draw the offer, its facts in lines, the reason, and what to read first, in so many lines."""
    for reason, lines in _ways(view, warnings, formatter):
        blocks = _blocks(view, lines, customers, formatter, reason=reason)
        if height(blocks) <= room:
            break
    return blocks


def _ways(
    view: ApprovalView, warnings: Sequence[str], formatter: Formatter
) -> Iterator[tuple[int, Sequence[str]]]:
    """Yield how much of the reason to quote, and what to say below it, the fullest way first.

    The reason goes before the warnings' own words, and these before changes of the rule, which are counted.
    """
    yield from ((reason, warnings) for reason in REASONS)
    changed = rule_changes.changed(view.review.request, formatter, most=MOST_OF_VALUE)[1:]
    named = _what_to_read(points(view, changed, formatter))
    yield from ((reason, [named, *changed]) for reason in REASONS)
    for left_out in range(1, len(changed)):
        more = ngettext("• {count} more change", "• {count} more changes", left_out)
        yield 0, [named, *changed[:-left_out], more]


def _blocks(
    view: ApprovalView, lines: Sequence[str], customers: tuple[str, str], formatter: Formatter, *, reason: int
) -> list[Block]:
    request, (name, listed) = view.review.request, customers
    facts = [*request_facts.brief(request, formatter), fit(f"*{name}:* {listed}", LINE_CHARACTERS)]
    return [
        header(request_facts.heading(request, formatter)),
        section("\n".join(facts)),
        *(request_facts.quote(request, most=reason) if reason else []),
        *sections(lines),
    ]


def _what_to_read(found: Sequence[str]) -> str:
    if not found:
        return _("There is more to read under *All rule details*.")
    left = len(found) - MOST_POINTS
    more = [ngettext("{count} more warning", "{count} more warnings", left)] if left > 0 else []
    return _(
        "⚠️ *Before you approve:* {points}. See *All rule details*.",
        points=joined([*found[:MOST_POINTS], *more]),
    )


def points(view: ApprovalView, changed: Sequence[str], formatter: Formatter) -> list[str]:
    """Name each warning in a few words, the most serious first; `changed` is what changed in the rule."""
    review, tally = view.review, view.snapshot.tally
    return [
        *([_("Dintero isn't answering")] if view.unread else []),
        *([_("the rule changed (you approve the new one)")] if changed else []),
        *_of_rule(review, formatter),
        *_of_earlier_requests(review),
        *([_("it's over budget")] if review.budget_use and not review.budget_use.fits else []),
        *_of_files(review),
        *_so_far(view, tally),
        *([_("the bot is paused")] if review.pause else []),
    ]


def _of_rule(review: Review, formatter: Formatter) -> list[str]:
    unusable = escape(availability_warning(review.rule, review.usable, formatter))
    other = request_facts.other_account(review.request, formatter)
    return [
        *([_("the bot now uses another Dintero account")] if other else []),
        *([unusable[:1].lower() + unusable[1:]] if unusable else []),
    ]


def _of_earlier_requests(review: Review) -> list[str]:
    prior, count = review.prior_grants, review.prior_grants.customers
    return [
        *([_may_have_it(count, at_least=prior.more)] if count else []),
        *([_("earlier requests are missing after a restore")] if prior.lost else []),
        *([_("earlier requests couldn't be compared")] if prior.more and not count else []),
        *([_("others requested the same")] if review.remainder and review.remainder.also else []),
        *([_("the campaign key was used before")] if earlier_requests.key_use(review) else []),
    ]


def _may_have_it(count: int, *, at_least: bool) -> str:
    if at_least:
        return _("at least {count} may have it already", count=count)
    return ngettext("{count} may have it already", "{count} may have it already", count)


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
    if not view.snapshot.request.started_at:
        return []
    return [_("result so far: {outcome}", outcome=outcome(tally))]
