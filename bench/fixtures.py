"""Writes requests as clicks leave them."""

from dataclasses import replace
from datetime import UTC, datetime

from bench import constants
from bench.workload import Workload
from bot.dintero.connection import open_dintero
from bot.domain.customers.packing import pack
from bot.domain.ids import ChannelId, CustomerId, RequestId, RuleId, TeamId, UserId
from bot.domain.ports import Repository
from bot.domain.requests.request import FormInput, Request, State, new_once_key, new_request_id, new_short_id
from bot.domain.rules.rule import Rule
from sandbox.dintero.catalogue import SEED_RULE


async def read_rule(dintero: int) -> Rule:
    """Read the rule to give from the fake Dintero at a port."""
    url = f"http://127.0.0.1:{dintero}/v1"
    async with open_dintero(url, constants.ACCOUNT, "bench", "bench-client-secret") as client:
        return await client.rule(RuleId(SEED_RULE))


def drafted() -> Request:
    """Open a draft."""
    return Request(
        id=new_request_id(),
        short=new_short_id(),
        team=TeamId(constants.TEAM),
        account=constants.ACCOUNT,
        channel=ChannelId(constants.CHANNEL),
        requester=UserId(constants.PEOPLE[0]),
        created_at=datetime.now(UTC),
    )


async def approved(
    repository: Repository,
    rule: Rule,
    customers: list[CustomerId],
    plan: Workload,
    *,
    give_after: datetime | None = None,
) -> RequestId:
    """Save an approved request, perhaps on hold."""
    draft = drafted()
    await repository.open_draft(draft, FormInput())
    packed = pack(customers, portion=plan.portion)
    async with repository.unit_of_work(draft.id) as unit:
        if unit is None:
            raise LookupError(draft.id)
        await unit.put_packed(packed)
        await unit.save(
            replace(
                draft,
                state=State.APPROVED,
                rule=rule,
                customers=len(customers),
                once_key=new_once_key(),
                customers_digest=packed.digest,
                batch_size=plan.batch,
                batches_per_portion=plan.portion // plan.batch,
                concurrency=plan.wide,
                asked_at=draft.created_at,
                give_after=give_after,
            )
        )
    return draft.id
