"""Whatever Dintero sends of a rule, people read words: no JSON, no name of a field, no UUID."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from hypothesis import HealthCheck, given, settings

from bot.dintero.parsing import read_rule
from bot.domain.requests.request import State
from bot.domain.rules.rule import Availability, Rule
from bot.slack.language.texts import ENGLISH, NORWEGIAN, use_language
from bot.slack.messages import card, rule, summary
from bot.slack.modals import approval, review, rule_details, rule_options
from bot.slack.rendering.formatting import Message
from bot.slack.rendering.rules import rule_changes
from tests.support import samples
from tests.support.dintero_rules import RAW, rule_answers
from tests.support.samples import LOOK, RULE

SHOWN = frozenset({"text", "title", "label", "hint", "description", "name", "accessibility_label"})
"""The keys whose strings people read, in blocks and views."""


def read(thing: object) -> Iterator[str]:
    """Yield everything that people read of blocks or of a view."""
    if isinstance(thing, Message):
        yield thing.text
        yield from read(thing.blocks)
    elif isinstance(thing, dict):
        for key, value in thing.items():
            if isinstance(value, str):
                yield from [value] if key in SHOWN else []
            else:
                yield from read(value)
    elif isinstance(thing, list | tuple):
        for value in thing:
            yield from [value] if isinstance(value, str) else read(value)


def drawn(sent: Rule) -> Iterator[object]:
    """Draw all that shows a rule."""
    request = replace(samples.REQUEST, rule=sent)
    for usable in Availability:
        yield rule.build(sent, usable, LOOK)
        yield rule_details.build(sent, LOOK, usable)
        yield rule_options.options([(sent, usable)], LOOK)
    yield rule.several([sent, sent], LOOK)
    yield rule_changes.between(RULE, sent, LOOK)
    yield rule_changes.between(sent, RULE, LOOK)
    yield card.build(replace(samples.STORY, request=request), LOOK)
    yield summary.build(samples.snapshot(State.DONE, rule=sent, last_answer=sent), LOOK)
    yield review.build(replace(samples.review(), rule=sent), LOOK, {})
    seen = samples.consideration()
    yield approval.build(replace(seen, review=replace(seen.review, rule=sent)), LOOK, {})


def without_slacks_own(text: str) -> str:
    """Take out mentions, dates and links, and the rule's id that `/discount rule` says below all else."""
    slacks = re.sub(r"<[!@#][^<>]*>", "", text)
    return re.sub(r"(Rule id|Regel-ID): \S+", "", slacks)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(rule_answers)
def test_no_message_shows_a_rule_as_dintero_sends_it(answer: dict[str, Any]) -> None:
    sent = read_rule(answer)
    for language in (ENGLISH, NORWEGIAN):
        with use_language(language):
            for text in map(without_slacks_own, (text for thing in drawn(sent) for text in read(thing))):
                assert not RAW.search(text), (RAW.search(text), text)
