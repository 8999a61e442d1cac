"""Who hears of what: four messages for a simple request, and no end that nobody hears of."""

from dataclasses import replace

import pytest

from bot.database.repositories.repository import SqlRepository
from bot.domain.requests.batches import BatchOutcome
from bot.domain.requests.notification import ChannelKind, Notification, NotificationType
from bot.domain.requests.request import ENDED, Request, State
from bot.services.announcements import notifications_for
from tests.support import samples
from tests.support.service_fixture import (
    ANN,
    BO,
    CHIEF,
    CLEO,
    NEWS,
    STRICT,
    SUPPORT,
    Office,
    allowing,
    open_office,
    person,
)

CARD, LINE, SUMMARY, DIRECT, NOTICE, LIST = (
    ChannelKind.CARD,
    ChannelKind.LINE,
    ChannelKind.SUMMARY,
    ChannelKind.DIRECT,
    ChannelKind.NOTICE,
    ChannelKind.LIST,
)
ENDS = {
    NotificationType.DONE: State.DONE,
    NotificationType.ENDED_HERE: State.DONE,
    NotificationType.REJECTED: State.REJECTED,
    NotificationType.CANCELLED: State.CANCELLED,
    NotificationType.EXPIRED: State.EXPIRED,
}


@pytest.fixture
async def office(repository: SqlRepository) -> Office:
    """Run over each kind of database."""
    return await open_office(repository)


async def heard(office: Office) -> list[tuple[ChannelKind, NotificationType]]:
    """Return what was posted since: the first card, and everything but the edits of it."""
    found = [(one.kind, one.happened) for one in await office.unsaid()]
    return [one for one in found if one[0] is not CARD or one[1] is NotificationType.ASKED]


async def given(office: Office, request: Request) -> None:
    """Let a request run to its end."""
    begun = await office.preflight.begin(request.id)
    assert begun
    await office.repository.record_outcomes(request.id, BatchOutcome(0, 0, 1))
    await office.completion.finish(request.id, begun.round)


async def approved(office: Office, *by: str, **where: object) -> Request:
    request = await office.ask(**where)  # type: ignore[arg-type]
    for one in by or (BO,):
        answer = await office.approve(request, one)  # type: ignore[arg-type]
        assert isinstance(answer, Request)
    return await office.now(request.id)


async def test_a_simple_request_makes_four_messages(office: Office) -> None:
    await given(office, await approved(office))
    assert await heard(office) == [
        (CARD, NotificationType.ASKED),
        (SUMMARY, NotificationType.DONE),
        (DIRECT, NotificationType.DONE),
        (NOTICE, NotificationType.DONE),
    ]


async def test_each_of_several_approvals_has_a_line(office: Office) -> None:
    await given(office, await approved(office, BO, CLEO, channel=STRICT))
    assert await heard(office) == [
        (CARD, NotificationType.ASKED),
        (LINE, NotificationType.AGREED),
        (LINE, NotificationType.APPROVED),
        (SUMMARY, NotificationType.DONE),
        (DIRECT, NotificationType.DONE),
    ]


async def test_a_hold_is_told_at_once_to_the_thread_and_to_the_requester(office: Office) -> None:
    office.under(allowing(hold_minutes=10))
    await approved(office)
    told = [(LINE, NotificationType.APPROVED), (DIRECT, NotificationType.APPROVED)]
    assert (await heard(office))[1:] == told
    office.clock.pass_by(minutes=9)
    assert await office.decisions.remind_due() == 0


async def test_the_requester_hears_of_an_approval_once_if_its_result_takes_more_than_a_minute(
    office: Office,
) -> None:
    request = await approved(office)
    await heard(office)
    office.clock.pass_by(seconds=59)
    await office.decisions.remind_due()
    assert await heard(office) == []
    office.clock.pass_by(seconds=1)
    await office.decisions.remind_due()
    await office.decisions.remind_due()
    (told,) = await office.unsaid()
    assert (told.kind, told.happened, told.to, told.by) == (DIRECT, NotificationType.APPROVED, ANN, BO)
    await given(office, request)
    await office.decisions.remind_due()
    assert [kind for kind, _ in await heard(office)] == [SUMMARY, DIRECT, NOTICE]


async def test_nobody_is_told_late_of_an_approval_whose_result_came_at_once(office: Office) -> None:
    await given(office, await approved(office))
    await heard(office)
    office.clock.pass_by(minutes=5)
    await office.decisions.remind_due()
    assert await heard(office) == []


@pytest.mark.parametrize("begun", [False, True], ids=["before it began", "after a part was given"])
@pytest.mark.parametrize("happened", ENDS)
@pytest.mark.parametrize("by", [samples.REQUEST.requester, CHIEF], ids=["by the requester", "by another"])
def test_every_end_is_told_in_the_thread_and_to_a_requester_who_cannot_know_it(
    happened: NotificationType, *, begun: bool, by: str
) -> None:
    request = replace(
        samples.REQUEST, state=ENDS[happened], started_at=samples.NOW if begun else None, ended_at=samples.NOW
    )
    assert request.state in ENDED
    sent = notifications_for(request, happened, samples.NOW, by=by, notify=(NEWS,))  # type: ignore[arg-type]
    kinds = [one.kind for one in sent]
    assert kinds[0] is CARD
    assert LINE in kinds or SUMMARY in kinds
    assert SUMMARY in kinds or not begun
    knows = happened is NotificationType.CANCELLED and by == request.requester and not begun
    assert (_direct(sent) == [request.requester]) is not knows
    assert len(kinds) == len(set(kinds))


def _direct(sent: list[Notification]) -> list[str]:
    return [one.to for one in sent if one.kind is DIRECT]


async def test_an_end_in_part_is_told_by_the_summary_alone(office: Office) -> None:
    request = await approved(office)
    begun = await office.preflight.begin(request.id)
    assert begun
    await office.decisions.cancel(request.id, person(BO), SUPPORT)
    await office.completion.finish(request.id, 1)
    assert (await heard(office))[1:] == [
        (LINE, NotificationType.CANCEL_ASKED),
        (SUMMARY, NotificationType.CANCELLED),
        (DIRECT, NotificationType.CANCELLED),
        (LIST, NotificationType.LISTED),
    ]
