"""`/discount status`: open requests as lines, those that have ended as a table."""

from dataclasses import replace
from typing import Any

import pytest

from bot.domain.ids import ShortId
from bot.domain.requests.batches import Tally
from bot.domain.requests.request import ENDED, OPEN, State
from bot.services.overview import StatusPage
from bot.slack.client.new_blocks import without_new_blocks
from bot.slack.messages import status
from bot.slack.rendering import request_state
from bot.slack.rendering.formatting import Message
from tests.support import samples
from tests.support.samples import LOOK


def tables(message: Message) -> list[dict[str, Any]]:
    return [block for block in message.blocks if block["type"] == "data_table"]


def buttons(message: Message) -> list[dict[str, Any]]:
    return [one for block in message.blocks if block["type"] == "actions" for one in block["elements"]]


def test_status_lists_requests_or_says_there_are_none() -> None:
    assert "No requests here yet." in status.build(StatusPage(()), LOOK).text
    assert "You have no requests yet." in status.build(StatusPage((), is_own=True), LOOK).text
    assert str(status.build(StatusPage((samples.STORY,) * 3), LOOK).blocks).count("R-7K2QF") == 3
    assert buttons(status.one(samples.STORY, LOOK)) == []


def test_status_links_each_request_without_asking_slack() -> None:
    linked = replace(LOOK, workspace="https://shop.slack.com/")
    request = replace(samples.STORY.request, card_ts="1795435200.000100")
    drawn = str(status.build(StatusPage((replace(samples.STORY, request=request),)), linked).blocks)
    link = f"https://shop.slack.com/archives/{request.channel}/p1795435200000100"
    assert f"*<{link}|R-7K2QF>*" in drawn
    ended = replace(samples.STORY, request=replace(request, state=State.REJECTED))
    (table,) = tables(status.build(StatusPage((ended,)), linked))
    (cell,) = table["rows"][1][0]["elements"][0]["elements"]
    assert cell == {"type": "link", "url": link, "text": "R-7K2QF"}


@pytest.mark.parametrize("state", sorted({*OPEN, *ENDED}))
def test_status_has_ended_requests_in_a_table_below_the_open_ones(state: State) -> None:
    waits, other = samples.STORY, samples.snapshot(state, short=ShortId("R-22222"))
    drawn = status.build(StatusPage((waits, other)), LOOK)
    found = tables(drawn)
    assert bool(found) is (state in ENDED)
    assert "R-7K2QF" not in str(found)
    for table in found:
        assert table["caption"] == "Ended requests"
        assert "Spar 100,-" in str(table["rows"][1])
        assert request_state.mark(other) in str(table["rows"][1])
        assert drawn.blocks.index(table) > 1
    assert f"R-22222 {request_state.mark(other)}" in drawn.text


def test_status_says_the_same_where_slack_knows_no_tables() -> None:
    request = replace(samples.STORY.request, state=State.DONE, short=ShortId("R-22222"), card_ts="1.000001")
    tally = Tally(10, given=7, unknown=2, refused=1)
    shown = StatusPage((samples.STORY, replace(samples.STORY, request=request, tally=tally)))
    linked = replace(LOOK, workspace="https://shop.slack.com/", names=lambda _who: "Ann & co")
    lines = str(without_new_blocks(status.build(shown, linked).blocks)).replace("\xa0", " ")
    assert "*Ended requests*" in lines
    link = f"<https://shop.slack.com/archives/{request.channel}/p1000001|R-22222>"
    result = "⚠️ given to 7 of 10, 2 unconfirmed"
    assert f"*{link}* · {result} · Spar 100,- · Ann &amp; co, 23 Nov 2026" in lines


def test_status_turns_pages_where_there_are_more() -> None:
    def turns(shown: StatusPage) -> list[str]:
        return [button["text"]["text"] for button in buttons(status.build(shown, LOOK))]

    one = (samples.STORY,)
    assert turns(StatusPage(one)) == []
    assert turns(StatusPage(one, has_more=True)) == ["Older"]
    assert turns(StatusPage(one, 2, has_more=True)) == ["Newer", "Older"]
    assert turns(StatusPage(one, 3)) == ["Newer"]
