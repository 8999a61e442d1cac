"""**Ask again for these…**: the form it opens, and the request that results."""

from dataclasses import replace

from bot.domain.requests.batches import BatchOutcome
from bot.domain.requests.notification import NotificationType
from bot.domain.requests.person import AccountKind
from bot.domain.requests.request import Request, State
from bot.services.announcements import notifications_for
from sandbox.shop import BOSS
from sandbox.slack.state.workspace import Message
from sandbox.slack.user.person import SandboxPerson
from tests.support.slack_fixture import Stand

AGAIN = "Request again…"


async def ended(stand: Stand, card: Message) -> Request:
    """Cancel a giving in the middle, with one of three customers given."""
    request = await end(stand, await stand.request())
    assert AGAIN in stand.shop.bo.read(card)
    return request


async def end(stand: Stand, first: Request) -> Request:
    """Cancel a giving in the middle: its last two customers are left."""
    now = stand.clock.now()
    async with stand.repository.unit_of_work(first.id) as page:
        assert page
        await page.save(replace(first, state=State.GIVING, started_at=now))
    await stand.repository.start_portion(first.id, 0)
    *_, unknown, not_tried = await stand.repository.customers(first.id, 0)
    await stand.repository.record_outcomes(
        first.id, BatchOutcome(0, 0, first.customers, unknown=(unknown,), not_tried=(not_tried,))
    )
    async with stand.repository.unit_of_work(first.id) as unit:
        assert unit
        request = replace(unit.request, state=State.CANCELLED, ended_at=now)
        await unit.save(request)
        await unit.enqueue(*notifications_for(request, NotificationType.CANCELLED, now, by=BOSS))
    stand.errands.wake()
    await stand.errands.done()
    return request


def raw(stand: Stand, who: SandboxPerson) -> str:
    """Read the top view as the bot drew it."""
    return str(stand.shop.slack.stacks.of(who.id)[-1].content)


async def test_the_button_opens_a_form_with_the_remaining_customers(stand: Stand) -> None:
    card = await stand.ask("a\nb\nc")
    first = await ended(stand, card)
    await stand.shop.bo.press(AGAIN, card)
    form = await stand.shop.bo.sees_view(submit="Review")
    assert form.labels == ["Reason"]
    for line in (
        f"the 2 remaining customers of {first.short}",
        f"same as {first.short}, so nobody gets it twice",
        "Spar 100,-",
    ):
        assert line in form.text, line
    (draft,) = await stand.repository.in_state(State.DRAFT)
    assert (draft.requester, draft.rest_of) == (stand.shop.bo.id, first.id)


async def test_review_and_approval_link_to_the_first_request(stand: Stand) -> None:
    card = await stand.ask("a\nb\nc")
    first = await ended(stand, card)
    link = f"/p{card.ts.replace('.', '')}|{first.short}>"
    await stand.shop.bo.press(AGAIN, card)
    await (await stand.shop.bo.sees_view(submit="Review")).submit()
    review = await stand.shop.bo.sees_view(submit="Request approval")
    assert link in raw(stand, stand.shop.bo)
    await review.submit()
    await stand.shop.bo.is_done()
    await stand.errands.done()
    again = stand.shop.slack.messages(stand.shop.support)[-1]
    await stand.opens("Approve…", again, by=stand.shop.cleo)
    assert link in raw(stand, stand.shop.cleo)


async def test_a_second_request_for_the_remainder_links_to_the_earlier_one(stand: Stand) -> None:
    card = await stand.ask("a\nb\nc")
    await ended(stand, card)
    for who in (stand.shop.bo, stand.shop.ann):
        await who.press(AGAIN, card)
        await (await who.sees_view(submit="Review")).submit()
        review = await who.sees_view(submit="Request approval")
        if who is stand.shop.bo:
            await review.submit()
            await stand.errands.done()
    again = stand.shop.slack.messages(stand.shop.support)[-1]
    assert "Already requested in" in review.text
    assert f"/p{again.ts.replace('.', '')}|R-" in raw(stand, stand.shop.ann)


async def test_the_button_of_a_purged_request_says_that_it_is_purged(stand: Stand) -> None:
    card = await stand.ask("a\nb\nc")
    first = await ended(stand, card)
    old = card.as_it_is()
    async with stand.repository.unit_of_work(first.id) as unit:
        assert unit
        await unit.redact(stand.clock.now())
    await stand.shop.bo.press(AGAIN, old)
    await stand.shop.bo.is_told(f"The customer ids of {first.short} were deleted")
    assert await stand.drafts() == 0


async def asked_again(stand: Stand, who: SandboxPerson, card: Message) -> tuple[Request, Message]:
    """Ask again as a person who sees no id of it, and return the request with its card."""
    before = {request.id for request in await stand.repository.in_state(*State)}
    await who.press(AGAIN, card)
    await (await who.sees_view(submit="Review")).submit()
    review = await who.sees_view(submit="Request approval")
    assert "for 2 customers" in raw(stand, who)
    assert "customer-" not in raw(stand, who)
    assert "••••" not in review.text
    await review.submit()
    await who.is_done()
    await stand.errands.done()
    waiting = [one for one in await stand.repository.in_state(State.WAITING) if one.id not in before]
    return waiting[0], stand.shop.slack.messages(stand.shop.support)[-1]


async def refused(stand: Stand, who: SandboxPerson, button: str, card: Message) -> None:
    """Press a button that shows ids, as a person who may not see them."""
    await who.press(button, card)
    await stand.errands.done()
    answer = who.read(who.ephemerals[-1])
    assert "customer-" not in answer
    assert "Only @Ann, @leads or @Chief can see" in answer


async def test_a_member_asks_again_for_others_customers_and_sees_no_id(stand: Stand) -> None:
    await ended(stand, await stand.ask("customer-1\ncustomer-2\ncustomer-3"))
    ann, dora = stand.shop.ann, stand.shop.slack.add_person("Dora")
    stand.shop.support.members.add(dora.id)
    card = stand.shop.slack.messages(stand.shop.support)[0]
    for _ in range(2):  # the remainder of the remainder has the same customers
        waiting, card = await asked_again(stand, dora, card)
        await refused(stand, dora, "View customers", card)
        request = await end(stand, waiting)
        await refused(stand, dora, "Send me the list", card)
        told = "\n".join(dora.read(message) for message in dora.reads(dora.direct))
        assert request.short in told
        assert "customer-" not in told
        assert "not confirmed for" not in told
        await ann.sees(f"{request.short}: not confirmed for 2 of 2 customers", ann.direct)
        await ann.press("View customers", card)
        assert "customer-3" in (await ann.sees_view("Customers")).text
        await (await ann.sees_view("Customers")).close()


async def test_the_admins_hear_of_a_list_whose_first_requester_has_left(stand: Stand) -> None:
    await ended(stand, await stand.ask("customer-1\ncustomer-2\ncustomer-3"))
    dora, chief = stand.shop.slack.add_person("Dora"), stand.shop.chief
    stand.shop.support.members.add(dora.id)
    waiting, _ = await asked_again(stand, dora, stand.shop.slack.messages(stand.shop.support)[0])
    stand.shop.ann.account.kind = AccountKind.GUEST
    stand.clock.pass_by(minutes=2)
    request = await end(stand, waiting)
    told = chief.read(await chief.sees("couldn't send the list of customers", chief.direct))
    assert request.short in told
    assert "customer-" not in told
    for who in (dora, stand.shop.ann):
        assert "the list of" not in "\n".join(
            who.read(message) for message in who.reads(who.direct) if request.short in who.read(message)
        )


async def test_an_approver_of_the_first_request_sees_the_ids_of_its_remainder(stand: Stand) -> None:
    card = await stand.ask("customer-1\ncustomer-2\ncustomer-3")
    await ended(stand, card)
    await stand.shop.bo.press(AGAIN, card)
    await (await stand.shop.bo.sees_view(submit="Review")).submit()
    assert "customer-2" in (await stand.shop.bo.sees_view(submit="Request approval")).text
