"""The digest of customers, written as it is documented: the bot computes it row by row."""

import hashlib
import json
from collections.abc import Sequence

from bot.domain.ids import CustomerId


def digest_of(ids: Sequence[CustomerId]) -> str:
    """Digest customer ids in order: SHA-256 over a JSON list, in hexadecimal."""
    return hashlib.sha256(json.dumps(list(ids), separators=(",", ":")).encode()).hexdigest()
