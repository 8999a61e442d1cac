"""The summary in the thread: the four outcomes, why and what to do, the figures and the people."""

from dataclasses import replace
from typing import Any

import pytest

from bot.domain.ids import CustomerId, UserId
from bot.domain.requests.batches import Refused, Tally, Verification
from bot.domain.requests.notification import FileRows, RequestSnapshot
from bot.domain.requests.request import State, StopReason
from bot.domain.rules.rule import Requirement, Reward, Statistics
from bot.slack.messages import summary
from bot.slack.rendering.formatting import Message
from tests.support import samples
from tests.support.samples import LOOK, NOW

CHECKED = Verification(NOW, 2, there=2, refs=8, whole=True)


def words(message: Message) -> str:
    """Read the blocks."""
    texts = [
        text["text"]
        for block in message.blocks
        for text in [block.get("text"), *block.get("fields", []), *block.get("elements", [])]
        if text
    ]
    return "\n".join(texts).replace("\xa0", " ")


def done(tally: Tally, **changes: Any) -> RequestSnapshot:
    request = {name: changes.pop(name) for name in list(changes) if hasattr(samples.REQUEST, name)}
    snapshot = samples.snapshot(State.DONE, **request)
    return replace(snapshot, **{"tally": tally, "refused": (), **changes})


def drawn(tally: Tally, **changes: Any) -> str:
    return words(summary.build(done(tally, **changes), LOOK))


@pytest.mark.parametrize(("given", "asked"), [(8, 10), (10, 10), (0, 10), (1, 1), (100_000, 100_000)])
def test_the_summary_begins_with_given_to_n_of_m_customers(given: int, asked: int) -> None:
    made = summary.build(done(Tally(asked, given=given, refused=asked - given)), LOOK)
    assert made.text.startswith(f"Given to {given} of {asked} customers")
    assert words(made).startswith(f"Given to {given} of {asked} customers")


def test_when_all_got_it_there_is_nothing_to_do() -> None:
    made = summary.build(done(Tally(10, given=10)), LOOK)
    assert made.text == "Given to 10 of 10 customers: “Spar 100,-” (R-7K2QF, TEST)"
    assert words(made).replace("\u2009", " ").splitlines() == [
        "Given to 10 of 10 customers",
        "*Reward*",
        "NOK 100 off",
        "24 Oct – 23 Dec 2026",
        "*Cost so far*",
        "NOK 1,000 if each uses it once",
        "R-7K2QF · TEST · Requested by <@U0ANN> · approved by <@U0BOSS> · took 12 seconds",
        "Used 31 times by everyone (+3 since the request), NOK 3,100 (+NOK 300)",
    ]


def test_each_other_outcome_has_its_count_and_what_to_do() -> None:
    text = drawn(Tally(10, given=5, refused=2, unknown=2), verification=CHECKED)
    assert text.startswith("Given to 5 of 10 customers, 2 unconfirmed\n")
    for line in (
        "⚠️ *2 refused by Dintero*",
        "⚠️ *2 unconfirmed:* Dintero didn't answer, so they may have it.",
        "Dintero lists all 2. That may be from before, so they stay unconfirmed.",
        "*1 not sent:* too many others were refused.",
        "starts a new request for the rest. Nobody gets it twice. Press *Send me the list* for the reasons.",
    ):
        assert line in text


@pytest.mark.parametrize(
    "tally",
    [Tally(2, unknown=2), Tally(3, unknown=2, refused=1), Tally(4, given=1, unknown=3), Tally(2, unknown=1)],
)
def test_nobody_is_said_to_be_without_it_while_one_is_unconfirmed(tally: Tally) -> None:
    made = summary.build(done(tally, verification=CHECKED), LOOK)
    for text in (made.text, words(made)):
        assert "obody was" not in text
        assert "ot given" not in text
        assert f"{tally.unknown} unconfirmed" in text
    assert made.text.startswith(f"Given to {tally.given} of {tally.asked} customers")


def test_the_outcomes_in_the_text_add_up_to_the_customers() -> None:
    made = summary.build(done(Tally(121, given=110, refused=2, unknown=4)), LOOK)
    assert made.text == (
        "Given to 110 of 121 customers, 2 refused by Dintero, 4 unconfirmed, 5 not sent: "
        "“Spar 100,-” (R-7K2QF, TEST)"
    )


def test_customers_who_had_it_before_got_nothing_more() -> None:
    text = drawn(Tally(10, given=10, had_before=3, maybe_before=2))
    assert text.startswith("Given to 7 of 10 customers\n")
    assert "*3 had it before* under this campaign key and got nothing more." in text
    assert "*2 of those given may have had it before.* If so, they got nothing more." in text
    assert "NOK 700 if each uses it once" in text


def test_after_refusals_alone_the_ids_are_to_be_fixed() -> None:
    assert "Fix the ids, then press *Request again…* on the request." in drawn(Tally(10, given=8, refused=2))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"cancel_asked_by": UserId("U0ANN")}, "*2 not sent:* cancelled by <@U0ANN>."),
        ({"stop": StopReason.BUSY}, "*2 not sent:* Dintero"),
    ],
)
def test_the_summary_says_why_customers_were_not_sent(changes: dict[str, Any], expected: str) -> None:
    assert expected in drawn(Tally(10, given=8), **changes)


def test_312_refused_of_80000_are_counted_by_reason_and_fit_a_phone() -> None:
    reasons = {"The customer is blocked": 200, "The customer was deleted": 100}
    refused = [
        Refused(CustomerId(f"k-{why[-3:]}-{at}"), why)
        for why, count in reasons.items()
        for at in range(count)
    ]
    refused += [Refused(CustomerId(f"other-{at}"), f"other-{at} is not known") for at in range(12)]
    rows = (FileRows("kampanje.csv", (9, 57, 80, 81, 1_200)),)
    snapshot = done(Tally(80_000, given=79_688, refused=312), refused=tuple(refused), refused_rows=rows)
    made = summary.build(snapshot, LOOK)
    assert made.text == (
        "Given to 79688 of 80000 customers, 312 refused by Dintero: “Spar 100,-” (R-7K2QF, TEST)"
    )
    assert words(made).splitlines()[:3] == [
        "Given to 79688 of 80000 customers",
        "⚠️ *312 refused by Dintero:* rows 9, 57, 80, 81, 1200 and 307 more of kampanje.csv",
        "Fix the ids, then press *Request again…* on the request. Press *Send me the list* for the reasons.",
    ]
    (table,) = [block for block in made.blocks if block["type"] == "table"]
    assert [[cell["text"] for cell in row] for row in table["rows"]] == [
        ["Refused by Dintero because", "Customers"],
        ["The customer is blocked", "200"],
        ["The customer was deleted", "100"],
        ["Other reasons", "12"],
    ]
    assert "other-1" not in str(made.blocks)


def test_without_a_file_the_first_ids_are_masked() -> None:
    made = str(summary.build(samples.snapshot(State.DONE), LOOK).blocks)
    assert "12397af6e5f" not in made
    assert "*2 refused by Dintero:* 1•••" in made


def test_rows_of_two_files_are_named_with_their_files() -> None:
    rows = (FileRows("a.csv", (9,)), FileRows("b.csv", (2, 3)))
    assert "*3 refused by Dintero:* row 9 of a.csv and rows 2 and 3 of b.csv" in drawn(
        Tally(10, given=7, refused=3), refused_rows=rows
    )


def test_statistics_name_a_change_only_where_there_is_one() -> None:
    rule = replace(samples.RULE, statistics=Statistics(usage=28, amount=280_000))
    text = drawn(Tally(10, given=10), rule=rule, last_answer=rule)
    assert text.endswith("Used 28 times by everyone, NOK 2,800")
    nothing = replace(rule, statistics=None)
    assert "No statistics from Dintero" in drawn(Tally(10, given=10), rule=nothing, last_answer=nothing)


def test_the_cost_of_unconfirmed_customers_is_a_span() -> None:
    assert "NOK 500 to NOK 800 if each uses it once" in drawn(Tally(10, given=5, unknown=3))


def test_what_nobody_got_has_no_cost() -> None:
    assert "Cost so far" not in drawn(Tally(10, refused=10))


def test_a_reward_without_a_price_has_no_cost() -> None:
    rule = replace(samples.RULE, reward=Reward(type="discount_percent", value=samples.RULE.reward.value))
    assert "*Cost so far*\nCan't be calculated" in drawn(Tally(10, given=10), rule=rule, last_answer=rule)


@pytest.mark.parametrize(
    ("requirement", "expected"),
    [
        (Requirement(), "Always valid"),
        (Requirement(purchase_from=NOW), "from 23 Nov 2026"),
        (Requirement(purchase_to=NOW), "until 23 Nov 2026"),
        (
            Requirement(purchase_from=NOW, purchase_to=samples.LONG_RULE.requirement.purchase_to),
            "from 23 Nov",
        ),
    ],
)
def test_the_validity_is_said_in_days(requirement: Requirement, expected: str) -> None:
    rule = replace(samples.RULE, requirement=requirement)
    assert f"off\n{expected}" in drawn(Tally(1, given=1), rule=rule, last_answer=rule)
