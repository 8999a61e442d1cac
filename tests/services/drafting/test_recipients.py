"""The recipients of a draft with files: faults, and exactly the customers that are requested."""

from typing import Any

import pytest

from bot.domain.customers.packing import NOBODY
from bot.domain.customers.uploads import (
    AmbiguousFile,
    BadFile,
    Column,
    Doubt,
    FileProblem,
    ReadResult,
    Upload,
)
from bot.domain.ids import CustomerId, FileId
from bot.domain.policy.policy import Refusal, RefusalReason
from bot.domain.requests.request import FormInput, Request, is_digest_of
from bot.domain.requests.views import Field, Form, Review
from bot.services.drafting.recipients import LONG, pack_in_thread
from tests.support.digests import digest_of
from tests.support.forms import by_field
from tests.support.service_fixture import ANN, SPAR, Office, person

ONE, TWO = Upload(FileId("F1"), "one.csv"), Upload(FileId("F2"), "two.csv")


@pytest.fixture(autouse=True)
def _lists(office: Office) -> None:
    office.drawer.lists |= {ONE.id: ("a", "b", "c", "d"), TWO.id: ("d", "e")}


async def reviewed(office: Office, **typed: Any) -> Review:
    review = await office.drafts.review(await office.draft(**typed), person(ANN))
    assert isinstance(review, Review), review
    return review


async def test_typed_ids_and_files_add_up_to_the_requested_customers(office: Office) -> None:
    review = await reviewed(office, customers="t\nb\nt", files=(ONE, TWO))
    everybody = ("t", "b", "a", "c", "d", "e")
    assert (review.request.customers, review.request.repeated) == (6, 3)
    assert (review.request.first_customer, review.request.last_customer) == ("t", "e")
    request = await office.submit(review.request.id, person(ANN))
    assert isinstance(request, Request)
    assert is_digest_of(request.customers_digest, digest_of([CustomerId(one) for one in everybody]))
    assert await office.repository.customers(request.id, 0) == everybody
    assert office.drawer.asked == [((ONE, TWO), ANN)]


async def test_the_review_tells_the_column_of_pasted_text_and_its_lookalikes(office: Office) -> None:
    review = await reviewed(office, customers="Kundenr\tNavn\n+4791234567\tAnn\nb\tBo")
    (read,) = review.files_read
    assert (read.name, read.column.name, read.found) == ("", "Kundenr", 2)
    assert [(doubtful.why, doubtful.count) for doubtful in read.doubtful] == [(Doubt.PHONE, 1)]
    assert (review.request.first_customer, review.request.customers) == ("+4791234567", 2)


async def test_pasted_columns_that_are_in_doubt_are_reported_in_the_field(office: Office) -> None:
    form_input = FormInput(rule=SPAR, customers="1001\t5501\n1002\t5502")
    faults = await office.drafts.save_input(await office.draft(), person(ANN), form_input)
    assert not isinstance(faults, Refusal)
    assert by_field(faults) == {Field.CUSTOMERS: [RefusalReason.PASTED_COLUMNS]}


async def test_submitting_reads_no_file_again(office: Office) -> None:
    review = await reviewed(office, customers="", files=(ONE,))
    office.drawer.lists[ONE.id] = ("somebody", "else")
    await office.submit(review.request.id, person(ANN))
    assert await office.repository.customers(review.request.id, 0) == ("a", "b", "c", "d")


async def test_without_files_nothing_is_read(office: Office) -> None:
    await reviewed(office)
    assert not office.drawer.asked


async def test_a_form_with_a_file_alone_has_no_fault(office: Office) -> None:
    assert (
        await office.drafts.save_input(await office.draft(), person(ANN), FormInput(rule=SPAR, files=(ONE,)))
        == ()
    )


async def test_a_reserved_id_is_refused_together_with_a_file(office: Office) -> None:
    faults = await office.drafts.save_input(
        await office.draft(), person(ANN), FormInput(rule=SPAR, reserved="*", files=(ONE,))
    )
    assert not isinstance(faults, Refusal)
    assert Field.RESERVED in by_field(faults)


async def test_a_file_that_cannot_be_read_is_the_only_fault(office: Office) -> None:
    office.drawer.instead = ReadResult(bad=(BadFile("one.csv", FileProblem.ENCRYPTED),))
    form = await office.drafts.review(await office.draft(customers="", files=(ONE,)), person(ANN))
    assert isinstance(form, Form)
    assert by_field(form.faults) == {Field.FILE: [RefusalReason.BAD_FILE]}
    assert form.form_input.files == (ONE,)


async def test_an_ambiguous_column_is_asked_for_once(office: Office) -> None:
    office.drawer.instead = ReadResult(unclear=(AmbiguousFile(ONE, (Column(1), Column(2))),))
    draft = await office.draft(customers="", files=(ONE,))
    form = await office.drafts.review(draft, person(ANN))
    assert isinstance(form, Form)
    assert (by_field(form.faults), form.unclear) == (
        {Field.FILE: [RefusalReason.WHICH_COLUMN]},
        office.drawer.instead.unclear,
    )
    chosen = Upload(ONE.id, ONE.name, 2)
    await office.drafts.save_input(draft, person(ANN), FormInput(rule=SPAR, files=(chosen,)))
    await office.drafts.save_input(draft, person(ANN), FormInput(rule=SPAR, files=(ONE, TWO)))
    form_input = await office.repository.load_input(draft)
    assert form_input
    assert form_input.files == (chosen, TWO)


async def test_a_file_without_new_customers_is_reported(office: Office) -> None:
    office.drawer.instead = ReadResult()
    form = await office.drafts.review(await office.draft(customers="", files=(ONE,)), person(ANN))
    assert isinstance(form, Form)
    assert by_field(form.faults) == {Field.CUSTOMERS: [RefusalReason.NO_CUSTOMERS]}


async def test_packing_in_a_thread_gives_the_same_digest() -> None:
    many = [CustomerId(f"c-{number}") for number in range(LONG * 2 + 1)]
    assert (await pack_in_thread(many, 1_000)).digest == digest_of(many)
    assert (
        NOBODY.digest == digest_of([]) == "4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945"
    )
