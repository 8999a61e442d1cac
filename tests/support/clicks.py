"""Every click, by a person who may do it, and requests in every state."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

from bot.domain.ids import ChannelId
from bot.domain.policy.policy import Refusal, RefusalReason
from bot.domain.requests.notification import ChannelKind, NotificationType
from bot.domain.requests.request import Event, Request, State, digest
from tests.support.service_fixture import ANN, BO, CHIEF, CLEO, NOW, SUPPORT, Office, person

LONG_AGO, LATER_ON = NOW - timedelta(hours=1), NOW + timedelta(hours=24)


def reason(answer: object) -> RefusalReason:
    assert isinstance(answer, Refusal), answer
    return answer.reason


def shown(request: Request) -> str:
    assert request.rule
    return digest(request)


async def approve(office: Office, request: Request) -> object:
    return await office.approve(request, BO)


async def reject(office: Office, request: Request) -> object:
    return await office.decisions.reject(request.id, person(BO), "no")


async def cancel(office: Office, request: Request) -> object:
    return await office.decisions.cancel(request.id, person(ANN), SUPPORT)


async def carry_on(office: Office, request: Request) -> object:
    return await office.decisions.resume(request.id, person(ANN), SUPPORT)


async def end_here(office: Office, request: Request) -> object:
    return await office.decisions.end_here(request.id, person(ANN), SUPPORT)


async def ask(office: Office, request: Request) -> object:
    return await office.submit(request.id, person(ANN))


async def begin(office: Office, request: Request) -> object:
    return await office.preflight.begin(request.id)


async def finish(office: Office, request: Request) -> object:
    await office.completion.finish(request.id, request.round)
    return None


async def expire(office: Office, _request: Request) -> object:
    return await office.decisions.expire_overdue()


async def consider(office: Office, request: Request) -> object:
    return await office.approvals.open(request.id, person(BO), SUPPORT)


async def rejectable(office: Office, request: Request) -> object:
    return await office.decisions.open_rejection(request.id, person(BO), SUPPORT)


async def look(office: Office, request: Request) -> object:
    return await office.decisions.status(request.short, person(BO), SUPPORT)


Action = Callable[[Office, Request], Awaitable[object]]
CLICKS: dict[Action, set[Event]] = {
    approve: {Event.LAST_APPROVAL},
    reject: {Event.REJECTED},
    cancel: {Event.CANCELLED, Event.CANCEL_ASKED},
    carry_on: {Event.CONTINUED},
    end_here: {Event.ENDED_HERE},
}
LOOKS: dict[Action, set[Event]] = {consider: set(), rejectable: set(), look: set()}
OTHERS: dict[Action, set[Event]] = {
    ask: {Event.ASKED},
    begin: {Event.STARTED},
    finish: {Event.SETTLED},
    expire: set(),
}
EVERYTHING = {**CLICKS, **LOOKS, **OTHERS}


async def in_state(office: Office, state: State) -> Request:
    """Bring a request of Ann's into a state, with Chief's approval if needed and an empty outbox."""
    if state is State.DRAFT:
        draft = await office.draft()
        await office.drafts.review(draft, person(ANN))
        return await office.now(draft)
    asked = await office.ask()
    if state not in {State.WAITING, State.EXPIRED}:
        await office.approve(asked, CHIEF)
    await office.unsaid()
    return await office.put(asked, state=state)


async def stopped(office: Office, channel: ChannelId = SUPPORT) -> Request:
    asked = await office.ask(channel=channel)
    for who in (BO, CLEO)[: asked.approvals]:
        await office.approve(asked, who)
    return await office.put(asked, state=State.STOPPED, note="Dintero said no", started_at=NOW)


async def told(office: Office) -> list[tuple[ChannelKind, NotificationType, str]]:
    return [
        (notification.kind, notification.happened, notification.to) for notification in await office.unsaid()
    ]
