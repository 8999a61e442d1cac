"""Consent at the prompt: two approvers, a changed rule, a cancelled hold, a pause, and an expiry."""

from sandbox.dintero.catalogue import SEED_RULE
from sandbox.shop import Shop
from tests.sandbox.terminal.conftest import Types

ASK = ("in big", '/discount add "Spar 100,-" c-1 c-2', "review", "ask for approval")
BO = ("as bo", "approve", "approve")
CLEO = ("as cleo", "approve", "approve")


async def test_two_people_approve_then_it_is_held_and_then_given(shop: Shop, types: Types) -> None:
    seen = await types(*ASK, *BO, *CLEO, "later 9m", "ledger", "later 2m", "", "ledger c-1")
    assert "1 of 2" in seen
    assert "2 of 2" in seen
    assert "Given to 2 of 2 customers" in seen
    assert seen.index("Nobody holds a discount yet") < seen.index("Given to 2 of 2 customers")
    assert shop.dintero.ledger.holders(SEED_RULE) == {"c-1": 1, "c-2": 1}


async def test_a_hold_can_be_cancelled_by_anybody_in_the_channel(shop: Shop, types: Types) -> None:
    seen = await types(*ASK, *BO, *CLEO, "as chief", "cancel request", "y", "later 2h")
    assert "cancelled" in seen
    assert not shop.dintero.ledger.calls


async def test_a_rule_that_changed_behind_everybodys_back_is_shown_and_asked_for_anew(
    shop: Shop, types: Types
) -> None:
    seen = await types(*ASK, *BO, *CLEO, "change spar 100 to 150", "later 11m", "")
    assert "100.00 NOK" in seen.split("In Dintero", 1)[1]
    assert "150.00 NOK" in seen
    assert "No approval counts any more" in seen
    assert not shop.dintero.ledger.calls


async def test_nothing_is_given_while_it_is_paused_and_then_it_is(shop: Shop, types: Types) -> None:
    seen = await types(
        "as chief", "/discount pause stock-taking", "as ann", *ASK, *BO, *CLEO, "later 11m", "ledger"
    )
    quick = await types("as ann", "in small", '/discount add "Spar 100,-" c-9', "review", "give now")
    assert "the bot is paused just now" in quick
    assert "stock-taking" in seen
    assert "giving starts now" not in seen
    assert not shop.dintero.ledger.calls
    seen = await types("as chief", "/discount resume", "")
    assert "Given to 2 of 2 customers" in seen


async def test_it_is_reminded_of_and_expires_as_time_passes(shop: Shop, types: Types) -> None:
    seen = await types(*ASK, "later 61m", "", "later 1d", "")
    assert seen.count("This still waits for a yes or a no") == 1
    assert "It expired" in seen
    assert not shop.dintero.ledger.calls
