"""A request is asked, approved and given for one Dintero account; a bot for another one leaves it alone."""

import pytest

from bot.domain.policy.policy import Refusal, RefusalReason
from bot.domain.requests.request import Request, State, StopReason
from bot.services.snapshots import load_snapshot
from bot.slack.messages import card
from bot.slack.rendering import reasons
from bot.slack.rendering.formatting import Formatter
from tests.support.clicks import CLICKS, Action, carry_on, consider, rejectable
from tests.support.service_fixture import ACCOUNT, ANN, BO, CHIEF, POLICY, SUPPORT, Office, person

PRODUCTION = "P11112222"
OTHER = Refusal(RefusalReason.OTHER_ACCOUNT, f"{ACCOUNT}/{PRODUCTION}")


async def again(office: Office, request: Request) -> object:
    return await office.drafts.create_remainder(request.id, person(BO), SUPPORT)


async def give_now(office: Office, request: Request) -> object:
    return await office.decisions.give_now(request.id, person(CHIEF), SUPPORT)


@pytest.mark.parametrize("press", [*CLICKS, consider, rejectable, give_now, again])
@pytest.mark.parametrize("state", sorted(set(State) - {State.DRAFT}))
async def test_no_button_of_another_accounts_request_changes_it(
    office: Office, press: Action, state: State
) -> None:
    asked = await office.put(await office.ask(), state=state)
    office.under(POLICY, account=PRODUCTION)
    assert await press(office, asked) == OTHER
    assert await office.now(asked.id) == asked


async def test_a_draft_of_another_account_is_not_asked_for(office: Office) -> None:
    draft = await office.draft()
    await office.drafts.review(draft, person(ANN))
    office.under(POLICY, account=PRODUCTION)
    assert await office.submit(draft, person(ANN)) == OTHER
    assert await office.drafts.review(draft, person(ANN)) == OTHER
    assert await office.drafts.form(draft, person(ANN)) == OTHER
    assert (await office.now(draft)).state is State.DRAFT


async def test_an_approved_request_of_another_account_stops_and_goes_on_under_its_own(office: Office) -> None:
    asked = await office.ask()
    await office.approve(asked, BO)
    office.under(POLICY, account=PRODUCTION)
    assert await office.preflight.begin(asked.id) is None
    stopped = await office.now(asked.id)
    assert (stopped.state, stopped.stop, stopped.note) == (
        State.STOPPED,
        StopReason.POLICY,
        RefusalReason.OTHER_ACCOUNT,
    )
    office.under(POLICY, account=ACCOUNT)
    await carry_on(office, asked)
    assert await office.preflight.begin(asked.id)


async def test_a_giving_of_another_account_is_not_gone_on_with(office: Office) -> None:
    asked = await office.ask()
    await office.approve(asked, BO)
    giving = await office.preflight.begin(asked.id)
    assert giving
    office.under(POLICY, account=PRODUCTION)
    assert await office.preflight.admit(giving.id, giving.round) is None
    assert (await office.now(asked.id)).state is State.STOPPED


async def test_the_card_says_that_the_bot_gives_in_another_account(office: Office) -> None:
    asked = await office.ask()
    snapshot = await load_snapshot(office.repository, asked, POLICY)
    here, elsewhere = (Formatter("NOK", "Europe/Oslo", (), account) for account in (ACCOUNT, PRODUCTION))
    assert "another Dintero account" not in str(card.build(snapshot, here))
    assert f"the bot now uses another Dintero account ({PRODUCTION})" in str(card.build(snapshot, elsewhere))
    said = reasons.refusal(OTHER, elsewhere)
    assert f"for the TEST account {ACCOUNT}, but I now use the PRODUCTION account {PRODUCTION}." in said
