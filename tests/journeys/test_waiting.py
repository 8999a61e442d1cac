"""What people read in the thread while Dintero is down, and when it is back."""

from dataclasses import replace

from sandbox.dintero import Fault
from sandbox.shop import open_bot
from tests.background.test_runner import QUICKLY, World, resources
from tests.journeys.process import approved
from tests.support.engine_fixture import customers

__all__ = ["resources"]

TOLD = replace(QUICKLY, total=60.0, attempts=1000, told=0.5)


async def test_the_thread_says_once_that_it_waits_and_once_that_it_goes_on(resources: World) -> None:
    shop = resources.shop
    shop.dintero.faults.always(Fault.broken(503))
    await approved(resources.repository, shop, customers(40))
    async with open_bot(shop, resources.url, retry_policy=TOLD):
        waits = await resources.is_told("Waiting for Dintero")
        shop.dintero.faults.clear()
        goes_on = await resources.is_told("goes on")
        await resources.is_told("Given to 40 of 40")
    said = [shop.ann.read(message) for message in shop.slack.thread(shop.slack.messages(shop.support)[0])]
    assert sum("Waiting for Dintero" in line for line in said) == 1
    assert sum("Dintero answers again" in line for line in said) == 1
    assert "Dintero answered 503" in shop.ann.read(waits)
    assert "goes on" in shop.ann.read(goes_on)


async def test_a_request_for_one_is_done_while_a_huge_one_waits_for_its_answers(resources: World) -> None:
    shop = resources.shop
    shop.dintero.latency = 0.05
    async with open_bot(shop, resources.url, retry_policy=TOLD) as running:
        await approved(resources.repository, shop, customers(480), size=1, concurrency=8)
        running.background.wake()
        while len(shop.dintero.ledger.calls) < 20:
            await resources.repository.ping()
        await approved(resources.repository, shop, customers(1))
        running.background.wake()
        await resources.is_told("Given to 1 of 1")
        assert len(shop.dintero.ledger.calls) < 480
