"""The cards of requests are found in Slack, those of earlier versions too; nothing else is taken for one."""

from datetime import UTC, datetime, timedelta
from typing import Any

from bot.slack.announcer import EVENT_TYPE
from bot.slack.card_search import CardSearch
from bot.slack.client.connection import open_client
from sandbox.shop import CAMPAIGNS, SUPPORT, Shop, open_shop

NOW = datetime.now(UTC)
BUTTONS = [
    {
        "type": "actions",
        "block_id": "discount_buttons",
        "elements": [
            {
                "type": "button",
                "action_id": "discount_cancel",
                "value": "uuid-of-it",
                "text": {"type": "plain_text", "text": "Cancel request"},
            }
        ],
    }
]


def post(shop: Shop, text: str, *, facts: dict[str, str] | None = None, blocks: Any = ()) -> None:
    payload = {"key": text, **(facts or {})}
    metadata = {"event_type": EVENT_TYPE, "event_payload": payload} if facts else None
    shop.slack.workspace.post(shop.support, text=text, blocks=list(blocks), metadata=metadata)


async def found(shop: Shop, *, since: datetime | None = None) -> list[tuple[str, str, str]]:
    async with open_client(shop.slack.api_url, shop.slack.credentials.bot_token) as client:
        cards = await CardSearch(client, [SUPPORT, CAMPAIGNS]).cards(since, NOW)
    return [(card.short, card.id, card.rule) for card in cards]


async def test_a_card_says_which_request_and_rule_it_is_of() -> None:
    async with open_shop() as shop:
        post(shop, "waiting", facts={"short": "R-22222", "request": "uuid-2", "rule": "rule-2"})
        post(shop, "a card of an earlier version (R-33333, TEST)", blocks=BUTTONS)
        assert await found(shop) == [("R-22222", "uuid-2", "rule-2"), ("R-33333", "uuid-of-it", "")]


async def test_a_message_of_anything_else_is_no_card() -> None:
    async with open_shop() as shop:
        post(shop, "a notice (R-44444, TEST)")
        shop.slack.workspace.post(
            shop.support, text="of another app (R-44444, TEST)", blocks=BUTTONS, by=shop.ann.id
        )
        shop.slack.workspace.post(shop.support, text="typed (R-44444, TEST)", blocks=[], by=shop.ann.id)
        assert await found(shop) == []


async def test_only_cards_since_the_backup_are_read() -> None:
    async with open_shop() as shop:
        post(shop, "waiting", facts={"short": "R-22222"})
        assert await found(shop, since=NOW + timedelta(hours=2)) == []
        assert len(await found(shop, since=NOW)) == 1
