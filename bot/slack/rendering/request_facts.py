"""The facts of a request as lines of mrkdwn, for its review, approval, card and status."""

from collections.abc import Mapping, Sequence
from typing import Final

from bot.domain.ids import RequestId
from bot.domain.policy.budget import BudgetUse
from bot.domain.policy.policy import AppliedTier, TierTrigger
from bot.domain.requests.prior_grants import PriorGrants, PriorRequest, Remainder
from bot.domain.requests.request import Request
from bot.domain.requests.views import Review
from bot.domain.rules.rule import Availability, Cost, Rule
from bot.slack.language.texts import _
from bot.slack.rendering.formatting import Formatter
from bot.slack.rendering.mrkdwn import address, escape, mask, mention, phrase, visible
from bot.slack.rendering.rule_rewards import availability_warning, cost_text, rule_reward, validity
from bot.slack.rendering.rule_usage import rule_use

Links = Mapping[RequestId, str]
"""The addresses of other requests' cards."""

DIGEST_CHARACTERS: Final = 8
EVERYBODY: Final = {
    "*": "everyone who has a customer id, now and later",
    "/": "every purchase without a customer id, now and later",
}
"""The meanings of Dintero's reserved ids."""
MAX_REQUESTS: Final = 5
MAX_ID: Final = 80
SAME_KEY: Final = "whoever already had it under this key gets nothing more"


def rule_name(request: Request) -> str:
    """Name the rule as it was at the time of the request."""
    return f"“{escape(request.rule.title, 80)}”" if request.rule else "no rule yet"


def rule_lines(rule: Rule, formatter: Formatter, usable: Availability = Availability.NOW) -> list[str]:
    """Name the rule and its reward."""
    warning = availability_warning(rule, usable, formatter)
    return [
        _("*Rule:* {rule}", rule=f"*{escape(rule.title, 100)}*"),
        *([f"⚠️ {escape(warning)}"] if warning else []),
        _("*Reward:* {reward}", reward=rule_reward(rule, formatter)),
    ]


def use_lines(rule: Rule, formatter: Formatter) -> list[str]:
    """Say when and how the discount can be used, under a heading."""
    dates = _("Valid: {dates}", dates=validity(rule, formatter))
    return [_("*When it can be used*"), *(f"• {line}" for line in (dates, *rule_use(rule, formatter)))]


def whom(request: Request, formatter: Formatter) -> str:
    """Say how many customers it is for, or what the reserved id means."""
    return EVERYBODY[request.first_customer] if request.reserved else formatter.customers(request.customers)


def customers(request: Request, formatter: Formatter) -> str:
    """Say how many customers there are, and how many repeats were left out."""
    if request.reserved:
        return f"*Customers:* ⚠ {EVERYBODY[request.first_customer]}: nobody can say how many that will be"
    count = f"*Customers:* {formatter.number(request.customers)}"
    if not request.repeated:
        return count
    repeats = formatter.pluralize(request.repeated, "repeated id")
    return f"{count} ({repeats} left out: each customer gets it once)"


def first_and_last(review: Review, *, masked: bool = True) -> str:
    """Show the first and the last id, to the requester alone in full; none of another person's request."""
    request = review.request
    if request.reserved:
        return f"*Customer id:* the reserved “{escape(request.first_customer)}”"
    if not review.shows_ids:
        return "*Customer ids:* only requester, approvers and admins of the first request can see them"
    show = (lambda customer: escape(mask(customer))) if masked else _in_full
    first, last = show(request.first_customer), show(request.last_customer)
    return f"*Customer id:* {first}" if request.customers == 1 else f"*First and last id:* {first} … {last}"


def _in_full(customer: str) -> str:
    without_ticks = visible(customer).replace("`", "'")
    return f"`{escape(without_ticks, MAX_ID)}`"


def cost_line(cost: Cost | None, formatter: Formatter) -> str:
    """Say the cost, or why it can't be known."""
    return _("*Cost:* {cost}", cost=cost_text(cost, formatter))


def tier(applied: AppliedTier | None, formatter: Formatter, request: Request | None = None) -> list[str]:
    """Say which of the policy's tiers applies and why, if one does."""
    if applied is None:
        return []
    who = "1 person" if applied.approvals == 1 else f"{formatter.number(applied.approvals)} people"
    amount = formatter.amount(applied.bound)
    why = {
        TierTrigger.CUSTOMERS: f"above {formatter.customers(applied.bound)}",
        TierTrigger.AMOUNT: f"above {amount}",
        TierTrigger.UNPRICED: f"what it costs cannot be said, which counts as above {amount}",
        TierTrigger.RESERVED: "whom it reaches cannot be counted, which is above every bound",
    }[applied.why]
    together = ""
    if request and not _passes_alone(request, applied):
        together = f", since what {mention(request.requester)} asked for here before counts too"
    return [f"*Tier:* {why}: {who} must agree{together}"]


def _passes_alone(request: Request, applied: AppliedTier) -> bool:
    """Check whether a request passes its tier's bound without those before it."""
    match applied.why:
        case TierTrigger.CUSTOMERS:
            return request.customers > applied.bound
        case TierTrigger.AMOUNT:
            return request.price is None or request.price.total > applied.bound
    return True


def budget(budget_use: BudgetUse | None, formatter: Formatter) -> list[str]:
    """Say how much of the channel's remaining budget it uses, if there is one."""
    if budget_use is None:
        return []
    parts = []
    if budget_use.left_customers is not None:
        parts.append(formatter.customers(budget_use.left_customers))
    if budget_use.left_amount is not None:
        parts.append(formatter.amount(budget_use.left_amount))
    uses = f"uses {formatter.number(budget_use.percent)} % of" if budget_use.fits else "⚠ more than"
    left = f"what is left until {formatter.day(budget_use.until)} ({' and '.join(parts)})"
    return [f"*Budget:* {uses} {left}"]


def before(found: PriorGrants, formatter: Formatter, links: Links) -> list[str]:
    """Say how many customers got the same rule lately, or may get it, and from which requests."""
    if not found.customers:
        return ["⚠ Not all requests of this rule were compared with this one."] if found.more else []
    shown = [_share(each, formatter, links) for each in found.by if not each.is_hidden]
    if len(shown) > MAX_REQUESTS:
        shown[MAX_REQUESTS:] = [f"{len(shown) - MAX_REQUESTS} more"]
    if hidden := sum(each.is_hidden for each in found.by):
        others = formatter.pluralize(hidden, "other request" if shown else "request")
        shown.append(f"{'by ' if not shown else ''}{others} that you may not see")
    requests = phrase(shown, last="and", most=len(shown))
    count = f"{'at least ' if found.more else ''}{formatter.customers(found.customers)}"
    were = "was" if found.customers == 1 else "were"
    unsure = ", or may be given it" if any(each.open or each.unknown for each in found.by) else ""
    return [f"⚠ {count} of these {were} given this rule lately{unsure}: {requests}"]


def lost(review: Review) -> list[str]:
    """Warn of requests of the rule that a restored backup lacks: nobody knows who their customers were."""
    found = review.prior_grants.lost
    if not found:
        return []
    here = [one.short for one in found if one.channel == review.request.channel]
    elsewhere = len(found) - len(here)
    others = [f"{elsewhere} of other channels"] if elsewhere else []
    named = phrase([*here[:MAX_REQUESTS], *others], last="and", most=MAX_REQUESTS + 1)
    what = f"⚠ *A backup was put back that lacks other requests* ({named}), which may have given this rule"
    return [f"{what}: whoever got it there gets it twice. Read their cards before you go on"]


def seen(review: Review) -> str:
    """Write, for a modal's metadata, the digest of what it shows and the requests that it names."""
    return f"{review.digest}:{' '.join(review.prior_grants.marks)}"


def _share(prior_request: PriorRequest, formatter: Formatter, links: Links) -> str:
    """Say how many customers one earlier request is about, and how sure that is."""
    share = f"{formatter.number(prior_request.customers)} by {_linked(prior_request, links)}"
    if prior_request.open:
        return f"{share}, which is not finished"
    unsure = formatter.number(prior_request.unknown)
    return f"{share} ({unsure} without an answer)" if prior_request.unknown else share


def _linked(prior_request: PriorRequest, links: Links) -> str:
    link = links.get(prior_request.id, "")
    return f"<{address(link)}|{prior_request.short}>" if link else prior_request.short


def account(request: Request, formatter: Formatter) -> str:
    """Say whether the account is for tests or for production, and whether the bot serves another one now."""
    kind = (
        "*PRODUCTION* – real customers get this"
        if request.production
        else "*TEST* – no real customer gets this"
    )
    line = f"*Account:* {kind} ({escape(request.account, 20)})"
    if formatter.account in {"", request.account} or request.ended:
        return line
    return (
        f"{line}\n⚠️ *The bot gives in another account now* ({escape(formatter.account, 20)}): "
        "it neither gives nor changes this. Ask again with `/discount add`."
    )


def stage(request: Request) -> str:
    """Name the kind of account in a word."""
    return "PRODUCTION" if request.production else "TEST"


def reason(request: Request) -> list[str]:
    """Say the requester's reason, if there is one."""
    return [f"*Why:* {escape(request.reason, 500)}"] if request.reason.strip() else []


def forgotten(request: Request, formatter: Formatter) -> list[str]:
    """Say since when the customers and the texts of a request are deleted."""
    if not request.purged_at:
        return []
    since = formatter.slack_date(request.purged_at)
    return [f"*Forgotten:* who the customers are, and what was written, since {since}"]


def first(request: Request, found: PriorRequest | None, formatter: Formatter, links: Links) -> list[str]:
    """Name the request whose remaining customers this one is for, or some of them."""
    if found is None:
        return []
    refused, link = formatter.customers(found.refused), _linked(found, links)
    if request.customers < found.customers:
        some = formatter.number(request.customers)
        rest = f"{some} of the {formatter.customers(found.customers)} left of {link}"
    elif not found.refused:
        rest = f"the rest of {link}"
    elif found.refused == found.customers:
        rest = f"the {refused} of {link} whom Dintero refused"
    else:
        rest = f"the rest of {link} with the {refused} whom Dintero refused"
    return [f"*Asks again* for {rest}, under the same once-only key: {SAME_KEY}"]


def asked_already(found: Remainder | None, links: Links) -> list[str]:
    """Name the other requests for the same remaining customers."""
    if found is None or not found.also:
        return []
    also = phrase([_linked(each, links) for each in found.also], last="and", most=MAX_REQUESTS)
    return [f"⚠ {also} asked for them already"]


def own_key(request: Request) -> list[str]:
    """Show the idempotency key, if the requester set it."""
    return [f"*Once-only key:* {escape(request.once_key, 80)} – {SAME_KEY}"] if request.own_key else []


def key_use(review: Review, formatter: Formatter) -> list[str]:
    """Name those that the key will skip, since it was used before, and by which requests of this channel."""
    used, request = review.key_use, review.request
    if not (used.given or used.forgotten or used.more or (used.by and request.own_key)):
        return []
    here = [each.short for each in used.by if each.channel == request.channel]
    elsewhere = len(used.by) - len(here)
    others = [formatter.pluralize(elsewhere, "request") + " of other channels"] if elsewhere else []
    by = phrase([*here[:MAX_REQUESTS], *others], last="and", most=MAX_REQUESTS + 1)
    skipped = [f"⚠ *This once-only key was used before*, by {by}"]
    if used.given:
        had = formatter.customers(used.given)
        skipped.append(f"{had} of these had it under this key, and get nothing more")
    if used.maybe:
        skipped.append(f"{formatter.customers(used.maybe)} may have it, or get it there first")
    if used.forgotten or used.more:
        skipped.append("not all of its customers are known any more: whoever had it gets nothing more")
    if len(skipped) == 1:
        skipped.append("none of these customers had it under this key")
    return ["; ".join(skipped)]


def approvals(count: int, asked_of: Sequence[str]) -> str:
    """Say who has to approve; `asked_of` are mentions already."""
    if count == 1:
        return f"{phrase(asked_of) or 'an approver of this channel'} has to approve it"
    return f"{count} of {phrase(asked_of, last='and') or 'the approvers of this channel'} have to approve it"
