"""Whether Dintero lets the bot in, and lets it do what it has to."""

from collections.abc import AsyncIterator
from typing import Final

from bot.check.result import CheckResult, failed
from bot.domain.ids import OnceKey, RuleId
from bot.domain.policy.policy import ANY, Policy
from bot.domain.ports import DinteroApi
from bot.domain.rules.rule import Rule
from bot.errors import AccessDenied, BatchRejectedError, DinteroError, RuleNotFound, ScopeMissing

NO_RULE: Final = RuleId("discount-bot-check-no-such-rule")
TOKEN: Final = "Dintero token"  # noqa: S105 - what a line is about
READS: Final = "Dintero scope read:discounts"
WRITES: Final = "Dintero scope write:discounts"
CLIENT: Final = "In Dintero's Backoffice, Settings → API clients, give the client"


async def check_dintero(dintero: DinteroApi, policy: Policy | None) -> AsyncIterator[CheckResult]:
    """Look at the token, at both scopes, at a rule, and at the rules that the policy names."""
    try:
        rules = await dintero.rules()
    except ScopeMissing as missing:
        yield CheckResult(TOKEN)
        yield CheckResult(READS, f"is missing: {missing}", f"{CLIENT} read:discounts.")
        yield await _may_write(dintero)
        return
    except DinteroError as error:
        yield failed(TOKEN, error)
        return
    yield CheckResult(TOKEN)
    yield CheckResult(READS)
    yield await _may_write(dintero)
    yield await _rule(dintero, rules)
    if policy and (named := _named(policy)):
        yield _known(named, rules)


async def _may_write(dintero: DinteroApi) -> CheckResult:
    """Add nobody to a rule that does not exist: it can change nothing, and a client without the scope is turned away before (inferred)."""
    try:
        await dintero.add_customers(NO_RULE, (), once=OnceKey("discount-bot-check"))
    except AccessDenied as denied:
        return CheckResult(WRITES, f"is missing: {denied}", f"{CLIENT} write:discounts.")
    except (RuleNotFound, BatchRejectedError):
        return CheckResult(WRITES)
    except DinteroError as error:
        return failed(WRITES, error)
    return CheckResult(WRITES)


async def _rule(dintero: DinteroApi, rules: tuple[Rule, ...]) -> CheckResult:
    if not rules:
        return CheckResult("Dintero rules", "there are none", "Make a discount rule in Dintero's Backoffice.")
    try:
        rule = await dintero.rule(rules[0].id)
    except DinteroError as error:
        return failed("Dintero rules", error)
    return CheckResult("Dintero rules", f"{len(rules)}, of which “{rule.title}” was read")


def _named(policy: Policy) -> frozenset[str]:
    return frozenset().union(*(channel.rules for channel in policy.channels.values())) - {ANY}


def _known(named: frozenset[str], rules: tuple[Rule, ...]) -> CheckResult:
    unknown = sorted(named - {rule.id for rule in rules})
    what = "rules that the policy names"
    if unknown:
        return CheckResult(
            what, f"Dintero has no rule {', '.join(unknown)}", "Correct the ids in the policy's rules."
        )
    return CheckResult(what, f"{len(named)} of {len(named)}")
