"""A Dintero that is as quick as the line to it: `python -m bench.dintero_stand_in <rules> <seconds of latency>`."""

import json
import sys
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import uvloop

from bench.wire import stand_in
from bot.sandbox.dintero.catalogue import catalogue

PAGE: Final = 100
TOKEN: Final = b'{"access_token": "bench", "expires_in": 86400, "token_type": "Bearer"}'


class Dintero:
    """Answers tokens, rules and *Add customers*; `/bench/received` tells how many different customers came, and forgets them."""

    def __init__(self, rules: int, latency: float) -> None:
        made = catalogue(datetime.now(UTC), rules)
        self._latency = latency
        self._bodies: dict[str, bytes] = {rule["id"]: json.dumps(rule).encode() for rule in made}
        self._ids = [rule["id"] for rule in made]
        self._place = {id_: at for at, id_ in enumerate(self._ids)}
        self._received: set[str] = set()

    def answer(self, target: str, body: bytes) -> tuple[bytes, float]:
        """Answer one call after the latency."""
        if target == "/bench/received":
            count = len(self._received)
            self._received.clear()
            return str(count).encode(), 0
        return self._found(urlsplit(target).path, target, body), self._latency

    def _found(self, path: str, target: str, body: bytes) -> bytes:
        if path.endswith("/auth/token"):
            return TOKEN
        if path.endswith("/rules"):
            return self._page(parse_qs(urlsplit(target).query).get("starting_after", [""])[0])
        if path.endswith("/customers"):
            given: dict[str, Any] = json.loads(body)
            self._received.update(given["customers"])
            return self._bodies[path.split("/")[-2]]
        return self._bodies[path.rsplit("/", maxsplit=1)[-1]]

    def _page(self, after: str) -> bytes:
        start = self._place[after] + 1 if after else 0
        return b"[" + b",".join(self._bodies[id_] for id_ in self._ids[start : start + PAGE]) + b"]"


if __name__ == "__main__":
    uvloop.run(stand_in(Dintero(int(sys.argv[1]), float(sys.argv[2])).answer))
