"""The record over whole trips: ids masked wherever anybody reads, the chain's end told daily, and what is forgotten in time."""

import json
import logging
import re
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from dbos import DBOS

from bot.audit.verify import verify
from bot.background.workflows import engine_url, forget_workflows, workflows_from_outside
from bot.config.log_setup import set_up_logs
from bot.domain.ids import RequestId
from sandbox.shop import database_in, open_bot, open_shop
from sandbox.slack.user.person import SandboxPerson
from tests.journeys.conftest import Opens
from tests.journeys.steps import QUICKLY, Trip
from tests.support.plain_logs import plain_logs

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
    """Read all that stands in the channels and threads."""
    slack, found = trip.shop.slack, []
    for channel in (trip.support, trip.shop.campaigns):
        for message in slack.messages(channel):
            found += [message.text, json.dumps(message.blocks)]
            found += [json.dumps([reply.text, reply.blocks]) for reply in slack.thread(message)]
    for who in people:
        found += [json.dumps([told.text, told.blocks]) for told in who.ephemerals]
    return "\n".join(found)


async def test_no_customers_id_stands_whole_in_a_channel_a_thread_the_log_or_the_audit(
    opens: Opens, log: StringIO
) -> None:
    trip = await opens(retry_policy=QUICKLY)
    trip.shop.dintero.refuses.add(IDS[2])
    card = await trip.ask("\n".join(IDS), Reason="late parcel")
    await trip.shop.bo.press("Show customers", card)
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


async def test_the_policy_that_is_in_force_is_told_at_each_start(opens: Opens) -> None:
    trip = await opens()
    first = await anext(trip.running.repository.audit.rows())
    assert first.kind == "policy"
    assert len(json.loads(first.facts)["hash"]) == 64


async def test_the_admins_are_told_where_the_chain_ends_and_that_is_kept(tmp_path: Path) -> None:
    async with open_shop() as shop:
        async with open_bot(shop, database_in(tmp_path)):
            pass
        async with open_bot(shop, database_in(tmp_path)) as running:  # each start is a row
            told = shop.chief.read(await shop.chief.sees("The audit has 2 rows", shop.chief.direct))
            head = re.search("[0-9a-f]{64}", told)
            assert head
            assert (await verify(running.repository.audit, head=head[0])).fine


async def test_what_the_engine_holds_of_a_request_is_forgotten_too(opens: Opens) -> None:
    trip = await opens()
    card = await trip.ask("c-1")
    request = await trip.request(card)
    await trip.approve(card)
    await trip.summary("Given to 1 of 1 customer")
    assert await DBOS.list_workflows_async(workflow_id_prefix=f"{request.id}:")
    await forget_workflows([request.id])
    assert await DBOS.list_workflows_async(workflow_id_prefix=f"{request.id}:") == []


async def test_purging_from_outside_forgets_what_the_engine_holds(opens: Opens, tmp_path: Path) -> None:
    trip = await opens()
    card = await trip.ask("c-1")
    request = await trip.request(card)
    await trip.approve(card)
    await trip.summary("Given to 1 of 1 customer")
    async with workflows_from_outside(engine_url(database_in(tmp_path))) as forget:
        await forget([request.id])
    assert await DBOS.list_workflows_async(workflow_id_prefix=f"{request.id}:") == []


async def test_where_no_engine_has_run_there_is_nothing_to_forget(database_url: str) -> None:
    async with workflows_from_outside(engine_url(database_url)) as forget:
        await forget([RequestId("8f14e45f-ea1b-4b6f-9e2c-000000000000")])
