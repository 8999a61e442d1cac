"""A fake Dintero with fixed latency: `python -m bench.fake_dintero <rules> <seconds of latency>`."""

import json
import sys
import time
from datetime import UTC, datetime
from typing import Final
from urllib.parse import parse_qs, urlsplit

import uvloop

from bench.raw_http import stand_in
from sandbox.dintero.catalogue import catalogue

PAGE: Final = 100
TOKEN: Final = b'{"access_token": "bench", "expires_in": 86400, "token_type": "Bearer"}'


class Dintero:
    """Answers tokens, rules and *Add customers*, and reports under `/bench/…`.

    `received` counts the distinct customers and forgets them; `count` counts the calls; `times` has the time
    of the last one; `calls` lists each call's time and whether all its customers had come before. It parses
    bodies only then.
    """

    def __init__(self, rules: int, latency: float) -> None:
        made = catalogue(datetime.now(UTC), rules)
        self._latency = latency
        self._bodies: dict[str, bytes] = {rule["id"]: json.dumps(rule).encode() for rule in made}
        self._ids = [rule["id"] for rule in made]
        self._place = {id_: at for at, id_ in enumerate(self._ids)}
        self._received: list[bytes] = []
        self._calls: list[float] = []

    def answer(self, target: str, body: bytes) -> tuple[bytes, float]:
        """Answer a call after the latency."""
        if target.startswith("/bench/"):
            return self._told(target), 0
        return self._found(urlsplit(target).path, target, body), self._latency

    def _told(self, target: str) -> bytes:
        match target:
            case "/bench/count":
                return str(len(self._calls)).encode()
            case "/bench/times":
                return json.dumps(self._calls[-1:]).encode()
            case "/bench/calls":
                return json.dumps(list(zip(self._calls, _again(self._received), strict=True))).encode()
            case _:
                received = {"customers": len(_customers(self._received))}
                self._received.clear()
                self._calls.clear()
                return json.dumps(received).encode()

    def _found(self, path: str, target: str, body: bytes) -> bytes:
        if path.endswith("/auth/token"):
            return TOKEN
        if path.endswith("/rules"):
            return self._page(parse_qs(urlsplit(target).query).get("starting_after", [""])[0])
        if path.endswith("/customers"):
            self._received.append(body)
            self._calls.append(time.monotonic())
            return self._bodies[path.split("/")[-2]]
        return self._bodies[path.rsplit("/", maxsplit=1)[-1]]

    def _page(self, after: str) -> bytes:
        start = self._place[after] + 1 if after else 0
        return b"[" + b",".join(self._bodies[id_] for id_ in self._ids[start : start + PAGE]) + b"]"


def _customers(bodies: list[bytes]) -> set[str]:
    return {customer for body in bodies for customer in json.loads(body)["customers"]}


def _again(bodies: list[bytes]) -> list[bool]:
    """Tell for each call whether all its customers had come before."""
    seen: set[str] = set()
    found = []
    for body in bodies:
        given: list[str] = json.loads(body)["customers"]
        found.append(seen.issuperset(given))
        seen.update(given)
    return found


if __name__ == "__main__":
    uvloop.run(stand_in(Dintero(int(sys.argv[1]), float(sys.argv[2])).answer))
