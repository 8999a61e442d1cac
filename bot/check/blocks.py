"""Sends one of each message and modal to Slack's `blocks.validate`, which shows nobody anything.

The method takes either `blocks`, a `message` of blocks or a `view`, and needs no scope. What it refuses is
`invalid_message` or `invalid_view` with `errors`, each with a JSON pointer and a message; any other answer
says nothing of the layouts (docs.slack.dev/reference/methods/blocks.validate).
"""

import json
import re
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.check.result import CheckFailed, CheckResult
from bot.check.slack import UNREACHABLE
from bot.slack.client.errors import describe, response_field
from bot.slack.rendering.formatting import Json, Message

METHOD: Final = "blocks.validate"
SUBJECT: Final = "Slack messages and forms"
MOST_BLOCKS: Final = 50
"""Slack's limit for a message: several small ones are sent as one."""
SINGLE: Final = frozenset({"table", "data_table", "data_visualization"})
"""Blocks of which Slack takes one or two in a message."""
MOST_NAMED: Final = 5
REFUSALS: Final = frozenset({"invalid_blocks", "invalid_message", "invalid_view"})
REFUSED_FIX: Final = (
    "Slack won't show this. Update discount-bot; if it is the newest version, report this line."
)
UNKNOWN_FIX: Final = "This affects nothing else. Check again later."


async def check_blocks(
    client: AsyncWebClient, said: Sequence[tuple[str, Message]], forms: Sequence[tuple[str, Json]]
) -> AsyncIterator[CheckResult]:
    """Report what Slack refuses of these messages and modals, and where; no opinion is a warning."""
    refused = 0
    try:
        async for result in _refused(client, _grouped(said), forms):
            refused += 1
            yield result
            if refused == MOST_NAMED:
                return
    except CheckFailed as error:
        yield CheckResult(SUBJECT, f"Slack didn't check them ({error})", UNKNOWN_FIX, is_warning=True)
        return
    if not refused:
        yield CheckResult(SUBJECT, f"Slack accepts all {len(said)} messages and {len(forms)} forms")


async def _refused(
    client: AsyncWebClient, groups: Iterable[list[tuple[str, Message]]], forms: Iterable[tuple[str, Json]]
) -> AsyncIterator[CheckResult]:
    for group in groups:
        joined = [block for _, message in group for block in message.blocks]
        if await _faults(client, "message", {"blocks": joined}):
            for name, message in group:
                for fault in await _faults(client, "message", {"blocks": message.blocks}):
                    yield CheckResult(f"message “{name}”", f"Slack rejects {fault}", REFUSED_FIX)
    for name, view in forms:
        for fault in await _faults(client, "view", view):
            yield CheckResult(f"form “{name}”", f"Slack rejects {fault}", REFUSED_FIX)


def _grouped(said: Iterable[tuple[str, Message]]) -> Iterator[list[tuple[str, Message]]]:
    """Put messages together as long as Slack would take them as one: few calls, and no id or table twice."""
    group: list[tuple[str, Message]] = []
    count, once = 0, set[str]()
    for name, message in said:
        own = {block["block_id"] for block in message.blocks if "block_id" in block}
        own |= SINGLE & {block["type"] for block in message.blocks}
        if group and (count + len(message.blocks) > MOST_BLOCKS or own & once):
            yield group
            group, count, once = [], 0, set()
        group.append((name, message))
        count, once = count + len(message.blocks), once | own
    if group:
        yield group


async def _faults(client: AsyncWebClient, argument: str, payload: Json) -> list[str]:
    """Let Slack validate a payload, and list what it refuses.

    Raises:
        CheckFailed: it gave another answer, or none.
    """
    try:
        await client.api_call(METHOD, data={argument: json.dumps(payload)})
    except SlackApiError as error:
        if response_field(error, "error") not in REFUSALS:
            raise CheckFailed(describe(error)) from None
        named = error.response.get("errors")
        errors = [one for one in named if isinstance(one, dict)] if isinstance(named, list) else []
        return [_fault(payload["blocks"], one) for one in errors] or ["it without a reason"]
    except UNREACHABLE as error:
        raise CheckFailed(describe(error)) from None
    return []


def _fault(blocks: list[Json], error: Mapping[str, Any]) -> str:
    """Say which block it is, and why.

    >>> _fault([{"type": "section"}], {"pointer": "/blocks/0/text/type", "message": "unsupported type: x"})
    'block 1 (section), /text/type: unsupported type: x'
    """
    pointer, why = (
        str(error.get("pointer", "")),
        str(error.get("message") or error.get("code") or "no reason"),
    )
    found = re.fullmatch(r"(?:/blocks)?/(\d+)(.*)", pointer)
    if not found or int(found[1]) >= len(blocks):
        return f"{pointer or 'it'}: {why}"
    at = int(found[1])
    below = f", {found[2]}" if found[2] else ""
    return f"block {at + 1} ({blocks[at].get('type')}){below}: {why}"
