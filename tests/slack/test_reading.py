"""Everything that people read in Slack is short and in their words."""

from collections.abc import Iterator
from typing import Any

import pytest

from bot.check.samples import messages, modals
from bot.slack.rendering.formatting import Message
from tests.support.reading import faults_of, texts_of
from tests.support.samples import LOOK


def samples() -> Iterator[tuple[str, Message | dict[str, Any]]]:
    yield from messages(LOOK)
    yield from modals(LOOK)


@pytest.mark.parametrize(("name", "drawn"), [pytest.param(*sample, id=sample[0]) for sample in samples()])
def test_a_sample_is_easy_to_read(name: str, drawn: Message | dict[str, Any]) -> None:
    faults = [fault for text in texts_of(drawn) for fault in faults_of(text)]
    assert not faults, name
