"""Drafts that are taken up again, rules whose faults show at once, and requests edited and sent again."""

from tests.support.slack_fixture import SPAR, Stand

OFFER = "Continue your draft from"
REQUEST = "Request approval"


async def left(stand: Stand, **values: str) -> None:
    """Fill in a form, and close it."""
    form = await stand.form()
    await form.fill({"Rule": SPAR, "Customer IDs": "a\nb", "Reason": "late parcel", **values})
    await form.close()
    await stand.errands.done()


async def test_a_closed_form_can_be_taken_up_again(stand: Stand) -> None:
    await left(stand)
    form = await stand.form()
    assert OFFER in form.text
    assert "Spar 100,- and 2 lines of ids" in form.text
    assert form.values["Customer IDs"] == ""
    await form.press("Continue draft")
    again = await stand.shop.ann.sees_view(lambda top: top.values.get("Reason") == "late parcel")
    assert again.values["Customer IDs"] == "a\nb"
    assert OFFER not in again.text
    await again.submit()
    await (await stand.shop.ann.sees_view(submit=REQUEST)).submit()
    assert (await stand.request()).customers == 2
    assert OFFER not in (await stand.form()).text


async def test_a_new_start_drops_the_draft_and_keeps_what_was_typed(stand: Stand) -> None:
    await left(stand)
    form = await stand.form()
    await form.fill({"Reason": "another"})
    await form.press("Start empty")
    fresh = await stand.shop.ann.sees_view(lambda top: OFFER not in top.text)
    assert (fresh.values["Customer IDs"], fresh.values["Reason"]) == ("", "another")
    await fresh.close()
    offered = await stand.form()
    assert "another" in offered.text
    assert "2 lines of ids" not in offered.text


async def test_nothing_is_offered_with_arguments_to_others_or_after_a_day(stand: Stand) -> None:
    await left(stand)
    with_words = await stand.form(text="add Spar c-9")
    assert OFFER not in with_words.text
    await with_words.fill({"Rule": "", "Customer IDs": ""})
    await with_words.close()
    assert OFFER not in (await stand.form(by=stand.shop.bo)).text
    stand.clock.pass_by(hours=23, minutes=1)
    assert OFFER not in (await stand.form()).text


async def test_closing_a_form_that_was_sent_changes_nothing(stand: Stand) -> None:
    form = await stand.form()
    await form.fill({"Rule": SPAR, "Customer IDs": "a"})
    await form.submit()
    await (await stand.shop.ann.sees_view(submit=REQUEST)).submit()
    before = await stand.request()
    await stand.shop.slack.deliver(
        "interactive", {**stand.last("view_submission").payload, "type": "view_closed", "view": form.payload}
    )
    assert await stand.request() == before


# the rule


async def test_a_rule_that_cannot_be_given_is_named_when_it_is_chosen_and_no_more_after_another(
    stand: Stand,
) -> None:
    rules = stand.shop.dintero.rules
    other, name = next((id_, rule["name"]) for id_, rule in rules.items() if rule["name"] != SPAR)
    rules[other]["active"] = False
    await stand.shop.ann.command(f"/discount rule {other}", stand.shop.support)  # the bot reads it again
    await stand.errands.done()
    form = await stand.form()
    await form.fill({"Rule": other, "Customer IDs": "a\nb"})
    told = await stand.shop.ann.sees_view(text=f"“{name}” is inactive")
    assert told.values["Rule"] == f"{name} (inactive)"
    assert told.values["Customer IDs"] == "a\nb"
    await told.fill({"Rule": SPAR})
    await stand.errands.done()
    assert "is inactive" not in told.text
    assert told.values["Customer IDs"] == "a\nb"


async def test_a_good_rule_needs_no_call_when_it_is_chosen(stand: Stand) -> None:
    form = await stand.form()
    before = stand.shop.slack.faults.calls["views.update"]
    await form.fill({"Rule": SPAR})
    await stand.errands.done()
    assert stand.shop.slack.faults.calls["views.update"] == before


# edit and resend


async def test_a_rejected_request_is_edited_and_sent_again(stand: Stand) -> None:
    card = await stand.ask("a\nb")
    rejecting = await stand.opens("Reject…", card)
    await rejecting.fill({"Reason": "one too many"})
    await rejecting.submit()
    await stand.errands.done()
    await stand.shop.ann.press("Edit and resend…", card)
    form = await stand.shop.ann.sees_view(submit="Review")
    assert (form.values["Rule"], form.values["Customer IDs"]) == (SPAR, "a\nb")
    await form.fill({"Customer IDs": "a"})
    await form.submit()
    await (await stand.shop.ann.sees_view(submit=REQUEST)).submit()
    await stand.errands.done()
    again = stand.shop.slack.messages(stand.shop.support)[-1]
    assert again is not card
    assert "1 customer" in stand.shop.ann.read(again)


async def test_others_customers_are_not_shown_by_edit_and_resend(stand: Stand) -> None:
    card = await stand.ask("secret-1", by=stand.shop.bo)
    rejecting = await stand.opens("Reject…", card, by=stand.shop.cleo)
    await rejecting.fill({"Reason": "no"})
    await rejecting.submit()
    await stand.errands.done()
    before = len(stand.shop.ann.ephemerals)
    await stand.shop.ann.press("Edit and resend…", card)
    await stand.errands.done()
    assert stand.shop.ann.view is None
    assert len(stand.shop.ann.ephemerals) == before + 1
    await stand.shop.cleo.press("Edit and resend…", card)
    assert (await stand.shop.cleo.sees_view(submit="Review")).values["Customer IDs"] == "secret-1"
