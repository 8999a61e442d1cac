"""Links to files among pasted ids become files; other links are reported, and the ids stay."""

import pytest

from bot.domain.customers.pasted import read_customers
from bot.domain.customers.uploads import RowProblem, Upload
from bot.domain.ids import FileId
from bot.domain.requests.request import FormInput
from bot.slack.modals.file_links import with_links_as_files

LINK = "https://shop.slack.com/files/U0ANN/F0LIST01/vip%20list.csv"
VIP = Upload(FileId("F0LIST01"), "vip list.csv")


@pytest.mark.parametrize(
    "text",
    [
        LINK,
        f"<{LINK}>",
        f"<{LINK}|vip list.csv>",
        f"  {LINK}?origin_team=T1&origin_channel=C1 ",
        "https://big.enterprise.slack.com/files/W0ANN/F0LIST01/vip%20list.csv",
        "https://files.slack.com/files-pri/T0SHOP-F0LIST01/download/vip%20list.csv",
        f"{LINK}\n<{LINK}>",
    ],
)
def test_a_link_to_a_file_is_that_file(text: str) -> None:
    found = with_links_as_files(FormInput(customers=text))
    assert (found.customers.strip(), found.files) == ("", (VIP,))


def test_ids_around_a_link_stay_and_a_file_counts_once() -> None:
    chosen = Upload(VIP.id, "vip.csv", 2)
    found = with_links_as_files(FormInput(customers=f"a1, {LINK}; b2\nc3", files=(chosen,)))
    assert (read_customers(found.customers).ids, found.files) == (("a1", "b2", "c3"), (chosen,))


def test_a_link_without_a_name_is_named_by_its_id() -> None:
    assert with_links_as_files(FormInput(customers="https://shop.slack.com/files/U0ANN/F0LIST01")).files == (
        Upload(VIP.id, "F0LIST01"),
    )


@pytest.mark.parametrize(
    "text",
    [
        "https://shop.slack.com/archives/C0SUPPORT/p1700000000000100",
        "<https://docs.example.com/list|the list>",
        "https://evil.example/shop.slack.com/files/U0ANN/F0LIST01/x.csv",
        "http://shop.slack.com/files/U0ANN/F0LIST01/x.csv",
        "https://shop.slack.com/files/U0ANN/X0LIST01/x.csv",
    ],
)
def test_any_other_link_is_neither_a_file_nor_a_customer(text: str) -> None:
    found = with_links_as_files(FormInput(customers=f"a1\n{text}"))
    assert not found.files
    read = read_customers(found.customers)
    assert read.ids == ("a1",)
    assert [(one.why, one.text) for one in read.unreadable] == [(RowProblem.LINK, text)]
