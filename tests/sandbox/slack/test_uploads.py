"""Slack's rules about files that an app uploads."""

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from sandbox.slack import SandboxSlack
from tests.sandbox.slack.test_web_api import World, refusal, world

__all__ = ["world"]


async def announced(world: World, length: int = 3) -> tuple[str, str]:
    answer = await world.bot.files_getUploadURLExternal(filename="list.csv", length=length)
    return str(answer["upload_url"]), str(answer["file_id"])


async def sent(url: str, content: bytes) -> int:
    async with aiohttp.ClientSession() as session, session.post(url, data=content) as answer:
        return answer.status


async def test_a_file_is_announced_sent_and_shared_and_then_stands_in_the_conversation(world: World) -> None:
    url, file = await announced(world)
    assert await sent(url, b"a,b") == 200
    direct = world.ann.direct
    await world.bot.files_completeUploadExternal(
        files=[{"id": file, "title": "The list"}], channel_id=direct.id, initial_comment="Here"
    )
    (message,) = direct.messages
    assert world.ann.read(message) == "Here\n📎 The list (list.csv)"
    assert world.slack.workspace.uploads.text(file) == "a,b"
    history = await world.bot.conversations_history(channel=direct.id)
    assert history["messages"][0]["files"][0]["title"] == "The list"


async def test_until_it_is_completed_nobody_sees_it(world: World) -> None:
    url, _ = await announced(world)
    await sent(url, b"a,b")
    assert world.ann.direct.messages == []


async def test_what_was_not_sent_or_was_shared_already_cannot_be_completed(world: World) -> None:
    url, file = await announced(world)
    whole: list[dict[str, str | None]] = [{"id": file, "title": "x"}]
    assert (
        await refusal(world.bot.files_completeUploadExternal(files=whole, channel_id=world.ann.direct.id))
        == "file_not_found"
    )
    await sent(url, b"a,b")
    await world.bot.files_completeUploadExternal(files=whole, channel_id=world.ann.direct.id)
    assert (
        await refusal(world.bot.files_completeUploadExternal(files=whole, channel_id=world.ann.direct.id))
        == "file_not_found"
    )
    assert len(world.ann.direct.messages) == 1


@pytest.mark.parametrize("content", [b"", b"a", b"a,b,c"])
async def test_a_file_of_another_length_than_announced_is_not_taken(world: World, content: bytes) -> None:
    url, _ = await announced(world)
    assert await sent(url, content) == 400


async def test_an_empty_file_cannot_be_announced(world: World) -> None:
    assert (
        await refusal(world.bot.files_getUploadURLExternal(filename="list.csv", length=0))
        == "invalid_arguments"
    )


async def test_it_goes_only_where_the_bot_can_write(world: World) -> None:
    url, file = await announced(world)
    await sent(url, b"a,b")
    other = world.slack.add_channel("other", [world.ann], bot=False)
    assert (
        await refusal(world.bot.files_completeUploadExternal(files=[{"id": file}], channel_id=other.id))
        == "not_in_channel"
    )


async def test_it_takes_the_scope() -> None:
    async with SandboxSlack(scopes={"chat:write"}) as slack:
        bot = AsyncWebClient(slack.credentials.bot_token, base_url=slack.api_url, retry_handlers=[])
        with pytest.raises(SlackApiError, match="missing_scope"):
            await bot.files_getUploadURLExternal(filename="list.csv", length=3)
