"""Where Slack does not know a block yet, people get the others."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.domain.requests.request import State
from bot.domain.requests.views import ApprovalView
from bot.slack.client.new_blocks import with_known_blocks
from bot.slack.modals import approval
from bot.slack.rendering.formatting import Json
from sandbox.shop import open_shop
from tests.support import samples
from tests.support.samples import LOOK

IN_PRODUCTION = replace(samples.REQUEST, account="P12345678")
APPROVAL = approval.build(
    ApprovalView(samples.review(IN_PRODUCTION), samples.snapshot(State.WAITING), count=True), LOOK, {}
)


@pytest.mark.parametrize(("unknown", "shown"), [(set(), True), ({"alert"}, False)])
async def test_an_approval_opens_with_or_without_its_alert(unknown: set[str], *, shown: bool) -> None:
    async with open_shop() as shop:
        workspace = shop.slack.workspace
        workspace.unknown_blocks = frozenset(unknown)
        client = AsyncWebClient(token=shop.slack.credentials.bot_token, base_url=shop.slack.api_url)
        trigger = shop.slack.tickets.trigger(shop.ann.id)

        async def opening(blocks: Sequence[Json]) -> AsyncSlackResponse:
            return await client.views_open(trigger_id=trigger, view=APPROVAL | {"blocks": blocks})

        opened = await with_known_blocks(opening, APPROVAL["blocks"])
        drawn = opened["view"]["blocks"]
        assert ("alert" in {block["type"] for block in drawn}) is shown
        assert "PRODUCTION, real customers" in str(drawn)


async def test_what_is_refused_for_another_reason_stays_refused() -> None:
    async def refused(_blocks: Sequence[Json]) -> AsyncSlackResponse:
        raise SlackApiError("no", {"ok": False, "error": "expired_trigger_id"})  # type: ignore[no-untyped-call]

    with pytest.raises(SlackApiError):
        await with_known_blocks(refused, APPROVAL["blocks"])
