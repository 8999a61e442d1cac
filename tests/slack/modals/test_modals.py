"""Forms are read back as they were typed, with every error at its field."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.ids import ChannelId, CustomerId, RequestId, ShortId, UserId
from bot.domain.policy.policy import Refusal, RefusalReason
from bot.domain.requests.pause import Pause
from bot.domain.requests.prior_grants import PriorRequest, Remainder
from bot.domain.requests.request import FormInput
from bot.domain.requests.views import Field, FieldError
from bot.domain.rules.rule import Availability
from bot.services.results.customer_lists import CustomerPage
from bot.slack.modal_controller import loading_view, message_view
from bot.slack.modals import approval, customer_list, rejection, request_form, rule_options
from bot.slack.modals import review as review_modal
from tests.support import samples
from tests.support.samples import LONG_RULE, LOOK, REQUEST, RULE, STORY

TEXT = st.text(alphabet=st.characters(codec="utf-8"), max_size=300)


def answered(view: dict[str, Any], **typed: str) -> dict[str, Any]:
    """Answer a view the way Slack would: with its initial values, or with the text typed by label."""
    values: dict[str, Any] = {}
    for block in view["blocks"]:
        if block["type"] == "input":
            element = block["element"]
            values[block["block_id"]] = {
                element["action_id"]: _answer(element, typed.get(block["label"]["text"]))
            }
    return {**view, "state": {"values": values}}


def _answer(element: dict[str, Any], typed: str | None) -> dict[str, Any]:
    if element["type"] == "external_select":
        return {"type": element["type"], "selected_option": element.get("initial_option")}
    if element["type"] == "checkboxes":
        return {"type": element["type"], "selected_options": element.get("initial_options") or []}
    return {"type": element["type"], "value": typed or element.get("initial_value")}


def labels(view: dict[str, Any]) -> list[str]:
    return [block["label"]["text"] for block in view["blocks"] if block["type"] == "input"]


def drawn_all(view: dict[str, Any]) -> str:
    return str(view["blocks"])


def said(view: dict[str, Any]) -> str:
    texts = [block["text"]["text"] for block in view["blocks"] if block["type"] == "section"]
    return "\n".join(texts).replace("\xa0", " ")


@given(TEXT, TEXT, TEXT, st.integers(min_value=0, max_value=9))
def test_the_forms_input_is_read_back(customers: str, reason: str, key: str, generation: int) -> None:
    form_input = FormInput(rule=RULE.id, customers=customers, reason=reason, once_key=key, more=True)
    view = request_form.build(samples.form(form_input), LOOK, generation=generation)
    assert request_form.read(answered(view)) == (REQUEST.id, form_input)


@pytest.mark.parametrize("ticked", [True, False])
@pytest.mark.parametrize("left", [0, 30])
def test_a_remainders_form_offers_the_refused_customers(left: int, *, ticked: bool) -> None:
    remainder = Remainder(
        PriorRequest(RequestId("1"), ShortId("R-22222"), ChannelId("C1"), "1.0", left), left=left, refused=7
    )
    form = replace(samples.form(FormInput(refused_too=ticked)), remainder=remainder)
    view = request_form.build(form, LOOK)
    assert labels(view) == ["Refused by Dintero", "Reason"]
    assert "Include the 7 customers Dintero refused" in drawn_all(view)
    _, read = request_form.read(answered(view))
    assert read.refused_too is ticked


@pytest.mark.parametrize("given", [0, 5])
def test_a_remainder_of_refused_customers_alone_needs_its_tick(given: int) -> None:
    first = PriorRequest(RequestId("1"), ShortId("R-22222"), ChannelId("C1"), "1.0", 7)
    remainder = Remainder(first, refused=7, given=given)
    view = request_form.build(replace(samples.form(FormInput(refused_too=True)), remainder=remainder), LOOK)
    assert ("Everyone else already has it." in said(view)) is bool(given)
    (tick,) = [block for block in view["blocks"] if block.get("block_id", "").startswith(Field.REFUSED)]
    assert not tick.get("optional")
    assert tick["element"]["initial_options"]


def test_a_remainder_without_refused_customers_offers_none() -> None:
    remainder = Remainder(PriorRequest(RequestId("1"), ShortId("R-22222"), ChannelId("C1"), "1.0", 3), left=3)
    view = request_form.build(replace(samples.form(FormInput()), remainder=remainder), LOOK)
    assert labels(view) == ["Reason"]
    assert "the 3 remaining customers of R-22222" in said(view)


def test_the_form_has_the_labels_that_scripts_rely_on() -> None:
    assert labels(request_form.build(samples.form(FormInput()), LOOK)) == [
        "Rule",
        "Customer IDs",
        "Reason",
        "File",
    ]
    more = request_form.build(samples.form(FormInput(more=True)), LOOK)
    assert labels(more) == ["Rule", "Customer IDs", "Reason", "File", "Campaign key"]
    assert more["submit"]["text"] == "Review"
    assert more["private_metadata"] == REQUEST.id


def test_the_once_only_key_is_behind_a_button() -> None:
    view = request_form.build(samples.form(FormInput()), LOOK)
    (row,) = [block for block in view["blocks"] if block["type"] == "actions"]
    assert [(each["text"]["text"], each["action_id"]) for each in row["elements"]] == [
        ("More options", request_form.MORE_ACTION)
    ]
    assert not request_form.read(answered(view))[1].more


def test_an_empty_form_is_read_as_empty_input() -> None:
    view = request_form.build(samples.form(FormInput(), chosen=None), LOOK)
    assert request_form.read(answered(view))[1] == FormInput()
    assert request_form.read({"private_metadata": "x"}) == ("x", FormInput())


def test_all_errors_are_shown_at_their_fields_at_once() -> None:
    view = request_form.build(samples.form(FormInput()), LOOK, generation=2)
    faults = [
        FieldError(Field.RULE, Refusal(RefusalReason.RULE_EXPIRED)),
        FieldError(Field.CUSTOMERS, Refusal(RefusalReason.NOT_AN_ID, "too_long/3")),
        FieldError(Field.CUSTOMERS, Refusal(RefusalReason.RESERVED_ID, "*")),
        FieldError(Field.REASON, Refusal(RefusalReason.REASON_MISSING)),
    ]
    errors = request_form.errors(faults, view, LOOK)
    assert set(errors) == {"rule:2", "customers:2", "reason:2"}
    assert "Line 3 " in errors["customers:2"]
    assert "“*”" in errors["customers:2"]


def test_an_error_of_a_missing_field_is_shown_at_the_rule() -> None:
    view = request_form.build(samples.form(FormInput()), LOOK)
    assert set(
        request_form.errors([FieldError(Field.ONCE_KEY, Refusal(RefusalReason.BAD_ONCE_KEY))], view, LOOK)
    ) == {"rule:0"}


def test_later_errors_are_drawn_right_above_their_fields() -> None:
    faults = (
        FieldError(Field.CUSTOMERS, Refusal(RefusalReason.NO_CUSTOMERS)),
        FieldError(Field.ONCE_KEY, Refusal(RefusalReason.BAD_ONCE_KEY)),
    )
    blocks = request_form.build(samples.form(FormInput(), faults=faults), LOOK)["blocks"]
    above = {
        block["label"]["text"]: blocks[n - 1] for n, block in enumerate(blocks) if block["type"] == "input"
    }
    assert "Add at least one customer id" in above["Customer IDs"]["text"]["text"]
    assert "campaign key" in above["Campaign key"]["text"]["text"]


def test_ids_that_do_not_fit_are_reported_and_not_cut() -> None:
    view = request_form.build(samples.form(FormInput(customers="x" * 3_001)), LOOK)
    assert "too many ids to paste (3,001 characters, max 3,000)" in said(view)
    assert request_form.read(answered(view))[1].customers == ""


def test_a_typed_rule_that_does_not_exist_is_reported() -> None:
    view = request_form.build(samples.form(FormInput(rule="sparr"), chosen=None), LOOK)
    assert "There's no rule called “sparr” in this channel" in said(view)


def test_the_reason_is_optional_unless_the_policy_requires_it() -> None:
    blocks = request_form.build(samples.form(FormInput()), LOOK)["blocks"]
    assert {
        block["label"]["text"]: block.get("optional", False) for block in blocks if block["type"] == "input"
    } == {
        "Rule": False,
        "Customer IDs": True,
        "File": True,
        "Reason": True,
    }


def test_options_show_reward_and_validity_and_mark_unusable_rules() -> None:
    good, gone = rule_options.options([(RULE, Availability.NOW), (RULE, Availability.EXPIRED)], LOOK)
    assert good["text"]["text"] == "Spar 100,-"
    assert good["value"] == RULE.id
    assert good["description"]["text"] == "NOK 100 off · until 23 Dec 2026"
    assert gone["text"]["text"] == "Spar 100,- (expired)"
    assert gone["description"]["text"] == "NOK 100 off · ended 23 Dec 2026"


def test_a_rule_whose_id_fits_no_option_is_left_out() -> None:
    assert rule_options.options([(LONG_RULE, Availability.NOW)], LOOK) == []


@pytest.mark.parametrize(
    ("approvals", "submit", "words"),
    [
        (1, "Request approval", "needs 1 approval from <!subteam^S0LEADS> or <@U0BOSS>"),
        (0, "Give discount", "no approval needed. It's sent right away."),
    ],
)
def test_the_review_shows_what_comes_next(approvals: int, submit: str, words: str) -> None:
    request = replace(REQUEST, approvals=approvals)
    view = review_modal.build(samples.review(request), LOOK, {})
    assert view["submit"]["text"] == submit
    assert words in said(view)
    assert review_modal.read(view).draft == REQUEST.id


def test_the_review_shows_the_request() -> None:
    drawn = drawn_all(review_modal.build(samples.review(), LOOK, {})).replace("\\xa0", " ")
    for words in (
        "NOK 100 off for 10 customers",
        "Spar 100,-",
        "*Customers:* 10 (1 duplicate removed)",
        "NOK 1,000 if each uses it once (max 3 uses)",
        "TEST, no real customers",
        "> Late delivery last week",
    ):
        assert words in drawn


def test_an_approver_reads_the_same_facts_with_ids_masked() -> None:
    view = approval.build(samples.consideration(), LOOK, {})
    drawn = drawn_all(view).replace("\\xa0", " ")
    for words in (
        "NOK 100 off for 10 customers",
        "Spar 100,-",
        "*Cost*\\nNOK 1,000 if each uses it once (max 3 uses)",
        "> Late delivery last week",
        "*Ids*\\n1•••5e to •••",
        "*When it can be used:* 24 Oct – 23 Dec 2026",
    ):
        assert words in drawn
    assert "12397af6e5e" not in str(view)
    assert "01234567" in drawn_all(view)
    assert "0123456789" not in drawn_all(view)
    assert labels(view) == []


@given(st.integers(min_value=1, max_value=99), st.text(alphabet="0123456789 ,.", max_size=12))
def test_an_approval_names_its_round_and_the_typed_count(round_: int, typed: str) -> None:
    view = approval.build(samples.consideration(replace(REQUEST, round=round_), count=True), LOOK, {})
    assert labels(view) == ["Number of customers"]
    shown = "0123456789abcdef" * 4
    submission = approval.Submission(REQUEST.id, round_, shown, frozenset(), typed.strip())
    assert approval.read(answered(view, **{"Number of customers": typed})) == submission
    assert approval.COUNT_BLOCK in {block.get("block_id") for block in view["blocks"]}


def test_a_rejection_is_read_with_its_reason() -> None:
    view = rejection.build(STORY, LOOK)
    assert (view["submit"]["text"], labels(view)) == ("Reject", ["Reason"])
    assert rejection.read(answered(view, Reason=" not this week ")) == (REQUEST.id, "not this week")


def test_every_modal_shows_a_pause() -> None:
    pause = Pause(samples.NOW, UserId("U0ADMIN"), "Dintero is down")
    drawn = [
        request_form.build(replace(samples.form(), pause=pause), LOOK),
        review_modal.build(replace(samples.review(), pause=pause), LOOK, {}),
        approval.build(
            replace(samples.consideration(), review=replace(samples.review(), pause=pause)), LOOK, {}
        ),
        rejection.build(replace(STORY, pause=pause), LOOK),
        customer_list.build(CustomerPage(REQUEST, 1, (CustomerId("c-1"),), pause), LOOK),
    ]
    for view in drawn:
        assert "*Paused* by <@U0ADMIN>" in str(view["blocks"]), view["title"]


def test_a_placeholder_has_no_submit() -> None:
    waiting = loading_view("Give a discount", "m")
    assert "submit" not in waiting
    assert said(waiting) == "One moment…"
    assert waiting["private_metadata"] == "m"
    assert said(message_view("Sorry", "No.")) == "No."
