"""Packed lists unpack to the same ids with the same digest, however they were packed."""

import zlib
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.customers.packing import NOBODY, IdWriter, pack, packed_row, unpacked
from bot.domain.ids import CustomerId
from tests.support import hostile_values
from tests.support.digests import digest_of

ANY = st.text(alphabet=st.sampled_from("ab-\"\\\x7f\x00æ😀,'")) | hostile_values.texts


@given(st.lists(ANY), st.integers(1, 5))
def test_ids_come_back_in_their_order_whatever_they_hold(texts: list[str], size: int) -> None:
    ids = [CustomerId(text) for text in texts]
    found = pack(ids, portion=size)
    assert list(found.unpacked()) == ids
    assert list(found.sizes) == [len(unpacked(row)) for row in found.rows]
    assert all(count == size for count in found.sizes[:-1])
    assert (found.count, found.digest) == (len(ids), digest_of(ids))
    assert (list(found.first), found.last) == (ids[:3], ids[-1] if ids else "")


@given(st.lists(st.lists(ANY, max_size=4), max_size=8), st.integers(1, 5))
def test_the_number_of_pieces_does_not_matter(pieces: list[list[str]], size: int) -> None:
    rows: list[bytes] = []
    writing = IdWriter(size, rows.append)
    for piece in pieces:
        writing.add([CustomerId(text) for text in piece])
    found = replace(writing.end(), rows=tuple(map(packed_row, rows)))
    assert found == pack([CustomerId(text) for piece in pieces for text in piece], portion=size)


def test_an_empty_list_is_packed_as_nobody() -> None:
    assert pack((), portion=1) == NOBODY


def test_an_older_process_unpacks_it_and_it_takes_little_room() -> None:
    ids = [CustomerId(f"{number:08x}-2f4c-4f0e-8f0e-{number * 7919:012x}") for number in range(4000)]
    (row,) = pack(ids, portion=4000).rows
    assert len(row) < sum(map(len, ids)) / 2
    assert zlib.decompress(row).startswith(b'["00000000-2f4c')
