"""Whole trips through the sandbox: a discount is asked for, approved, given and told."""

from pathlib import Path

import pytest

from bot.tryout.shop import Shop, database_in, open_bot, open_shop

SEED = "3c90c3cc-0d44-4b50-8888-8dd25736052a"


@pytest.mark.parametrize("socket_mode", [False, True], ids=["http", "socket mode"])
async def test_a_discount_is_asked_for_approved_given_and_summed_up(tmp_path: Path, socket_mode: bool) -> None:
    async with open_shop() as shop, open_bot(shop, database_in(tmp_path), socket_mode=socket_mode):
        await _ask(shop, "c-1\nc-2, c-3; c-2")
        card = await shop.bo.sees("Spar 100", shop.support)
        await shop.bo.press("Approve…", card)
        approval = await shop.bo.sees_view(submit="Approve")
        await approval.submit()
        summary = await shop.ann.sees("Given to 3 of 3 customers", shop.support)
        assert summary.thread_ts == card.ts
        assert shop.dintero.ledger.holders(SEED) == {"c-1": 1, "c-2": 1, "c-3": 1}
        print(shop.slack.transcript(shop.support))
        print(shop.slack.transcript(shop.campaigns))
        assert not shop.slack.refused


async def _ask(shop: Shop, customers: str) -> None:
    await shop.ann.command("/discount add", shop.support)
    form = await shop.ann.sees_view(submit="Review")
    await form.fill({"Rule": "Spar 100", "Customer IDs": customers, "Reason": "late parcel"})
    assert not (await form.submit()).errors
    review = await shop.ann.sees_view(submit="Ask for approval")
    print(review.text)
    await review.submit()
    done = await shop.ann.sees_view("Asked for approval")
    await done.close()
