"""The facts of a request: its value, cost, people, list and limits, for its review and its messages."""

from collections.abc import Sequence
from typing import Final

from slackblocks import Block, SectionBlock, Text

from bot.domain.policy.budget import BudgetUse
from bot.domain.policy.policy import AppliedTier, TierTrigger
from bot.domain.requests.request import Request
from bot.domain.requests.views import Review
from bot.domain.rules.rule import Availability, Rule, usable
from bot.slack.language.texts import N_, _, in_quotes, joined, ngettext, number
from bot.slack.rendering.blocks import LINE_CHARACTERS, fit, section
from bot.slack.rendering.formatting import Formatter
from bot.slack.rendering.mrkdwn import capitalised, escape, mask, visible
from bot.slack.rendering.reasons import OPERATOR
from bot.slack.rendering.rules.rule_rewards import (
    availability_warning,
    cost_text,
    headline,
    rule_reward,
    validity,
)

DIGEST_CHARACTERS: Final = 8
FIELD: Final = 2_000
EVERYBODY: Final = {
    "*": N_("every customer, now and in the future"),
    "/": N_("every purchase without a customer, now and in the future"),
}
"""The meanings of Dintero's reserved ids."""
MAX_ID: Final = 80
QUOTE: Final = 140
LONG_QUOTE: Final = 500
"""How much of a reason a request's message quotes, and what somebody opens to read it."""


def title(request: Request, *, most: int = 100) -> str:
    """Name the rule without quotation marks, for a line of its own."""
    return escape(request.rule.title, most) if request.rule else _("no rule chosen")


def title_and_amounts(request: Request, *, most: int = 100) -> str:
    """Name the rule, and count the amounts that it has for other items."""
    others = len(request.rule.reward.values) if request.rule else 0
    if not others:
        return title(request, most=most)
    amounts = ngettext("+{count} other amount", "+{count} other amounts", others)
    return " · ".join([title(request, most=most - len(amounts) - 3), amounts])


def rule_name(request: Request) -> str:
    """Name the rule as it was at the time of the request."""
    return in_quotes(escape(request.rule.title, 44)) if request.rule else _("no rule chosen")


def value(request: Request, formatter: Formatter) -> str:
    """Say shortly what a customer gets, as plain text: `NOK 50 off`."""
    return headline(request.rule, formatter) if request.rule else _("a discount")


def offer(request: Request, formatter: Formatter) -> str:
    """Say what it gives to how many, as plain text: `NOK 50 off for 2 customers`."""
    return _(
        "{value} for {customers}", value=value(request, formatter), customers=recipients(request, formatter)
    )


def heading(request: Request, formatter: Formatter) -> str:
    """Say the same as the beginning of a line."""
    return capitalised(offer(request, formatter))


def rule_lines(rule: Rule, formatter: Formatter, usable: Availability = Availability.NOW) -> list[str]:
    """Name the rule and its reward."""
    warning = availability_warning(rule, usable, formatter)
    return [
        _("*Rule:* *{rule}*", rule=escape(rule.title, 100)),
        *([f"⚠️ {escape(warning)}"] if warning else []),
        _("*Reward:* {reward}", reward=rule_reward(rule, formatter)),
    ]


def recipients(request: Request, formatter: Formatter) -> str:
    """Say how many customers it is for, or what the reserved id means."""
    if request.reserved:
        return _(EVERYBODY[request.first_customer])
    return formatter.customers(request.customers)


def customers(request: Request, formatter: Formatter) -> str:
    """Say how many customers there are, and how many repeats were removed."""
    if request.reserved:
        return _(
            "⚠️ This goes to {everyone}. The number can't be known.", everyone=recipients(request, formatter)
        )
    if not request.repeated:
        return _("*Customers:* {count}", count=request.customers)
    return ngettext(
        "*Customers:* {customers} ({count} duplicate removed)",
        "*Customers:* {customers} ({count} duplicates removed)",
        request.repeated,
        customers=request.customers,
    )


def ids(review: Review, *, masked: bool = True) -> str:
    """Show the first and the last id, to the requester alone in full; none of another person's request."""
    request = review.request
    if request.reserved:
        return _("Everyone (“{id}”)", id=request.first_customer)
    if not review.shows_ids:
        return _("Only people of the first request can see the ids.")
    show = (lambda customer: escape(mask(customer))) if masked else _in_full
    first, last = show(request.first_customer), show(request.last_customer)
    return first if request.customers == 1 else _("{first} to {last}", first=first, last=last)


def _in_full(customer: str) -> str:
    without_ticks = visible(customer).replace("`", "'")
    return f"`{escape(without_ticks, MAX_ID)}`"


def fields(pairs: Sequence[tuple[str, str]], *, above: str = "") -> Block:
    """Draw facts in two columns, each under its name, below a line of mrkdwn."""
    texts: list[str | Text] = [Text(fit(f"*{name}*\n{said}", FIELD), verbatim=True) for name, said in pairs]
    return SectionBlock(Text(above, verbatim=True) if above else None, fields=texts)


def facts(request: Request, formatter: Formatter) -> list[tuple[str, str]]:
    """List the facts for two columns, the total cost first."""
    since = formatter.slack_date(request.asked_at) if request.asked_at else ""
    who = formatter.name(request.requester)
    return [
        (_("Cost"), cost_text(request.price, formatter)),
        *([(_("Valid"), escape(validity(request.rule, formatter)))] if request.rule else []),
        (_("Requested by"), _("{who}, {time}", who=who, time=since) if since else who),
        (_("Account"), account_kind(request)),
    ]


def valid(rule: Rule, formatter: Formatter) -> str:
    """Say in a line when a rule can be used."""
    return _("*Valid:* {dates}", dates=escape(validity(rule, formatter)))


def brief(request: Request, formatter: Formatter) -> list[str]:
    """Say the facts in lines, where there is much else to say."""
    who = _("Requested by {who}", who=formatter.name(request.requester))
    return [
        title_and_amounts(request, most=LINE_CHARACTERS - 2),
        _("*Cost:* {cost}", cost=cost_text(request.price, formatter)),
        *([valid(request.rule, formatter)] if request.rule else []),
        who if request.production else f"{stage(request)} · {who}",  # an alert or the small print says it
    ]


def tier(applied: AppliedTier | None, formatter: Formatter, request: Request | None = None) -> list[str]:
    """Say how many approvals the policy's tier asks for and why, if one applies."""
    if applied is None:
        return []
    return [
        ngettext(
            "*Needs {count} approval* because {why}.",
            "*Needs {count} approvals* because {why}.",
            applied.approvals,
            why=_why_tier(applied, formatter, request),
        )
    ]


def _why_tier(applied: AppliedTier, formatter: Formatter, request: Request | None) -> str:
    match applied.why:
        case TierTrigger.UNPRICED:
            return _("its cost can't be calculated")
        case TierTrigger.RESERVED:
            return _("it goes to everyone")
        case TierTrigger.CUSTOMERS:
            bound = formatter.customers(applied.bound)
        case TierTrigger.AMOUNT:
            bound = formatter.amount(applied.bound)
    if request is None or _passes_alone(request, applied):
        return _("it's over {bound}", bound=bound)
    who = formatter.name(request.requester)
    return _("it's over {bound}, with earlier requests by {who}", bound=bound, who=who)


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
    until, parts = formatter.day(budget_use.until), []
    if budget_use.left_customers is not None:
        parts.append((number(budget_use.customers), formatter.customers(budget_use.left_customers)))
    if budget_use.left_amount is not None:
        parts.append((formatter.amount(budget_use.amount), formatter.amount(budget_use.left_amount)))
    if not budget_use.fits:
        left = joined([left for _used, left in parts])
        return [_("⚠️ *Over budget:* {left} left until {day}.", left=left, day=until)]
    shares = joined([_("{used} of the {left}", used=used, left=left) for used, left in parts])
    return [_("*Budget:* uses {shares} left until {day}.", shares=shares, day=until)]


def seen(review: Review) -> str:
    """Write, for a modal's metadata, the digest of what it shows and the requests that it names."""
    return f"{review.digest}:{' '.join(review.prior_grants.marks)}"


def account_kind(request: Request) -> str:
    """Say whether the account is for tests or for production."""
    return _("PRODUCTION, real customers") if request.production else _("TEST, no real customers")


def other_account(request: Request, formatter: Formatter) -> list[str]:
    """Warn that the bot serves another account than the request is for, and say who can help."""
    if formatter.account in {"", request.account} or request.ended:
        return []
    text = N_(
        "⚠️ *Can't be sent:* the bot now uses another Dintero account ({account})."
        " Ask {who} to switch back, or send a new request."
    )
    if request.started_at:  # a new request could give some customers a second discount
        text = N_(
            "⚠️ *Can't continue:* the bot now uses another Dintero account ({account})."
            " Ask {who} to switch back."
        )
    who = formatter.admin_names or _(OPERATOR)
    return [_(text, account=escape(formatter.account, 20), who=who)]


def stage(request: Request) -> str:
    """Name the kind of account in a word."""
    return _("PRODUCTION") if request.production else _("TEST")


def reason(request: Request) -> list[str]:
    """Say the requester's reason in a line of its own, if there is one."""
    text = escape(request.reason, LONG_QUOTE)
    return [_("*Reason:* {reason}", reason=text)] if request.reason.strip() else []


def quote(request: Request, *, most: int = QUOTE) -> list[Block]:
    """Quote the beginning of the requester's reason, if there is one."""
    return [section(f"> {escape(request.reason, most)}")] if request.reason.strip() else []


def starts_later(request: Request, formatter: Formatter) -> list[str]:
    """Warn that the rule could not be used yet at the time of the request."""
    if request.rule is None or request.asked_at is None or request.ended:
        return []
    warning = availability_warning(request.rule, usable(request.rule, request.asked_at), formatter)
    return [f"⚠️ {escape(warning)}."] if warning else []


def forgotten(request: Request, formatter: Formatter) -> list[str]:
    """Say since when the customers and the texts of a request are deleted."""
    if not request.purged_at:
        return []
    since = formatter.slack_date(request.purged_at)
    return [_("*Personal data deleted* {time}. The counts are kept.", time=since)]
