"""A giving ends once even if the durable engine cannot record its steps."""

import asyncio

import pytest

from bot.background.durable_engine import engine_url
from tests.background.test_runner import Bots, bots
from tests.journeys.process import approved
from tests.support.engine_fixture import RULE, customers
from tests.support.other_process import elsewhere

__all__ = ["bots"]


@pytest.mark.parametrize(
    "which", ["", "WHEN NEW.error IS NULL"], ids=["nothing at all", "nothing but its failures"]
)
async def test_a_giving_ends_even_if_the_engine_can_record_nothing(bots: Bots, which: str) -> None:
    who = customers(20)
    await approved(bots.repository, bots.shop, who)
    held, let_go = bots.at(1)
    async with bots.bot():
        await asyncio.wait_for(held.wait(), 60)
        full = (
            f"CREATE TRIGGER full BEFORE INSERT ON operation_outputs {which} "
            "BEGIN SELECT RAISE(FAIL, 'disk is full'); END"
        )
        await elsewhere(engine_url(bots.url), full)
        let_go.set()
        await bots.is_told("✅ Given to 20 of 20")
        await bots.is_told("Given to 20 of 20")
    assert bots.shop.dintero.ledger.holders(RULE) == dict.fromkeys(who, 1)
