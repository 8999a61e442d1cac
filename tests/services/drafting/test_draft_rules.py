"""The rules of a draft over a real database: search, look-up, and what they cost."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.database.repositories.repository import SqlRepository
from bot.domain.ids import ChannelId, RuleId
from bot.domain.policy.policy import Refusal, RefusalReason
from bot.domain.requests.request import FormInput
from bot.domain.requests.views import Review
from bot.domain.rules.rule import Availability, Reward, Rule
from bot.errors import DatabaseUnavailable, TransientError
from bot.services.drafting.rule_catalog import RuleCatalog
from bot.services.drafting.validation import customers_of
from tests.support.event_loops import run
from tests.support.forms import reviewed
from tests.support.other_process import elsewhere
from tests.support.service_fixture import (
    ANN,
    BO,
    CLEO,
    DI,
    GUS,
    LATER,
    OFF,
    OVER,
    PERCENT,
    POLICY,
    QUICK,
    SPAR,
    SUPPORT,
    Office,
    Shelf,
    open_office,
    person,
)

# rules


async def test_somebody_who_became_a_guest_searches_no_rules(office: Office) -> None:
    draft = await office.drafts.open_draft(person(GUS), SUPPORT, FormInput())
    assert await office.drafts.find_rules(draft.id, person(GUS), "spar") == []


async def test_the_rule_search_offers_the_channels_rules_to_the_requester_alone(office: Office) -> None:
    draft = await office.draft(channel=QUICK)
    assert [(rule.id, state) for rule, state in await office.drafts.find_rules(draft, person(ANN), "")] == [
        (SPAR, Availability.NOW)
    ]
    everywhere = await office.drafts.find_rules(await office.draft(), person(ANN), "")
    assert {rule.id: state for rule, state in everywhere} == {
        SPAR: Availability.NOW,
        PERCENT: Availability.NOW,
        LATER: Availability.SCHEDULED,
        OVER: Availability.EXPIRED,
        OFF: Availability.INACTIVE,
    }


async def test_looking_a_rule_up_reads_it_again(office: Office) -> None:
    office.shelf.change(SPAR, active=False)
    found = await office.drafts.find_rule("spar 100", person(DI), SUPPORT)
    assert isinstance(found, tuple)
    assert (found[0].id, found[1]) == (SPAR, Availability.INACTIVE)


async def test_an_ambiguous_name_lists_all_its_rules(office: Office) -> None:
    found = await office.drafts.find_rule("year", person(DI), SUPPORT)
    assert isinstance(found, list)
    assert [rule.id for rule in found] == [OVER, LATER]


@pytest.mark.parametrize(
    ("text", "channel", "refused"),
    [
        ("no such", SUPPORT, Refusal(RefusalReason.NO_RULE, "no such")),
        ("ten off", QUICK, Refusal(RefusalReason.RULE_NOT_ALLOWED, "ten off")),
        (PERCENT.upper(), QUICK, Refusal(RefusalReason.RULE_NOT_ALLOWED, PERCENT.upper())),
        ("ten", QUICK, Refusal(RefusalReason.NO_RULE, "ten")),
        ("year", QUICK, Refusal(RefusalReason.NO_RULE, "year")),
    ],
)
async def test_a_hidden_rule_is_answered_with_the_reason(
    office: Office, text: str, channel: ChannelId, refused: Refusal
) -> None:
    assert await office.drafts.find_rule(text, person(DI), channel) == refused


async def test_gone_unreadable_and_unknown_rules_have_different_answers(
    office: Office,
) -> None:
    office.shelf.failure = TransientError("no answer")
    assert await office.drafts.find_rule("spar", person(DI), SUPPORT) == Refusal(
        RefusalReason.RULE_UNREADABLE, "no answer"
    )
    office.shelf.failure = None
    del office.shelf.rules_of[SPAR]
    assert await office.drafts.find_rule("spar", person(DI), SUPPORT) == Refusal(
        RefusalReason.RULE_GONE, "spar"
    )
    assert await office.drafts.find_rule("spar", person(DI), SUPPORT) == Refusal(
        RefusalReason.NO_RULE, "spar"
    )


async def test_before_the_first_refresh_no_rule_is_called_unknown(
    sqlite_books: SqlRepository,
) -> None:
    office = Office(sqlite_books)
    office.shelf.failure = TransientError("Dintero is away")
    await office.catalog.refresh()
    assert await office.drafts.find_rule("spar", person(DI), SUPPORT) == Refusal(
        RefusalReason.RULE_UNREADABLE, "Dintero is away"
    )


async def test_guests_look_up_nothing(office: Office) -> None:
    answer = await office.drafts.find_rule("spar", person(GUS), SUPPORT)
    assert isinstance(answer, Refusal)
    assert answer.reason is RefusalReason.GUEST


async def test_a_rule_created_since_the_last_refresh_can_be_reviewed(office: Office) -> None:
    new = Rule(
        id=RuleId("brand-new"), name="Brand new", reward=Reward(type="discount_amount", value=Decimal(5))
    )
    office.shelf.rules_of[new.id] = new
    assert (await reviewed(office, rule=new.id)).rule == new
    assert await office.drafts.find_rules(await office.draft(), person(CLEO), "brand") == []


async def test_a_keystroke_runs_no_query_while_the_draft_is_recent(office: Office, sqlite_url: str) -> None:
    draft = await office.draft()
    found = await office.drafts.find_rules(draft, person(ANN), "spar")
    await elsewhere(sqlite_url, "ALTER TABLE requests RENAME TO lost")
    assert await office.drafts.find_rules(draft, person(ANN), "spar") == found != []
    assert await office.drafts.find_rules(draft, person(BO), "spar") == []
    office.clock.pass_by(minutes=11)
    with pytest.raises(DatabaseUnavailable):
        await office.drafts.find_rules(draft, person(ANN), "spar")


async def test_another_process_queries_the_draft_once(office: Office) -> None:
    draft = await office.draft()
    other = await open_office(office.repository)
    found = await other.drafts.find_rules(draft, person(ANN), "spar")
    assert found == await office.drafts.find_rules(draft, person(ANN), "spar") != []


async def test_pasted_ids_are_parsed_once_for_the_ack_and_the_review(office: Office) -> None:
    draft = await office.draft()
    before = customers_of.cache_info()
    filled = FormInput(rule=SPAR, customers="parsed-once-1\nparsed-once-2")
    assert await office.drafts.save_input(draft, person(ANN), filled) == ()
    review = await office.drafts.review(draft, person(ANN))
    assert isinstance(review, Review)
    assert review.request.customers == 2
    assert customers_of.cache_info().misses == before.misses + 1


@given(text=st.text(alphabet="tenof lastyr-10", max_size=12))
def test_nobody_reads_the_title_of_a_rule_that_the_channel_may_not_give(text: str) -> None:
    shelf = Shelf()
    catalog, at = RuleCatalog(shelf), datetime(2026, 3, 4, tzinfo=UTC)

    async def answers() -> None:
        await catalog.refresh()
        allowed = POLICY.channels[QUICK]
        found = await catalog.find(text, allowed=allowed)
        if isinstance(found, Refusal):
            assert found.detail in {text, ""}
        else:
            assert [rule.id for rule in (found if isinstance(found, list) else [found])] == [SPAR]
        assert {rule.id for rule, _ in catalog.search(text, allowed=allowed, at=at)} <= {SPAR}

    run(answers())


async def test_the_split_of_a_commands_words_knows_only_the_channels_rules(office: Office) -> None:
    anywhere = office.drafts.prefill("Ten", ["off", "c-1"], quoted=False)
    here = office.drafts.prefill("Ten", ["off", "c-1"], quoted=False, allowed=POLICY.channels[QUICK])
    assert (anywhere.rule, anywhere.customers) == ("Ten off", "c-1")
    assert (here.rule, here.customers) == ("Ten off c-1", "")
