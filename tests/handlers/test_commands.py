"""`/discount …`: every command is answered, also if it arrives twice or something fails."""

import pytest

from bot.domain.requests.person import AccountKind
from sandbox.slack.state.faults import Fault
from tests.support.slack_fixture import Stand

PRIVATE_WORDS = ("status", "status R-22222", "rule spar", "cancel R-22222", "pause Dintero is down", "resume")


@pytest.mark.parametrize("text", ["", "help", "add “open", "history", "check c-1", "status nonsense"])
async def test_commands_without_a_look_up_are_answered_in_the_ack(stand: Stand, text: str) -> None:
    reaction = await stand.shop.ann.command(f"/discount {text}", stand.shop.support)
    assert "/discount" in reaction.text
    assert not stand.errands.tasks


@pytest.mark.parametrize("text", PRIVATE_WORDS)
async def test_all_other_answers_go_to_the_person_alone(stand: Stand, text: str) -> None:
    await stand.shop.ann.command(f"/discount {text}", stand.shop.support)
    await stand.errands.done()
    assert len(stand.shop.ann.ephemerals) == 1
    assert not stand.shop.slack.messages(stand.shop.support)


@pytest.mark.parametrize("text", ["add", *PRIVATE_WORDS[:1], PRIVATE_WORDS[2]])
async def test_guests_learn_the_reason(stand: Stand, text: str) -> None:
    await stand.shop.gus.command(f"/discount {text}", stand.shop.support)
    await stand.shop.gus.is_told("Guests")
    assert stand.shop.gus.view is None


@pytest.mark.parametrize("text", ["add", *PRIVATE_WORDS])
async def test_unlisted_channels_and_other_workspaces_get_one_answer(stand: Stand, text: str) -> None:
    sid = stand.shop.slack.add_person("Sid", kind=AccountKind.STRANGER)
    stand.shop.support.members.add(sid.id)
    reaction = await sid.command(f"/discount {text}", stand.shop.support)
    await stand.errands.done()
    told = reaction.text + "".join(map(sid.read, sid.ephemerals))
    assert "Only members of this workspace" in told or "I can't find" in told
    elsewhere = stand.shop.slack.add_channel("random", stand.shop.people)
    reaction = await stand.shop.ann.command(f"/discount {text}", elsewhere)
    await stand.errands.done()
    told = reaction.text + "".join(map(stand.shop.ann.read, stand.shop.ann.ephemerals))
    answers = (
        "in this channel. Ask @Chief",
        "No requests are made",
        "Spar 100,-",
        "I can't find",
        "Only bot admins",
    )
    assert any(answer in told for answer in answers)
    assert await stand.drafts() == 0


async def test_a_command_delivered_twice_opens_one_form(stand: Stand) -> None:
    await stand.form()
    await stand.errands.done()
    await stand.shop.slack.deliver_again()
    await stand.errands.done()
    view = stand.shop.ann.view
    assert view
    assert view.submit_label == "Review"
    assert not stand.shop.ann.ephemerals


async def test_an_expired_trigger_is_reported(stand: Stand) -> None:
    stand.shop.slack.faults.plan("views.open", Fault.REFUSED, error="expired_trigger_id")
    await stand.shop.ann.command("/discount add", stand.shop.support)
    await stand.shop.ann.is_told("Slack was too slow. Please try again.")


@pytest.mark.parametrize("fault", [Fault.SERVER_ERROR, Fault.CUT_BEFORE, Fault.RATE_LIMITED])
async def test_an_answer_that_slack_refuses_for_a_moment_is_repeated(stand: Stand, fault: Fault) -> None:
    stand.shop.slack.faults.plan("response_url", fault, times=2)
    await stand.shop.ann.command("/discount status", stand.shop.support)
    await stand.shop.ann.is_told("No requests here yet")


async def test_a_loading_view_becomes_the_form_or_the_refusal_after_the_look_up(
    stand: Stand,
) -> None:
    for person, words in ((stand.shop.ann, "Customer IDs"), (stand.shop.gus, "Guests")):

        async def until_it_stands(moment: str, method: str, _number: int) -> None:
            if (moment, method) == ("before", "users.info"):
                await person.sees_view(text="One moment")  # noqa: B023 - it is called within this turn

        stand.shop.slack.faults.on_call = until_it_stands
        await person.command("/discount add", stand.shop.support)
        await person.sees_view(text=words)


async def test_the_person_hears_if_slack_never_replaces_the_loading_view(stand: Stand) -> None:
    async def until_it_stands(moment: str, method: str, _number: int) -> None:
        if (moment, method) == ("before", "users.info"):
            await stand.shop.ann.sees_view(text="One moment")

    stand.shop.slack.faults.on_call = until_it_stands
    stand.shop.slack.faults.plan("views.update", Fault.REFUSED, times=99, error="invalid_arguments")
    await stand.shop.ann.command("/discount add", stand.shop.support)
    await stand.shop.ann.is_told("Slack didn't show the answer")


@pytest.mark.parametrize(
    ("error", "words"),
    [
        ("expired_trigger_id", "Slack was too slow"),
        ("invalid_arguments", "Something went wrong (error"),
    ],
)
async def test_a_form_that_does_not_open_blames_slack_only_for_slowness(
    stand: Stand, error: str, words: str
) -> None:
    stand.shop.slack.faults.plan("views.open", Fault.REFUSED, error=error)
    await stand.shop.ann.command("/discount add", stand.shop.support)
    await stand.shop.ann.is_told(words)


async def test_a_database_failure_is_reported_with_an_id_and_recovers(stand: Stand) -> None:
    await stand.lose_the_table()
    reaction = await stand.shop.ann.command("/discount add", stand.shop.support)
    assert "Something went wrong (error" in reaction.text
    await stand.shop.ann.command("/discount status", stand.shop.support)
    await stand.shop.ann.is_told("Something went wrong (error")
    await stand.find_the_table()
    await stand.form()


async def test_the_text_is_read_as_people_typed_it(stand: Stand) -> None:
    form = await stand.form(text="add “spar 100” c-1, ‘c & 2’ <3>")
    assert form.values["Customer IDs"] == "c-1\nc & 2\n<3>"


async def test_the_form_opens_as_soon_as_the_bot_is_invited(stand: Stand) -> None:
    stand.shop.support.members.discard(stand.shop.slack.bot.id)
    await stand.shop.ann.command("/discount add", stand.shop.support)
    await stand.shop.ann.is_told("/invite")
    stand.shop.support.members.add(stand.shop.slack.bot.id)
    await stand.form()
