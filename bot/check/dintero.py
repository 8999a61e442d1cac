"""Whether Dintero lets the bot in, and lets it do what it has to."""

from collections.abc import AsyncIterator
from typing import Final

from bot.check.result import Finding, failed
from bot.domain.ids import OnceKey, RuleId
from bot.domain.policy.policy import ANY, Policy
from bot.domain.ports import Dintero
from bot.domain.rules.rule import Rule
from bot.errors import AccessDenied, CustomersRefused, DinteroError, RuleNotFound, ScopeMissing

NO_RULE: Final = RuleId("discount-bot-check-no-such-rule")
TOKEN: Final = "Dintero token"  # noqa: S105 - what a line is about
READS: Final = "Dintero scope read:discounts"
WRITES: Final = "Dintero scope write:discounts"
CLIENT: Final = "In Dintero's Backoffice, Settings → API clients, give the client"


async def check_dintero(dintero: Dintero, policy: Policy | None) -> AsyncIterator[Finding]:
    """Look at the token, at both scopes, at a rule, and at the rules that the policy names."""
    try:
        rules = await dintero.rules()
    except ScopeMissing as missing:
        yield Finding(TOKEN)
        yield Finding(READS, f"is missing: {missing}", f"{CLIENT} read:discounts.")
        yield await _may_write(dintero)
        return
    except DinteroError as error:
        yield failed(TOKEN, error)
        return
    yield Finding(TOKEN)
    yield Finding(READS)
    yield await _may_write(dintero)
    yield await _rule(dintero, rules)
    if policy and (named := _named(policy)):
        yield _known(named, rules)


async def _may_write(dintero: Dintero) -> Finding:
    """Add nobody to a rule that does not exist: it can change nothing, and a client without the scope is turned away before (inferred)."""
    try:
        await dintero.add_customers(NO_RULE, (), once=OnceKey("discount-bot-check"))
    except AccessDenied as denied:
        return Finding(WRITES, f"is missing: {denied}", f"{CLIENT} write:discounts.")
    except (RuleNotFound, CustomersRefused):
        return Finding(WRITES)
    except DinteroError as error:
        return failed(WRITES, error)
    return Finding(WRITES)


async def _rule(dintero: Dintero, rules: tuple[Rule, ...]) -> Finding:
    if not rules:
        return Finding("Dintero rules", "there are none", "Make a discount rule in Dintero's Backoffice.")
    try:
        rule = await dintero.rule(rules[0].id)
    except DinteroError as error:
        return failed("Dintero rules", error)
    return Finding("Dintero rules", f"{len(rules)}, of which “{rule.title}” was read")


def _named(policy: Policy) -> frozenset[str]:
    return frozenset().union(*(channel.rules for channel in policy.channels.values())) - {ANY}


def _known(named: frozenset[str], rules: tuple[Rule, ...]) -> Finding:
    unknown = sorted(named - {rule.id for rule in rules})
    what = "rules that the policy names"
    if unknown:
        return Finding(
            what, f"Dintero has no rule {', '.join(unknown)}", "Correct the ids in the policy's rules."
        )
    return Finding(what, f"{len(named)} of {len(named)}")
