"""The verification records which unknown customers are among a rule's holders, within bounds."""

import pytest

from bot.domain.ids import CustomerId
from bot.domain.requests.batches import BatchOutcome, Refused, Tally, Verification
from bot.domain.requests.request import Request, State, StopReason
from bot.domain.rules.rule import Holder
from bot.errors import OutcomeUnknownError
from bot.giving.lookups import RuleLookups
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


async def verified(
    office: Office, request: Request, *, seconds: float = 5.0, most_pages: int = 50
) -> Verification | None:
    """Verify once more, in pages of two."""
    lookups = RuleLookups(office.shelf, CallScheduler(first=0.01, longest=0.02))
    verifier = OutcomeVerifier(
        repository=office.repository,
        lookups=lookups,
        clock=office.clock,
        seconds=seconds,
        most_pages=most_pages,
    )
    found = await office.repository.find(request.id)
    assert found
    await verifier.verify(found, await office.repository.tally(request.id))
    return await office.repository.verification(request.id)


async def test_unknown_customers_among_the_holders_stay_unknown(either_office: Office) -> None:
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


async def test_no_page_is_read_after_the_last_unknown_customer(office: Office) -> None:
    request = await giving(office)
    office.shelf.refs_of[SPAR] = refs("d", "c", *"efghij")
    assert await verified(office, request) == Verification(NOW, 2, there=2, refs=2, whole=True)


async def test_of_a_long_list_only_the_first_pages_are_read(office: Office) -> None:
    request = await giving(office)
    office.shelf.refs_of[SPAR] = refs(*"efghijklmn", "c")
    assert await verified(office, request, most_pages=3) == Verification(NOW, 2, there=0, refs=6)


async def test_a_rule_with_very_many_holders_is_not_read(office: Office) -> None:
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


async def test_a_list_that_repeats_itself_is_not_complete(
    office: Office,
) -> None:
    request = await giving(office)
    office.shelf.refs_of[SPAR] = [Holder("same", CustomerId("a")), Holder("same", CustomerId("e"))]
    assert await verified(office, request) == Verification(NOW, 2, refs=2)


@pytest.mark.parametrize("why", ["connection lost"])
async def test_a_failed_verification_is_recorded_and_the_giving_ends(office: Office, why: str) -> None:
    request = await giving(office)
    office.shelf.failure = OutcomeUnknownError(why)
    await office.completion.finish(request.id, 1)
    assert await office.repository.verification(request.id) == Verification(NOW, 2, failed=why)
    stopped = await office.repository.find(request.id)
    assert stopped
    assert stopped.state is State.STOPPED


async def test_a_verification_that_takes_too_long_ends(office: Office) -> None:
    request = await giving(office)
    assert await verified(office, request, seconds=0) == Verification(NOW, 2, failed="Dintero took too long")


async def test_without_unknown_outcomes_nothing_is_verified(office: Office) -> None:
    request = await giving(office)
    await office.repository.record_outcomes(request.id, BatchOutcome(0, 0, 4))
    assert await verified(office, request) is None


async def test_a_newer_verification_replaces_the_older_and_a_purge_deletes_both(
    either_office: Office,
) -> None:
    office = either_office
    request = await giving(office)
    office.shelf.refs_of[SPAR] = refs("c")
    await verified(office, request)
    office.shelf.refs_of[SPAR] = refs("d", "x")
    assert await verified(office, request) == Verification(NOW, 2, there=1, refs=2, whole=True)
    assert await office.repository.confirmed_customers(request.id) == {"d"}
    async with office.repository.unit_of_work(request.id) as unit:
        assert unit
        await unit.redact(NOW)
    assert await office.repository.confirmed_customers(request.id) == frozenset()
