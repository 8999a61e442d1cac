"""Requests that a restored backup lacks: who is told of them, and who settles them."""

from functools import partial

import pytest

from bot.database.repositories.repository import SqlRepository
from bot.domain.ids import ChannelId, RequestId, RuleId, ShortId, UserId
from bot.domain.policy.policy import Refusal, RefusalReason
from bot.domain.requests.lost import LostRequest
from bot.domain.requests.notification import NotificationType
from bot.domain.requests.request import Request, State, digest
from bot.domain.requests.views import ApprovalView, Review
from bot.services.requests import settle_lost, unknown_request
from tests.support.service_fixture import ANN, BO, CHIEF, CLEO, NOW, QUICK, SUPPORT, Office, person

LOST = LostRequest(
    short=ShortId("R-7K2QF"),
    id=RequestId("an-id"),
    channel=SUPPORT,
    card_ts="1.1",
    rule=RuleId("rule-1"),
    said="done",
    backup_at=NOW,
)


async def lose(office: Office, *lost: LostRequest) -> tuple[LostRequest, ...]:
    assert isinstance(office.repository, SqlRepository)
    return await office.repository.note_lost(lost, office.clock.now())


@pytest.mark.parametrize("name", ["R-7K2QF", "an-id"])
async def test_a_lost_request_is_told_as_such_in_its_channel(either_office: Office, name: str) -> None:
    await lose(either_office, LOST)
    told = await unknown_request(either_office.repository, ShortId(name), SUPPORT)
    assert told == Refusal(RefusalReason.LOST_REQUEST, f"R-7K2QF/{NOW.timestamp():.0f}")
    elsewhere = await unknown_request(either_office.repository, ShortId(name), ChannelId("C0OTHER"))
    assert elsewhere.reason is RefusalReason.UNKNOWN_REQUEST


async def test_a_request_that_the_database_has_is_not_lost(either_office: Office) -> None:
    known = await either_office.ask()
    assert await lose(either_office, _card_of(known.short)) == ()


async def test_a_card_without_its_rule_counts_for_every_rule(either_office: Office) -> None:
    other = _card_of("R-22222")
    await lose(either_office, LOST, other)
    assert set(await either_office.repository.lost(RuleId("rule-1"))) == {LOST, other}
    assert await either_office.repository.lost(RuleId("rule-2")) == (other,)


@pytest.mark.parametrize("who", [ANN, BO])
async def test_only_admins_settle_lost_requests(either_office: Office, who: UserId) -> None:
    await lose(either_office, LOST)
    decisions = either_office.decisions
    parts = (decisions.repository, decisions.access, decisions.clock)
    assert await settle_lost(*parts, person(who)) == Refusal(RefusalReason.NOT_AN_ADMIN)
    assert await settle_lost(*parts, person(CHIEF)) == 1
    assert await settle_lost(*parts, person(CHIEF)) == 0
    assert await either_office.repository.lost() == ()
    assert await either_office.repository.find_lost(LOST.short) == LOST


async def test_an_approval_from_before_a_lost_request_was_found_is_asked_again(
    either_office: Office,
) -> None:
    office = either_office
    asked = await office.ask(customers="a")
    await office.approve(asked, BO)
    office.clock.pass_by(seconds=1)
    await lose(office, _card_of("R-22222"))
    assert await office.preflight.begin(asked.id) is None
    waiting = await office.now(asked.id)
    assert (waiting.state, waiting.round) == (State.WAITING, 2)
    void = [one for one in await office.unsaid() if one.happened is NotificationType.CONSENT_VOID]
    assert {one.note for one in void} == {RefusalReason.REPEATED_LOST}
    office.clock.pass_by(seconds=1)
    await office.approve(waiting, CLEO)
    assert await office.preflight.begin(asked.id)


async def test_a_request_without_approvals_stops_once_a_lost_one_is_found(office: Office) -> None:
    asked = await office.ask(channel=QUICK, customers="a")
    office.clock.pass_by(seconds=1)
    await lose(office, _card_of("R-22222"))
    assert await office.preflight.begin(asked.id) is None
    stopped = await office.now(asked.id)
    assert (stopped.state, stopped.note) == (State.STOPPED, RefusalReason.REPEATED_LOST)


async def test_a_settled_lost_request_voids_no_approval(office: Office) -> None:
    asked = await office.ask(customers="a")
    await office.approve(asked, BO)
    office.clock.pass_by(seconds=1)
    await lose(office, _card_of("R-22222"))
    await office.repository.settle_lost(CHIEF, office.clock.now())
    assert await office.preflight.begin(asked.id)


async def test_a_form_that_did_not_warn_of_a_lost_request_does_nothing(office: Office) -> None:
    unseen = Refusal(RefusalReason.REPEATED_LOST)
    draft, asked = await office.draft(customers="a"), await office.ask(customers="b")
    review = await office.drafts.review(draft, person(ANN))
    assert isinstance(review, Review)
    await lose(office, _card_of("R-22222"))
    shown = digest(review.request)
    assert await office.drafts.ask(draft, person(ANN), shown=shown, named=review.prior_grants.marks) == unseen
    approve = partial(office.approvals.approve, asked.id, 1, person(BO), typed="1", shown=digest(asked))
    assert await approve(named=()) == unseen
    again = await office.approvals.open(asked.id, person(BO), SUPPORT)
    assert isinstance(again, ApprovalView)
    assert isinstance(await approve(named=again.review.prior_grants.marks), Request)


def _card_of(short: str) -> LostRequest:
    return LostRequest(
        short=ShortId(short),
        id=RequestId(""),
        channel=SUPPORT,
        card_ts="2.2",
        rule=RuleId(""),
        said="waiting",
        backup_at=None,
    )
