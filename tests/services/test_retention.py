"""Retention: what is purged, and what stays."""

import asyncio
import zlib
from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import create_engine, inspect, text

from bot.audit.verify import verify
from bot.database.connection import parse_url
from bot.database.repositories.repository import SqlRepository
from bot.domain.customers.packing import unpacked
from bot.domain.customers.uploads import Upload
from bot.domain.ids import CustomerId, FileId, RequestId
from bot.domain.policy.policy import Refusal, RefusalReason
from bot.domain.requests.batches import BatchOutcome, Refused, Verification
from bot.domain.requests.request import FormInput, Request, State
from bot.services.retention import RetentionService
from tests.support.audit_reader import naming
from tests.support.service_fixture import ANN, BO, CHIEF, NOW, SUPPORT, Office, open_office, person

SECRETS = ("secret-customer", "secret reason", "secret note")
LETTER = Upload(FileId("F1"), "secret-customers.csv")
LIST = "\n".join(f"secret-customer-{at}" for at in range(3))


async def nothing_else(_requests: Sequence[Request]) -> None:
    pass


def purging(office: Office, days: int = 90) -> RetentionService:
    return RetentionService(
        repository=office.repository, clock=office.clock, days=days, elsewhere=nothing_else
    )


async def given(office: Office) -> Request:
    office.drawer.lists[LETTER.id] = ("secret-customer-0",)
    request = await office.ask(customers=LIST, reason="secret reason", files=(LETTER,))
    await office.approve(request, BO)
    await office.preflight.begin(request.id)
    refused = (Refused(CustomerId("secret-customer-1"), "secret note"),)
    await office.repository.record_outcomes(request.id, BatchOutcome(0, 0, 3, refused=refused))
    await office.repository.save_verification(
        request.id, Verification(NOW, 1, failed="secret note"), frozenset({CustomerId("secret-customer-2")})
    )
    await office.completion.finish(request.id, 1)
    return request


async def rejected(office: Office) -> Request:
    request = await office.ask(customers=LIST, reason="secret reason")
    await office.decisions.reject(request.id, person(BO), "secret note")
    return request


def everything(url: str) -> str:
    """Read all columns of all tables as text, unpacked."""
    engine = create_engine(parse_url(url))
    read: list[str] = []
    with engine.connect() as connection:
        for table in inspect(engine).get_table_names():
            for row in connection.execute(text(f"SELECT * FROM {table}")):
                read += [_plain(table, value) for value in row]
    engine.dispose()
    return "\n".join(read)


def _plain(table: str, value: object) -> str:
    if not isinstance(value, bytes | memoryview):
        return str(value)
    kept = bytes(value)
    if table == "files":
        return zlib.decompress(kept).decode()
    return str(unpacked(kept)) if table in {"customers", "batches", "read_back"} else str(kept)


async def test_an_old_ended_request_is_purged_everywhere(
    repository: SqlRepository, database_url: str
) -> None:
    office = await open_office(repository)
    await given(office)
    await rejected(office)
    assert all(secret in everything(database_url) for secret in SECRETS)
    office.clock.pass_by(days=91)
    assert await purging(office).purge() == 2
    assert [secret for secret in SECRETS if secret in everything(database_url)] == []


async def test_counts_votes_and_the_audit_stay_and_the_salt_goes(repository: SqlRepository) -> None:
    office = await open_office(repository)
    request = await given(office)
    before, tally, votes = (
        await office.now(request.id),
        await repository.tally(request.id),
        await repository.votes(request.id, 1),
    )
    office.clock.pass_by(days=91)
    await purging(office).purge()
    after = await office.now(request.id)
    assert (after.customers, after.customers_digest, after.once_key) == (
        before.customers,
        "",
        before.once_key,
    )
    assert (await repository.tally(request.id), await repository.votes(request.id, 1)) == (tally, votes)
    assert await repository.load_input(request.id) == FormInput()
    assert (await verify(repository.audit)).fine
    assert await naming(repository, CustomerId("secret-customer-1")) == {request.id}


async def test_open_and_recent_requests_are_kept(repository: SqlRepository) -> None:
    office = await open_office(repository)
    waiting, ended = await office.ask(customers=LIST), await rejected(office)
    office.clock.pass_by(days=90)
    assert await purging(office).purge() == 0
    assert (await office.now(ended.id)).reason == "secret reason"
    office.clock.pass_by(seconds=1)
    assert await purging(office).purge() == 1
    assert (await office.now(waiting.id)).first_customer == "secret-customer-0"


async def test_the_policy_says_how_long_a_request_is_kept(repository: SqlRepository) -> None:
    office = await open_office(repository)
    await rejected(office)
    office.clock.pass_by(days=8)
    assert await purging(office, days=9).purge() == 0
    assert await purging(office, days=7).purge() == 1


async def test_several_processes_that_purge_at_once_purge_each_request_once(
    repository: SqlRepository,
) -> None:
    office = await open_office(repository)
    for _ in range(5):
        await rejected(office)
    office.clock.pass_by(days=91)
    assert sum(await asyncio.gather(*(purging(office).purge() for _ in range(4)))) == 5
    rows = [row.kind async for row in repository.audit.rows()]
    assert rows.count("purged") == 5


async def test_data_outside_the_database_is_purged_first(repository: SqlRepository) -> None:
    office = await open_office(repository)
    request = await rejected(office)
    office.clock.pass_by(days=91)
    seen: list[tuple[RequestId, bool]] = []

    async def elsewhere(requests: Sequence[Request]) -> None:
        seen.extend([(one.id, (await office.now(one.id)).purged_at is None) for one in requests])

    await RetentionService(repository=repository, clock=office.clock, days=90, elsewhere=elsewhere).purge()
    assert seen == [(request.id, True)]


async def test_the_reason_of_a_pause_is_purged_with_the_pause(
    repository: SqlRepository, database_url: str
) -> None:
    office = await open_office(repository)
    await office.decisions.pause_service.pause(person(CHIEF), "secret reason")
    assert "secret reason" in everything(database_url)
    await office.decisions.pause_service.resume(person(CHIEF))
    assert "secret reason" not in everything(database_url)


async def test_the_reason_of_a_pause_in_threads_is_purged_with_their_requests(
    repository: SqlRepository, database_url: str
) -> None:
    office = await open_office(repository)
    request = await office.ask()
    await office.approve(request, BO)
    await office.preflight.begin(request.id)
    await office.decisions.pause_service.pause(person(CHIEF), "secret reason")
    await office.completion.finish(request.id, 1)
    await office.decisions.pause_service.resume(person(CHIEF))
    assert "secret reason" in everything(database_url)
    await office.put(request, state=State.DONE, ended_at=office.clock.now())
    office.clock.pass_by(days=91)
    await purging(office).purge()
    assert "secret reason" not in everything(database_url)


async def test_a_reason_given_after_the_purge_of_a_request_is_not_kept_with_it(
    repository: SqlRepository, database_url: str
) -> None:
    office = await open_office(repository)
    request = await office.ask()
    await office.decisions.pause_service.pause(person(CHIEF), "down")
    await office.decisions.cancel(request.id, person(ANN), SUPPORT)
    office.clock.pass_by(days=91)
    await purging(office).purge()
    await office.decisions.pause_service.pause(person(CHIEF), "secret reason")
    await office.decisions.pause_service.resume(person(CHIEF))
    assert "secret reason" not in everything(database_url)


async def test_a_request_for_purged_customers_is_answered(repository: SqlRepository) -> None:
    office = await open_office(repository)
    request = await rejected(office)
    office.clock.pass_by(days=91)
    await purging(office).purge()
    shown = await office.decisions.customers(request.id, person(ANN), SUPPORT, 1)
    assert isinstance(shown, Refusal)
    assert (shown.reason, shown.detail) == (RefusalReason.PURGED, request.short)
    for act in (office.approve(request, BO), office.decisions.cancel(request.id, person(ANN), SUPPORT)):
        refused = await act
        assert isinstance(refused, Refusal)
        assert refused.detail == State.REJECTED
    assert office.clock.now() > NOW + timedelta(days=90)
