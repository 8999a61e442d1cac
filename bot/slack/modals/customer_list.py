"""The modal that shows a request's customers, one page at a time."""

from collections.abc import Mapping
from typing import Any, Final

from slackblocks import ActionsBlock, Block, Button

from bot.domain.ids import RequestId
from bot.services.results.customer_lists import CustomerPage
from bot.slack.language.texts import N_, _
from bot.slack.rendering import pause_banner, request_facts
from bot.slack.rendering.blocks import SECTION, context, modal, paragraphs, plain, section
from bot.slack.rendering.formatting import Formatter, Json
from bot.slack.rendering.mrkdwn import visible

TITLE: Final = N_("Customers")
SHOW: Final = "discount_show_customers"
LIST: Final = "discount_get_list"
TURNS: Final = (
    "discount_customers_first",
    "discount_customers_back",
    "discount_customers_on",
    "discount_customers_last",
)
MAX_PAGE_DIGITS: Final = 9


def build(customer_page: CustomerPage, formatter: Formatter) -> Json:
    """Draw a page in plain text: people copy ids as they are."""
    request = customer_page.request
    logged = _("Viewing customer ids is logged.")
    blocks = [
        *pause_banner.blocks(customer_page.pause, formatter),
        section(f"*{_place(customer_page, formatter)}* · {request_facts.title(request)}"),
        *map(plain, paragraphs(map(visible, customer_page.customers), SECTION)),
        *_turns(customer_page),
        context(f"{request.short} · {request_facts.stage(request)} · {logged}"),
    ]
    return modal(_(TITLE), blocks, close=_("Done"), metadata=request.id)


def _place(customer_page: CustomerPage, formatter: Formatter) -> str:
    first, total = customer_page.first, customer_page.request.customers
    customers = formatter.customers(total)
    if customer_page.pages == 1:
        return customers
    last = first + len(customer_page.customers) - 1
    return _("{first}–{last} of {customers}", first=first, last=last, customers=customers)


def read_turn(body: Mapping[str, Any]) -> tuple[RequestId, int]:
    """Read the request and the page to turn to; 0 if that is no page number."""
    page = page_number(str(body["actions"][0].get("value") or ""))
    return RequestId(str(body["view"].get("private_metadata") or "")), page


def page_number(text: str) -> int:
    """Read a page number from a button; 0 if it is none.

    >>> page_number("12"), page_number("9" * 30), page_number("-1")
    (12, 0, 0)
    """
    return int(text) if text.isascii() and text.isdigit() and len(text) <= MAX_PAGE_DIGITS else 0


def _turns(customer_page: CustomerPage) -> list[Block]:
    page, pages = customer_page.page, customer_page.pages
    if pages == 1:
        return []
    targets = (
        (_("First"), 1),
        (_("Previous"), max(page - 1, 1)),
        (_("Next"), min(page + 1, pages)),
        (_("Last"), pages),
    )
    buttons = [
        Button(label, action_id=action, value=str(target))
        for action, (label, target) in zip(TURNS, targets, strict=True)
    ]
    place = _("Page {page} of {pages}", page=page, pages=pages)
    return [ActionsBlock([*buttons], block_id="discount_customers_turns"), context(place)]
