"""The button that checks Dintero's list again: its answer, and the redrawn request."""

from dataclasses import replace

from bot.domain.ids import CustomerId
from bot.domain.requests.batches import BatchOutcome
from bot.domain.requests.request import State, StopReason
from bot.slack.messages import card_buttons as card_drawing
from sandbox.dintero import Fault, Operation
from tests.handlers.test_card_buttons import pressed
from tests.support.slack_fixture import SEED, Stand


async def stopped(stand: Stand) -> None:
    """Stop the request with one customer unconfirmed, whom Dintero lists."""
    request = await stand.request()
    await stand.repository.start_portion(request.id, 0)
    unknown = (CustomerId("c-1"),)
    await stand.repository.record_outcomes(request.id, BatchOutcome(0, 0, 1, unknown=unknown))
    async with stand.repository.unit_of_work(request.id) as unit:
        assert unit
        changes = {
            "state": State.STOPPED,
            "stop": StopReason.UNKNOWN_FOR_GOOD,
            "started_at": stand.clock.now(),
        }
        await unit.save(replace(unit.request, **changes))  # type: ignore[arg-type]
    ledger = stand.shop.dintero.ledger
    ledger.carry_out(ledger.arrived(SEED, ["c-1"], None, stand.clock.now()), stand.clock.now())


async def test_a_check_answers_the_person_and_redraws_the_request(stand: Stand) -> None:
    card = await stand.ask()
    await pressed(stand, card, "outdated")
    await stopped(stand)
    told = await pressed(stand, card, card_drawing.CHECK_AGAIN)
    assert "Dintero lists this customer" in told
    assert "That may be from before, so they stay unconfirmed" in told
    assert "Dintero lists this customer" in stand.shop.ann.read(card)
    assert (await stand.request()).state is State.STOPPED


async def test_while_dintero_is_down_a_check_says_so(stand: Stand) -> None:
    card = await stand.ask()
    await pressed(stand, card, "outdated")
    await stopped(stand)
    stand.shop.dintero.faults.always(Fault.broken(503), on=Operation.REFS)
    told = await pressed(stand, card, card_drawing.CHECK_AGAIN)
    assert "Dintero's list couldn't be read" in told
    assert "Try again in a minute" in told
