"""Given exactly once, nothing lost, nothing told falsely: every answer of the endpoint, and every way to be interrupted."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import closing, suppress
from dataclasses import replace
from itertools import pairwise
from math import ceil, log2

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.giving.engine import Giving
from bot.giving.holding import Interrupted
from bot.giving.ids import UserId
from bot.giving.patience import Patience
from bot.giving.request import Request, State, StopReason, Typed
from bot.sandbox.dintero import Fault, Operation, Point, SandboxDintero
from bot.store.books import SqlBooks, open_books
from tests.clock import HandClock
from tests.giving.ground import AT_ONCE, RULE, Ground, InFlight, customers, open_ground, traffic_of

SHORT = 0.15
"""Seconds until a call that hangs is given up; long enough for every answer on loopback."""

MAY_PASS = {
    "429": Fault.error(429, "Too many requests"),
    "500 before": Fault.broken(500),
    "502 after": Fault.broken(502, after=True),
    "503 before": Fault.broken(503),
    "504 after": Fault.broken(504, after=True),
    "cut before": Fault.cut(),
    "cut after": Fault.cut(after=True),
    "cut halfway": Fault.cut_halfway(),
    "garbled before": Fault.garbled(),
    "garbled after": Fault.garbled(after=True),
    "no JSON": Fault.no_json(),
    "no rule": Fault.no_rule(),
}
SLOW = {
    "hang before": Fault.hang(),
    "hang after": Fault.hang(after=True),
    "trickle": Fault.trickle(),
}
FINAL = {
    "401": (Fault.unauthorized(), StopReason.TOKEN_REFUSED),
    "403": (Fault.forbidden(), StopReason.SCOPE_MISSING),
    "404": (Fault.not_found(), StopReason.RULE_GONE),
    "429 for good": (Fault.error(429, "Too many requests"), StopReason.BUSY),
}
"""Answers by which surely nothing was given."""

over_one_ground = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)


@pytest.fixture
async def hasty(sqlite_books: SqlBooks) -> AsyncIterator[Ground]:
    """A Dintero that has to answer at once."""
    async with open_ground(sqlite_books, timeout=SHORT) as opened:
        yield opened


# 200


async def test_everybody_is_given_it_once_in_batches_under_the_requests_key(both: Ground) -> None:
    who = customers(23)
    request = await both.asked(who, size=4, batches=2)
    tally = await both.give(request)
    assert tally.given == 23
    assert both.ledger.holders(RULE) == dict.fromkeys(who, 1)
    assert [call.count for call in both.ledger.calls] == [4, 4, 4, 4, 4, 3]
    assert {call.key for call in both.ledger.calls} == {request.once_key}


async def test_done_again_nothing_more_goes_out(both: Ground) -> None:
    request = await both.asked(customers(10))
    await both.give(request)
    calls = len(both.ledger.calls)
    assert (await both.give(request)).given == 10
    assert len(both.ledger.calls) == calls


async def test_the_rule_is_kept_as_dintero_last_answered_it(ground: Ground) -> None:
    request = await ground.asked(customers(3))
    ground.sandbox.use(RULE, times=3)
    await ground.give(request)
    answer = (await ground.now(request)).last_answer
    before, after = ground.rule.statistics, answer.statistics if answer else None
    assert before
    assert after
    assert (after.usage or 0) - (before.usage or 0) == 3


@pytest.mark.parametrize("concurrency", [1, 3, 8])
async def test_no_more_calls_are_under_way_than_the_policy_allows(ground: Ground, concurrency: int) -> None:
    in_flight = InFlight(concurrency)
    ground.sandbox.latency, ground.sandbox.on_call = 0.002, in_flight
    request = await ground.asked(customers(60), size=1, concurrency=concurrency)
    assert (await ground.give(request, lanes=True)).given == 60
    assert in_flight.most == concurrency


# what may pass


@pytest.mark.parametrize("fault", MAY_PASS.values(), ids=MAY_PASS)
async def test_what_passes_is_repeated_under_the_same_key_until_it_is_settled(ground: Ground, fault: Fault) -> None:
    request = await ground.asked(customers(12))
    ground.sandbox.faults.next(None, fault, fault)
    assert (await ground.give(request)).given == 12
    assert len(ground.ledger.calls) == 5
    assert {call.key for call in ground.ledger.calls} == {request.once_key}


@pytest.mark.parametrize("fault", SLOW.values(), ids=SLOW)
async def test_a_call_that_gets_no_answer_in_time_is_repeated_under_the_same_key(hasty: Ground, fault: Fault) -> None:
    request = await hasty.asked(customers(8))
    hasty.sandbox.faults.next(fault)
    assert (await hasty.give(request)).given == 8
    assert len(hasty.ledger.calls) == 3


async def test_dintero_is_left_alone_for_as_long_as_it_asks(ground: Ground) -> None:
    request = await ground.asked(customers(2))
    ground.sandbox.faults.next(Fault.busy(1))
    assert (await ground.give(request)).given == 2
    turned_away, repeated = ground.ledger.calls
    assert (repeated.at - turned_away.at).total_seconds() >= 1


async def test_a_wait_beyond_all_patience_stops_the_giving_at_once(ground: Ground) -> None:
    request = await ground.asked(customers(8))
    ground.sandbox.faults.always(Fault.busy(3600))
    tally = await ground.give(request)
    assert (tally.given, tally.not_tried) == (0, 8)
    assert (await ground.now(request)).stop is StopReason.BUSY
    assert len(ground.ledger.calls) == 1


async def test_waits_grow_up_to_the_longest(ground: Ground) -> None:
    request = await ground.asked(customers(1))
    ground.sandbox.faults.next(*[Fault.cut()] * 5)
    await ground.give(request, patience=Patience(first=0.01, longest=0.04, total=10, attempts=6))
    waits = [(later.at - earlier.at).total_seconds() for earlier, later in pairwise(ground.ledger.calls)]
    assert len(waits) == 5
    assert waits[-1] > waits[0]


# 400


async def test_whoever_is_refused_stands_alone_with_the_reason_and_everybody_else_is_given_it(both: Ground) -> None:
    who = customers(16)
    both.sandbox.refuses.update({who[5], who[11]})
    request = await both.asked(who, size=8)
    tally = await both.give(request)
    assert (tally.given, tally.refused) == (14, 2)
    assert [(one.customer, one.why) for one in await both.books.refused(request.id)] == [
        (who[5], "Validation failed (customers holds an id that is not valid)"),
        (who[11], "Validation failed (customers holds an id that is not valid)"),
    ]


async def test_where_all_are_refused_nobody_is_given_it_and_nobody_is_left(ground: Ground) -> None:
    who = customers(7)
    ground.sandbox.refuses.update(who)
    tally = await ground.give(await ground.asked(who))
    assert (tally.given, tally.refused, tally.left) == (0, 7, 0)


@over_one_ground
@given(st.data(), st.integers(min_value=2, max_value=130), st.integers(min_value=1, max_value=4))
async def test_each_refused_customer_costs_few_calls_wherever_they_stand(
    ground: Ground, data: st.DataObject, number: int, refused: int
) -> None:
    who = customers(number)
    bad = data.draw(st.sets(st.sampled_from(who), min_size=1, max_size=refused))
    ground.sandbox.refuses.update(bad)
    before = len(ground.ledger.calls)
    tally = await ground.give(await ground.asked(who, size=number))
    assert (tally.given, tally.refused) == (number - len(bad), len(bad))
    assert len(ground.ledger.calls) - before <= len(bad) * (1 + 2 * ceil(log2(number)))


async def test_looking_for_refused_ids_stops_above_a_tenth_and_above_twenty(ground: Ground) -> None:
    who = customers(400)
    ground.sandbox.refuses.update(who[:100])
    tally = await ground.give(await ground.asked(who, size=200))
    assert tally.refused == 41
    assert tally.given >= 200
    assert tally.not_tried == 400 - 41 - tally.given
    assert tally.unknown == 0


async def test_twenty_refused_ids_are_all_found_however_few_were_asked_for(ground: Ground) -> None:
    who = customers(21)
    ground.sandbox.refuses.update(who[:20])
    tally = await ground.give(await ground.asked(who, size=21))
    assert (tally.given, tally.refused, tally.left) == (1, 20, 0)


async def test_a_batch_that_had_to_be_done_again_counts_its_refused_once(sqlite_url: str, ground: Ground) -> None:
    who = customers(100)
    ground.sandbox.refuses.update(who[:15])
    request = await ground.asked(who, size=50)
    giving = Giving(request, ground.rule, ground.books, ground.dintero, AT_ONCE, ground.closing, ground.clock, traffic_of(AT_ONCE))
    with _full_disk(sqlite_url):
        for _ in range(2):
            with pytest.raises(sqlite3.IntegrityError):
                await giving.portion(0)
    await giving.portion(0)
    tally = await ground.truth(request)
    assert (tally.given, tally.refused, tally.left) == (85, 15, 0)


async def test_what_passes_is_repeated_while_refused_ids_are_looked_for(ground: Ground) -> None:
    who = customers(8)
    ground.sandbox.refuses.add(who[3])
    ground.sandbox.faults.next(None, Fault.cut(after=True), Fault.broken(), None, Fault.no_json(), Fault.busy(0))
    tally = await ground.give(await ground.asked(who, size=8))
    assert (tally.given, tally.refused) == (7, 1)


# what does not pass


@pytest.mark.parametrize(("fault", "reason"), FINAL.values(), ids=FINAL)
async def test_a_final_answer_stops_it_and_whoever_it_was_for_was_not_tried(both: Ground, fault: Fault, reason: StopReason) -> None:
    request = await both.asked(customers(12))
    both.sandbox.faults.next(None)
    both.sandbox.faults.always(fault)
    tally = await both.give(request)
    assert (tally.given, tally.refused, tally.unknown, tally.not_tried) == (4, 0, 0, 8)
    assert (await both.now(request)).stop is reason


@pytest.mark.parametrize("fault", [Fault.broken(), Fault.cut(after=True), Fault.no_rule()], ids=["before", "after", "no rule"])
async def test_what_stays_unknown_for_good_is_told_so_and_stops_the_rest(both: Ground, fault: Fault) -> None:
    request = await both.asked(customers(12))
    both.sandbox.faults.next(None)
    both.sandbox.faults.always(fault)
    tally = await both.give(request)
    assert (tally.given, tally.unknown, tally.not_tried) == (4, 4, 4)
    assert (await both.now(request)).stop is StopReason.UNKNOWN_FOR_GOOD
    assert len(both.ledger.calls) == 1 + AT_ONCE.attempts


@pytest.mark.parametrize("last", [Fault.unauthorized(), Fault.forbidden(), Fault.not_found(), Fault.busy(3600)], ids=FINAL)
async def test_what_may_have_been_given_stays_unknown_whatever_comes_after(ground: Ground, last: Fault) -> None:
    request = await ground.asked(customers(8))
    ground.sandbox.faults.next(Fault.cut(after=True))
    ground.sandbox.faults.always(last, on=Operation.ADD)
    tally = await ground.give(request)
    assert (tally.given, tally.unknown, tally.not_tried) == (0, 4, 4)


async def test_a_stop_while_refused_ids_are_looked_for_keeps_what_was_found(ground: Ground) -> None:
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
    await ground.books.halt(request.id, StopReason.BUSY, "later")
    assert first in {StopReason.SCOPE_MISSING, StopReason.RULE_GONE}
    assert (await ground.now(request)).stop is first


# a rule that changes while it is given


CHANGES: dict[str, tuple[dict[str, object], StopReason]] = {
    "worth more": ({"reward": {"type": "discount_amount", "value": 99_900}}, StopReason.RULE_CHANGED),
    "switched off": ({"active": False}, StopReason.RULE_INACTIVE),
    "ended": ({"requirement": {"purchase_to": "2020-01-01T00:00:00Z"}}, StopReason.RULE_EXPIRED),
}


@pytest.mark.parametrize(("change", "why"), CHANGES.values(), ids=CHANGES)
async def test_once_an_answer_shows_another_rule_nobody_else_is_given_it(both: Ground, change: dict[str, object], why: StopReason) -> None:
    request = await both.asked(customers(20))
    rule = both.sandbox.rules[RULE]

    async def changes() -> None:
        rule.update({name: {**rule[name], **new} if isinstance(new, dict) else new for name, new in change.items()})

    _at(both.sandbox, Point.BEFORE, 3, changes)
    tally = await both.give(request)
    assert (tally.given, tally.unknown, tally.not_tried) == (12, 0, 8)
    assert len(both.ledger.calls) == 3
    assert (await both.now(request)).stop is why


async def test_what_matters_not_may_change_while_it_is_given(ground: Ground) -> None:
    request = await ground.asked(customers(20))
    rule = ground.sandbox.rules[RULE]

    async def renamed(_point: Point, number: int) -> None:
        rule.update(name=f"Spar {number}", statistics={"usage": number})

    ground.sandbox.on_call = renamed
    assert (await ground.give(request)).given == 20


async def test_a_rule_that_ends_while_it_is_given_is_given_to_nobody_else(ground: Ground) -> None:
    ground.clock = clock = HandClock()
    request = await ground.asked(customers(20))

    async def ends() -> None:
        clock.pass_by(days=100_000)

    _at(ground.sandbox, Point.AFTER, 2, ends)
    tally = await ground.give(request)
    assert (tally.given, tally.not_tried) == (8, 12)
    assert (await ground.now(request)).stop is StopReason.RULE_EXPIRED


async def test_halves_are_given_to_nobody_either_once_the_rule_is_another(ground: Ground) -> None:
    who = customers(8)
    ground.sandbox.refuses.add(who[7])
    request = await ground.asked(who, size=8)

    async def switched_off() -> None:
        ground.sandbox.rules[RULE].update(active=False)

    _at(ground.sandbox, Point.BEFORE, 2, switched_off)
    tally = await ground.give(request)
    assert (tally.given, tally.refused, tally.not_tried) == (4, 0, 4)
    assert (await ground.now(request)).stop is StopReason.RULE_INACTIVE


# cancelling


@pytest.mark.parametrize("point", list(Point))
async def test_after_a_cancel_the_call_under_way_ends_and_the_rest_is_not_tried(both: Ground, point: Point) -> None:
    request = await both.asked(customers(20))
    _at(both.sandbox, point, 2, lambda: both.cancel(request))
    tally = await both.give(request)
    assert (tally.given, tally.unknown, tally.not_tried) == (8, 0, 12)
    assert len(both.ledger.calls) == 2


@pytest.mark.parametrize("concurrency", [1, 2, 5])
async def test_a_cancel_that_another_process_took_is_heard_with_the_next_outcome(both: Ground, concurrency: int) -> None:
    request = await both.asked(customers(80), concurrency=concurrency)
    _at(both.sandbox, Point.AFTER, 2, lambda: both.change(request, cancel_asked_by=UserId("U0ANN")))
    tally = await both.give(request)
    assert tally.unknown == 0
    assert tally.given == 4 * len(both.ledger.calls) <= 4 * (2 + 3 * concurrency)


async def test_however_often_the_books_are_looked_at_again_everybody_is_given_it(ground: Ground) -> None:
    request = await ground.asked(customers(40), concurrency=3)

    async def doubt(_point: Point, _number: int) -> None:
        assert ground.giving
        ground.giving.look_again()

    ground.sandbox.on_call = doubt
    assert (await ground.give(request)).given == 40


async def test_a_cancel_ends_the_repeating_and_what_may_have_been_given_is_unknown(ground: Ground) -> None:
    request = await ground.asked(customers(8))
    ground.sandbox.faults.always(Fault.cut(after=True))
    _at(ground.sandbox, Point.AFTER, 1, lambda: ground.cancel(request))
    tally = await ground.give(request)
    assert (tally.unknown, tally.not_tried) == (4, 4)
    assert len(ground.ledger.calls) == 1
    assert (await ground.now(request)).stop is None


async def test_nothing_goes_out_for_a_request_that_is_not_being_given(both: Ground) -> None:
    for state in set(State) - {State.GIVING}:
        request = await both.change(await both.asked(customers(2)), state=state)
        assert (await both.give(request)).not_tried == 2
    assert not both.ledger.calls


# closing


@pytest.mark.parametrize("point", list(Point))
async def test_a_closing_program_lets_the_call_under_way_end_and_begins_no_other(both: Ground, point: Point) -> None:
    request = await both.asked(customers(20), concurrency=2)
    _at(both.sandbox, point, 3, _closes(both))
    with pytest.raises(Interrupted):
        await both.give(request)
    stopped_at = len(both.ledger.calls)
    assert stopped_at <= 4
    assert (await both.truth(request)).given == stopped_at * 4
    both.closing = asyncio.Event()
    assert (await both.give(request)).given == 20
    assert len(both.ledger.calls) == 5


async def test_a_closing_program_repeats_nothing_and_settles_it_at_the_next_start(ground: Ground) -> None:
    request = await ground.asked(customers(8))
    ground.sandbox.faults.always(Fault.cut(after=True))
    _at(ground.sandbox, Point.AFTER, 1, _closes(ground))
    with pytest.raises(Interrupted):
        await ground.give(request)
    assert len(ground.ledger.calls) == 1
    assert (await ground.truth(request)).unknown == 8
    ground.sandbox.faults.clear()
    ground.closing = asyncio.Event()
    assert (await ground.give(request)).given == 8


# killed


@pytest.mark.parametrize("point", list(Point))
async def test_whatever_a_killed_process_left_is_settled_by_the_next(both: Ground, point: Point) -> None:
    request = await both.asked(customers(20), concurrency=2)
    await _killed(both, request, point, 3)
    assert (await both.truth(request)).not_tried == 0
    tally = await both.give(request)
    assert tally.given == 20


@pytest.mark.parametrize("point", list(Point))
async def test_what_a_killed_process_may_have_given_is_unknown_when_it_cannot_be_settled(ground: Ground, point: Point) -> None:
    request = await ground.asked(customers(12))
    await _killed(ground, request, point, 2)
    ground.sandbox.faults.always(Fault.forbidden())
    tally = await ground.give(request)
    assert (tally.given, tally.unknown) == (4, 8)


async def test_a_cancel_before_the_next_start_leaves_unknown_what_a_killed_process_may_have_given(ground: Ground) -> None:
    request = await ground.asked(customers(12), batches=2)
    await _killed(ground, request, Point.AFTER, 2)
    await ground.cancel(request)
    tally = await ground.give(request)
    assert (tally.given, tally.unknown, tally.not_tried) == (4, 4, 4)


async def test_halves_that_a_killed_process_may_have_given_are_never_told_as_not_tried(ground: Ground) -> None:
    who = customers(100)
    ground.sandbox.refuses.update({*who[:21], who[75]})
    request = await ground.asked(who, size=50, concurrency=2)
    await _killed_when(
        ground, request, lambda point, number: point is Point.AFTER and ground.ledger.calls[number - 1].customers == who[50:75]
    )
    assert ground.ledger.held(RULE, who[60]) == 1
    assert not ground.ledger.held(RULE, who[80])
    tally = await ground.give(replace(request, concurrency=1))
    assert (tally.given, tally.refused, tally.unknown, tally.not_tried) == (78, 22, 0, 0)


@pytest.mark.parametrize("point", list(Point))
async def test_of_a_hopeless_list_too_whatever_a_killed_process_left_is_settled(both: Ground, point: Point) -> None:
    who = customers(100)
    both.sandbox.refuses.update(who)
    request = await both.asked(who, size=50)
    await _killed(both, request, point, 1)
    before = len(both.ledger.calls)
    tally = await both.give(request)
    assert (tally.refused, tally.left) == (100, 0)
    assert (await both.now(request)).stop is None
    assert len(both.ledger.calls) - before <= 100 * (1 + 2 * ceil(log2(50)))


async def test_while_there_is_no_token_nothing_goes_out_and_nobody_is_unknown(ground: Ground) -> None:
    request = await ground.asked(customers(8))
    ground.sandbox.tokens.revoke_all()
    ground.sandbox.faults.always(Fault.broken(503), on=Operation.TOKEN)
    tally = await ground.give(request)
    assert (tally.given, tally.unknown, tally.not_tried) == (0, 0, 8)
    assert (await ground.now(request)).stop is StopReason.UNKNOWN_FOR_GOOD


async def test_a_token_that_cannot_be_had_at_first_holds_up_nobody_for_good(ground: Ground) -> None:
    request = await ground.asked(customers(8))
    ground.sandbox.tokens.revoke_all()
    ground.sandbox.faults.next(Fault.cut(), Fault.busy(0), on=Operation.TOKEN)
    assert (await ground.give(request)).given == 8


async def test_what_may_have_been_given_before_the_token_was_lost_stays_unknown(ground: Ground) -> None:
    request = await ground.asked(customers(8))
    ground.sandbox.faults.next(Fault.cut(after=True))
    ground.sandbox.faults.always(Fault.unauthorized())
    ground.sandbox.faults.always(Fault.broken(503), on=Operation.TOKEN)
    tally = await ground.give(request)
    assert (tally.given, tally.unknown, tally.not_tried) == (0, 4, 4)


# continuing


async def test_continuing_gives_only_to_whoever_was_not_given_it_yet(both: Ground) -> None:
    who = customers(20)
    both.sandbox.refuses.add(who[1])
    request = await both.asked(who)
    both.sandbox.faults.next(*[None] * 6)
    both.sandbox.faults.always(Fault.forbidden())
    first = await both.give(request)
    assert (first.given, first.refused) == (7, 1)
    both.sandbox.faults.clear()
    request, before = await both.next_round(request), len(both.ledger.calls)
    tally = await both.give(request)
    assert (tally.given, tally.refused, tally.left) == (19, 1, 0)
    assert {customer for call in both.ledger.calls[before:] for customer in call.customers} == set(who[8:])


async def test_continuing_settles_what_was_unknown(both: Ground) -> None:
    request = await both.asked(customers(8))
    both.sandbox.faults.always(Fault.cut(after=True))
    assert (await both.give(request)).unknown == 4
    both.sandbox.faults.clear()
    assert (await both.give(await both.next_round(request))).given == 8


async def test_continuing_in_vain_keeps_apart_who_may_have_it_and_who_was_never_tried(ground: Ground) -> None:
    who = customers(8)
    ground.sandbox.refuses.add(who[0])
    request = await ground.asked(who, size=8)
    ground.sandbox.faults.next(*[None] * 6, *[Fault.cut(after=True)] * AT_ONCE.attempts)
    first = await ground.give(request)
    assert (first.refused, first.given, first.unknown, first.not_tried) == (1, 3, 4, 0)
    ground.sandbox.faults.always(Fault.forbidden())
    again = await ground.give(await ground.next_round(request))
    assert (again.refused, again.given, again.unknown, again.not_tried) == (1, 3, 4, 0)


@pytest.mark.parametrize("point", list(Point))
async def test_a_kill_in_a_later_round_makes_what_was_not_tried_unknown(both: Ground, point: Point) -> None:
    request = await both.asked(customers(8))
    both.sandbox.faults.always(Fault.forbidden())
    assert (await both.give(request)).not_tried == 8
    both.sandbox.faults.clear()
    request = await both.next_round(request)
    await _killed(both, request, point, 2)
    assert (await both.truth(request)).unknown == 4
    await both.cancel(request)
    tally = await both.give(request)
    assert (tally.given, tally.unknown, tally.not_tried) == (4, 4, 0)


async def test_a_cancel_right_before_a_later_rounds_batch_leaves_it_not_tried(ground: Ground) -> None:
    request = await ground.asked(customers(8))
    ground.sandbox.faults.always(Fault.forbidden())
    await ground.give(request)
    ground.sandbox.faults.clear()
    request = await ground.next_round(request)
    _at(ground.sandbox, Point.AFTER, 1, lambda: ground.cancel(request))
    tally = await ground.give(request)
    assert (tally.given, tally.unknown, tally.not_tried) == (4, 0, 4)


# whatever comes


ANY_FAULT = st.sampled_from([None, None, None, *MAY_PASS.values(), *(fault for fault, _ in FINAL.values())])


@over_one_ground
@given(
    number=st.integers(min_value=1, max_value=30),
    size=st.integers(min_value=1, max_value=9),
    concurrency=st.integers(min_value=1, max_value=4),
    rounds=st.lists(st.lists(ANY_FAULT, max_size=12), min_size=1, max_size=3),
    data=st.data(),
)
async def test_whatever_goes_wrong_everybody_comes_to_one_end_and_nobody_gets_it_twice(
    ground: Ground, number: int, size: int, concurrency: int, rounds: list[list[Fault | None]], data: st.DataObject
) -> None:
    who = customers(number)
    bad = data.draw(st.sets(st.sampled_from(who), max_size=3))
    ground.sandbox.refuses.update(bad)
    request = await ground.asked(who, size=size, concurrency=concurrency, batches=2)
    for faults in rounds:
        ground.sandbox.faults.clear()
        ground.sandbox.faults.next(*faults)
        await ground.give(request, lanes=True)
        request = await ground.next_round(request)
    ground.sandbox.faults.clear()
    tally = await ground.give(request, lanes=True)
    assert (tally.given, tally.refused, tally.left) == (number - len(bad), len(bad), 0)
    assert {customer for customer in ground.ledger.holders(RULE) if customer in who} == set(who) - bad


@over_one_ground
@given(
    number=st.integers(min_value=1, max_value=30),
    concurrency=st.integers(min_value=1, max_value=3),
    kills=st.lists(st.tuples(st.sampled_from(list(Point)), st.integers(min_value=1, max_value=12)), min_size=1, max_size=3),
    data=st.data(),
)
async def test_whenever_it_is_killed_everybody_comes_to_one_end_and_nobody_gets_it_twice(
    ground: Ground, number: int, concurrency: int, kills: list[tuple[Point, int]], data: st.DataObject
) -> None:
    who = customers(number)
    bad = data.draw(st.sets(st.sampled_from(who), max_size=3))
    ground.sandbox.refuses.update(bad)
    request = await ground.asked(who, concurrency=concurrency, batches=2)
    for point, at in kills:
        await _killed(ground, request, point, at, lanes=True)
    tally = await ground.give(request, lanes=True)
    assert (tally.given, tally.refused, tally.left) == (number - len(bad), len(bad), 0)
    assert {customer for customer in ground.ledger.holders(RULE) if customer in who} == set(who) - bad


# what happens meanwhile


def _at(sandbox: SandboxDintero, point: Point, call: int, does: Callable[[], Awaitable[object]]) -> None:
    """Let something happen at a point of the so-many-eth call from now on."""
    counted = len(sandbox.ledger.calls) + call

    async def on_call(where: Point, number: int) -> None:
        if where is point and number == counted:
            await does()

    sandbox.on_call = on_call


def _closes(ground: Ground) -> Callable[[], Awaitable[None]]:
    async def close() -> None:
        ground.closing.set()

    return close


async def _killed(ground: Ground, request: Request, point: Point, call: int, *, lanes: bool = False) -> None:
    """Give until a point of the so-many-eth call, and no further."""
    last = len(ground.ledger.calls) + call
    await _killed_when(ground, request, lambda where, number: where is point and number == last, lanes=lanes)


async def _killed_when(ground: Ground, request: Request, look: Callable[[Point, int], bool], *, lanes: bool = False) -> None:
    """Give until a call is at this point, and no further; the call itself goes no further either."""
    reached, over = asyncio.Event(), asyncio.Event()

    async def reach(point: Point, number: int) -> None:
        if look(point, number):
            reached.set()
        if reached.is_set():
            await over.wait()
            raise asyncio.CancelledError

    ground.sandbox.on_call = reach
    giving, met = asyncio.ensure_future(ground.give(request, lanes=lanes)), asyncio.ensure_future(reached.wait())
    await asyncio.wait({giving, met}, return_when=asyncio.FIRST_COMPLETED)
    for task in (giving, met):
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    over.set()
    ground.sandbox.on_call = None
    await ground.books.fill_in(request.id, Typed())  # it is no draft: only the writes that were cancelled and still go on are done by now


class _full_disk:  # noqa: N801 - reads as a sentence
    """No outcome can be written while this is open."""

    def __init__(self, url: str) -> None:
        self._path = url.removeprefix("sqlite:///")

    def _run(self, statement: str) -> None:
        with closing(sqlite3.connect(self._path)) as connection:
            connection.execute(statement)
            connection.commit()

    def __enter__(self) -> None:
        self._run("CREATE TRIGGER full BEFORE INSERT ON batches BEGIN SELECT RAISE(FAIL, 'disk is full'); END")

    def __exit__(self, *_: object) -> None:
        self._run("DROP TRIGGER full")


async def test_both_databases_can_be_opened_again_where_a_giving_was_left(database_url: str) -> None:
    async with open_books(database_url) as books, open_ground(books) as ground:
        request = await ground.asked(customers(12))
        await _killed(ground, request, Point.AFTER, 2)
        sandbox = ground.sandbox
        async with open_books(database_url) as again:
            ground.books = again
            assert (await ground.give(request)).given == 12
        assert not sandbox.ledger.more_than_once(RULE)
