"""The reading process has no secrets, its failures are reported, and the event loop is never blocked."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator

import psutil
import pytest

from bot.cli.runner import run_async
from bot.domain.customers.packing import NOBODY, pack
from bot.domain.customers.uploads import Column, FileProblem, FileRead, Upload
from bot.domain.ids import CustomerId, FileId
from bot.errors import DatabaseUnavailable
from bot.spreadsheets import worker_process
from bot.spreadsheets.errors import FileError
from bot.spreadsheets.reader.reader import MAX_READINGS, FileSource, Reader, _Answers
from tests.spreadsheets.sample_files import workbook

MAX_BLOCKED_SECONDS = 0.02
"""Processor time for which the event loop may be blocked; 0.0003 are usual, and 0.1 a whole reading."""


def readings() -> list[int]:
    """List this process's reading processes."""
    alive = [child for child in psutil.Process().children() if child.status() != psutil.STATUS_ZOMBIE]
    return [child.pid for child in alive if child.cmdline()[-1:] == ["bot.spreadsheets.reader"]]


def source(data: bytes, name: str = "list.csv", column: int | None = None) -> FileSource:
    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(data), 65_536):
            yield data[start : start + 65_536]
            await asyncio.sleep(0)

    return FileSource(Upload(FileId("F1"), name, column), pieces)


async def test_typed_ids_and_all_files_are_joined_without_repeats() -> None:
    files = [
        source(b"kundenr\na1\nb2\nb2\n", "one.csv"),
        source(workbook([["kundenr"], ["b2"], ["c3"]]), "two.xlsx"),
    ]
    read_result = await Reader().read(files, [CustomerId("t1"), CustomerId("a1")])
    assert read_result.everybody.unpacked() == ("t1", "a1", "b2", "c3")
    assert read_result.repeated == 3
    assert [(file.name, file.found) for file in read_result.files] == [("one.csv", 3), ("two.xlsx", 2)]


async def test_every_byte_is_kept() -> None:
    files = (b"kundenr\n" + b"c000000000\n" * 300_000, b"kari-1\nola-1\n")
    kept: dict[tuple[int, int], bytes] = {}

    async def keep(file: int, piece: int, content: bytes) -> None:
        assert kept.setdefault((file, piece), content) is content

    read_result = await Reader().read([source(files[0]), source(files[1])], keep=keep)
    assert read_result.everybody.unpacked() == ("c000000000", "kari-1", "ola-1")
    assert sorted(kept) == [(0, 0), (0, 1), (0, 2), (0, 3), (1, 0)]
    assert b"".join(kept[which] for which in sorted(kept)) == files[0] + files[1]


async def test_a_failure_to_keep_a_file_is_raised_and_no_more_of_it_is_kept() -> None:
    tried: list[int] = []

    async def keep(_file: int, piece: int, _content: bytes) -> None:
        tried.append(piece)
        if piece == 1:
            raise DatabaseUnavailable("the disk is full")

    with pytest.raises(DatabaseUnavailable):
        await Reader().read([source(b"c000000001\n" * 400_000)], keep=keep)
    assert tried == [0, 1]
    assert readings() == []


def test_a_file_is_read_on_the_loop_that_the_bot_runs_on() -> None:
    read_result = run_async(Reader().read([source(b"kundenr\na1\n")]))
    assert read_result.everybody.unpacked() == ("a1",)


async def test_each_file_has_its_result_and_one_bad_file_means_no_ids() -> None:
    files = [
        source(b"", "empty.csv"),
        source(b"kundenr;id_kunde;customer_id\n1;x;2\n", "two.csv"),
        source(b"a1\nb2\n", "fine.csv"),
    ]
    read_result = await Reader().read(files)
    assert read_result.everybody == NOBODY
    assert [(bad.name, bad.why) for bad in read_result.bad] == [("empty.csv", FileProblem.EMPTY)]
    assert [
        (each.upload.name, [column.number for column in each.columns]) for each in read_result.unclear
    ] == [("two.csv", [1, 3])]


async def test_the_chosen_column_is_read() -> None:
    read_result = await Reader().read([source(b"kundenr;customer_id\n1;a1\n2;b2\n", column=2)])
    assert read_result.everybody.unpacked() == ("a1", "b2")


async def test_non_ascii_ids_are_the_same_on_both_sides() -> None:
    read_result = await Reader().read([source("kundenr\nåse-1\n😀-2\n".encode())])
    assert read_result.everybody.unpacked() == ("åse-1", "😀-2")


async def test_a_process_out_of_memory_is_reported_for_its_file() -> None:
    many = b"kundenr\n" + b"".join(b"c%09d\n" % number for number in range(400_000))
    read_result = await Reader(memory=60 * 1024**2).read(
        [source(b"a1\nb2\n", "fine.csv"), source(many, "heavy.csv")]
    )
    assert [(bad.name, bad.why) for bad in read_result.bad] == [("heavy.csv", FileProblem.TOO_HEAVY)]


async def test_a_process_that_takes_too_long_is_killed() -> None:
    async def never() -> AsyncIterator[bytes]:
        yield b"kundenr\n"
        await asyncio.Event().wait()

    read_result = await Reader(seconds=0.5).read([FileSource(Upload(FileId("F1"), "slow.csv"), never)])
    assert [(bad.name, bad.why) for bad in read_result.bad] == [("slow.csv", FileProblem.TOO_HEAVY)]


@pytest.mark.parametrize(("signal_", "seconds"), [(signal.SIGKILL, 60), (signal.SIGSTOP, 0.5)])
async def test_a_killed_or_hanging_process_is_reported_and_blocks_no_other(
    signal_: signal.Signals, seconds: float
) -> None:
    async def struck() -> AsyncIterator[bytes]:
        yield b"kundenr\n"
        (pid,) = readings()
        os.kill(pid, signal_)
        for _ in range(1_000):  # more than a pipe holds
            yield b"a1\n" * 10_000

    reader = Reader(seconds=seconds)
    for _ in range(MAX_READINGS + 1):
        read_result = await reader.read([FileSource(Upload(FileId("F1"), "struck.csv"), struck)])
        assert [(bad.name, bad.why) for bad in read_result.bad] == [("struck.csv", FileProblem.TOO_HEAVY)]
        assert readings() == []
    assert (await Reader().read([source(b"a1\nb2\n")])).everybody.count == 2


async def test_a_process_that_dies_after_its_answers_is_reported_for_the_last_file() -> None:
    one, two = source(b"", "one.csv"), source(b"", "two.csv")
    answers = _Answers([one, two], files=[FileRead(found=1, column=Column(1))] * 2)
    assert [bad.name for bad in answers.failed(FileProblem.TOO_HEAVY).bad] == ["two.csv"]


async def test_a_cancelled_reading_leaves_no_process_behind() -> None:
    begun = asyncio.Event()

    async def never() -> AsyncIterator[bytes]:
        yield b"kundenr\n"
        begun.set()
        await asyncio.Event().wait()

    reading = asyncio.create_task(Reader().read([FileSource(Upload(FileId("F1"), "slow.csv"), never)]))
    await begun.wait()
    assert len(readings()) == 1
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert readings() == []


async def test_a_process_killed_with_unread_output_leaves_no_pipe_open() -> None:
    process = await worker_process.start("this")
    assert process.stdout
    await process.stdout.readexactly(1)
    await worker_process.end(process)
    assert process.stdout.at_eof()


async def test_a_failed_download_has_its_own_reason() -> None:
    async def gone() -> AsyncIterator[bytes]:
        yield b"kundenr\n"
        raise FileError(FileProblem.NOT_FETCHED)

    read_result = await Reader().read(
        [source(b"a1\nb2\n"), FileSource(Upload(FileId("F2"), "gone.csv"), gone)]
    )
    assert [(bad.name, bad.why) for bad in read_result.bad] == [("gone.csv", FileProblem.NOT_FETCHED)]


async def test_long_rows_packed_in_a_thread_keep_their_order() -> None:
    ids = [CustomerId(f"c{number:09d}") for number in range(50_000)]
    read_result = await Reader().read([source("\n".join(ids).encode())], portion=20_000)
    assert read_result.everybody == pack(ids, portion=20_000)
    assert read_result.everybody.sizes == (20_000, 20_000, 10_000)


async def test_more_than_a_million_ids_are_too_many() -> None:
    rows = [b"c%d\n" % number for number in range(1_000_001)]
    read_result = await Reader().read([source(b"".join(rows))])
    assert [bad.why for bad in read_result.bad] == [FileProblem.TOO_MANY_IDS]


async def longest_wait(data: bytes, count: int) -> float:
    """Read a file, and measure the longest processor time for which the event loop was blocked."""
    waits: list[float] = []

    async def watch() -> None:
        while True:
            before = time.thread_time()
            await asyncio.sleep(0)
            waits.append(time.thread_time() - before)

    watching = asyncio.create_task(watch())
    read_result = await Reader().read([source(data)])
    watching.cancel()
    assert read_result.everybody.count == count
    return max(waits)


async def test_a_long_file_does_not_block_the_event_loop() -> None:
    """A blocking reading blocks each time; the garbage collector or a busy machine only sometimes."""
    many = b"kundenr;navn\n" + b"".join(b"c%09d;Ann\n" % number for number in range(200_000))
    assert min([await longest_wait(many, 200_000) for _ in range(5)]) < MAX_BLOCKED_SECONDS
