"""Shows whoever is concerned the customers of a request, whole, a page at a time."""

from collections.abc import Mapping
from typing import Any, Final

from slackblocks import Block

from bot.domain.ids import RequestId
from bot.services.customer_lists import CustomerPage
from bot.slack.rendering import pause_banner, request_facts
from bot.slack.rendering.blocks import SECTION, actions, button, context, modal, plain, section
from bot.slack.rendering.formatting import Formatter, Json
from bot.slack.rendering.mrkdwn import paragraphs, visible

TITLE: Final = "Customers"
SHOW: Final = "discount_show_customers"
BUTTON: Final = "Show customers"
LIST: Final = "discount_get_list"
LIST_BUTTON: Final = "Get the list"
TURNS: Final = (
    "discount_customers_first",
    "discount_customers_back",
    "discount_customers_on",
    "discount_customers_last",
)
"""A page is turned by one of these; to which, stands in its value, and is checked like everything else."""
LONGEST_NUMBER: Final = 9
"""Digits; whatever is longer is no page."""


def build(customer_page: CustomerPage, formatter: Formatter, *, external_id: str) -> Json:
    """Draw a page, in plain text, so that ids can be copied as they are."""
    request, last = customer_page.request, customer_page.first + len(customer_page.customers) - 1
    which = (
        f"{formatter.number(customer_page.first)}–{formatter.number(last)} of {formatter.number(request.customers)}"
        if request.customers > 1
        else "1 of 1"
    )
    return modal(
        TITLE,
        [
            *pause_banner.blocks(customer_page.pause, formatter),
            section(
                f"{request_facts.rule_name(request)} for {formatter.customers(request.customers)}, {which}:"
            ),
            *map(plain, paragraphs(map(visible, customer_page.customers), SECTION)),
            *_turns(customer_page),
            context(
                f"{request.short} · {request_facts.stage(request)} · that you looked at these ids stands in the audit"
            ),
        ],
        external_id=external_id,
        metadata=request.id,
    )


def read_turn(body: Mapping[str, Any]) -> tuple[RequestId, int]:
    """Read whose customers are shown, and which page is asked for; 0 where that is none."""
    page = str(body["actions"][0].get("value") or "")
    number = int(page) if page.isascii() and page.isdigit() and len(page) <= LONGEST_NUMBER else 0
    return RequestId(str(body["view"].get("private_metadata") or "")), number


def _turns(customer_page: CustomerPage) -> list[Block]:
    if customer_page.pages == 1:
        return []
    words = ("⏮ First", "◀ Back", "On ▶", "Last ⏭")
    to = (
        1,
        max(customer_page.page - 1, 1),
        min(customer_page.page + 1, customer_page.pages),
        customer_page.pages,
    )
    drawn = [
        button(word, action=action, value=str(page))
        for word, action, page in zip(words, TURNS, to, strict=True)
    ]
    return [
        actions("discount_customers_turns", *drawn),
        context(f"Page {customer_page.page} of {customer_page.pages}"),
    ]
