"""The rule of a waiting request as Dintero has it now, and what an approval of it would be for."""

import asyncio
from dataclasses import dataclass, replace
from typing import Final

from bot.domain.policy.policy import ChannelPolicy, Refusal, RefusalReason, stricter
from bot.domain.ports import Clock, Repository
from bot.domain.requests import authorization
from bot.domain.requests.authorization import drift
from bot.domain.requests.request import Request, StopReason, rule_of
from bot.domain.rules.rule import Availability, Rule, usable
from bot.services.access import AccessControl
from bot.services.drafting.rule_catalog import RuleCatalog
from bot.services.review import asked_before

READ_SECONDS: Final = 5.0
"""How long an approver waits for Dintero; then they see the rule as it was requested."""


@dataclass(frozen=True, slots=True)
class Present:
    """A request with Dintero's present rule; the request as it is stored, unless the terms have changed.

    With a changed rule it has as many approvals as the policy wants for that, and the old rule as
    `rule_before`.
    """

    request: Request
    usable: Availability
    rule: Rule | None = None
    """The rule as Dintero has it now; None if it is gone or could not be read."""
    unread: bool = False
    """Whether Dintero gave no answer: nobody knows whether the rule has changed."""


async def read_present(
    request: Request,
    policy: ChannelPolicy,
    catalog: RuleCatalog,
    repository: Repository,
    access: AccessControl,
    clock: Clock,
) -> Present | Refusal:
    """Read the rule; refuse if the policy does not allow the changed rule, so that nobody may approve it."""
    stored, now = rule_of(request), clock.now()
    found = await _read(catalog, stored)
    if isinstance(found, Refusal):
        gone = found.reason is RefusalReason.RULE_GONE
        return Present(request, Availability.DELETED if gone else usable(stored, now), unread=not gone)
    present = Present(request, usable(found, now), found)
    if drift(stored, found, now) is not StopReason.RULE_CHANGED:
        return present  # an unusable rule may become usable again; then the approvals are for the same terms
    changed = replace(request, rule=replace(found, name=stored.name), rule_before=stored)
    electorate = await access.electorate(policy, request.requester)
    asked = await asked_before(request, policy, repository, now)
    earlier = await access.sum_asked(request.requester, asked)
    decision = authorization.decide(changed, policy, electorate, Availability.NOW, earlier=earlier)
    if decision.refusals:
        return decision.refusals[0]
    required, tier = stricter((request.approvals, request.tier), (decision.approvals, decision.tier))
    return replace(present, request=replace(changed, approvals=required, tier=tier))


async def _read(catalog: RuleCatalog, rule: Rule) -> Rule | Refusal:
    try:
        async with asyncio.timeout(READ_SECONDS):
            return await catalog.read(rule.id, rule.title)
    except TimeoutError:
        return Refusal(RefusalReason.RULE_UNREADABLE, f"no answer within {READ_SECONDS:g} s")
