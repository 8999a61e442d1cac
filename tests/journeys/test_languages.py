"""Languages: a channel reads its own, each person theirs."""

from sandbox.shop import POLICY, SUPPORT, with_channel
from tests.journeys.conftest import Opens
from tests.journeys.steps import RULE, Trip


async def test_a_norwegian_channel_reads_norwegian_and_an_english_person_english(opens: Opens) -> None:
    trip = await opens(policy=with_channel(POLICY, SUPPORT, language="nb", locale="nb_NO"))
    ann, bo = trip.shop.ann, trip.shop.bo
    card = await trip.ask("c-1\nc-2", Reason="Sen pakke")
    assert "100 kr i rabatt til 2 kunder" in ann.read(card).replace("\xa0", " ")
    await bo.press("Godkjenn…", card)
    approval = await bo.sees_view(submit="Approve")
    assert "NOK 100 off for 2 customers" in approval.text.replace("\xa0", " ")
    await approval.submit()
    await trip.summary("Gitt til 2 av 2 kunder")
    told = await ann.sees("Given to 2 of 2 customers", ann.direct)
    assert "Spar 100" in ann.read(told)


async def test_a_person_reads_the_language_that_they_chose(trip: Trip) -> None:
    ann = trip.shop.ann
    await ann.command("/discount settings", trip.support)
    settings = await ann.sees_view(submit="Save")
    await settings.fill({"Language": "Norsk"})
    await settings.submit()
    await ann.command("/discount add", trip.support)
    form = await ann.sees_view(submit="Se over")
    await form.fill({"Regel": RULE, "Kunde-ID-er": "c-1", "Begrunnelse": "Sen pakke"})
    await form.submit()
    await (await ann.sees_view(submit="Be om godkjenning")).submit()
    card = await trip.shop.slack.until(lambda: next(iter(trip.shop.slack.messages(trip.support)), None))
    assert "NOK 100 off for 1 customer" in ann.read(card).replace("\xa0", " ")
    await trip.approve(card)
    await ann.sees("Gitt til 1 av 1", ann.direct)


async def test_a_persons_slack_says_their_language(trip: Trip) -> None:
    trip.shop.slack.workspace.people[trip.shop.ann.id].locale = "nb-NO"
    await trip.shop.ann.command("/discount rule “Spar 100”", trip.support)
    await trip.shop.ann.is_told("i rabatt")
