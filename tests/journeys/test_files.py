"""A list in a file, from the form to the ledger: every customer gets it once, over both Slack transports."""

from pathlib import Path

import pytest

from sandbox.shop import POLICY, SUPPORT, database_in, open_bot, open_shop, with_channel
from tests.journeys.steps import RULE, SEED, Trip
from tests.spreadsheets.sample_files import workbook

MANY = 1_500


@pytest.mark.parametrize("way", ["http", "socket mode"])
async def test_a_file_goes_from_the_form_to_the_ledger(tmp_path: Path, way: str) -> None:
    policy = with_channel(POLICY, SUPPORT, max_customers=MANY * 2, max_amount=10**9)
    async with (
        open_shop() as shop,
        open_bot(shop, database_in(tmp_path), policy=policy, socket_mode=way == "socket mode") as running,
    ):
        await running.catalog.refresh()
        trip = Trip(shop, running)
        form = await trip.form()
        await form.fill(
            {
                "Rule": RULE,
                "Customer IDs": "t-1, c-7",
                "File": f"{_text(tmp_path)}\n{_workbook(tmp_path)}",
                "Reason": "høst",
            }
        )
        assert not (await form.submit()).errors
        review = await shop.ann.sees_view(submit="Request approval")
        assert f"Customers: {MANY + 3:,} (52 duplicates removed)" in review.text
        assert "Skipped 2 rows – row 3: no id; row 5: shortened by Excel" in review.text
        assert not shop.slack.messages(shop.support)
        card = await trip.asked(review)
        approval = await trip.opens_approval(card)
        assert "File: høst.csv, 1,550 ids from column “Kundenr” (B)" in approval.text
        assert "Skipped rows: 3 (no id), 5 (shortened by Excel)" in approval.text
        await trip.approve_in(approval, count=MANY + 3)
        await trip.summary(f"Given to {MANY + 3} of {MANY + 3} customers")
        expected = {"t-1", "x-1", "x-2", *(f"c-{number}" for number in range(MANY))}
        assert shop.dintero.ledger.holders(SEED) == dict.fromkeys(expected, 1)
        assert "høst.csv" not in "\n".join([shop.ann.read(card), *trip.thread(card)])
        assert not shop.slack.refused


def _text(folder: Path) -> str:
    """Write a list as Norwegian Excel does, with repeated ids."""
    path = folder / "høst.csv"
    lines = ["Navn;Kundenr", *(f"Åse {number};c-{number}" for number in [*range(MANY), *range(50)])]
    path.write_bytes("\r\n".join(lines).encode("cp1252"))
    return str(path)


def _workbook(folder: Path) -> str:
    path = folder / "flere.xlsx"
    path.write_bytes(
        workbook(
            [
                ["customer_id", "name"],
                ["x-1", "Ann"],
                [None, "Bo"],
                ["x-2", "Cy"],
                [123456789012, "Di"],
                ["c-1", "Ed"],
            ]
        )
    )
    return str(path)
