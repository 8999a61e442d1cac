"""What is known of a request, as lines of mrkdwn: the same for its review, its approval, its card and its status."""

from collections.abc import Mapping, Sequence
from typing import Final

from bot.domain.ids import CustomerId, RequestId
from bot.domain.policy.budget import BudgetUse
from bot.domain.policy.policy import AppliedTier, TierTrigger
from bot.domain.requests.prior_grants import PriorGrants, PriorRequest, Remainder
from bot.domain.requests.request import Request
from bot.domain.rules.rule import Availability, Cost, Rule
from bot.slack.rendering.formatting import Formatter
from bot.slack.rendering.mrkdwn import address, bold, escape, mask, phrase
from bot.slack.rendering.rule_rewards import MARKS, cost_words, rule_reward
from bot.slack.rendering.rule_usage import rule_use

Links = Mapping[RequestId, str]
"""Where the cards of other requests stand."""

NO_RULE: Final = "no rule yet"
REASON: Final = 500
"""Characters of a reason that are shown."""
DIGEST: Final = 8
"""Characters of a digest that people are shown."""
EVERYBODY: Final = {
    "*": "everyone who has a customer id, now and later",
    "/": "every purchase without a customer id, now and later",
}
"""What Dintero's reserved ids mean."""
EARLIER: Final = 5
"""How many earlier requests are named."""
SPACED: Final = 5
"""How many ids with a space inside are pointed at."""


def rule_name(request: Request) -> str:
    """Name the rule for a sentence, as it was when it was asked for."""
    return f"“{escape(request.rule.title, 80)}”" if request.rule else NO_RULE


def rule_lines(rule: Rule, formatter: Formatter, usable: Availability = Availability.NOW) -> list[str]:
    """Name the rule and what it gives."""
    mark = MARKS[usable]
    return [
        f"*Rule:* {bold(rule.title, 100)}{f' ({mark})' if mark else ''}",
        f"*Reward:* {rule_reward(rule, formatter)}",
    ]


def use_lines(rule: Rule, formatter: Formatter) -> list[str]:
    """Say when and how the discount can be used, under a heading."""
    return ["*When and how it can be used*", *(f"• {line}" for line in rule_use(rule, formatter))]


def whom(request: Request, formatter: Formatter) -> str:
    """Say for a sentence whom it is for: how many customers, or what the reserved id means."""
    return EVERYBODY[request.first_customer] if request.reserved else formatter.customers(request.customers)


def customers(request: Request, formatter: Formatter) -> str:
    """Say how many customers there are, and how many repeats were left out."""
    if request.reserved:
        return f"*Customers:* ⚠ {EVERYBODY[request.first_customer]}: nobody can say how many that will be"
    repeats = request.repeated
    if not repeats:
        return f"*Customers:* {formatter.number(request.customers)}"
    left_out = f"{formatter.pluralize(repeats, 'repeated id')} left out: each customer gets it once"
    return f"*Customers:* {formatter.number(request.customers)} ({left_out})"


def first_and_last(request: Request) -> str:
    """Show the first and the last id, masked, for whoever knows the list."""
    if request.reserved:
        return f"*Customer id:* the reserved “{escape(request.first_customer)}”"
    first, last = escape(mask(request.first_customer)), escape(mask(request.last_customer))
    return f"*Customer id:* {first}" if request.customers == 1 else f"*First and last id:* {first} … {last}"


def cost_line(cost: Cost | None, formatter: Formatter) -> str:
    """Say what it costs, or why that cannot be said."""
    return f"*Cost:* {cost_words(cost, formatter)}"


def tier(applied: AppliedTier | None, formatter: Formatter) -> list[str]:
    """Say which of the policy's tiers applies and why, where one does."""
    if applied is None:
        return []
    who = "1 person" if applied.approvals == 1 else f"{formatter.number(applied.approvals)} people"
    return [f"*Tier:* {_above(applied, formatter)}: {who} must agree"]


def _above(applied: AppliedTier, formatter: Formatter) -> str:
    match applied.why:
        case TierTrigger.CUSTOMERS:
            return f"above {formatter.customers(applied.bound)}"
        case TierTrigger.AMOUNT:
            return f"above {formatter.amount(applied.bound)}"
        case TierTrigger.UNPRICED:
            return f"what it costs cannot be said, which counts as above {formatter.amount(applied.bound)}"
        case TierTrigger.RESERVED:
            return "whom it reaches cannot be counted, which is above every bound"


def budget(budget_use: BudgetUse | None, formatter: Formatter) -> list[str]:
    """Say what it uses of what is left of the channel's budget, where it has one."""
    if budget_use is None:
        return []
    left = [
        *([] if budget_use.left_customers is None else [formatter.customers(budget_use.left_customers)]),
        *([] if budget_use.left_amount is None else [formatter.amount(budget_use.left_amount)]),
    ]
    until, of = formatter.day(budget_use.until), " and ".join(left)
    if not budget_use.fits:
        return [f"*Budget:* ⚠ more than what is left until {until} ({of})"]
    return [f"*Budget:* uses {formatter.number(budget_use.percent)} % of what is left until {until} ({of})"]


def before(found: PriorGrants, formatter: Formatter, links: Links) -> list[str]:
    """Say how many were given the same rule a short while ago, and by which requests; nothing where nobody was."""
    if not found.customers:
        return []
    by = [f"{formatter.number(each.customers)} by {_linked(each, links)}" for each in found.by]
    most = "at least " if found.more else ""
    were = "was" if found.customers == 1 else "were"
    return [
        f"⚠ {most}{formatter.customers(found.customers)} of these {were} given this rule lately: {phrase(by, last='and', most=EARLIER)}"
    ]


def _linked(prior_request: PriorRequest, links: Links) -> str:
    link = links.get(prior_request.id, "")
    return f"<{address(link)}|{prior_request.short}>" if link else prior_request.short


def account(request: Request) -> str:
    """Say whether it is a test or for real."""
    if request.production:
        return f"*Account:* *PRODUCTION* – real customers get this ({escape(request.account, 20)})"
    return f"*Account:* *TEST* – no real customer gets this ({escape(request.account, 20)})"


def stage(request: Request) -> str:
    """Name the kind of account in a word."""
    return "PRODUCTION" if request.production else "TEST"


def reason(request: Request) -> list[str]:
    """Say why it is asked for, where a reason was given."""
    return [f"*Why:* {escape(request.reason, REASON)}"] if request.reason.strip() else []


def forgotten(request: Request, formatter: Formatter) -> list[str]:
    """Say since when its customers and what was written about it are forgotten."""
    return (
        [
            f"*Forgotten:* who the customers are, and what was written, since {formatter.slack_date(request.purged_at)}"
        ]
        if request.purged_at
        else []
    )


def first(found: PriorRequest | None, formatter: Formatter, links: Links) -> list[str]:
    """Say whose rest it asks for again."""
    under = "under the same once-only key: whoever already had it under this key gets nothing more"
    return [f"*Asks again* for {_rest_of(found, formatter, links)}, {under}"] if found else []


def _rest_of(found: PriorRequest, formatter: Formatter, links: Links) -> str:
    refused, where = formatter.customers(found.refused), _linked(found, links)
    if not found.refused:
        return f"the rest of {where}"
    if found.refused == found.customers:
        return f"the {refused} of {where} whom Dintero refused"
    return f"the rest of {where} with the {refused} whom Dintero refused"


def rest(found: Remainder | None, formatter: Formatter, links: Links) -> list[str]:
    """Say whose rest it asks for again, and who else asked for it."""
    if found is None:
        return []
    lines = first(found.first, formatter, links)
    if found.also:
        lines.append(
            f"⚠ {phrase([_linked(each, links) for each in found.also], last='and', most=EARLIER)} asked for them already"
        )
    return lines


def own_key(request: Request) -> list[str]:
    """Name the once-only key where the requester set it."""
    if not request.own_key:
        return []
    return [
        f"*Once-only key:* {escape(request.once_key, 80)} – whoever already had it under this key gets nothing more"
    ]


def spaced(ids: Sequence[CustomerId]) -> list[str]:
    """Point at ids with a space inside, which may have been meant as several."""
    lines = [
        f"⚠ '{escape(one, 80)}' is read as one customer id; if they are {_how_many(one)}, put each on a line"
        for one in ids[:SPACED]
    ]
    more = len(ids) - len(lines)
    return [*lines, *([f"⚠ … and {more} more ids with a space inside"] if more > 0 else [])]


def _how_many(spaced_id: str) -> str:
    parts = len(spaced_id.split())
    return {2: "two", 3: "three", 4: "four", 5: "five"}.get(parts, str(parts)) if parts > 1 else "several"


def approvals(count: int, asked_of: Sequence[str]) -> str:
    """Say who will have to agree; `asked_of` are mentions already."""
    if count == 1:
        return f"{phrase(asked_of) or 'an approver of this channel'} has to approve it"
    return f"{count} of {phrase(asked_of, last='and') or 'the approvers of this channel'} have to approve it"
