"""Shows a message or a modal also where Slack does not know its newest blocks yet."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.slack.client.errors import describe, response_field
from bot.slack.rendering.blocks import message, sections
from bot.slack.rendering.formatting import Json
from bot.slack.rendering.mrkdwn import address, mention, safe

REFUSALS: Final = frozenset({"invalid_arguments", "invalid_blocks", "invalid_blocks_format"})
LEFT_OUT: Final = frozenset({"alert", "data_visualization"})
"""Blocks that say nothing alone."""

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


def without_new_blocks(blocks: Sequence[Json]) -> list[Json]:
    """Draw the same without the blocks of 2025 and 2026: a container's blocks, and a table's rows as lines.

    >>> without_new_blocks([{"type": "container", "child_blocks": [{"type": "divider"}]}, {"type": "alert"}])
    [{'type': 'divider'}]
    """
    kept: list[Json] = []
    for block in blocks:
        match block["type"]:
            case "container":
                kept += block["child_blocks"]
            case "table" | "data_table":
                kept += message("", sections(table_lines(block))).blocks
            case kind if kind not in LEFT_OUT:
                kept.append(block)
    return kept


def table_lines(table: Json) -> list[str]:
    r"""Write a table in mrkdwn: its caption or its header, then a line for each row.

    >>> link = {"type": "link", "url": "https://x.example/", "text": "R-7K2QF"}
    >>> rows = [[{"text": "Request"}, {"text": "By"}], [{"elements": [link]}, {"text": "Ann & co"}]]
    >>> table_lines({"caption": "Ended", "rows": rows})
    ['*Ended*', '*<https://x.example/|R-7K2QF>* · Ann &amp; co']
    """
    header, *rows = [[_cell(cell) for cell in row] for row in table["rows"]]
    heading = safe(table["caption"]) if "caption" in table else " · ".join(header)
    return [f"*{heading}*", *(" · ".join([f"*{first}*", *rest]) for first, *rest in rows)]


def _cell(cell: Json) -> str:
    match cell:
        case {"elements": parts}:
            return "".join(map(_cell, parts))
        case {"url": url, "text": text}:
            return f"<{address(url)}|{safe(text)}>"
        case {"user_id": who} | {"channel_id": who}:
            return mention(who)
    return safe(cell["text"])
