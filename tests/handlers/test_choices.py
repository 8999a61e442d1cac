"""Commands that lack something, or are typed elsewhere, offer what may be meant; every click is checked."""

from dataclasses import replace

import pytest

from bot.domain.ids import RequestId, ShortId
from bot.domain.requests.person import AccountKind
from bot.domain.requests.request import FormInput, State
from bot.slack.messages import choices
from sandbox.shop import POLICY, QUICK, with_channel
from sandbox.slack.state.workspace import Message
from sandbox.slack.user.person import SandboxPerson
from tests.support.slack_fixture import Stand, open_stand


async def told(stand: Stand, text: str, *, by: str = "ann", direct: bool = False, words: str = "") -> Message:
    """Type a command, and return the answer."""
    who: SandboxPerson = getattr(stand.shop, by)
    await who.command(f"/discount {text}", who.direct if direct else stand.shop.support)
    await stand.errands.done()
    return await who.is_told(words)


async def test_an_unlisted_channel_opens_the_form_of_another_one(stand: Stand) -> None:
    elsewhere = stand.shop.slack.add_channel("random", stand.shop.people)
    reaction = await stand.shop.ann.command("/discount add “Spar 100,-” c-1", elsewhere)
    assert "You can't request discounts in this channel. Ask @Chief to set it up." in reaction.text
    (offer,) = stand.shop.ann.ephemerals
    await stand.shop.ann.press("Request in #small-favours…", offer)
    form = await stand.shop.ann.sees_view(submit="Review")
    assert form.values["Customer IDs"] == "c-1"
    assert "#small-favours · TEST account" in form.text
    assert "Share it in #small-favours and paste its link." in form.text
    (draft,) = await stand.repository.in_state(State.DRAFT)
    assert draft.channel == QUICK


async def test_the_value_of_a_channels_button_is_its_id(stand: Stand) -> None:
    elsewhere = stand.shop.slack.add_channel("random", stand.shop.people)
    await stand.shop.ann.command("/discount add", elsewhere)
    (offer,) = stand.shop.ann.ephemerals
    rows = [block["elements"] for block in offer.blocks if block["type"] == "actions"]
    values = {button["value"] for (button,) in rows}
    assert values == set(POLICY.channels)


async def test_only_channels_where_this_person_may_request_are_offered(sqlite_url: str) -> None:
    policy = with_channel(POLICY, QUICK, requesters=("U0NOBODY",))
    async with open_stand(sqlite_url, policy=policy) as stand:
        private = stand.shop.careful
        private.private = True
        private.members.discard(stand.shop.ann.id)
        offer = await told(stand, "add", direct=True, words="Where do you want")
        read = stand.shop.ann.read(offer)
        assert "#loyalty-support" in read
        assert "#small-favours" not in read
        assert "#big-campaigns" not in read
        private.members.add(stand.shop.ann.id)
        stand.clock.pass_by(minutes=2)
        offer = await told(stand, "add", direct=True, words="#big-campaigns")


async def test_a_button_is_checked_again_when_it_is_pressed(stand: Stand) -> None:
    offer = await told(stand, "add", direct=True, words="Where do you want")
    stand.shop.ann.account.kind = AccountKind.GUEST
    stand.clock.pass_by(minutes=2)
    await stand.shop.ann.press("Request in #small-favours…", offer)
    await stand.shop.ann.is_told("Guests can't use discount-bot")
    assert await stand.drafts() == 0


async def test_a_forged_button_opens_no_form(stand: Stand) -> None:
    offer = await told(stand, "add", direct=True, words="Where do you want")
    forged = {"action_id": choices.ADD_IN, "value": "C0FOREIGN", "type": "button", "block_id": "b"}
    await stand.press(offer, "Request in #small-favours…", by=stand.shop.ann, actions=[forged])
    await stand.errands.done()
    drafts = await stand.repository.in_state(State.DRAFT)
    assert not [draft for draft in drafts if draft.channel == "C0FOREIGN"]


async def test_guests_are_offered_nothing(stand: Stand) -> None:
    offer = await told(stand, "add", by="gus", direct=True, words="Guests")
    assert not [block for block in offer.blocks if block["type"] == "actions"]


async def test_direct_messages_show_ones_own_requests_and_what_waits(stand: Stand) -> None:
    await stand.ask()
    mine = stand.shop.ann.read(await told(stand, "status", direct=True, words="Your requests"))
    assert "#loyalty-support" in mine
    assert "Waiting for your approval" not in mine
    waits = stand.shop.bo.read(await told(stand, "status", by="bo", direct=True, words="Waiting"))
    assert "Waiting for your approval" in waits
    assert (await stand.request()).short in waits


@pytest.mark.parametrize(("text", "words"), [("rule spar 100", "Spar 100,-"), ("help", "Request a Dintero")])
async def test_rule_and_help_work_in_direct_messages(stand: Stand, text: str, words: str) -> None:
    await told(stand, text, direct=True, words=words)


@pytest.mark.parametrize("text", ["status", "cancel"])
async def test_an_unlisted_channel_says_where_ones_own_requests_are(stand: Stand, text: str) -> None:
    elsewhere = stand.shop.slack.add_channel("random", stand.shop.people)
    await stand.shop.ann.command(f"/discount {text}", elsewhere)
    await stand.errands.done()
    answer = await stand.shop.ann.is_told("No requests are made in #random.")
    assert [block["type"] for block in answer.blocks] == ["section"]


async def test_a_rule_is_shown_in_an_unlisted_channel_to_those_who_may_request_it(stand: Stand) -> None:
    elsewhere = stand.shop.slack.add_channel("random", stand.shop.people)
    await stand.shop.ann.command("/discount rule spar 100", elsewhere)
    await stand.errands.done()
    await stand.shop.ann.is_told("Spar 100,-")


async def test_a_rule_that_no_place_of_the_person_lists_is_shown_nowhere(sqlite_url: str) -> None:
    policy = replace(POLICY, channels={QUICK: replace(POLICY.channels[QUICK], rules=frozenset({"other"}))})
    async with open_stand(sqlite_url, policy=policy) as stand:
        elsewhere = stand.shop.slack.add_channel("random", stand.shop.people)
        await stand.shop.ann.command("/discount rule spar 100", elsewhere)
        await stand.errands.done()
        told = [stand.shop.ann.read(each) for each in stand.shop.ann.ephemerals]
        assert told
        assert not [text for text in told if "Spar 100,-" in text]


async def test_a_wrong_id_in_direct_messages_speaks_of_ones_own_requests(stand: Stand) -> None:
    await told(stand, "status R-22222", direct=True, words="/discount status lists your requests.")
    await told(stand, "help", direct=True, words="See your requests")


async def test_a_rule_without_a_name_lists_the_rules(stand: Stand) -> None:
    answer = await told(stand, "rule", words="Add a rule's name")
    assert "View rule" in stand.shop.ann.read(answer)


async def test_cancel_without_an_id_lists_what_this_person_may_cancel(stand: Stand) -> None:
    await stand.ask()
    short = (await stand.request()).short
    answer = await told(stand, "cancel", words="Add a request id")
    assert short in stand.shop.ann.read(answer)
    (row,) = [block for block in answer.blocks if "accessory" in block]
    assert row["accessory"]["accessibility_label"] == f"Cancel {short}"
    nothing = await told(stand, "cancel it", by="cleo", words="“it” isn't a request id.")
    assert "You can't cancel any request here." in stand.shop.cleo.read(nothing)
    await stand.shop.ann.press("Cancel request…", answer)
    await stand.errands.done()
    assert (await stand.request()).state is State.CANCELLED


@pytest.mark.parametrize("command", ["cancel", "status"])
async def test_a_wrong_id_suggests_the_nearest(stand: Stand, command: str) -> None:
    await stand.ask()
    short = (await stand.request()).short
    wrong = short[:-1] + ("A" if short[-1] != "A" else "B")
    await told(stand, f"{command} {wrong}", words=f"I can't find {wrong} here. Did you mean {short}?")


@pytest.mark.parametrize("unknown", [frozenset[str](), frozenset({"data_table"})])
async def test_status_turns_pages_in_place(stand: Stand, unknown: frozenset[str]) -> None:
    stand.shop.slack.workspace.unknown_blocks = unknown
    await stand.ask()
    asked, told_before = await stand.request(), len(stand.shop.ann.ephemerals)
    for number in range(11):
        other = replace(asked, id=RequestId(f"other-{number}"), short=ShortId(f"R-2222{number:X}"))
        await stand.repository.open_draft(replace(other, state=State.DRAFT), FormInput())
        async with stand.repository.unit_of_work(other.id) as unit:
            assert unit
            await unit.save(replace(other, state=State.DONE))
    page = await told(stand, "status", words="Requests in this channel")
    await stand.shop.ann.press("Older", page)
    await stand.errands.done()
    older = stand.shop.ann.read(page)
    assert "page 2" in older
    assert "Ended requests" in older
    assert "R-22229" in older
    assert ("data_table" in {block["type"] for block in page.blocks}) is not bool(unknown)
    assert len(stand.shop.ann.ephemerals) == told_before + 1
    await stand.shop.ann.press("Newer", page)
    await stand.errands.done()
    assert asked.short in stand.shop.ann.read(page)
