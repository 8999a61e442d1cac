"""A fake Slack that accepts everything and records when forms open: `python -m bench.fake_slack`."""

import json
import re
import time
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import uvloop

from bench.constants import CHANNEL, TEAM
from bench.raw_http import stand_in

TRIGGER: Final = re.compile(rb'"trigger_id": ?"([^"]+)"')
ANSWERS: Final[dict[str, Any]] = {
    "auth.test": {
        "team_id": TEAM,
        "team": "bench",
        "user_id": "U0BOT",
        "user": "discount-bot",
        "bot_id": "B0BOT",
        "url": "https://bench/",
    },
    "conversations.info": {"channel": {"id": CHANNEL, "is_member": True, "is_archived": False}},
    "conversations.open": {"channel": {"id": "D0BENCH"}},
    "chat.postMessage": {"ts": "1700000000.000100", "channel": CHANNEL},
    "views.open": {"view": {"id": "V0BENCH"}},
}


class Slack:
    """Answers the Web API, and reports under `/bench/…`."""

    def __init__(self) -> None:
        self._opened: dict[str, float] = {}
        self._view = b"{}"

    def answer(self, target: str, body: bytes) -> tuple[bytes, float]:
        """Answer any call at once."""
        method = urlsplit(target).path.removeprefix("/api/")
        if method == "views.open":
            self._open(body)
        return json.dumps(self._found(method, target)).encode(), 0

    def _open(self, body: bytes) -> None:
        """Record the time by the machine's clock, shared by all processes."""
        trigger = TRIGGER.search(body)
        self._opened[trigger[1].decode() if trigger else ""] = time.monotonic()
        self._view = body

    def _found(self, method: str, target: str) -> Any:
        match method:
            case "/bench/count":
                return len(self._opened)
            case "/bench/opened":
                return self._opened
            case "/bench/view":
                return json.loads(self._view)["view"]
            case "users.info":
                who = parse_qs(urlsplit(target).query)["user"][0]
                return {
                    "ok": True,
                    "user": {"id": who, "team_id": TEAM, "name": who, "profile": {"display_name": who}},
                }
            case _:
                return {"ok": True, **ANSWERS.get(method, {})}


if __name__ == "__main__":
    uvloop.run(stand_in(Slack().answer))
