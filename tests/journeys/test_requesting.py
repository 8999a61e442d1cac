"""Requests: the command, the form, errors in its fields, and the review."""

import pytest

from sandbox.shop import POLICY, SUPPORT, with_channel
from sandbox.slack import Fault
from tests.journeys.conftest import Opens
from tests.journeys.steps import RULE, SEED, Trip


async def test_the_command_fills_the_form_in(trip: Trip) -> None:
    form = await trip.form(text="add “spar 100” c-1, “c 2” c-3")
    assert form.values["Rule"].startswith(RULE)
    assert form.values["Customer IDs"] == "c-1\nc 2\nc-3"


async def test_no_word_of_a_rules_name_is_filled_in_as_a_customer(trip: Trip) -> None:
    form = await trip.form(text="add spar 100 1001 1,234,567")
    assert form.values["Rule"].startswith(RULE)
    assert form.values["Customer IDs"] == "1001\n1,234,567"
    await form.fill({"Reason": "because"})
    assert "Line 2 isn't a customer id" in (await form.submit()).errors["Customer IDs"]


async def test_pasted_columns_are_read_like_a_file(trip: Trip) -> None:
    review = await trip.review("Navn\tKundenr\nAnn Lee\t00123\nBo\t'00124")
    assert "header “Kundenr” on line 1" in review.text
    assert "00123" in review.text


async def test_a_prefill_that_is_too_long_is_reported_and_not_cut(trip: Trip) -> None:
    form = await trip.form(text=f"add {SEED} " + " ".join(f"customer-{number:05}" for number in range(300)))
    assert form.values["Customer IDs"] == ""
    assert "That's too many ids to paste" in form.text


async def test_an_unknown_rule_is_reported_in_the_form(trip: Trip) -> None:
    form = await trip.form(text="add “no such rule” c-1")
    assert "no such rule" in form.text


async def test_all_errors_appear_in_their_fields_and_the_input_stays(trip: Trip) -> None:
    form = await trip.form()
    typed = f"c-1\n{'x' * 256}\n*\n/"
    await form.fill({"Rule": RULE, "Customer IDs": typed})
    errors = (await form.submit()).errors
    assert "Line 2 " in errors["Customer IDs"]
    assert "every customer" in errors["Customer IDs"]
    assert form.values["Customer IDs"] == typed


async def test_only_commas_are_no_customer(trip: Trip) -> None:
    form = await trip.form()
    await form.fill({"Rule": RULE, "Customer IDs": ", ;\n,"})
    assert "Add at least one customer id" in (await form.submit()).errors["Customer IDs"]


async def test_too_many_customers_are_reported_with_both_numbers(opens: Opens) -> None:
    trip = await opens(policy=with_channel(POLICY, SUPPORT, max_customers=2))
    form = await trip.form()
    await form.fill({"Rule": RULE, "Customer IDs": "a\nb\nc"})
    assert (
        "This has 3 customers. The limit in this channel is 2 per request."
        in (await form.submit()).errors["Customer IDs"]
    )


async def test_the_reason_is_required_if_the_policy_needs_one(opens: Opens) -> None:
    trip = await opens(policy=with_channel(POLICY, SUPPORT, require_reason=True))
    form = await trip.form()
    await form.fill({"Rule": RULE, "Customer IDs": "a", "Reason": " "})
    assert "Reason" in (await form.submit()).errors


async def test_a_rule_deleted_meanwhile_returns_the_filled_form_with_the_error(trip: Trip) -> None:
    form = await trip.form()
    await form.fill({"Rule": RULE, "Customer IDs": "a\nb", "Reason": "because"})
    del trip.shop.dintero.rules[SEED]
    assert not (await form.submit()).errors
    again = await trip.shop.ann.sees_view(submit="Review", text="was deleted in Dintero")
    assert again.values["Customer IDs"] == "a\nb"
    assert again.values["Reason"] == "because"


async def test_a_rule_disabled_meanwhile_is_reported_in_the_form(trip: Trip) -> None:
    form = await trip.form()
    await form.fill({"Rule": RULE, "Customer IDs": "a"})
    trip.shop.dintero.rules[SEED]["active"] = False
    await form.submit()
    await trip.shop.ann.sees_view(submit="Review", text="is inactive in Dintero")


async def test_only_the_channels_rules_are_offered_and_unusable_ones_marked(opens: Opens) -> None:
    trip = await opens(policy=with_channel(POLICY, SUPPORT, rules=frozenset({SEED})))
    form = await trip.form()
    offered = await form.options("Rule", "")
    assert [option["value"] for option in offered] == [SEED]
    assert "NOK 100 off" in offered[0]["description"]["text"]
    trip.shop.dintero.rules[SEED]["active"] = False
    await trip.running.catalog.refresh()
    assert "Spar 100,- (inactive)" in str((await form.options("Rule", ""))[0])


async def test_more_shows_the_idempotency_key_and_keeps_the_input(trip: Trip) -> None:
    form = await trip.form()
    await form.fill({"Rule": RULE, "Customer IDs": "a\nb"})
    await form.press("More options")
    more = await trip.shop.ann.sees_view(label="Campaign key")
    assert more.values["Customer IDs"] == "a\nb"
    assert more.values["Rule"].startswith(RULE)
    await more.fill({"Campaign key": "stamp-2020"})
    assert not (await more.submit()).errors
    review = await trip.shop.ann.sees_view(submit="Request approval")
    assert "Anyone who got this discount under it is skipped." in review.text
    card = await trip.asked(review)
    await trip.approve(card)
    await trip.summary()
    assert {grant.key for grant in trip.shop.dintero.ledger.grants} == {"stamp-2020"}


async def test_the_review_shows_the_whole_request(trip: Trip) -> None:
    review = await trip.review("a b c, d; d\te")
    for words in (
        "NOK 100 off for 3 customers",
        "3 (1 duplicate removed)",
        "NOK 300 if each uses it once",
        "TEST",
        "@leads",
        "“a b c” (line 1). If one is several ids, put each on its own line.",
    ):
        assert words in review.text.replace("\xa0", " "), words
    assert review.submit_label == "Request approval"


async def test_the_review_says_that_a_rule_has_no_price(trip: Trip) -> None:
    percent = next(
        rule["name"]
        for rule in trip.shop.dintero.rules.values()
        if rule["reward"]["type"] == "discount_percent"
    )
    review = await trip.review("a", rule=percent)
    assert "Can't be calculated in advance" in review.text


async def test_nothing_is_requested_before_the_review_is_submitted(trip: Trip) -> None:
    review = await trip.review("a")
    await review.close()
    assert trip.shop.slack.messages(trip.support) == []
    assert trip.shop.dintero.ledger.calls == []


async def test_without_approvals_it_is_given_at_once(trip: Trip) -> None:
    review = await trip.review("a\nb", channel=trip.shop.quick)
    assert review.submit_label == "Give discount"
    await trip.asked(review, channel=trip.shop.quick)
    await trip.summary("Given to 2 of 2 customers", channel=trip.shop.quick)


async def test_a_submission_delivered_twice_requests_once(trip: Trip) -> None:
    review = await trip.review("a")
    card = await trip.asked(review)
    submission = next(
        each for each in reversed(trip.shop.slack.deliveries) if each.payload.get("type") == "view_submission"
    )
    await trip.shop.slack.deliver_again(submission)
    await trip.approve(card)
    await trip.summary()
    assert len(trip.shop.slack.messages(trip.support)) == 1
    assert trip.shop.dintero.ledger.holders(SEED) == {"a": 1}


async def test_a_channel_without_the_bot_is_reported_before_the_form_opens(trip: Trip) -> None:
    trip.support.members.discard(trip.shop.slack.bot.id)
    await trip.shop.ann.command("/discount add", trip.support)
    told = await trip.shop.ann.is_told("/invite")
    assert told
    assert trip.shop.ann.view is None


@pytest.mark.parametrize("text", ["", "help", "halp", "stauts", "history", "add “open c-1"])
async def test_help_and_unknown_commands_are_answered_at_once(trip: Trip, text: str) -> None:
    reaction = await trip.shop.ann.command(f"/discount {text}", trip.support)
    assert "/discount help" in reaction.text


async def test_a_form_closed_too_early_is_answered_directly(trip: Trip) -> None:
    trip.shop.dintero.latency = 0.3
    form = await trip.form()
    await form.fill({"Rule": RULE, "Customer IDs": "a"})
    await form.submit()
    loading = trip.shop.ann.view
    assert loading is not None
    trip.shop.slack.faults.plan("conversations.open", Fault.SERVER_ERROR)
    trip.shop.slack.faults.plan("chat.postMessage", Fault.RATE_LIMITED)
    await loading.close()
    await trip.shop.ann.sees("The form closed before I could answer", trip.shop.ann.direct)
