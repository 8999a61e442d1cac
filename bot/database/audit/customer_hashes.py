"""Keyed hashes of customer ids: with the key one id can be asked for, without it none can be read out of them."""

import hashlib
import hmac
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

SIZE: Final = 8
"""Bytes kept of each hash: by chance two of a thousand million ids share them once in some forty such sets."""
FINGERPRINT: Final = b"discount-bot: which key this is"


@dataclass(frozen=True, slots=True)
class AuditKey:
    """The key of the hashes; it is never printed."""

    key: str = field(repr=False)

    @property
    def name(self) -> str:
        """Tell keys apart, without telling anything of them."""
        return hmac.digest(self.key.encode(), FINGERPRINT, "sha256")[:4].hex()

    def hash(self, customer: str) -> bytes:
        """Hash one id: HMAC-SHA256, cut off."""
        return _hash(self.key.encode(), customer)

    def pack(self, customers: Sequence[str]) -> bytes:
        """Hash many, sorted: in what order they were asked for is not told."""
        key = self.key.encode()
        return b"".join(sorted(_hash(key, customer) for customer in customers))


def _hash(key: bytes, customer: str) -> bytes:
    return hmac.digest(key, customer.encode("utf-8", "surrogatepass"), "sha256")[:SIZE]


def holds(packed: bytes, one: bytes) -> bool:
    """Say whether a hash stands among packed ones."""
    at = bisect_left(
        range(len(packed) // SIZE), one, key=lambda number: packed[number * SIZE : (number + 1) * SIZE]
    )
    return packed[at * SIZE : (at + 1) * SIZE] == one


def digest_of(packed: Sequence[bytes]) -> str:
    """Digest a request's packed hashes, portion by portion: the audit holds it, so that nobody changes them unseen."""
    whole = hashlib.sha256()
    for portion in packed:
        whole.update(len(portion).to_bytes(8, "big") + portion)
    return whole.hexdigest()
