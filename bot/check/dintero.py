"""Checks that Dintero accepts the credentials with both scopes, and knows the policy's rules."""

from collections.abc import AsyncIterator
from difflib import get_close_matches
from typing import Final

from bot.check.result import CheckFailed, CheckResult, failed, result_of
from bot.domain.ids import OnceKey, RuleId
from bot.domain.policy.policy import ANY, Policy
from bot.domain.ports import DinteroApi
from bot.domain.rules.rule import Rule
from bot.errors import (
    AccessDenied,
    BatchRejectedError,
    DinteroError,
    RuleNotFound,
    ScopeMissing,
    TransientError,
)

NO_RULE: Final = RuleId("discount-bot-check-no-such-rule")
TOKEN: Final = "Dintero sign-in"  # noqa: S105 - the subject of a check
READ_SCOPE: Final = "Dintero scope read:discounts"
SCOPE_FIX: Final = "Backoffice → Settings → API clients: add"


async def check_dintero(
    dintero: DinteroApi, policy: Policy | None, url: str = ""
) -> AsyncIterator[CheckResult]:
    """Check the token, both scopes, reading a rule, and the rules that the policy names."""
    rules: tuple[Rule, ...] | None = None
    read_scope = CheckResult(READ_SCOPE)
    try:
        rules = await dintero.rules()
    except ScopeMissing as error:
        read_scope = CheckResult(READ_SCOPE, f"missing: {error}", f"{SCOPE_FIX} read:discounts.")
    except TransientError as error:
        advice = f"Check the network and DINTERO_API_URL ({url}), or wait until Dintero works again."
        yield failed(TOKEN, CheckFailed(str(error), advice=advice))
        return
    except DinteroError as error:
        yield failed(TOKEN, error)
        return
    yield CheckResult(TOKEN)
    yield read_scope
    yield await result_of("Dintero scope write:discounts", _check_write_scope(dintero))
    if rules is not None:
        yield await result_of("Dintero rules", _check_rules(dintero, rules))
        if policy and (named := frozenset().union(*(c.rules for c in policy.channels.values())) - {ANY}):
            yield await result_of("rules in the policy", _check_named_rules(named, rules))


async def _check_write_scope(dintero: DinteroApi) -> str:
    """Add nobody to no rule, which changes nothing: Dintero checks the scope first (inferred)."""
    try:
        await dintero.add_customers(NO_RULE, (), once=OnceKey("discount-bot-check"))
    except AccessDenied as error:
        raise CheckFailed(f"missing: {error}", advice=f"{SCOPE_FIX} write:discounts.") from None
    except (RuleNotFound, BatchRejectedError):
        pass
    return ""


async def _check_rules(dintero: DinteroApi, rules: tuple[Rule, ...]) -> str:
    if not rules:
        raise CheckFailed("none yet", advice="Create a discount rule in Dintero's Backoffice.")
    rule = await dintero.rule(rules[0].id)
    return f"{len(rules)}; “{rule.title}” can be read"


async def _check_named_rules(named: frozenset[str], rules: tuple[Rule, ...]) -> str:
    if unknown := sorted(named - {rule.id for rule in rules}):
        problem = f"not in Dintero: {', '.join(f'“{name}”' for name in unknown)}"
        meant = [f"“{name}” → {near}" for name in unknown if (near := _nearest(name, rules))]
        advice = f"Did you mean {', '.join(meant)}?" if meant else "Write the rules' IDs, not their names."
        raise CheckFailed(problem, advice=advice)
    return f"all {len(named)} are in Dintero"


def _nearest(name: str, rules: tuple[Rule, ...]) -> str:
    """Find the ID of the rule that was meant: by its name, or by an ID with a slip."""
    by_text = {text.casefold(): rule.id for rule in rules for text in (rule.name or "", rule.id)}
    near = get_close_matches(name.casefold(), by_text, n=1, cutoff=0.8)
    return by_text[near[0]] if near else ""
