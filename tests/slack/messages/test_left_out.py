"""The refused customers in messages: masked, counted, and quickly drawn even in thousands."""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.ids import CustomerId, OnceKey
from bot.domain.requests.batches import Refused, Tally
from bot.domain.requests.notification import NotificationType, RequestSnapshot
from bot.domain.requests.request import State
from bot.slack.messages import notices, status, summary
from bot.slack.messages.left_out import is_general, whole
from bot.slack.rendering.blocks import message
from tests.support import samples
from tests.support.samples import LOOK

SPELLINGS: Final[list[Callable[[str], str]]] = [
    str,
    str.upper,
    str.swapcase,
    quote,
    " ".join,
    lambda customer: customer.replace("@", " at "),
    lambda customer: customer[::-1],
    lambda customer: customer.encode().hex(),
]


@given(
    customer=st.text(alphabet="abcXYZ0189@.", min_size=7, max_size=30),
    spelling=st.sampled_from(SPELLINGS),
    state=st.sampled_from([State.DONE, State.STOPPED, State.CANCELLED]),
)
def test_no_channel_sees_dinteros_words_about_a_customer(
    customer: str, spelling: Callable[[str], str], state: State
) -> None:
    why = f"the customer {spelling(customer)} is not known"
    refused = (Refused(CustomerId(customer), why),)
    snapshot = replace(samples.snapshot(state), refused=refused, tally=Tally(10, refused=1))
    notification = samples.notification(NotificationType.STOPPED)
    for drawn in (
        summary.build(snapshot, LOOK),
        status.one(snapshot, LOOK),
        notices.thread(notification, snapshot, LOOK),
        notices.channel(notification, snapshot, LOOK, link=""),
    ):
        text = f"{drawn.text} {drawn.blocks}"
        assert spelling(customer) not in text
        assert "is not known" not in text
    direct = notices.direct(notification, snapshot, LOOK, link="")
    assert "“the customer " in str(direct.blocks)


def test_thousands_of_refused_customers_are_drawn_quickly() -> None:
    many = tuple(Refused(CustomerId(f"customer-{at}"), f"customer-{at} is not known") for at in range(5_000))
    snapshot = replace(samples.snapshot(State.DONE), refused=many, tally=Tally(1_000_000, refused=100_000))
    took = list[float]()
    for _ in range(3):  # the collector, or a busy host of this machine, slows down one of them
        began = time.process_time()
        drawn = str(summary.build(snapshot, LOOK).blocks)
        took.append(time.process_time() - began)
    assert min(took) < 1
    assert "is not known" not in drawn
    assert "and 99,995 more" in drawn


def test_a_reason_is_told_to_a_channel_only_if_it_can_name_nobody() -> None:
    several = [CustomerId("ola"), CustomerId("kari")]
    assert is_general("The customer is blocked", several)
    for why in ("Ola is blocked", "O.L.A is blocked", "no customer 12", "a@b is blocked", " "):
        assert not is_general(why, several)
    assert not is_general("The customer is blocked", several[:1])


LEFT = replace(
    samples.snapshot(State.DONE),
    tally=Tally(10, given=5, refused=2, unknown=1),
    unknown=(CustomerId("c-unknown"),),
    not_tried=(CustomerId("c-late"), CustomerId("c-later")),
)
ENDS = [
    NotificationType.DONE,
    NotificationType.ENDED_HERE,
    NotificationType.CANCELLED,
    NotificationType.REJECTED,
    NotificationType.EXPIRED,
    NotificationType.STOPPED,
]


def words(blocks: Sequence[Any]) -> str:
    return "\n".join(block["text"]["text"] for block in blocks if "text" in block)


@pytest.mark.parametrize("happened", ENDS)
def test_the_requester_sees_who_was_left_out_and_never_the_key(happened: NotificationType) -> None:
    drawn = words(notices.direct(samples.notification(happened), LEFT, LOOK, link="").blocks)
    lines = drawn.splitlines()
    assert "2 refused by Dintero: 12397af6e5f and bo" in lines
    assert "1 unconfirmed: c-unknown" in lines
    assert "2 not sent: c-late and c-later" in lines
    assert drawn.count("refused by Dintero") == 1
    assert samples.REQUEST.once_key not in drawn
    assert "*Request again…* on the request starts a new request for the rest." in drawn
    assert "c-unknown" not in str(notices.channel(samples.notification(happened), LEFT, LOOK, link="").blocks)
    assert "c-late" not in str(summary.build(LEFT, LOOK).blocks)


def test_a_stop_names_the_list_and_no_new_request() -> None:
    stopped = replace(LEFT, request=replace(LEFT.request, state=State.STOPPED, ended_at=None))
    drawn = words(whole_blocks(stopped))
    assert "press *Send me the list* on the request." in drawn
    assert "Request again" not in drawn


def test_a_campaign_key_is_in_no_direct_message() -> None:
    own = replace(LEFT, request=replace(LEFT.request, own_key=True, once_key=OnceKey("stamp-2020")))
    drawn = notices.direct(samples.notification(NotificationType.DONE), own, LOOK, link="")
    assert "stamp-2020" not in str(drawn.blocks)


def test_after_refusals_alone_the_requester_is_to_fix_the_ids() -> None:
    refused = replace(samples.snapshot(State.DONE), tally=Tally(10, given=8, refused=2), refused=LEFT.refused)
    refused = replace(refused, request=replace(refused.request, started_at=samples.NOW))
    drawn = words(whole_blocks(refused))
    assert "Fix the ids, then press *Request again…* on the request." in drawn
    assert "starts a new request" not in drawn


def test_a_request_that_left_nobody_out_names_nobody() -> None:
    assert whole_blocks(replace(samples.snapshot(State.DONE), tally=Tally(10, given=10), refused=())) == []


def test_ids_are_plain_text_as_typed() -> None:
    odd = Refused(CustomerId("*<a>`&b"), "unknown")
    snapshot = replace(samples.snapshot(State.DONE), refused=(odd,), tally=Tally(10, given=9, refused=1))
    assert {"type": "plain_text", "text": "1 refused by Dintero: *<a>`&b\n• “unknown”"} in [
        block.get("text") for block in whole_blocks(snapshot)
    ]


def test_more_than_three_ids_of_an_outcome_are_counted() -> None:
    refused = tuple(Refused(CustomerId(f"c-{n}"), f"reason {n % 2}") for n in range(50))
    snapshot = replace(samples.snapshot(State.DONE), refused=refused, tally=Tally(1_000, refused=100))
    assert words(whole_blocks(snapshot)).splitlines()[:3] == [
        "100 refused by Dintero: c-0, c-1, c-2 and 97 more",
        "• “reason 0”",
        "• “reason 1”",
    ]


def test_the_reasons_that_are_not_quoted_are_counted() -> None:
    refused = tuple(Refused(CustomerId(f"c-{n}"), f"reason {n % 4}") for n in range(10))
    snapshot = replace(samples.snapshot(State.DONE), refused=refused, tally=Tally(10, refused=10))
    assert words(whole_blocks(snapshot)).splitlines()[1:4] == [
        "• “reason 0”: 3",
        "• “reason 1”: 3",
        "• Other reasons: 4",
    ]


def whole_blocks(snapshot: RequestSnapshot) -> list[Any]:
    return message("", whole(snapshot)).blocks if whole(snapshot) else []
