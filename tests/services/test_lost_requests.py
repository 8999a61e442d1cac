"""Requests that a restored backup lacks: who is told of them, and who settles them."""

import pytest

from bot.database.repositories.repository import SqlRepository
from bot.domain.ids import ChannelId, RequestId, RuleId, ShortId, UserId
from bot.domain.policy.policy import Refusal, RefusalReason
from bot.domain.requests.lost import LostRequest
from bot.services.lost_requests import settle_lost, unknown_request
from tests.support.service_fixture import ANN, BO, CHIEF, NOW, SUPPORT, Office, person

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
    return await office.repository.note_lost(lost)


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
