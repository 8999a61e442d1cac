"""The thread while Dintero is down and after it is back."""

from dataclasses import replace

from sandbox.dintero import Fault
from sandbox.shop import open_bot
from tests.background.test_runner import QUICKLY, Bots, bots
from tests.journeys.process import approved
from tests.support.engine_fixture import customers

__all__ = ["bots"]

TOLD = replace(QUICKLY, total=60.0, attempts=1000, told=0.5)


async def test_the_thread_says_once_that_it_waits_and_once_that_it_continues(bots: Bots) -> None:
    shop = bots.shop
    shop.dintero.faults.always(Fault.broken(503))
    await approved(bots.repository, shop, customers(40))
    async with open_bot(shop, bots.url, retry_policy=TOLD):
        waits = await bots.is_told("Dintero isn't answering")
        shop.dintero.faults.clear()
        await bots.is_told("Dintero is back")
        await bots.is_told("Given to 40 of 40")
    said = [shop.ann.read(message) for message in shop.slack.thread(shop.slack.messages(shop.support)[0])]
    assert sum("Dintero isn't answering" in line for line in said) == 1
    assert sum("Dintero is back" in line for line in said) == 1
    assert "(error 503)" in shop.ann.read(waits)


async def test_a_request_for_one_is_done_while_a_huge_one_waits_for_its_answers(bots: Bots) -> None:
    shop = bots.shop
    shop.dintero.latency = 0.05
    async with open_bot(shop, bots.url, retry_policy=TOLD) as running:
        await approved(bots.repository, shop, customers(480), size=1, concurrency=8)
        running.background.wake()
        while len(shop.dintero.ledger.calls) < 20:
            await bots.repository.ping()
        await approved(bots.repository, shop, customers(1))
        running.background.wake()
        await bots.is_told("Given to 1 of 1")
        assert len(shop.dintero.ledger.calls) < 480
