"""What a request has to do with earlier ones: the same customers, the same campaign key, a follow-up."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Final

from bot.domain.ids import ChannelId, RequestId
from bot.domain.requests.lost import LostRequest
from bot.domain.requests.prior_grants import PriorGrants, PriorRequest, Remainder
from bot.domain.requests.request import Request
from bot.domain.requests.views import Review
from bot.slack.language.texts import N_, _, joined, ngettext
from bot.slack.rendering.formatting import Formatter, duration
from bot.slack.rendering.mrkdwn import escape, first_few, linked, phrase

Links = Mapping[RequestId, str]
"""The addresses of other requests' messages."""

MAX_REQUESTS: Final = 5
PRIOR: Final = {
    (True, True): N_(
        "⚠️ At least {count} of these customers got this discount in the last {time},"
        " or may get it ({requests})."
    ),
    (True, False): N_(
        "⚠️ At least {count} of these customers got this discount in the last {time} ({requests})."
    ),
    (False, True): N_(
        "⚠️ {count} of these customers got this discount in the last {time}, or may get it ({requests})."
    ),
    (False, False): N_("⚠️ {count} of these customers got this discount in the last {time} ({requests})."),
}
"""By whether there may be more customers, and whether some of the requests have no result yet."""


def before(found: PriorGrants, links: Links, days: int) -> list[str]:
    """Say how many customers got the same rule in the last days, or may get it, and from which requests."""
    if not found.customers:
        unread = _("⚠️ Not all earlier requests for this rule could be compared with this one.")
        return [unread] if found.more else []
    alone = len(found.by) == 1 and found.by[0].customers == found.customers
    visible = [_share(each, links, is_alone=alone) for each in found.by if not each.is_hidden]
    shown = first_few(visible, MAX_REQUESTS)
    if hidden := sum(each.is_hidden for each in found.by):
        shown.append(ngettext("{count} request you can't see", "{count} requests you can't see", hidden))
    unsure, time = any(each.open or each.unknown for each in found.by), duration(timedelta(days=days))
    text = PRIOR[bool(found.more), unsure]
    return [_(text, count=found.customers, requests=joined(shown), time=time)]


def lost(review: Review) -> list[str]:
    """Warn of requests of the rule that a restored backup lacks: nobody knows who their customers were."""
    found = review.prior_grants.lost
    if not found:
        return []
    requests = _named(found, review.request.channel)
    return [
        _("⚠️ *A restored backup lacks {requests} for this rule.*", requests=requests),
        _("Customers who got it there would get it twice. Read those requests first."),
    ]


def first(request: Request, found: PriorRequest | None, formatter: Formatter, links: Links) -> list[str]:
    """Name the request whose remaining customers this one is for, or some of them."""
    if found is None:
        return []
    values = {"request": _linked(found, links), "count": request.customers}
    if request.customers < found.customers:
        customers = formatter.customers(found.customers)
        text = _(
            "*Follow-up to {request}:* {count} of its remaining {customers}.", customers=customers, **values
        )
    elif not found.refused:
        text = _("*Follow-up to {request}:* its remaining customers.", **values)
    elif found.refused == found.customers:
        text = ngettext(
            "*Follow-up to {request}:* the {count} customer Dintero refused.",
            "*Follow-up to {request}:* the {count} customers Dintero refused.",
            found.refused,
            request=values["request"],
        )
    else:
        values["count"] = found.refused
        text = _(
            "*Follow-up to {request}:* its remaining customers, with the {count} Dintero refused.", **values
        )
    return [text, _("Customers who already got it are skipped (same campaign key).")]


def asked_already(found: Remainder | None, links: Links) -> list[str]:
    """Name the other requests for the same remaining customers."""
    if found is None or not found.also:
        return []
    also = phrase([_linked(each, links) for each in found.also], last="and", most=MAX_REQUESTS)
    return [_("⚠️ Already requested in {requests}.", requests=also)]


def own_key(request: Request) -> list[str]:
    """Show the campaign key, if the requester set it."""
    if not request.own_key:
        return []
    key = escape(request.once_key, 40)
    return [_("*Campaign key:* {key}. Anyone who got this discount under it is skipped.", key=key)]


def key_use(review: Review) -> list[str]:
    """Name those that the key will skip, since it was used before, and by which requests of this channel."""
    used, request = review.key_use, review.request
    if not (used.given or used.forgotten or used.more or (used.by and request.own_key)):
        return []
    requests = _named(used.by, request.channel)
    lines = [_("⚠️ *This campaign key was used before*, by {requests}.", requests=requests)]
    if used.given:
        lines.append(
            ngettext(
                "{count} of these customers got it under this key and is skipped.",
                "{count} of these customers got it under this key and are skipped.",
                used.given,
            )
        )
    if used.maybe:
        lines.append(_("{count} more may have it under this key, or get it there first.", count=used.maybe))
    if used.forgotten or used.more:
        lines.append(_("Not all of its customers are known any more. Anyone who got it is skipped."))
    if len(lines) == 1:
        lines.append(_("None of these customers got it under this key."))
    return lines


def _named(found: Sequence[PriorRequest | LostRequest], channel: ChannelId) -> str:
    """Name the requests of a channel, and count those of others."""
    here = [str(each.short) for each in found if each.channel == channel]
    named = first_few(here, MAX_REQUESTS)
    if elsewhere := len(found) - len(here):
        text = ngettext("{count} request in another channel", "{count} requests in other channels", elsewhere)
        named.append(text)
    return joined(named)


def _share(prior_request: PriorRequest, links: Links, *, is_alone: bool) -> str:
    """Say how many customers one earlier request is about, unless that is all, and how sure that is."""
    if prior_request.open:
        text = N_("{request}, not finished") if is_alone else N_("{request}: {count}, not finished")
    elif prior_request.unknown:
        text = N_("{request}: {count}, {unconfirmed} unconfirmed")
        if is_alone:
            text = N_("{request}, {unconfirmed} unconfirmed")
    elif is_alone:
        return _linked(prior_request, links)
    else:
        text = N_("{request}: {count}")
    count, unconfirmed = prior_request.customers, prior_request.unknown
    return _(text, request=_linked(prior_request, links), count=count, unconfirmed=unconfirmed)


def _linked(prior_request: PriorRequest, links: Links) -> str:
    return linked(prior_request.short, links.get(prior_request.id, ""))
