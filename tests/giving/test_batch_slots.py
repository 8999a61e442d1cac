"""A giving's slots: so many in flight, first come first served; the next customers are read once all of those before are out."""

import asyncio

from bot.giving.batch_slots import BatchSlots


class Batches:
    """Batches that stay in flight, and then unsettled, until each is let go."""

    def __init__(self, wide: int, count: int) -> None:
        self.slots = BatchSlots(wide)
        self.answered = [asyncio.Event() for _ in range(count)]
        self.settled = [asyncio.Event() for _ in range(count)]
        self.seen: list[str] = []
        self.changed = asyncio.Condition()
        self.slots.line_up(range(count))
        self.tasks = [asyncio.ensure_future(self.turn(number)) for number in range(count)]

    async def turn(self, number: int) -> None:
        async with self.slots.turn(number) as slot:
            async with slot:
                await self.saw(f"{number} out")
                await self.answered[number].wait()
            await self.settled[number].wait()
            await self.saw(f"{number} settled")

    async def saw(self, what: str) -> None:
        async with self.changed:
            self.seen.append(what)
            self.changed.notify_all()

    async def until(self, *seen: str) -> None:
        async with self.changed:
            await self.changed.wait_for(lambda: self.seen == list(seen))


async def test_so_many_are_in_flight_and_the_next_goes_out_when_one_is_answered() -> None:
    batches = Batches(2, 4)
    await batches.until("0 out", "1 out")
    batches.answered[1].set()
    await batches.until("0 out", "1 out", "2 out")


async def test_only_as_many_more_may_be_unwritten() -> None:
    batches = Batches(1, 3)
    batches.answered[0].set()
    batches.answered[1].set()
    await batches.until("0 out", "1 out")
    batches.settled[0].set()
    await batches.until("0 out", "1 out", "0 settled", "2 out")


async def test_all_are_out_once_the_last_has_its_slot() -> None:
    batches = Batches(1, 2)
    all_out = asyncio.ensure_future(batches.slots.all_out())
    await batches.until("0 out")
    assert not all_out.done()
    batches.answered[0].set()
    await all_out
    assert batches.seen == ["0 out", "1 out"]


async def test_nobody_waits_for_those_that_were_cancelled_in_line() -> None:
    slots = BatchSlots(1)
    slots.line_up(range(3))
    all_out = asyncio.ensure_future(slots.all_out())
    async with slots.turn(0) as slot, slot:
        assert not all_out.done()
        slots.leave(range(3))
        await all_out
