"""A person with two ids in Slack is one person."""

import pytest

from bot.domain.ids import UserId
from bot.domain.policy.policy import Refusal, RefusalReason
from bot.domain.requests.request import Request, State
from bot.domain.requests.views import Form
from tests.support.service_fixture import (
    ANN,
    BO,
    CHIEF,
    CLEO,
    LEADS,
    SUPPORT,
    Office,
    allowing,
    person,
)

SECOND = {who: UserId(f"W{who}") for who in (ANN, BO, CLEO, CHIEF)}


@pytest.fixture
def grid(office: Office) -> Office:
    """Everybody has a second id, under which Slack answers with the first."""
    office.town.other_ids = {second: first for first, second in SECOND.items()}
    return office


@pytest.mark.parametrize("ids", [(BO, SECOND[BO]), (SECOND[BO], BO), (SECOND[BO], SECOND[BO])])
async def test_nobody_decides_on_their_own_request_under_another_id(
    grid: Office, ids: tuple[UserId, UserId]
) -> None:
    asked = await grid.ask(ids[0])
    for decide in (
        grid.approve(asked, ids[1]),
        grid.approvals.open(asked.id, person(ids[1]), SUPPORT),
        grid.decisions.reject(asked.id, person(ids[1]), "no"),
    ):
        answer = await decide
        assert isinstance(answer, Refusal)
        assert answer.reason is RefusalReason.OWN_REQUEST
    assert await grid.now(asked.id) == asked


async def test_one_person_approves_once_under_any_id(grid: Office) -> None:
    grid.under(allowing(approvals=2, approvers=(LEADS, SECOND[BO])))
    asked = await grid.ask()
    assert isinstance(await grid.approve(asked, SECOND[BO]), Request)
    assert await grid.approve(asked, BO) == Refusal(RefusalReason.ALREADY_VOTED)
    assert (await grid.now(asked.id)).state is State.WAITING
    assert isinstance(await grid.approve(asked, SECOND[CLEO]), Request)
    assert await grid.preflight.begin(asked.id)


async def test_approvals_stored_under_two_ids_are_those_of_one_person(office: Office) -> None:
    office.under(allowing(approvals=2, approvers=(LEADS, CHIEF, SECOND[BO])))
    office.town.kinds[SECOND[BO]] = office.town.kinds[BO]
    asked = await office.ask()
    for who in (BO, SECOND[BO]):
        assert isinstance(await office.approve(asked, who), Request)
    office.town.other_ids = {SECOND[BO]: BO}
    assert await office.preflight.begin(asked.id) is None
    assert (await office.now(asked.id)).state is State.WAITING


@pytest.mark.parametrize(
    ("approvers", "approvals", "detail"),
    [((BO, SECOND[BO]), 2, "1/2"), ((ANN, SECOND[ANN]), 1, "0/1")],
)
async def test_two_ids_of_one_person_are_not_two_approvers(
    grid: Office, approvers: tuple[UserId, ...], approvals: int, detail: str
) -> None:
    grid.under(allowing(approvals=approvals, approvers=approvers))
    judged = await grid.drafts.review(await grid.draft(), person(ANN))
    assert isinstance(judged, Form)
    assert judged.faults[0].refusal == Refusal(RefusalReason.NO_APPROVER, detail)


async def test_the_policy_may_name_either_id(grid: Office) -> None:
    grid.under(allowing(approvers=(SECOND[BO],), requesters=(SECOND[ANN],)))
    asked = await grid.ask(SECOND[ANN])
    assert isinstance(await grid.approve(asked, SECOND[BO]), Request)


async def test_an_admin_does_not_end_their_own_hold_under_another_id(grid: Office) -> None:
    grid.under(allowing(hold_minutes=10))
    asked = await grid.ask(SECOND[CHIEF])
    await grid.approve(asked, BO)
    answer = await grid.decisions.give_now(asked.id, person(CHIEF), SUPPORT)
    assert isinstance(answer, Refusal)
    assert answer.reason is RefusalReason.OWN_REQUEST
