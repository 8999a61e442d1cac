"""Slack's rules about files that an app uploads."""

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from sandbox.slack import SandboxSlack
from tests.sandbox.slack.test_web_api import World, refusal, resources

__all__ = ["resources"]


async def announced(resources: World, length: int = 3) -> tuple[str, str]:
    answer = await resources.bot.files_getUploadURLExternal(filename="list.csv", length=length)
    return str(answer["upload_url"]), str(answer["file_id"])


async def sent(url: str, content: bytes) -> int:
    async with aiohttp.ClientSession() as session, session.post(url, data=content) as answer:
        return answer.status


async def test_a_file_is_announced_sent_and_shared_and_then_stands_in_the_conversation(
    resources: World,
) -> None:
    url, file = await announced(resources)
    assert await sent(url, b"a,b") == 200
    direct = resources.ann.direct
    await resources.bot.files_completeUploadExternal(
        files=[{"id": file, "title": "The list"}], channel_id=direct.id, initial_comment="Here"
    )
    (message,) = direct.messages
    assert resources.ann.read(message) == "Here\n📎 The list (list.csv)"
    assert resources.slack.workspace.uploads.text(file) == "a,b"
    history = await resources.bot.conversations_history(channel=direct.id)
    assert history["messages"][0]["files"][0]["title"] == "The list"


async def test_a_deleted_file_leaves_its_message_and_is_gone(resources: World) -> None:
    url, file = await announced(resources)
    await sent(url, b"a,b")
    await resources.bot.files_completeUploadExternal(
        files=[{"id": file, "title": "The list"}],
        channel_id=resources.ann.direct.id,
        initial_comment="Here",
    )
    await resources.bot.files_delete(file=file)
    (message,) = resources.ann.direct.messages
    assert resources.ann.read(message) == "Here\nThis file was deleted."
    assert await refusal(resources.bot.files_delete(file=file)) == "file_not_found"


async def test_until_it_is_completed_nobody_sees_it(resources: World) -> None:
    url, _ = await announced(resources)
    await sent(url, b"a,b")
    assert resources.ann.direct.messages == []


async def test_what_was_not_sent_or_was_shared_already_cannot_be_completed(resources: World) -> None:
    url, file = await announced(resources)
    whole: list[dict[str, str | None]] = [{"id": file, "title": "x"}]
    assert (
        await refusal(
            resources.bot.files_completeUploadExternal(files=whole, channel_id=resources.ann.direct.id)
        )
        == "file_not_found"
    )
    await sent(url, b"a,b")
    await resources.bot.files_completeUploadExternal(files=whole, channel_id=resources.ann.direct.id)
    assert (
        await refusal(
            resources.bot.files_completeUploadExternal(files=whole, channel_id=resources.ann.direct.id)
        )
        == "file_not_found"
    )
    assert len(resources.ann.direct.messages) == 1


@pytest.mark.parametrize("content", [b"", b"a", b"a,b,c"])
async def test_a_file_of_another_length_than_announced_is_not_taken(resources: World, content: bytes) -> None:
    url, _ = await announced(resources)
    assert await sent(url, content) == 400


async def test_an_empty_file_cannot_be_announced(resources: World) -> None:
    assert (
        await refusal(resources.bot.files_getUploadURLExternal(filename="list.csv", length=0))
        == "invalid_arguments"
    )


async def test_it_goes_only_where_the_bot_can_write(resources: World) -> None:
    url, file = await announced(resources)
    await sent(url, b"a,b")
    other = resources.slack.add_channel("other", [resources.ann], bot=False)
    assert (
        await refusal(resources.bot.files_completeUploadExternal(files=[{"id": file}], channel_id=other.id))
        == "not_in_channel"
    )


async def test_it_takes_the_scope() -> None:
    async with SandboxSlack(scopes={"chat:write"}) as slack:
        bot = AsyncWebClient(slack.credentials.bot_token, base_url=slack.api_url, retry_handlers=[])
        with pytest.raises(SlackApiError, match="missing_scope"):
            await bot.files_getUploadURLExternal(filename="list.csv", length=3)
