"""The names and addresses that fakes, bot and load share."""

from typing import Final

TEAM: Final = "T0BENCH"
CHANNEL: Final = "C0BENCH"
PEOPLE: Final = tuple(f"U0BENCH{number:02}" for number in range(50))
BOT_TOKEN: Final = "xoxb-bench"  # noqa: S105 - of a stand-in
SIGNING_SECRET: Final = "bench-signing-secret"  # noqa: S105 - of a stand-in
ACCOUNT: Final = "T12345678"
RULES: Final = 130
"""Rules of an ordinary account."""
BATCH: Final = 500
WIDE: Final = 8

POLICY: Final = f"""
currency = "NOK"
timezone = "Europe/Oslo"

[channels.{CHANNEL}]
rules = ["*"]
requesters = ["*"]
approvals = 0
max_customers = 1_000_000
batch_size = {BATCH}
concurrency = {WIDE}
"""


def settings(
    *, slack: int, dintero: int, database_url: str, policy: str = "policy.toml", port: int = 0
) -> dict[str, str]:
    """The bot's settings; others keep their defaults."""
    return {
        "SLACK_BOT_TOKEN": BOT_TOKEN,
        "SLACK_SIGNING_SECRET": SIGNING_SECRET,
        "SLACK_API_URL": f"http://127.0.0.1:{slack}/api/",
        "DINTERO_ACCOUNT_ID": ACCOUNT,
        "DINTERO_CLIENT_ID": "bench",
        "DINTERO_CLIENT_SECRET": "bench-client-secret",
        "DINTERO_API_URL": f"http://127.0.0.1:{dintero}/v1",
        "DATABASE_URL": database_url,
        "POLICY_FILE": policy,
        "PORT": str(port),
    }
