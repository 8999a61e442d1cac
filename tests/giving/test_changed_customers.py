"""Only the customers that people approved are given, whatever is in the database now."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from bot.domain.customers.packing import pack, packed
from bot.domain.ids import CustomerId, RuleId
from bot.domain.policy.policy import RefusalReason
from bot.domain.requests.request import Request, StopReason, new_salt, salted
from tests.support import samples
from tests.support.digests import digest_of
from tests.support.engine_fixture import Ground, customers

OTHER = replace(samples.RULE, id=RuleId("another rule"))


async def put(ground: Ground, request: Request, who: Sequence[CustomerId], *, portion: int = 8) -> None:
    """Replace the customers in the database, as another program would."""
    async with ground.repository.unit_of_work(request.id) as unit:
        assert unit
        await unit.put_packed(pack(who, portion=portion))


@pytest.mark.parametrize("how", ["others", "one more", "one less", "another order", "other rows", "none"])
async def test_customers_changed_after_the_approval_are_not_given(ground: Ground, how: str) -> None:
    who = customers(20)
    request = await ground.asked(who, size=4, batches=2)
    changed: dict[str, Sequence[CustomerId]] = {
        "others": [CustomerId("thief"), *who[1:]],
        "one more": [*who, CustomerId("thief")],
        "one less": who[1:],
        "another order": who[::-1],
        "other rows": [*who[:8], CustomerId("thief"), *who[8:]],
        "none": [],
    }
    await put(ground, request, changed[how])
    await (await ground.claim(request)).portion(0)
    now = await ground.now(request)
    assert (now.stop, now.note) == (StopReason.POLICY, RefusalReason.DATABASE_CHANGED)
    assert not ground.ledger.grants
    assert not (await ground.repository.tally(request.id)).unknown


async def test_customers_changed_between_two_portions_are_not_given(ground: Ground) -> None:
    who = customers(16)
    request = await ground.asked(who, size=4, batches=2)
    run = await ground.claim(request)
    await run.portion(0)
    await put(ground, request, [*who[:8], *(CustomerId(f"thief-{at}") for at in range(8))])
    await run.portion(1)
    assert {grant.customer for grant in ground.ledger.grants} == set(who[:8])
    assert (await ground.now(request)).note == RefusalReason.DATABASE_CHANGED


async def test_each_run_compares_the_customers_anew(ground: Ground) -> None:
    who = customers(16)
    request = await ground.asked(who, size=4, batches=2)
    await (await ground.claim(request)).portion(0)
    await put(ground, request, [*who[:15], CustomerId("thief")])
    await (await ground.claim(request)).portion(1)
    assert {grant.customer for grant in ground.ledger.grants} == set(who[:8])


@pytest.mark.parametrize("salt", [False, True])
async def test_digests_with_and_without_salt_are_given(ground: Ground, *, salt: bool) -> None:
    who = customers(9)
    request = await ground.asked(who)
    if salt:
        request = await ground.change(request, customers_digest=salted(digest_of(who), new_salt()))
    assert (await ground.give(request)).given == 9


async def test_a_damaged_row_stops_the_giving(ground: Ground) -> None:
    request = await ground.asked(customers(3))
    async with ground.repository.unit_of_work(request.id) as unit:
        assert unit
        changed = pack(customers(3), portion=32)
        await unit.put_packed(type(changed)(3, "", sizes=(3,), rows=(packed(["a"])[:-4],)))
    await (await ground.claim(request)).portion(0)
    assert (await ground.now(request)).note == RefusalReason.DATABASE_CHANGED


@pytest.mark.parametrize("changes", [{"rule": OTHER}, {"once_key": "again"}, {"customers_digest": "others"}])
async def test_a_request_changed_under_way_is_not_given_by_the_next_run(
    ground: Ground, changes: dict[str, Any]
) -> None:
    who = customers(16)
    request = await ground.agreed(await ground.asked(who, size=4, batches=2))
    await (await ground.claim(request)).portion(0)
    assert len(ground.ledger.grants) == 8
    if "customers_digest" in changes:
        thieves = [CustomerId(f"thief-{at}") for at in range(16)]
        await put(ground, request, thieves)
        changes = {"customers_digest": digest_of(thieves)}
    request = await ground.change(request, **changes)
    await (await ground.claim(request)).portion(1)
    assert len(ground.ledger.grants) == 8
    assert (await ground.now(request)).note == RefusalReason.DATABASE_CHANGED
