"""The refused customers in messages: masked, counted, and quickly drawn even in thousands."""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Final
from urllib.parse import quote

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.ids import CustomerId
from bot.domain.requests.batches import Refused, Tally
from bot.domain.requests.notification import NotificationType
from bot.domain.requests.request import State
from bot.slack.messages import notices, status, summary
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
    assert "is not known" in str(direct.blocks)


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
    assert "and 99,980 more" in drawn
