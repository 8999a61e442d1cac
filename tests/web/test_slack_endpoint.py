"""A signature counts for five minutes, to the second and in both directions."""

import pytest

from bot.web.slack_endpoint import is_signed, sign

NOW = 1_796_000_000
SECRET = b"secret"
BODY = b"command=%2Fdiscount"


@pytest.mark.parametrize(
    ("age", "counts"), [(0, True), (300, True), (301, False), (-300, True), (-301, False)]
)
def test_a_signature_counts_for_five_minutes(age: int, counts: bool) -> None:  # noqa: FBT001 - a row of the table
    sent = str(NOW - age)
    headers = {"X-Slack-Request-Timestamp": sent, "X-Slack-Signature": sign(BODY, sent, SECRET)}
    assert is_signed(BODY, headers, secret=SECRET, now=NOW) is counts
    assert not is_signed(BODY + b"&", headers, secret=SECRET, now=NOW)
