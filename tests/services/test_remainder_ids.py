"""The customers of a remainder: those who may see them are those of the first request of the chain."""

from dataclasses import replace

import pytest

from bot.domain.ids import UserId
from bot.domain.policy.policy import Refusal, RefusalReason
from bot.domain.requests.request import Request
from bot.domain.requests.views import ApprovalView, Review
from bot.services.results.customer_lists import CustomerPage
from tests.services.results.test_remainder import ended
from tests.support.service_fixture import ANN, BO, CHIEF, DI, POLICY, SUPPORT, Office, person


async def again(office: Office, first: Request, who: UserId = DI) -> tuple[Review, Request]:
    """Ask again for the rest of a request."""
    draft = await office.drafts.create_remainder(first.id, person(who), SUPPORT)
    assert isinstance(draft, Request)
    review = await office.drafts.review(draft.id, person(who))
    assert isinstance(review, Review)
    asked = await office.submit(draft.id, person(who))
    assert isinstance(asked, Request)
    return review, asked


@pytest.mark.parametrize(
    ("who", "sees"), [(ANN, True), (BO, True), (CHIEF, True), (DI, False), (UserId("U0GUS"), False)]
)
async def test_the_first_request_decides_who_sees_the_ids(office: Office, who: UserId, *, sees: bool) -> None:
    first = await ended(office)
    review, asked = await again(office, first)
    assert not review.shows_ids
    link = await office.put(asked, state=first.state, started_at=office.clock.now(), ended_at=first.ended_at)
    _, last = await again(office, link)
    for request in (asked, last):
        page = await office.decisions.customers(request.id, person(who), SUPPORT, 1)
        assert isinstance(page, CustomerPage if sees else Refusal)
    list_ = await office.decisions.send_list(link.id, person(who), SUPPORT)
    assert isinstance(list_, Request if sees else Refusal)


async def test_ids_stay_hidden_if_a_request_of_the_chain_is_gone(office: Office) -> None:
    _, asked = await again(office, await ended(office))
    await office.put(asked, rest_of="gone")
    page = await office.decisions.customers(asked.id, person(DI), SUPPORT, 1)
    assert isinstance(page, Refusal)
    assert page.reason is RefusalReason.UNKNOWN_REQUEST


async def test_an_approver_by_escalation_of_the_remainder_alone_sees_no_ids(office: Office) -> None:
    _, asked = await again(office, await ended(office), BO)
    channel = replace(POLICY.channels[SUPPORT], escalate_to=(DI,))
    office.under(replace(POLICY, channels={**POLICY.channels, SUPPORT: channel}))
    await office.put(asked, escalated_to=(DI,))
    view = await office.approvals.open(asked.id, person(DI), SUPPORT)
    assert isinstance(view, ApprovalView)
    assert not view.review.shows_ids
    assert isinstance(await office.decisions.customers(asked.id, person(DI), SUPPORT, 1), Refusal)
