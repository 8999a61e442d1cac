"""Copies of ended requests, and drafts that were left unfinished."""

from typing import Any

import pytest

from bot.domain.ids import OnceKey
from bot.domain.policy.policy import Refusal, RefusalReason
from bot.domain.requests.request import FormInput, Request, State
from tests.support.audit_reader import told
from tests.support.service_fixture import ANN, BO, CHIEF, DI, QUICK, SPAR, SUPPORT, Office, person


async def ended(office: Office, state: State = State.REJECTED, **typed: Any) -> Request:
    asked = await office.ask(customers="a\nb", reason="why", **typed)
    return await office.put(asked, state=state, ended_at=office.clock.now())


@pytest.mark.parametrize("state", [State.REJECTED, State.EXPIRED, State.CANCELLED])
async def test_a_copy_is_filled_in_and_is_a_draft_of_its_own(office: Office, state: State) -> None:
    first = await ended(office, state)
    copy = await office.drafts.create_copy(first.id, person(ANN), SUPPORT)
    assert isinstance(copy, Request)
    assert (copy.state, copy.requester, copy.channel) == (State.DRAFT, ANN, SUPPORT)
    assert copy.id != first.id
    assert copy.once_key != first.once_key
    assert await office.repository.load_input(copy.id) == FormInput(rule=SPAR, customers="a\nb", reason="why")
    assert await office.now(first.id) == first


async def test_a_campaign_key_of_its_own_stays_in_the_copy(office: Office) -> None:
    first = await ended(office, once_key="stamp-2020")
    assert first.once_key == OnceKey("stamp-2020")
    copy = await office.drafts.create_copy(first.id, person(ANN), SUPPORT)
    assert isinstance(copy, Request)
    found = await office.repository.load_input(copy.id)
    assert found
    assert found.once_key == "stamp-2020"


async def test_a_request_whose_giving_began_is_copied_for_the_rest_under_the_same_key(office: Office) -> None:
    first = await ended(office, State.CANCELLED)
    first = await office.put(first, started_at=office.clock.now())
    rest = await office.drafts.create_copy(first.id, person(ANN), SUPPORT)
    assert isinstance(rest, Request)
    assert rest.rest_of == first.id


@pytest.mark.parametrize("state", [State.WAITING, State.APPROVED, State.GIVING, State.STOPPED, State.DONE])
async def test_only_an_ended_request_that_was_not_given_is_copied(office: Office, state: State) -> None:
    first = await office.put(await office.ask(), state=state)
    found = await office.drafts.create_copy(first.id, person(ANN), SUPPORT)
    assert found == Refusal(RefusalReason.WRONG_STATE, state)


async def test_only_people_who_may_see_the_customers_get_a_copy_and_that_is_logged(office: Office) -> None:
    first = await ended(office)
    refused = await office.drafts.create_copy(first.id, person(DI), SUPPORT)
    assert isinstance(refused, Refusal)
    assert [row.who for row in await told(office.repository, "refused")] == [DI]
    for who in (BO, CHIEF):
        copy = await office.drafts.create_copy(first.id, person(who), SUPPORT)
        assert isinstance(copy, Request)
        assert copy.requester == who


async def test_a_request_of_another_channel_is_not_copied(office: Office) -> None:
    first = await ended(office)
    found = await office.drafts.create_copy(first.id, person(ANN), QUICK)
    assert isinstance(found, Refusal)
    assert found.reason is RefusalReason.UNKNOWN_REQUEST


async def test_customers_that_are_deleted_are_not_copied(office: Office) -> None:
    first = await office.put(await ended(office), purged_at=office.clock.now())
    found = await office.drafts.create_copy(first.id, person(ANN), SUPPORT)
    assert found == Refusal(RefusalReason.PURGED, first.short)


async def test_the_newest_draft_with_something_in_it_is_found(either_office: Office) -> None:
    office = either_office
    await office.draft(customers="a")
    office.clock.pass_by(minutes=1)
    newest = await office.draft(customers="b")
    office.clock.pass_by(minutes=1)
    await office.drafts.open_draft(person(ANN), SUPPORT, FormInput())
    await office.draft(ANN, QUICK, customers="c")
    await office.draft(BO, customers="d")
    found = await office.drafts.unfinished(person(ANN), SUPPORT)
    assert found
    assert (found.request.id, found.form_input.customers) == (newest, "b")
    assert found.rule
    assert found.rule.id == SPAR


async def test_a_discarded_draft_is_not_found_and_nobody_discards_anothers(office: Office) -> None:
    draft = await office.draft(customers="a")
    await office.drafts.discard(draft, person(BO))
    assert await office.drafts.unfinished(person(ANN), SUPPORT)
    await office.drafts.discard(draft, person(ANN))
    assert await office.drafts.unfinished(person(ANN), SUPPORT) is None
