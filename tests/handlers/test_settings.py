"""`/discount settings`: everybody chooses for themselves, wherever they are."""

from bot.domain.ids import UserId
from bot.domain.preferences import Results
from bot.domain.requests.person import AccountKind
from tests.support.slack_fixture import Stand


async def chosen(stand: Stand, who: str) -> tuple[str, str]:
    found = await stand.repository.preferences(UserId(who))
    return found.results, found.language


async def test_a_person_chooses_messages_and_language_and_finds_the_choice_again(stand: Stand) -> None:
    ann = stand.shop.ann
    await ann.command("/discount settings", stand.shop.support)
    form = await ann.sees_view(submit="Save")
    assert "You always get messages you must act on" in form.text
    await form.fill({"Direct messages about results": "Only problems", "Language": "Norsk"})
    assert not (await form.submit()).errors
    assert ann.view is None
    assert await chosen(stand, ann.id) == (Results.PROBLEMS, "nb")
    await ann.command("/discount settings", stand.shop.support)
    again = await ann.sees_view(submit="Lagre")
    await again.fill({"Språk": "Samme som i Slack"})
    assert not (await again.submit()).errors
    assert await chosen(stand, ann.id) == (Results.PROBLEMS, "")
    assert await chosen(stand, stand.shop.bo.id) == (Results.ALWAYS, "")


async def test_settings_open_in_any_channel_and_in_the_bots_direct_messages(stand: Stand) -> None:
    elsewhere = stand.shop.slack.add_channel("random", stand.shop.people)
    for place in (elsewhere, stand.shop.ann.direct):
        await stand.shop.ann.command("/discount settings", place)
        await (await stand.shop.ann.sees_view(submit="Save")).close()


async def test_guests_and_strangers_have_no_settings(stand: Stand) -> None:
    sid = stand.shop.slack.add_person("Sid", kind=AccountKind.STRANGER)
    stand.shop.support.members.add(sid.id)
    for who in (sid, stand.shop.gus):
        await who.command("/discount settings", stand.shop.support)
        await stand.errands.done()
        assert who.view is None
        assert who.ephemerals
