"""Compares database, audit, Dintero's ledger and Slack's messages once everything has ended."""

import json
from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from bot.audit.verify import verify
from bot.database.audit.chain import Row
from bot.database.encoding import from_micros
from bot.database.repositories.repository import SqlRepository
from bot.domain.policy.policy import ChannelPolicy, Policy
from bot.domain.requests.request import Event, Request, State
from chaos.message_invariants import all_told
from sandbox.dintero import Grant
from sandbox.shop import Shop
from tests.support.engine_fixture import ends_of

ASKED = tuple(state for state in State if state is not State.DRAFT)


@dataclass(frozen=True, slots=True)
class Comparison:
    """The result of a comparison: figures, and every violation."""

    requests: int
    customers: int
    states: Counter[str]
    ends: Counter[str]
    rows: int
    messages: int
    never: Counter[str]
    """Undelivered messages, by Slack's answer."""
    faults: tuple[str, ...]


async def compare(
    shop: Shop,
    repository: SqlRepository,
    url: str,
    policy: Policy,
    *,
    deleted: Collection[str] = (),
    jumped: bool = False,
) -> Comparison:
    """Compare everything, and list what was lost, given twice, given without consent or never posted.

    `deleted` has the `ts` of every deleted card: messages below it cannot be posted. Where the clock jumped,
    times do not show the order.
    """
    verdict = await verify(repository.audit)
    rows: defaultdict[str, list[Row]] = defaultdict(list)
    async for row in repository.audit.rows():
        rows[row.request or ""].append(row)
    requests = await repository.in_state(*ASKED)
    grants: defaultdict[str | None, list[Grant]] = defaultdict(list)
    for grant in shop.dintero.ledger.grants:
        grants[grant.key].append(grant)
    faults = [] if verdict.fine else [f"the audit does not verify: {verdict.fault}"]
    faults += [
        f"given under a key of no request: {key}"
        for key in grants.keys() - {request.once_key for request in requests}
    ]
    held = Counter((grant.rule, grant.customer) for grant in shop.dintero.ledger.grants)
    faults += [f"{who} holds {rule} {times} times" for (rule, who), times in held.items() if times > 1]
    ends = Counter[str]()
    for request in requests:
        faults += [
            f"{request.short} {fault}"
            for fault in await _given(repository, request, grants[request.once_key], ends)
        ]
        faults += [
            f"{request.short} {fault}"
            for fault in await _agreed(
                repository, request, rows[request.id], grants[request.once_key], policy, jumped=jumped
            )
        ]
    told = await all_told(shop, repository, url, policy, requests, deleted=deleted)
    states = Counter[str](request.state for request in requests)
    customers = sum(request.customers for request in requests)
    return Comparison(
        len(requests),
        customers,
        states,
        ends,
        verdict.rows,
        told.messages,
        told.refused,
        (*faults, *told.faults),
    )


async def _given(
    repository: SqlRepository, request: Request, grants: Sequence[Grant], ends: Counter[str]
) -> list[str]:
    """List differences between database and ledger for a request's customers."""
    faults = [] if request.ended else [f"did not come to its end: {request.state}"]
    holders = Counter(grant.customer for grant in grants)
    found, tally = await ends_of(repository, request), await repository.tally(request.id)
    unknown = set(
        (await repository.left_out(request.id, most=request.customers)).unknown
    )  # as the bot tells it: a call cut short is among them
    twice, lost = [who for who, times in holders.items() if times > 1], found.given - set(holders)
    untold = set(holders) - found.given - unknown
    if twice:
        faults.append(f"was given twice to {len(twice)}")
    if lost:
        faults.append(f"says given of {len(lost)} who hold nothing")
    if untold:
        faults.append(f"says nothing of {len(untold)} who hold it")
    if (
        request.started_at
        and tally.given + tally.refused + tally.unknown + tally.not_tried != request.customers
    ):
        faults.append(f"does not sum up: {tally}")
    if request.state is State.DONE and request.stop is None and unknown:
        faults.append(f"is done with {len(unknown)} unknown")
    ends.update(
        {
            "given": tally.given,
            "refused": tally.refused,
            "unknown": tally.unknown,
            "not tried": tally.not_tried,
        }
    )
    return faults


async def _agreed(
    repository: SqlRepository,
    request: Request,
    rows: Sequence[Row],
    grants: Sequence[Grant],
    policy: Policy,
    *,
    jumped: bool,
) -> list[str]:
    """List grants with too few approvals, or with approvals of something else."""
    starts = [row for row in rows if row.kind == Event.STARTED]
    if grants and (
        not starts or (not jumped and min(grant.at for grant in grants) < from_micros(starts[0].at))
    ):
        return ["was given before it was started"]
    faults = []
    for facts in (json.loads(row.facts) for row in starts):
        votes = [
            approval
            for approval in await repository.votes(request.id, facts["round"])
            if approval.digest == facts["digest"]
        ]
        agreed = {approval.by for approval in votes} - {request.requester}
        if len(agreed) < demanded(policy.channels[request.channel], request.customers):
            faults.append(f"was started in round {facts['round']} with {len(agreed)} approvals")
    return faults


def demanded(policy: ChannelPolicy, customers: int) -> int:
    """Compute the required approvals from the policy, independently of the bot."""
    passed = [
        tier.approvals
        for tier in policy.tiers
        if tier.above_customers is not None and customers > tier.above_customers
    ]
    return max([policy.approvals, *passed])
