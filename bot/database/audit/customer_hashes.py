"""Keyed hashes of customer ids: with the key, one id can be looked up; without it, none can be read."""

import hashlib
import hmac
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

HASH_BYTES: Final = 8
"""Of a billion ids, two share a hash by chance in one of forty such sets."""
FINGERPRINT: Final = b"discount-bot: which key this is"


@dataclass(frozen=True, slots=True)
class AuditKey:
    """The key of the hashes; its repr hides it."""

    key: str = field(repr=False)

    @property
    def name(self) -> str:
        """A name that distinguishes keys and reveals nothing about them."""
        return hmac.digest(self.key.encode(), FINGERPRINT, "sha256")[:4].hex()

    def hash(self, customer: str) -> bytes:
        """Hash one id: truncated HMAC-SHA256."""
        return hmac.digest(self.key.encode(), customer.encode("utf-8", "surrogatepass"), "sha256")[
            :HASH_BYTES
        ]

    def pack(self, customers: Sequence[str]) -> bytes:
        """Hash many ids, sorted, to hide the order of the request."""
        return b"".join(sorted(map(self.hash, customers)))


def contains(packed: bytes, hash_: bytes) -> bool:
    """Return whether packed hashes contain one."""
    count = len(packed) // HASH_BYTES
    at = HASH_BYTES * bisect_left(
        range(count), hash_, key=lambda number: packed[number * HASH_BYTES : (number + 1) * HASH_BYTES]
    )
    return packed[at : at + HASH_BYTES] == hash_


def digest_of(packed: Sequence[bytes]) -> str:
    """Digest a request's packed hashes, portion by portion; the audit keeps it to detect changes."""
    whole = hashlib.sha256()
    for portion in packed:
        whole.update(len(portion).to_bytes(8, "big") + portion)
    return whole.hexdigest()
