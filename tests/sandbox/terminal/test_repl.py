"""The keyboard handed over: whole lines typed at the prompt, and what is shown and held afterwards."""

from pathlib import Path

from sandbox.dintero.catalogue import SEED_RULE
from sandbox.shop import Shop
from tests.sandbox.terminal.conftest import Types


async def test_typed_ids_are_given_once_although_the_connection_is_cut_after_the_call(
    shop: Shop, types: Types
) -> None:
    seen = await types(
        *["/discount add", "1 spar 100", "2", "12397af6e5e", "b2", "", "review", "ask for approval"],
        *["as bo", "approve", "cut after", "approve", "ledger b2"],
    )
    assert shop.dintero.ledger.holders(SEED_RULE) == {"12397af6e5e": 1, "b2": 1}
    assert [(call.status, call.granted) for call in shop.dintero.ledger.calls] == [(None, 2), (200, 0)]
    assert "Given to 2 of 2 customers" in seen
    assert "no answer: cut off" in seen
    assert "they had it already" in seen


async def test_calls_that_are_cut_before_dintero_did_anything_are_made_again(
    shop: Shop, types: Types
) -> None:
    seen = await types("in small", '/discount add "Spar 100,-" c-1', "review", "cut 4", "give now", "ledger")
    assert shop.dintero.ledger.holders(SEED_RULE) == {"c-1": 1}
    assert "did nothing" in seen


async def test_dintero_is_taken_away_and_brought_back(types: Types) -> None:
    seen = await types(
        '/discount rule "Spar 100,-"',
        "down",
        '/discount rule "no rule of ours"',
        "up",
        '/discount rule "Spar 100,-"',
    )
    assert "Dintero is down" in seen
    assert "Dintero answers again" in seen


async def test_a_rule_is_searched_and_chosen_by_number(types: Types) -> None:
    seen = await types("/discount add", "1 kaffe", "no such thing", "hver 5. gratis", "2", "look")
    assert "(the first 12 of 22; type a number" in seen
    assert "“Rule” has no “no such thing”" in seen
    assert "[1] Rule: " in seen.rsplit("> look", 1)[1]
    assert ": Hver 5. gratis" in seen.rsplit("> look", 1)[1]


async def test_a_button_that_asks_first_is_answered_in_the_prompt(shop: Shop, types: Types) -> None:
    seen = await types(
        '/discount add "Spar 100,-" c-1', "review", "1", "cancel request", "n", "cancel request", "y"
    )
    assert "Left as it was." in seen
    assert "Cancelled by @Ann" in seen
    assert not shop.dintero.ledger.calls


async def test_nobody_approves_their_own_and_a_guest_does_nothing(shop: Shop, types: Types) -> None:
    seen = await types(
        '/discount add "Spar 100,-" c-1',
        "review",
        "1",
        "approve",
        "as gus",
        "/discount add",
        "as chief",
        "in dm",
    )
    assert "Nobody approves or rejects their own request" in seen
    assert "only Gus sees this" in seen
    assert "direct message to Chief, as Chief sees it: nothing yet" in seen
    assert not shop.dintero.ledger.calls


async def test_every_button_keeps_its_number_while_cards_come_and_go(types: Types) -> None:
    asked = ['/discount add "Spar 100,-" c-1', "review", "1"]
    seen = await types(*asked, *asked, "3", "y", "look", "approve")
    later = seen.rsplit("> look", 1)[1]
    assert "[1] Approve…" not in later
    assert "[5] Approve…  [6] Reject…  [7] Cancel request" in later
    assert "Nobody approves or rejects their own request" in later


async def test_a_file_of_this_machine_is_put_in_and_given(shop: Shop, types: Types, tmp_path: Path) -> None:
    (tmp_path / "some list.csv").write_text("Kundenr\nf-1\nf-2\n", encoding="utf-8")
    (tmp_path / "more.txt").write_text("f-3\nf-2\n", encoding="utf-8")
    path, more = tmp_path / "some list.csv", tmp_path / "more.txt"
    seen = await types(
        *[
            "/discount add",
            "1 spar 100",
            f"3 {tmp_path}/nowhere.csv",
            f"3 {path}",
            "3",
            str(path),
            str(more),
            "",
            "review",
            "1",
        ],
        *["as bo", "approve", "approve"],
    )
    assert "there is no file" in seen
    assert "[3] File (optional): some list.csv, more.txt" in seen
    assert "some list.csv, 2 ids" in seen
    assert shop.dintero.ledger.holders(SEED_RULE) == {"f-1": 1, "f-2": 1, "f-3": 1}


async def test_a_file_is_shared_linked_and_its_unreadable_rows_are_sent(types: Types, tmp_path: Path) -> None:
    path = tmp_path / "Høst.csv"
    path.write_text("Kundenr;Navn\nc-1;Åse\n;Per\nc-2;Kari\n", encoding="utf-8")
    seen = await types(
        *["share nowhere.csv", f"share {path}", "as bo", "/discount add", "1 spar 100"],
        *[
            "2 https://sandbox.slack.com/files/U0ANN/F00000001/h%C3%B8st.csv",
            "review",
            "get the unreadable rows",
            "ask for approval",
        ],
    )
    assert "there is no file 'nowhere.csv'" in seen
    assert "Its link: https://sandbox.slack.com/files/U0ANN/F00000001/h%C3%B8st.csv" in seen
    assert "Høst.csv, 2 ids" in seen
    assert "have come to you as a file in your direct messages with the bot" in seen
    assert "the 1 row of Høst.csv that gave no customer id" in seen
    assert "is asked for. Its card stands in" in seen
