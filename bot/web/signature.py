"""Whether a request comes from Slack: its signature over the bytes as they came, before anything reads them."""

import hashlib
import hmac
import re
from collections.abc import Mapping
from typing import Final

MAX_AGE: Final = 300
"""Seconds, either way; Slack's documented limit against a request that is played again."""


def sign(body: bytes, timestamp: str, secret: bytes) -> str:
    """Make the signature that Slack would."""
    return "v0=" + hmac.new(secret, b"v0:" + timestamp.encode() + b":" + body, hashlib.sha256).hexdigest()


def is_signed(body: bytes, headers: Mapping[str, str], *, secret: bytes, now: float) -> bool:
    """Say whether Slack signed this body, less than five minutes ago.

    Bolt's own check reads the body first, and fails on one that is no text.
    """
    timestamp = headers.get("X-Slack-Request-Timestamp", "")
    signature = headers.get("X-Slack-Signature", "")
    if not re.fullmatch("[0-9]{1,15}", timestamp) or abs(now - int(timestamp)) > MAX_AGE:
        return False
    return hmac.compare_digest(
        sign(body, timestamp, secret).encode(), signature.encode(errors="surrogateescape")
    )
