"""The audit over whole journeys: masked ids, the daily end of the chain, and deletion in time."""

import asyncio
import json
import logging
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

import pytest
from dbos import DBOS

from bot.audit.verify import verify
from bot.background.durable_engine import engine_url
from bot.background.workflow_records import forget_workflows, workflows_from_outside
from bot.config.log_setup import set_up_logs
from sandbox.shop import database_in, open_bot, open_shop
from sandbox.slack.user.person import SandboxPerson
from tests.cli.test_main import call
from tests.database.test_erased import files_with
from tests.journeys.conftest import Opens
from tests.journeys.steps import QUICKLY, Trip
from tests.support.plain_logs import plain_logs
from tests.support.samples import REQUEST

IDS = [f"very-secret-customer-{at}" for at in range(6)]


@pytest.fixture
def log() -> Iterator[StringIO]:
    root, dbos = logging.getLogger(), logging.getLogger("dbos")
    kept = root.handlers, root.level, dbos.handlers, dbos.propagate
    written = StringIO()
    set_up_logs(level="info", as_json=True, to=written)
    yield written
    root.handlers, root.level, dbos.handlers, dbos.propagate = kept
    plain_logs()


def read_by(trip: Trip, *people: SandboxPerson) -> str:
    """Read all channels and threads."""
    slack, found = trip.shop.slack, []
    for channel in (trip.support, trip.shop.campaigns):
        for message in slack.messages(channel):
            found += [message.text, json.dumps(message.blocks)]
            found += [json.dumps([reply.text, reply.blocks]) for reply in slack.thread(message)]
    for who in people:
        found += [json.dumps([told.text, told.blocks]) for told in who.ephemerals]
    return "\n".join(found)


async def test_no_channel_thread_log_or_audit_has_a_whole_customer_id(opens: Opens, log: StringIO) -> None:
    trip = await opens(retry_policy=QUICKLY)
    trip.shop.dintero.refuses.add(IDS[2])
    card = await trip.ask("\n".join(IDS), Reason="late parcel")
    await trip.shop.bo.press("View customers", card)
    await trip.shop.bo.sees_view("Customers", text=IDS[0])
    await trip.approve(card)
    await trip.summary("Given to 5 of 6 customers")
    await trip.shop.bo.command("/discount status", trip.support)
    await trip.shop.bo.is_told("R-")
    audit = "\n".join(
        [f"{row.facts}{row.request}{row.kind}" async for row in trip.running.repository.audit.rows()]
    )
    for where in (read_by(trip, trip.shop.bo), log.getvalue(), audit):
        assert where
        assert [one for one in IDS if one in where] == []
    assert (await verify(trip.running.repository.audit)).fine


async def test_each_start_audits_the_policy_in_force(opens: Opens) -> None:
    trip = await opens()
    first = await anext(trip.running.repository.audit.rows())
    assert first.kind == "policy"
    assert len(json.loads(first.facts)["hash"]) == 64


async def test_the_admins_receive_the_end_of_the_chain_and_it_is_audited(tmp_path: Path) -> None:
    async with open_shop() as shop:
        async with open_bot(shop, database_in(tmp_path)):
            pass
        async with open_bot(shop, database_in(tmp_path)) as running:  # each start is a row
            told = shop.chief.read(await shop.chief.sees("Audit checkpoint: 2 rows", shop.chief.direct))
            head = re.search("[0-9a-f]{16}", told)
            assert head
            assert (await verify(running.repository.audit, head=head[0])).fine


async def test_a_purge_deletes_the_workflow_engines_data_too(opens: Opens) -> None:
    trip = await opens()
    card = await trip.ask("c-1")
    request = await trip.request(card)
    await trip.approve(card)
    await trip.summary("Given to 1 of 1 customer")
    assert await DBOS.list_workflows_async(workflow_id_prefix=f"{request.id}:")
    await forget_workflows([request])
    assert await DBOS.list_workflows_async(workflow_id_prefix=f"{request.id}:") == []


async def test_a_purge_by_command_deletes_the_workflow_engines_data(opens: Opens, tmp_path: Path) -> None:
    trip = await opens()
    card = await trip.ask("c-1")
    request = await trip.request(card)
    await trip.approve(card)
    await trip.summary("Given to 1 of 1 customer")
    async with workflows_from_outside(engine_url(database_in(tmp_path))) as forget:
        await forget([request])
    assert await DBOS.list_workflows_async(workflow_id_prefix=f"{request.id}:") == []


async def test_no_file_has_an_id_after_the_purge_command_beside_a_running_bot(
    opens: Opens, tmp_path: Path
) -> None:
    trip = await opens(retry_policy=QUICKLY)
    trip.shop.dintero.refuses.add(IDS[2])
    card = await trip.ask("\n".join(IDS), Reason="late parcel")
    request = await trip.request(card)
    await trip.approve(card)
    await trip.summary("Given to 5 of 6 customers")
    assert files_with(tmp_path, "very-secret", "late parcel")
    async with trip.running.repository.unit_of_work(request.id) as unit:
        assert unit
        await unit.save(replace(unit.request, ended_at=datetime(2020, 1, 1, tzinfo=UTC)))
    (tmp_path / "policy.toml").write_text('currency = "NOK"\ntimezone = "Europe/Oslo"\n')
    purged = await asyncio.to_thread(call, tmp_path, "purge", DATABASE_URL=database_in(tmp_path))
    assert "of 1 requests" in purged.stdout, purged.stderr
    assert files_with(tmp_path, "very-secret", "late parcel") == []
    assert (await verify(trip.running.repository.audit)).fine
    assert len(await trip.running.repository.audit.digest_of_customers(request.id)) == 64


async def test_a_purge_without_engine_tables_succeeds(database_url: str) -> None:
    async with workflows_from_outside(engine_url(database_url)) as forget:
        await forget([REQUEST])
