"""Files of a form are downloaded only if they are the person's, in Slack, and whole."""

from collections.abc import AsyncIterator
from typing import Final

import aiohttp
import pytest

from bot.domain.customers.packing import NOBODY
from bot.domain.customers.uploads import MOST_BYTES, FileProblem, ReadResult, Upload
from bot.domain.ids import ChannelId, CustomerId, FileId, UserId
from bot.domain.ports import Keep
from bot.domain.requests.request import FormInput
from bot.errors import DatabaseUnavailable
from bot.slack.client.connection import open_client
from bot.slack.client.downloads import SlackFileReader
from bot.slack.modals.file_fields import with_links_as_files
from sandbox.slack import Fault, SandboxPerson, SandboxSlack
from sandbox.slack.state.files import File
from sandbox.slack.state.workspace import Channel

HERE: Final = ChannelId("C0HERE")
DATA: Final = b"kundenr\na1\nb2\n"


@pytest.fixture
async def slack() -> AsyncIterator[SandboxSlack]:
    async with SandboxSlack() as slack:
        yield slack


@pytest.fixture
def ann(slack: SandboxSlack) -> SandboxPerson:
    return slack.add_person("Ann")


def put(slack: SandboxSlack, by: UserId, data: bytes = DATA, size: int | None = None) -> Upload:
    file: File = slack.workspace.put_file("vip.csv", data, by=by, size=size)
    return Upload(file.id, "as the form said")


async def read(
    slack: SandboxSlack, *uploads: Upload, by: UserId, channel: ChannelId = HERE, keep: Keep | None = None
) -> ReadResult:
    async with open_client(slack.api_url, slack.credentials.bot_token) as client:
        return await SlackFileReader(client, patience=0.2).read(
            uploads, [CustomerId("t1")], by=by, channel=channel, portion=2, keep=keep
        )


def shared(who: SandboxPerson, channel: Channel) -> Upload:
    """Share a file in a channel, and link it as people do."""
    (upload,) = with_links_as_files(FormInput(customers=who.share("vip.csv", DATA, channel))).files
    return upload


def whys(read_result: ReadResult) -> list[FileProblem]:
    assert read_result.everybody == NOBODY
    return [bad.why for bad in read_result.bad]


async def test_a_file_is_downloaded_whole_under_the_name_slack_has(
    slack: SandboxSlack, ann: SandboxPerson
) -> None:
    read_result = await read(slack, put(slack, ann.id), by=ann.id)
    assert read_result.everybody.unpacked() == ("t1", "a1", "b2")
    assert [file.name for file in read_result.files] == ["vip.csv"]


async def test_another_persons_file_is_not_downloaded(slack: SandboxSlack, ann: SandboxPerson) -> None:
    assert whys(await read(slack, put(slack, ann.id), put(slack, slack.add_person("Bo").id), by=ann.id)) == [
        FileProblem.NOT_YOURS
    ]
    assert slack.faults.calls["files.download"] == 0


async def test_anybody_in_a_channel_may_use_a_file_that_is_shared_there(
    slack: SandboxSlack, ann: SandboxPerson
) -> None:
    bo = slack.add_person("Bo")
    here = slack.add_channel("campaigns", members=[ann, bo], private=True)
    upload = shared(bo, here)
    read_result = await read(slack, upload, by=ann.id, channel=here.id)
    assert read_result.everybody.unpacked() == ("t1", "a1", "b2")
    assert whys(await read(slack, upload, by=ann.id, channel=HERE)) == [FileProblem.NOT_YOURS]


async def test_a_file_in_a_channel_without_the_bot_is_not_found(
    slack: SandboxSlack, ann: SandboxPerson
) -> None:
    elsewhere = slack.add_channel("elsewhere", members=[ann], bot=False)
    assert whys(await read(slack, shared(ann, elsewhere), by=ann.id)) == [FileProblem.NOT_FOUND]


async def test_a_file_outside_slack_is_not_downloaded(slack: SandboxSlack, ann: SandboxPerson) -> None:
    upload = put(slack, ann.id)
    slack.workspace.files[upload.id].external = True
    assert whys(await read(slack, upload, by=ann.id)) == [FileProblem.ELSEWHERE]
    assert slack.faults.calls["files.download"] == 0


async def test_a_file_that_is_too_big_or_gone_is_not_downloaded(
    slack: SandboxSlack, ann: SandboxPerson
) -> None:
    gone, big = Upload(FileId("F0GONE"), "gone.csv"), put(slack, ann.id, size=MOST_BYTES + 1)
    assert whys(await read(slack, gone, big, by=ann.id)) == [FileProblem.NOT_FOUND, FileProblem.TOO_BIG]
    assert slack.faults.calls["files.download"] == 0


@pytest.mark.parametrize("size", [len(DATA) + 1, len(DATA) - 1])
async def test_a_file_of_another_size_than_slack_said_is_not_read(
    slack: SandboxSlack, ann: SandboxPerson, size: int
) -> None:
    assert whys(await read(slack, put(slack, ann.id, size=size), by=ann.id)) == [FileProblem.NOT_FETCHED]


async def test_eleven_files_are_one_too_many(slack: SandboxSlack, ann: SandboxPerson) -> None:
    assert whys(await read(slack, *(put(slack, ann.id) for _ in range(11)), by=ann.id)) == [
        FileProblem.TOO_MANY_FILES
    ]


async def test_the_token_goes_to_slack_alone(slack: SandboxSlack, ann: SandboxPerson) -> None:
    upload = put(slack, ann.id)
    slack.tickets.base_url = slack.tickets.base_url.replace("127.0.0.1", "localhost")
    assert whys(await read(slack, upload, by=ann.id)) == [FileProblem.NOT_FETCHED]
    assert slack.faults.calls["files.download"] == 0


async def test_an_outage_of_slack_is_reported(slack: SandboxSlack, ann: SandboxPerson) -> None:
    upload = put(slack, ann.id)
    slack.faults.plan("files.info", Fault.SERVER_ERROR, times=99)
    assert whys(await read(slack, upload, by=ann.id)) == [FileProblem.NOT_FETCHED]


# the sandbox


@pytest.mark.parametrize("token", ["", "xoxb-of-another", "xapp-sandbox"])
async def test_without_the_bots_token_the_sandbox_answers_with_its_sign_in_page(
    slack: SandboxSlack, ann: SandboxPerson, token: str
) -> None:
    address = slack.workspace.files[put(slack, ann.id).id].payload(
        slack.team, slack.workspace.domain, slack.tickets.base_url
    )["url_private_download"]
    async with (
        aiohttp.ClientSession() as session,
        session.get(address, headers={"Authorization": f"Bearer {token}"}) as answer,
    ):
        assert (answer.status, answer.content_type) == (200, "text/html")
        assert DATA not in await answer.read()


async def test_a_file_whose_name_has_special_characters_is_downloaded(
    slack: SandboxSlack, ann: SandboxPerson
) -> None:
    file = slack.workspace.put_file("Kunder/æøå 100 %?.csv", DATA, by=ann.id)
    read_result = await read(slack, Upload(file.id, ""), by=ann.id)
    assert read_result.everybody.unpacked() == ("t1", "a1", "b2")


async def test_every_file_is_stored_in_pieces_even_if_it_is_unreadable(
    slack: SandboxSlack, ann: SandboxPerson
) -> None:
    kept: dict[tuple[int, int], bytes] = {}

    async def keep(file: int, piece: int, content: bytes) -> None:
        kept[file, piece] = content

    long = b"kundenr\n" + b"".join(b"customer-%d\n" % number for number in range(200_000))
    uploads = [put(slack, ann.id, data) for data in (DATA, long, b"\0 no text")]
    await read(slack, *uploads, by=ann.id, keep=keep)
    assert [b"".join(kept[at] for at in sorted(kept) if at[0] == file) for file in range(3)] == [
        DATA,
        long,
        b"\0 no text",
    ]
    assert max(piece for _, piece in kept) == len(long) // (1024 * 1024)


async def test_a_file_that_cannot_be_stored_is_not_read(slack: SandboxSlack, ann: SandboxPerson) -> None:
    async def keep(_file: int, _piece: int, _content: bytes) -> None:
        raise DatabaseUnavailable("The database is away.")

    with pytest.raises(DatabaseUnavailable):
        await read(slack, put(slack, ann.id), by=ann.id, keep=keep)
