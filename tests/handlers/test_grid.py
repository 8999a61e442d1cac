"""Enterprise Grid: members of another workspace of the organisation can do all that members can."""

import copy

import pytest

from bot.domain.ids import GroupId
from bot.domain.requests.request import State
from sandbox.shop import LEADS
from sandbox.slack.user.person import SandboxPerson
from tests.support.slack_fixture import SPAR, Stand

SISTER = "T0SISTER"


@pytest.fixture
def sia(stand: Stand) -> SandboxPerson:
    """A member of another workspace of the organisation."""
    slack = stand.shop.slack
    sia = slack.add_person("Sia", team=SISTER, organisation=[slack.team, SISTER])
    for channel in (stand.shop.support, stand.shop.campaigns):
        channel.members.add(sia.id)
    return sia


async def test_a_member_of_a_sister_workspace_requests(stand: Stand, sia: SandboxPerson) -> None:
    form = await stand.form(by=sia)
    assert SPAR in [option["text"]["text"] for option in await form.options("Rule", "spar")]
    await form.fill({"Rule": SPAR, "Customer IDs": "c-1"})
    assert not (await form.submit()).errors
    await (await sia.sees_view(submit="Request approval")).submit()
    await sia.is_done()
    assert (await stand.request()).requester == sia.id


async def test_a_member_of_a_sister_workspace_approves(stand: Stand, sia: SandboxPerson) -> None:
    stand.shop.slack.workspace.groups[GroupId(LEADS)].members.add(sia.id)
    approval = await stand.opens("Approve…", await stand.ask(), by=sia)
    await approval.submit()
    await sia.sees_view("Approved")
    assert (await stand.request()).state is State.APPROVED


async def test_the_payload_may_name_the_organisation_alone(stand: Stand, sia: SandboxPerson) -> None:
    form = await stand.form(by=sia)
    await form.options("Rule", "spar")
    payload = copy.deepcopy(stand.last("block_suggestion").payload)
    del payload["user"]["team_id"]
    payload |= {"team": None, "enterprise": {"id": "E0ORGANISATION", "name": "ours"}}
    ack = await stand.shop.slack.deliver("interactive", payload)
    assert ack.body["options"]


async def test_a_workspace_that_shares_a_channel_alone_stays_outside(stand: Stand) -> None:
    zed = stand.shop.slack.add_person("Zed", team=SISTER, organisation=["T0OTHER", SISTER])
    stand.shop.support.members.add(zed.id)
    told = await zed.command("/discount add", stand.shop.support)
    assert "Only members of this workspace" in told.text
    assert await stand.drafts() == 0
