"""Writes requests the way that people's clicks leave them."""

from dataclasses import replace
from datetime import UTC, datetime

from bench import constants
from bench.workload import Plan
from bot.domain.customers.packing import pack
from bot.domain.ids import ChannelId, CustomerId, RequestId, TeamId, UserId
from bot.domain.ports import Books
from bot.domain.requests.request import Request, State, Typed, derived_key, new_request_id, new_short_id
from bot.domain.rules.rule import Rule


def drafted() -> Request:
    """Begin a draft."""
    return Request(
        id=new_request_id(),
        short=new_short_id(),
        team=TeamId(constants.TEAM),
        account=constants.ACCOUNT,
        channel=ChannelId(constants.CHANNEL),
        requester=UserId(constants.PEOPLE[0]),
        created_at=datetime.now(UTC),
    )


async def approved(books: Books, rule: Rule, customers: list[CustomerId], plan: Plan) -> RequestId:
    """Write a request that may be given at once."""
    draft = drafted()
    await books.open_draft(draft, Typed())
    packed = pack(customers, portion=plan.portion)
    async with books.page(draft.id) as page:
        if page is None:
            raise LookupError(draft.id)
        await page.put_packed(packed)
        await page.keep(
            replace(
                draft,
                state=State.APPROVED,
                rule=rule,
                customers=len(customers),
                once_key=derived_key(draft.id),
                batch_size=plan.batch,
                batches_per_portion=plan.portion // plan.batch,
                concurrency=plan.wide,
                asked_at=draft.created_at,
            )
        )
    return draft.id
