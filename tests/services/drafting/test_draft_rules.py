"""Asking over real books: how rules are offered and looked up."""

from decimal import Decimal

import pytest

from bot.database.repositories.repository import SqlBooks
from bot.domain.ids import ChannelId, RuleId
from bot.domain.policy.policy import Reason, Refusal
from bot.domain.rules.rule import Reward, Rule, Usable
from bot.errors import MayPass
from tests.support.forms import reviewed
from tests.support.service_fixture import (
    ANN,
    CHIEF,
    CLEO,
    DI,
    GUS,
    LATER,
    NEWS,
    OFF,
    OVER,
    PERCENT,
    QUICK,
    SPAR,
    SUPPORT,
    Office,
    person,
)

# rules


async def test_the_list_offers_the_rules_of_the_channel_to_whoever_opened_the_draft(office: Office) -> None:
    draft = await office.draft(channel=QUICK)
    assert [(rule.id, state) for rule, state in await office.asking.find_rules(draft, person(ANN), "")] == [
        (SPAR, Usable.NOW)
    ]
    everywhere = await office.asking.find_rules(await office.draft(), person(ANN), "")
    assert {rule.id: state for rule, state in everywhere} == {
        SPAR: Usable.NOW,
        PERCENT: Usable.NOW,
        LATER: Usable.SCHEDULED,
        OVER: Usable.EXPIRED,
        OFF: Usable.INACTIVE,
    }


async def test_a_rule_is_read_anew_when_somebody_looks_it_up(office: Office) -> None:
    office.shelf.change(SPAR, active=False)
    found = await office.asking.look_up("spar 100", person(DI), SUPPORT)
    assert isinstance(found, tuple)
    assert (found[0].id, found[1]) == (SPAR, Usable.INACTIVE)


async def test_where_several_rules_are_meant_all_are_named(office: Office) -> None:
    found = await office.asking.look_up("year", person(DI), SUPPORT)
    assert isinstance(found, list)
    assert [rule.id for rule in found] == [OVER, LATER]


@pytest.mark.parametrize(
    ("text", "channel", "refused"),
    [
        ("no such", SUPPORT, Refusal(Reason.NO_RULE, "no such")),
        ("ten off", QUICK, Refusal(Reason.RULE_NOT_ALLOWED, "Ten off", (CHIEF,))),
        ("spar", NEWS, Refusal(Reason.UNLISTED_CHANNEL, NEWS, (CHIEF,))),
    ],
)
async def test_a_rule_that_is_not_shown_is_answered_with_the_reason(
    office: Office, text: str, channel: ChannelId, refused: Refusal
) -> None:
    assert await office.asking.look_up(text, person(DI), channel) == refused


async def test_a_rule_that_is_gone_or_cannot_be_read_is_told_apart_from_one_that_never_was(
    office: Office,
) -> None:
    office.shelf.failure = MayPass("no answer")
    assert await office.asking.look_up("spar", person(DI), SUPPORT) == Refusal(
        Reason.RULE_UNREADABLE, "no answer"
    )
    office.shelf.failure = None
    del office.shelf.rules_of[SPAR]
    assert await office.asking.look_up("spar", person(DI), SUPPORT) == Refusal(Reason.RULE_GONE, "spar")
    assert await office.asking.look_up("spar", person(DI), SUPPORT) == Refusal(Reason.NO_RULE, "spar")


async def test_before_all_rules_were_read_nobody_is_told_that_there_is_none(sqlite_books: SqlBooks) -> None:
    office = Office(sqlite_books)
    office.shelf.failure = MayPass("Dintero is away")
    await office.rules.refresh()
    assert await office.asking.look_up("spar", person(DI), SUPPORT) == Refusal(
        Reason.RULE_UNREADABLE, "Dintero is away"
    )


async def test_guests_look_up_nothing(office: Office) -> None:
    answer = await office.asking.look_up("spar", person(GUS), SUPPORT)
    assert isinstance(answer, Refusal)
    assert answer.reason is Reason.GUEST


async def test_a_rule_made_since_the_last_reading_can_be_reviewed(office: Office) -> None:
    new = Rule(
        id=RuleId("brand-new"), name="Brand new", reward=Reward(type="discount_amount", value=Decimal(5))
    )
    office.shelf.rules_of[new.id] = new
    assert (await reviewed(office, rule=new.id)).rule == new
    assert await office.asking.find_rules(await office.draft(), person(CLEO), "brand") == []
