"""The refused, as a channel and the requester read them: masked, counted, and quickly drawn however many they are."""

import re
import time
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.ids import CustomerId
from bot.domain.requests.batches import Refused, Tally
from bot.domain.requests.request import State
from bot.slack.messages import left_out, summary
from bot.slack.rendering.mrkdwn import MASK
from tests.support import samples
from tests.support.samples import LOOK

LETTERS = st.text(alphabet="ab_- .", min_size=1, max_size=4)


@given(customer=LETTERS, why=st.text(alphabet="ab_- .", max_size=30))
def test_an_id_is_masked_in_the_reason_wherever_it_stands_as_a_word(customer: str, why: str) -> None:
    masked = left_out.without(customer, why)
    assert masked == re.sub(rf"(?<!\w){re.escape(customer)}(?!\w)", MASK, why)


def test_thousands_whom_dintero_names_each_are_drawn_at_once() -> None:
    many = tuple(Refused(CustomerId(f"customer-{at}"), f"customer-{at} is not known") for at in range(5_000))
    snapshot = replace(samples.story(State.DONE), refused=many, tally=Tally(1_000_000, refused=100_000))
    took = list[float]()
    for _ in range(3):  # the collector, or a busy host of this machine, slows down one of them
        began = time.process_time()
        drawn = str(summary.build(snapshot, LOOK).blocks)
        took.append(time.process_time() - began)
    assert min(took) < 1
    assert f"{MASK} is not known" in drawn
    assert "these are the first 5,000" in drawn
