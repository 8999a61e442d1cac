"""Shows a message or a modal also where Slack does not know its newest blocks yet."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.slack.client.errors import describe, response_field
from bot.slack.rendering.blocks import without_new_blocks
from bot.slack.rendering.formatting import Json

REFUSALS: Final = frozenset({"invalid_arguments", "invalid_blocks", "invalid_blocks_format"})

log = structlog.get_logger()


async def with_known_blocks(
    call: Callable[[Sequence[Json]], Awaitable[AsyncSlackResponse]], blocks: Sequence[Json]
) -> AsyncSlackResponse:
    """Call with the blocks; if Slack refuses them, once more without the newest ones.

    Raises:
        SlackApiError: Slack refused something else.
    """
    try:
        return await call(blocks)
    except SlackApiError as error:
        known = without_new_blocks(blocks)
        if response_field(error, "error") not in REFUSALS or known == blocks:
            raise
        log.warning("Slack refused new blocks; what they say goes out without them", why=describe(error))
        return await call(known)
