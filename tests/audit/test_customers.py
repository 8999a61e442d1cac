"""`audit verify` compares the customers in the database with those of the request."""

import json

import pytest

from bot.audit.verify import verify
from bot.database.repositories.repository import SqlRepository, open_repository
from bot.domain.customers.packing import pack
from bot.domain.ids import CustomerId
from bot.domain.requests.request import new_salt, salted
from tests.support.digests import digest_of
from tests.support.service_fixture import open_office

OTHERS = [CustomerId("thief"), CustomerId("b")]


@pytest.mark.parametrize("covered", [False, True])
@pytest.mark.parametrize("salt", [False, True])
async def test_changed_customers_are_found_by_the_audit(
    repository: SqlRepository, *, covered: bool, salt: bool
) -> None:
    office = await open_office(repository)
    request = await office.ask(customers="a\nb")
    assert (await verify(repository.audit)).fine
    async with repository.unit_of_work(request.id) as unit:
        assert unit
        await unit.put_packed(pack(OTHERS, portion=8))
    if covered:  # with a digest that fits them
        others = digest_of(OTHERS)
        await office.put(request, customers_digest=salted(others, new_salt()) if salt else others)
    verdict = await verify(repository.audit)
    assert not verdict.fine
    assert verdict.fault.startswith(f"the customers of {request.short} in the database aren't those of row")


async def test_purged_customers_are_no_fault(repository: SqlRepository) -> None:
    office = await open_office(repository)
    request = await office.ask(customers="a\nb")
    async with repository.unit_of_work(request.id) as unit:
        assert unit
        await unit.redact(office.clock.now())
    assert (await verify(repository.audit)).fine


async def test_without_their_key_the_digest_of_the_request_decides(database_url: str) -> None:
    async with open_repository(database_url, audit_key="one") as repository:
        request = await (await open_office(repository)).ask(customers="a\nb")
    async with open_repository(database_url, audit_key="another") as repository:
        assert (await verify(repository.audit)).fine
        async with repository.unit_of_work(request.id) as unit:
            assert unit
            await unit.put_packed(pack(OTHERS, portion=8))
        assert not (await verify(repository.audit)).fine


async def test_no_digest_that_stays_after_a_purge_confirms_a_guess(repository: SqlRepository) -> None:
    office = await open_office(repository)
    one, same = [await office.ask(customers="12345678") for _ in range(2)]
    assert one.customers_digest != same.customers_digest
    async with repository.unit_of_work(one.id) as unit:
        assert unit
        await unit.redact(office.clock.now())
    salt = one.customers_digest.partition(":")[0]
    assert not (await office.now(one.id)).customers_digest
    async for row in repository.audit.rows():
        assert salt not in json.dumps(row.facts)
