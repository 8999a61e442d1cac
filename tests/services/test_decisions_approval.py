"""Approvals over a real database: what makes one valid, and one outcome of simultaneous clicks."""

import asyncio
from collections import Counter
from collections.abc import Awaitable
from contextlib import AsyncExitStack

import pytest

from bot.database.repositories.repository import SqlRepository, open_repository
from bot.domain.ids import UserId
from bot.domain.policy.policy import Refusal, RefusalReason
from bot.domain.requests.notification import ChannelKind, NotificationType
from bot.domain.requests.person import AccountKind as Account
from bot.domain.requests.request import Request, State, digest
from bot.domain.requests.views import ApprovalView
from bot.services.approving.approvals import needs_count
from tests.support.clicks import Action, cancel, reason, reject, shown, told
from tests.support.postgres import BUSY_SECONDS
from tests.support.service_fixture import (
    ANN,
    BO,
    CLEO,
    LEADS,
    NOW,
    PERCENT,
    SPAR,
    STRICT,
    SUPPORT,
    Office,
    open_office,
    person,
)

# the number of customers


@pytest.mark.parametrize(
    ("rule", "many", "needed"), [(SPAR, 50, False), (SPAR, 51, True), (PERCENT, 1, True)]
)
async def test_the_number_is_typed_above_fifty_customers_or_without_price(
    office: Office, rule: str, many: int, *, needed: bool
) -> None:
    asked = await office.ask(rule=rule, customers="\n".join(f"c-{at}" for at in range(many)))
    assert needs_count(asked) is needed
    shown = await office.approvals.open(asked.id, person(BO), SUPPORT)
    assert isinstance(shown, ApprovalView)
    assert shown.count is needed


@pytest.mark.parametrize("typed", ["", "59", "61", "-60", "sixty", "6²", "60 60", "9" * 5000, "６０"])  # noqa: RUF001 - wide figures
async def test_a_wrong_number_is_no_approval(office: Office, typed: str) -> None:
    asked = await office.ask(customers="\n".join(f"c-{at}" for at in range(60)))
    refused = Refusal(RefusalReason.WRONG_COUNT, "60")
    assert await office.approvals.check_confirmation(asked.id, typed) == refused
    assert (
        await office.approvals.approve(asked.id, 1, person(BO), typed=typed, shown=shown(asked), named=())
        == refused
    )
    assert await office.now(asked.id) == asked


@pytest.mark.parametrize("typed", ["1200", "1 200", "1,200", "1.200", " 1200 ", "1\u00a0200", "1\u202f200"])
async def test_a_number_is_read_as_people_write_it(office: Office, typed: str) -> None:
    asked = await office.put(await office.ask(), customers=1200, customers_digest="")
    assert await office.approvals.check_confirmation(asked.id, typed) is None


async def test_no_number_is_asked_for_where_none_is_needed(office: Office) -> None:
    asked = await office.ask()
    assert await office.approvals.check_confirmation(asked.id, "") is None
    assert isinstance(
        await office.approvals.approve(asked.id, 1, person(BO), typed="", shown=shown(asked), named=()),
        Request,
    )


# votes


async def test_an_approval_is_bound_to_the_database(office: Office) -> None:
    asked = await office.ask(customers="a\nb")
    await office.approve(asked, BO)
    (approval,) = await office.repository.votes(asked.id, 1)
    assert (approval.by, approval.round, approval.at) == (BO, 1, NOW)
    assert approval.digest == digest(asked)


@pytest.mark.parametrize("round_", [0, 1, 3])
async def test_an_approval_of_another_round_does_not_count(office: Office, round_: int) -> None:
    asked = await office.put(await office.ask(), round=2)
    assert await office.approvals.approve(
        asked.id, round_, person(BO), typed="1", shown=shown(asked), named=()
    ) == Refusal(RefusalReason.CHANGED)
    assert await office.now(asked.id) == asked
    assert await office.repository.votes(asked.id, round_) == ()


async def test_one_person_cannot_give_two_approvals(office: Office) -> None:
    asked = await office.ask(channel=STRICT)
    first = await office.approve(asked, BO)
    assert isinstance(first, Request)
    assert first.state is State.WAITING
    assert reason(await office.approve(asked, BO)) is RefusalReason.ALREADY_VOTED
    second = await office.approve(asked, CLEO)
    assert isinstance(second, Request)
    assert (second.state, second.decided_by) == (State.APPROVED, CLEO)


async def test_the_same_approval_delivered_again_is_accepted(office: Office) -> None:
    asked = await office.ask()
    first, again = await office.approve(asked, BO), await office.approve(asked, BO)
    assert first == again
    assert (
        Counter(
            notification.happened
            for notification in await office.unsaid()
            if notification.kind is ChannelKind.CARD
        )[NotificationType.APPROVED]
        == 1
    )
    assert len(await office.repository.votes(asked.id, 1)) == 1


@pytest.mark.parametrize("action", [reject, cancel], ids=lambda action: action.__name__)
async def test_the_same_rejection_delivered_again_gets_the_same_answer(
    office: Office, action: Action
) -> None:
    asked = await office.ask()
    assert isinstance(await action(office, asked), Request)
    said = await office.unsaid()
    assert isinstance(await action(office, asked), Request)
    assert said
    assert await office.unsaid() == []


# at once


async def rival(stack: AsyncExitStack, office: Office, url: str) -> Office:
    """Open another process of the same bot, with its own connections and the same clock."""
    return await open_office(
        await stack.enter_async_context(open_repository(url, pool_timeout=BUSY_SECONDS)), clock=office.clock
    )


async def test_of_two_simultaneous_approvers_the_loser_learns_who_was_first(
    repository: SqlRepository, database_url: str
) -> None:
    office = await open_office(repository)
    async with AsyncExitStack() as stack:
        other = await rival(stack, office, database_url)
        for _ in range(10):
            asked = await office.ask()
            await office.unsaid()
            ends = await asyncio.gather(office.approve(asked, BO), other.approve(asked, CLEO))
            (won,) = [end for end in ends if isinstance(end, Request)]
            assert won.decided_by
            assert [end for end in ends if isinstance(end, Refusal)] == [
                Refusal(RefusalReason.WRONG_STATE, State.APPROVED, (won.decided_by,))
            ]
            assert [approval.by for approval in await repository.votes(asked.id, 1)] == [won.decided_by]
            assert [kind for kind, _, _ in await told(office)] == [ChannelKind.CARD]


async def test_twenty_simultaneous_clicks_have_one_outcome(
    repository: SqlRepository, database_url: str
) -> None:
    office = await open_office(repository)
    crowd = [UserId(f"U0CROWD{at:02}") for at in range(20)]
    async with AsyncExitStack() as stack:
        offices = [office, await rival(stack, office, database_url)]
        for each in offices:
            each.town.kinds |= dict.fromkeys(crowd, Account.MEMBER)
            each.town.groups[LEADS] |= set(crowd)
        for turn in range(3):
            asked = await office.ask()
            await office.unsaid()
            acts: list[Awaitable[Request | Refusal]] = []
            for at, who in enumerate(crowd):
                at_desk = offices[at % 2]
                match (at + turn) % 3:
                    case 0:
                        acts.append(at_desk.approve(asked, who))
                    case 1:
                        acts.append(at_desk.decisions.reject(asked.id, person(who), "no"))
                    case _:
                        acts.append(at_desk.decisions.cancel(asked.id, person(ANN), None))
            ends = await asyncio.gather(*acts)
            now = await office.now(asked.id)
            assert now.state in {State.APPROVED, State.REJECTED, State.CANCELLED}
            accepted = [end for end in ends if isinstance(end, Request)]
            assert accepted
            # The requester may still cancel an approved request; no other move follows the first.
            lines = [
                notification.happened
                for notification in await office.unsaid()
                if notification.kind is ChannelKind.LINE
            ]
            assert lines in (
                [NotificationType.APPROVED],
                [NotificationType.REJECTED],
                [NotificationType.CANCELLED],
                [NotificationType.APPROVED, NotificationType.CANCELLED],
            )
            assert len({end.decided_by for end in accepted}) == len(lines)


async def test_an_approval_during_expiry_or_cancellation_has_one_outcome(
    repository: SqlRepository, database_url: str
) -> None:
    office = await open_office(repository)
    async with AsyncExitStack() as stack:
        other = await rival(stack, office, database_url)
        asked = await office.ask()
        office.clock.pass_by(hours=24)
        await asyncio.gather(
            office.approve(asked, BO), other.decisions.expire_overdue(), office.decisions.expire_overdue()
        )
        assert (await office.now(asked.id)).state is State.EXPIRED
        assert (
            sum(
                notification.happened is NotificationType.EXPIRED and notification.kind is ChannelKind.LINE
                for notification in await office.unsaid()
            )
            == 1
        )
        again = await office.ask(channel=STRICT)
        await asyncio.gather(
            office.approve(again, BO),
            other.decisions.cancel(again.id, person(ANN), None),
            office.approve(again, CLEO),
        )
        assert (await office.now(again.id)).state is State.CANCELLED


async def test_a_cancellation_during_the_start_still_cancels(
    repository: SqlRepository,
) -> None:
    office = await open_office(repository)
    asked = await office.ask()
    await office.approve(asked, BO)
    _, cancelled = await asyncio.gather(
        office.preflight.begin(asked.id), office.decisions.cancel(asked.id, person(ANN), None)
    )
    assert isinstance(cancelled, Request)
    assert cancelled.state is State.CANCELLED or cancelled.cancel_asked_by == ANN
