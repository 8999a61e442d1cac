"""Reading back who has a rule: what is seen of the unknown is kept as it was seen, a bounded number of pages far."""

import pytest

from bot.domain.ids import CustomerId
from bot.domain.requests.batches import BatchOutcome, Refused, Tally, Verification
from bot.domain.requests.request import Request, State, StopReason
from bot.domain.rules.rule import Holder
from bot.errors import OutcomeUnknownError
from bot.giving.calls import RuleLookups
from bot.giving.scheduler import CallScheduler
from bot.giving.verification import OutcomeVerifier
from tests.support.service_fixture import BO, NOW, SPAR, Office


def refs(*customers: str | None) -> list[Holder]:
    return [Holder(f"ref-{at}", None if one is None else CustomerId(one)) for at, one in enumerate(customers)]


async def giving(office: Office) -> Request:
    """Give in part: a has it, b was refused, c and d are unknown."""
    asked = await office.ask(customers="a\nb\nc\nd")
    await office.approve(asked, BO)
    assert await office.preflight.begin(asked.id)
    await office.repository.start_portion(asked.id, 0)
    b, c, d = map(CustomerId, "bcd")
    await office.repository.record_outcomes(
        asked.id, BatchOutcome(0, 0, 4, refused=(Refused(b, "no"),), unknown=(c, d))
    )
    return asked


async def looked(
    office: Office, request: Request, *, seconds: float = 5.0, most_pages: int = 50
) -> Verification | None:
    """Look once more, in pages of two."""
    lookups = RuleLookups(office.shelf, CallScheduler(first=0.01, longest=0.02))
    back = OutcomeVerifier(
        repository=office.repository,
        lookups=lookups,
        clock=office.clock,
        seconds=seconds,
        most_pages=most_pages,
    )
    found = await office.repository.find(request.id)
    assert found
    await back.verify(found, await office.repository.tally(request.id))
    return await office.repository.verification(request.id)


async def test_the_end_of_a_giving_looks_and_nobody_is_taken_for_given(either_office: Office) -> None:
    office = either_office
    request = await giving(office)
    office.shelf.refs_of[SPAR] = refs("a", "zoe", "c", None, "b")
    await office.completion.finish(request.id, 1)
    assert await office.repository.verification(request.id) == Verification(
        NOW, 2, there=1, refs=5, whole=True
    )
    assert await office.repository.confirmed_customers(request.id) == {"c"}
    assert await office.repository.tally(request.id) == Tally(4, given=1, refused=1, unknown=2)
    stopped = await office.repository.find(request.id)
    assert stopped
    assert (stopped.state, stopped.stop) == (State.STOPPED, StopReason.UNKNOWN_FOR_GOOD)


async def test_it_looks_no_further_than_to_the_last_of_the_unknown(office: Office) -> None:
    request = await giving(office)
    office.shelf.refs_of[SPAR] = refs("d", "c", *"efghij")
    assert await looked(office, request) == Verification(NOW, 2, there=2, refs=2, whole=True)


async def test_of_a_long_list_only_the_first_pages_are_read(office: Office) -> None:
    request = await giving(office)
    office.shelf.refs_of[SPAR] = refs(*"efghijklmn", "c")
    assert await looked(office, request, most_pages=3) == Verification(NOW, 2, there=0, refs=6)


async def test_where_so_many_have_it_already_nobody_looks(office: Office) -> None:
    request = await giving(office)
    found = await office.repository.find(request.id)
    assert found
    await OutcomeVerifier(
        repository=office.repository,
        lookups=RuleLookups(office.shelf, CallScheduler(first=0.01, longest=0.02)),
        clock=office.clock,
    ).verify(found, Tally(100_000, given=99_998, unknown=2))
    assert await office.repository.verification(request.id) == Verification(NOW, 2)
    assert office.shelf.refs_read == 0


async def test_a_list_that_repeats_itself_is_neither_read_for_ever_nor_taken_for_the_whole(
    office: Office,
) -> None:
    request = await giving(office)
    office.shelf.refs_of[SPAR] = [Holder("same", CustomerId("a")), Holder("same", CustomerId("e"))]
    assert await looked(office, request) == Verification(NOW, 2, refs=2)


@pytest.mark.parametrize("why", ["The connection to Dintero was cut"])
async def test_that_it_could_not_be_read_is_kept_and_the_giving_ends_all_the_same(
    office: Office, why: str
) -> None:
    request = await giving(office)
    office.shelf.failure = OutcomeUnknownError(why)
    await office.completion.finish(request.id, 1)
    assert await office.repository.verification(request.id) == Verification(NOW, 2, failed=why)
    stopped = await office.repository.find(request.id)
    assert stopped
    assert stopped.state is State.STOPPED


async def test_a_look_that_takes_too_long_is_given_up(office: Office) -> None:
    request = await giving(office)
    assert await looked(office, request, seconds=0) == Verification(NOW, 2, failed="Dintero took too long")


async def test_where_nobody_is_unknown_nobody_looks(office: Office) -> None:
    request = await giving(office)
    await office.repository.record_outcomes(request.id, BatchOutcome(0, 0, 4))
    assert await looked(office, request) is None


async def test_a_newer_look_stands_and_a_purge_forgets_who_it_was(either_office: Office) -> None:
    office = either_office
    request = await giving(office)
    office.shelf.refs_of[SPAR] = refs("c")
    await looked(office, request)
    office.shelf.refs_of[SPAR] = refs("d", "x")
    assert await looked(office, request) == Verification(NOW, 2, there=1, refs=2, whole=True)
    assert await office.repository.confirmed_customers(request.id) == {"d"}
    async with office.repository.unit_of_work(request.id) as unit:
        assert unit
        await unit.redact(NOW)
    assert await office.repository.confirmed_customers(request.id) == frozenset()
