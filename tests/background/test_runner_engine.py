"""What the durable engine cannot write down is given all the same, once, and comes to its end."""

import asyncio

import pytest

from bot.background.workflows import engine_url
from tests.background.test_runner import World, resources
from tests.journeys.process import approved
from tests.support.engine_fixture import RULE, customers
from tests.support.other_process import elsewhere

__all__ = ["resources"]


@pytest.mark.parametrize(
    "which", ["", "WHEN NEW.error IS NULL"], ids=["nothing at all", "nothing but its failures"]
)
async def test_while_the_engine_can_write_nothing_down_giving_goes_on_to_its_end(
    resources: World, which: str
) -> None:
    who = customers(20)
    await approved(resources.repository, resources.shop, who)
    held, let_go = resources.at(1)
    async with resources.bot():
        await asyncio.wait_for(held.wait(), 60)
        full = f"CREATE TRIGGER full BEFORE INSERT ON operation_outputs {which} BEGIN SELECT RAISE(FAIL, 'disk is full'); END"
        await elsewhere(engine_url(resources.url), full)
        let_go.set()
        await resources.is_told("all 20 were given it")
        await resources.is_told("Given to 20 of 20")
    assert resources.shop.dintero.ledger.holders(RULE) == dict.fromkeys(who, 1)
