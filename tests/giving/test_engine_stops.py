"""A final failure or a changed rule stops the giving; no outcome is guessed."""

import pytest

from bot.domain.requests.request import StopReason
from sandbox.dintero import Fault, Operation, Point
from tests.support.clock import HandClock
from tests.support.engine_fixture import AT_ONCE, RULE, Ground, customers
from tests.support.interruptions import FINAL, at


@pytest.mark.parametrize(("fault", "reason"), FINAL.values(), ids=FINAL)
async def test_a_final_answer_stops_it_and_its_batch_counts_as_not_tried(
    both: Ground, fault: Fault, reason: StopReason
) -> None:
    request = await both.asked(customers(12))
    both.sandbox.faults.next(None)
    both.sandbox.faults.always(fault)
    tally = await both.give(request)
    assert (tally.given, tally.refused, tally.unknown, tally.not_tried) == (4, 0, 0, 8)
    assert (await both.now(request)).stop is reason


@pytest.mark.parametrize(
    "fault", [Fault.broken(), Fault.cut(after=True), Fault.no_rule()], ids=["before", "after", "no rule"]
)
async def test_a_batch_that_stays_unknown_stops_the_rest(both: Ground, fault: Fault) -> None:
    request = await both.asked(customers(12))
    both.sandbox.faults.next(None)
    both.sandbox.faults.always(fault)
    tally = await both.give(request)
    assert (tally.given, tally.unknown, tally.not_tried) == (4, 4, 4)
    assert (await both.now(request)).stop is StopReason.UNKNOWN_FOR_GOOD
    assert len(both.ledger.calls) == 1 + AT_ONCE.attempts


@pytest.mark.parametrize(
    "last", [Fault.unauthorized(), Fault.forbidden(), Fault.not_found(), Fault.busy(3600)], ids=FINAL
)
async def test_a_batch_that_may_have_been_given_stays_unknown_after_a_final_answer(
    ground: Ground, last: Fault
) -> None:
    request = await ground.asked(customers(8))
    ground.sandbox.faults.next(Fault.cut(after=True))
    ground.sandbox.faults.always(last, on=Operation.ADD)
    tally = await ground.give(request)
    assert (tally.given, tally.unknown, tally.not_tried) == (0, 4, 4)


async def test_a_stop_during_the_search_for_refused_ids_keeps_the_outcomes_so_far(ground: Ground) -> None:
    who = customers(8)
    ground.sandbox.refuses.add(who[7])
    ground.sandbox.faults.next(None, None)
    ground.sandbox.faults.always(Fault.forbidden())
    tally = await ground.give(await ground.asked(who, size=8))
    assert (tally.given, tally.not_tried) == (4, 4)


async def test_the_first_reason_to_stop_stands(ground: Ground) -> None:
    request = await ground.asked(customers(8), concurrency=2)
    ground.sandbox.faults.next(Fault.forbidden(), Fault.not_found())
    await ground.give(request)
    first = (await ground.now(request)).stop
    await ground.repository.request_stop(request.id, StopReason.BUSY, "later")
    assert first in {StopReason.SCOPE_MISSING, StopReason.RULE_GONE}
    assert (await ground.now(request)).stop is first


CHANGES: dict[str, tuple[dict[str, object], StopReason]] = {
    "worth more": ({"reward": {"type": "discount_amount", "value": 99_900}}, StopReason.RULE_CHANGED),
    "switched off": ({"active": False}, StopReason.RULE_INACTIVE),
    "ended": ({"requirement": {"purchase_to": "2020-01-01T00:00:00Z"}}, StopReason.RULE_EXPIRED),
}


@pytest.mark.parametrize(("change", "why"), CHANGES.values(), ids=CHANGES)
async def test_after_an_answer_with_a_changed_rule_nobody_else_gets_it(
    both: Ground, change: dict[str, object], why: StopReason
) -> None:
    request = await both.asked(customers(20))
    rule = both.sandbox.rules[RULE]

    async def changes() -> None:
        rule.update(
            {name: {**rule[name], **new} if isinstance(new, dict) else new for name, new in change.items()}
        )

    at(both.sandbox, Point.BEFORE, 3, changes)
    tally = await both.give(request)
    assert (tally.given, tally.unknown, tally.not_tried) == (12, 0, 8)
    assert len(both.ledger.calls) == 3
    assert (await both.now(request)).stop is why


async def test_name_and_statistics_of_a_rule_may_change_while_it_is_given(ground: Ground) -> None:
    request = await ground.asked(customers(20))
    rule = ground.sandbox.rules[RULE]

    async def renamed(_point: Point, number: int) -> None:
        rule.update(name=f"Spar {number}", statistics={"usage": number})

    ground.sandbox.on_call = renamed
    assert (await ground.give(request)).given == 20


async def test_a_rule_that_ends_during_the_giving_is_given_to_nobody_else(ground: Ground) -> None:
    ground.clock = clock = HandClock()
    request = await ground.asked(customers(20))

    async def ends() -> None:
        clock.pass_by(days=100_000)

    at(ground.sandbox, Point.AFTER, 2, ends)
    tally = await ground.give(request)
    assert (tally.given, tally.not_tried) == (8, 12)
    assert (await ground.now(request)).stop is StopReason.RULE_EXPIRED


async def test_halves_are_not_given_either_after_the_rule_changed(ground: Ground) -> None:
    who = customers(8)
    ground.sandbox.refuses.add(who[7])
    request = await ground.asked(who, size=8)

    async def switched_off() -> None:
        ground.sandbox.rules[RULE].update(active=False)

    at(ground.sandbox, Point.BEFORE, 2, switched_off)
    tally = await ground.give(request)
    assert (tally.given, tally.refused, tally.not_tried) == (4, 0, 4)
    assert (await ground.now(request)).stop is StopReason.RULE_INACTIVE
