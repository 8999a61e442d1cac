"""**Show customers**: the button, the pages, and people who may not see them."""

import copy

import pytest

from bot.domain.requests.request import State
from bot.services.retention import RetentionService
from bot.slack.modals import customer_list
from tests.handlers.test_remainder import ended
from tests.services.test_retention import nothing_else
from tests.support.audit_reader import told
from tests.support.cancelling import cancel
from tests.support.slack_fixture import ELSEWHERE, Stand

LIST = "\n".join(f"customer-{at}" for at in range(1, 121))


async def test_an_approver_pages_through_the_whole_list(stand: Stand) -> None:
    card = await stand.ask(LIST)
    await stand.shop.bo.press("View customers", card)
    view = await stand.shop.bo.sees_view("Customers", text="1–50 of 120")
    assert "customer-1\n" in view.text
    assert "customer-50" in view.text
    assert "customer-51" not in view.text
    await view.press("Last")
    view = await stand.shop.bo.sees_view("Customers", text="101–120 of 120")
    assert "customer-120" in view.text
    await view.press("Previous")
    await stand.shop.bo.sees_view("Customers", text="51–100 of 120")


async def test_other_channel_members_are_refused_and_see_no_id(stand: Stand) -> None:
    dora = stand.shop.slack.add_person("Dora")
    stand.shop.support.members.add(dora.id)
    card = await stand.ask(LIST)
    await dora.press("View customers", card)
    await stand.errands.done()
    told = dora.read(dora.ephemerals[-1])
    assert "customer-" not in told
    assert told.startswith("Only @Ann, @leads or @Chief can see the customers of R-")


async def test_a_card_never_holds_an_id(stand: Stand) -> None:
    card = await stand.ask("customer-1\ncustomer-2")
    assert "customer-" not in str(card)


@pytest.mark.parametrize("page", ["0", "-1", "1e3", "9" * 40, "", None, "२"])
async def test_a_forged_page_number_shows_the_nearest_page(stand: Stand, page: str | None) -> None:
    card = await stand.ask(LIST)
    await stand.shop.bo.press("View customers", card)
    view = await stand.shop.bo.sees_view("Customers")
    await view.press("Next")
    await stand.shop.bo.sees_view("Customers", text="51–100 of 120")
    payload = copy.deepcopy(stand.last("block_actions").payload)
    payload["actions"][0] |= {"action_id": customer_list.TURNS[2], "value": page}
    assert (await stand.shop.slack.deliver("interactive", payload)).status == 200
    await stand.errands.done()
    await stand.shop.bo.sees_view("Customers", text="1–50 of 120")


async def test_a_page_turned_by_another_person_is_checked_for_that_person(stand: Stand) -> None:
    card = await stand.ask(LIST)
    await stand.shop.bo.press("View customers", card)
    await (await stand.shop.bo.sees_view("Customers")).press("Next")
    await stand.shop.bo.sees_view("Customers", text="51–100 of 120")
    payload = copy.deepcopy(stand.last("block_actions").payload)
    for forged in ({"id": stand.shop.gus.id}, {"team_id": ELSEWHERE}):
        await stand.shop.slack.deliver("interactive", {**payload, "user": {**payload["user"], **forged}})
    await stand.errands.done()
    assert {row.who for row in await told(stand.repository, "looked")} == {stand.shop.bo.id}
    view = await stand.shop.bo.sees_view("Can't do that")
    assert "customer-" not in view.text


async def test_a_button_of_a_purged_request_is_answered(stand: Stand) -> None:
    card = await stand.ask(LIST)
    await cancel(stand.shop.ann, card)
    await stand.errands.done()
    assert (await stand.request()).state is State.CANCELLED
    stand.clock.pass_by(days=91)
    await RetentionService(
        repository=stand.repository, clock=stand.clock, days=90, elsewhere=nothing_else
    ).purge()
    card = stand.shop.slack.messages(stand.shop.support)[0]
    await stand.shop.ann.press("View customers", card)
    await stand.errands.done()
    assert "were deleted" in stand.shop.ann.read(stand.shop.ann.ephemerals[-1])
    await stand.shop.ann.command(f"/discount status {(await stand.request()).short}", stand.shop.support)
    await stand.errands.done()
    assert "Personal data deleted" in stand.shop.ann.read(stand.shop.ann.ephemerals[-1])


async def test_an_approver_gets_the_not_given_list(stand: Stand) -> None:
    card = await stand.ask("a\nb\nc")
    await ended(stand, card)
    await stand.shop.bo.press("Send me the list", card)
    await stand.shop.bo.is_told("as a direct message. This is logged.")
    await stand.errands.done()
    assert "customer list" in stand.shop.bo.read(stand.shop.bo.direct.messages[-1])


async def test_other_channel_members_get_no_list(stand: Stand) -> None:
    dora = stand.shop.slack.add_person("Dora")
    stand.shop.support.members.add(dora.id)
    card = await stand.ask("a\nb\nc")
    await ended(stand, card)
    await dora.press("Send me the list", card)
    await dora.is_told("can see the customers of")
    await stand.errands.done()
    assert dora.direct.messages == []
