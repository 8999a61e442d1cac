"""The contract of the repository on both databases: source files."""

import zlib
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.database.repositories.repository import SqlRepository
from bot.domain.customers.uploads import BadFile, FileProblem, ReadResult, Upload
from bot.domain.ids import FileId
from bot.domain.policy.policy import RefusalReason
from bot.domain.requests.request import Request
from bot.domain.requests.views import Form, Review
from bot.services.results.remainder import origin_of
from tests.contracts.repository import saved_request
from tests.support.service_fixture import ANN, BO, Office, open_office, person

DAY = timedelta(days=1)
FILE = Upload(FileId("F1"), "vip.csv")


async def content(
    repository: SqlRepository, request: Request, file: int = 0, *, reading: str | None = None
) -> bytes:
    which = request.files if reading is None else reading
    return b"".join([zlib.decompress(piece) async for piece in repository.pieces(request.id, which, file)])


async def reviewed(office: Office, *ids: str) -> Request:
    office.drawer.lists[FILE.id] = ids
    review = await office.drafts.review(await office.draft(customers="", files=(FILE,)), person(ANN))
    assert isinstance(review, Review)
    return review.request


async def test_a_file_is_read_back_piece_by_piece_in_order(repository: SqlRepository) -> None:
    request = await saved_request(repository)
    for file, piece, some in ((1, 0, b"x"), (0, 1, b"world"), (0, 0, b"hello "), (0, 0, b"twice")):
        await repository.keep_piece(request.id, "one", file, piece, some)
    assert [await content(repository, request, file, reading="one") for file in (0, 1, 2)] == [
        b"hello world",
        b"x",
        b"",
    ]
    assert await content(repository, request, reading="another") == b""


async def test_only_the_last_stored_reading_is_kept(
    repository: SqlRepository,
) -> None:
    office = await open_office(repository)
    first = await reviewed(office, "a", "b")
    office.drawer.lists[FILE.id] = ("c",)
    review = await office.drafts.review(first.id, person(ANN))
    assert isinstance(review, Review)
    second = review.request
    assert second.files != first.files
    assert (await content(repository, first), await content(repository, second)) == (b"", b"c")
    await office.submit(second.id, person(ANN))
    assert (await content(repository, first), await content(repository, second)) == (b"", b"c")
    assert (await office.now(second.id)).files == second.files


async def test_a_failed_reading_leaves_the_earlier_one(repository: SqlRepository) -> None:
    office = await open_office(repository)
    first = await reviewed(office, "a")
    office.drawer.instead = ReadResult(bad=(BadFile("vip.csv", FileProblem.BROKEN),))
    assert isinstance(await office.drafts.review(first.id, person(ANN)), Form)
    assert (await office.now(first.id)).files == first.files
    assert await content(repository, first) == b"a"


async def test_a_refused_review_keeps_no_file(repository: SqlRepository) -> None:
    office = await open_office(repository)
    office.drawer.lists[FILE.id] = [f"c-{number}" for number in range(3_000)]  # more than the channel may
    drafts = [await office.draft(customers="", files=(FILE,)) for _ in range(2)]
    for draft in drafts * 3:
        assert isinstance(await office.drafts.review(draft, person(ANN)), Form)
    assert await repository.kept_bytes(ANN, office.clock.now() - DAY) == 0
    office.drawer.broken = True
    with pytest.raises(OSError, match="the disk"):
        await office.drafts.review(drafts[0], person(ANN))
    assert await repository.kept_bytes(ANN, office.clock.now() - DAY) == 0


async def test_a_person_has_a_bound_of_what_is_kept_within_a_day(repository: SqlRepository) -> None:
    office = await open_office(repository)
    office.drafts = replace(office.drafts, most_kept_bytes=1)
    first = await reviewed(office, "a", "b")
    another = await office.draft(customers="", files=(FILE,))
    refused = await office.drafts.review(another, person(ANN))
    assert isinstance(refused, Form)
    assert [fault.refusal.reason for fault in refused.faults] == [RefusalReason.NO_ROOM]
    assert await content(repository, first) == b"a\nb"
    assert isinstance(
        await office.drafts.review(await office.draft(BO, customers="", files=(FILE,)), person(BO)), Review
    )
    assert isinstance(await office.drafts.review(await office.draft(customers="c-1"), person(ANN)), Review)
    office.clock.pass_by(hours=25)
    assert isinstance(await office.drafts.review(another, person(ANN)), Review)


async def test_a_deleted_draft_deletes_its_files(repository: SqlRepository) -> None:
    office = await open_office(repository)
    draft = await reviewed(office, "a")
    office.clock.pass_by(days=2)
    assert await repository.forget_drafts(office.clock.now()) == 1
    assert await content(repository, draft) == b""


async def test_a_remainder_uses_the_files_of_the_first_request_until_redaction(
    repository: SqlRepository,
) -> None:
    office = await open_office(repository)
    first = await office.now((await reviewed(office, "a")).id)
    rest = await office.put(await office.ask(customers="a"), rest_of=first.id)
    last = await office.put(await office.ask(customers="a"), rest_of=rest.id)
    assert [await origin_of(repository, one) for one in (first, rest, last)] == [first] * 3
    assert await origin_of(repository, await office.ask(customers="a")) is None
    async with repository.unit_of_work(first.id) as unit:
        assert unit
        await unit.redact(office.clock.now())
    assert await origin_of(repository, last) is None
