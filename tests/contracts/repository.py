"""Drafts, requests and notifications for the contract tests of the repository."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import HealthCheck, settings

from bot.database.repositories.repository import SqlRepository
from bot.domain.customers.packing import pack
from bot.domain.ids import ChannelId, CustomerId, RuleId, TeamId, UserId
from bot.domain.ports import Repository
from bot.domain.requests.notification import ChannelKind, Notification, NotificationType, OutboxMessage
from bot.domain.requests.request import FormInput, Request, State, new_request_id, new_short_id
from bot.domain.rules.rule import Reward, Rule

NOW = datetime(2026, 3, 4, 12, 0, 0, 123456, tzinfo=UTC)
RULE = Rule(id=RuleId("rule"), reward=Reward(type="discount_amount", value=Decimal(10_000)))
CHANNEL = ChannelId("C0123")
over_one_database = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    max_examples=25,
    deadline=None,
)


def as_the_port(repository: SqlRepository) -> Repository:
    """Prove to the type checker that `SqlRepository` implements `Repository`."""
    return repository


def new_draft(minutes: int = 0) -> Request:
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


async def saved_request(
    repository: SqlRepository, state: State = State.WAITING, *, minutes: int = 0
) -> Request:
    """Write a request in this state."""
    draft = new_draft(minutes)
    await repository.open_draft(draft, FormInput())
    request = replace(draft, state=state, asked_at=None if state is State.DRAFT else draft.created_at)
    await save(repository, request)
    return request


async def save(repository: SqlRepository, request: Request) -> None:
    async with repository.unit_of_work(request.id) as unit:
        assert unit
        await unit.save(request)


async def giving(
    repository: SqlRepository, customers: Sequence[str], *, size: int, batches: int = 2
) -> Request:
    """Write a request that is being given, in batches of this size."""
    request = replace(
        await saved_request(repository, State.GIVING),
        batch_size=size,
        batches_per_portion=batches,
        customers=len(customers),
    )
    async with repository.unit_of_work(request.id) as unit:
        assert unit
        await unit.save(request)
        await unit.put_packed(pack([CustomerId(customer) for customer in customers], portion=size * batches))
    return request


def ids(*customers: str) -> tuple[CustomerId, ...]:
    return tuple(map(CustomerId, customers))


def notice(
    kind: ChannelKind = ChannelKind.LINE, happened: NotificationType = NotificationType.ASKED, *, to: str = ""
) -> Notification:
    return Notification(kind=kind, happened=happened, at=NOW, to=to)


async def enqueue(repository: SqlRepository, request: Request, *notices: Notification) -> None:
    async with repository.unit_of_work(request.id) as unit:
        assert unit
        await unit.enqueue(*notices)


async def due_notifications(
    repository: SqlRepository, *, after: timedelta = timedelta(0)
) -> list[Notification]:
    return [
        outbox_message.notification
        for outbox_message in await repository.due_messages(NOW + after, limit=100)
    ]


async def only_message(repository: SqlRepository) -> OutboxMessage:
    (outbox_message,) = await repository.due_messages(NOW, limit=100)
    return outbox_message


async def reload(repository: SqlRepository, request: Request) -> Request:
    found = await repository.find(request.id)
    assert found
    return found
