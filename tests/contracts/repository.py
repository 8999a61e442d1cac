"""What the contract of the books is held to: drafts, requests, givings and notices to put into them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import HealthCheck, settings

from bot.database.repositories.repository import SqlBooks
from bot.domain.ids import ChannelId, CustomerId, RuleId, TeamId, UserId
from bot.domain.ports import Books
from bot.domain.requests.notification import Happened, Kind, Notice, Unsaid
from bot.domain.requests.request import Request, State, Typed, new_request_id, new_short_id
from bot.domain.rules.rule import Reward, Rule

NOW = datetime(2026, 3, 4, 12, 0, 0, 123456, tzinfo=UTC)
RULE = Rule(id=RuleId("rule"), reward=Reward(type="discount_amount", value=Decimal(10_000)))
CHANNEL = ChannelId("C0123")
over_one_database = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25, deadline=None
)


def as_the_port(books: SqlBooks) -> Books:
    """The type checker proves by this that the books are what the heart asks for."""
    return books


def a_draft(minutes: int = 0) -> Request:
    return Request(
        id=new_request_id(),
        short=new_short_id(),
        team=TeamId("T0"),
        account="T12345678",
        channel=CHANNEL,
        requester=UserId("U0ASKS"),
        created_at=NOW + timedelta(minutes=minutes),
        rule=RULE,
    )


async def kept(books: Books, state: State = State.WAITING, *, minutes: int = 0) -> Request:
    """Write a request that stands in this state."""
    draft = a_draft(minutes)
    await books.open_draft(draft, Typed())
    request = replace(draft, state=state, asked_at=None if state is State.DRAFT else draft.created_at)
    await change(books, request)
    return request


async def change(books: Books, request: Request) -> None:
    async with books.page(request.id) as page:
        assert page
        await page.keep(request)


async def giving(books: Books, customers: Sequence[str], *, size: int, batches: int = 2) -> Request:
    """Write a request that is being given, in batches of this size."""
    request = replace(
        await kept(books, State.GIVING),
        batch_size=size,
        batches_per_portion=batches,
        customers=len(customers),
    )
    async with books.page(request.id) as page:
        assert page
        await page.keep(request)
        await page.put_customers([CustomerId(customer) for customer in customers], portion=size * batches)
    return request


def ids(*customers: str) -> tuple[CustomerId, ...]:
    return tuple(map(CustomerId, customers))


def notice(kind: Kind = Kind.LINE, happened: Happened = Happened.ASKED, *, to: str = "") -> Notice:
    return Notice(kind=kind, happened=happened, at=NOW, to=to)


async def say(books: Books, request: Request, *notices: Notice) -> None:
    async with books.page(request.id) as page:
        assert page
        await page.say(*notices)


async def to_be_said(books: Books, *, after: timedelta = timedelta(0)) -> list[Notice]:
    return [unsaid.notice for unsaid in await books.unsaid(NOW + after, limit=100)]


async def only(books: Books) -> Unsaid:
    (unsaid,) = await books.unsaid(NOW, limit=100)
    return unsaid


async def as_it_stands(books: Books, request: Request) -> Request:
    found = await books.find(request.id)
    assert found
    return found
