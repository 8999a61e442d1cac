"""What can go wrong between the bot and Dintero, on demand; knows nothing of rules or customers."""

import json
from collections import defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Self


class Operation(StrEnum):
    """What the bot asks of Dintero."""

    TOKEN = "token"  # noqa: S105 - the name of an operation
    RULES = "rules"
    RULE = "rule"
    ADD = "add"
    REFS = "refs"


class Kind(StrEnum):
    """How a call goes wrong."""

    ANSWER = "answer"
    """With an answer of the fault's own."""
    CUT = "cut"
    """The connection is cut."""
    CUT_HALFWAY = "cut_halfway"
    """The connection is cut in the middle of the answer."""
    HANG = "hang"
    """No answer comes, and the connection stays."""
    TRICKLE = "trickle"
    """The answer comes byte by byte, and never ends."""
    GARBLED = "garbled"
    """What comes is no HTTP."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One way for a call to go wrong; with `after`, what was asked has been carried out by then."""

    kind: Kind
    after: bool = False
    status: int = 200
    body: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def answer(
        cls, status: int, body: str = "", *, after: bool = False, headers: Mapping[str, str] | None = None
    ) -> Self:
        """Answer with a status and a body of one's own."""
        return cls(kind=Kind.ANSWER, after=after, status=status, body=body, headers=headers or {})

    @classmethod
    def error(
        cls, status: int, message: str, *, after: bool = False, headers: Mapping[str, str] | None = None
    ) -> Self:
        """Answer with an error in the shape that Dintero documents."""
        return cls.answer(status, error_body(message), after=after, headers=headers)

    @classmethod
    def busy(cls, retry_after: str | float = 1) -> Self:
        """429: turned away, with how many seconds to wait, or until which date."""
        return cls.error(429, "Too many requests", headers={"Retry-After": str(retry_after)})

    @classmethod
    def broken(cls, status: int = 502, *, after: bool = False) -> Self:
        """5xx from the gateway, before or after what was asked has been carried out."""
        return cls.answer(status, "<html><body>Bad gateway</body></html>", after=after)

    @classmethod
    def unauthorized(cls) -> Self:
        """401: the token is refused."""
        return cls.error(401, "Access forbidden, invalid JWT token was used")

    @classmethod
    def forbidden(cls) -> Self:
        """403: too little scope."""
        return cls.error(403, "Forbidden")

    @classmethod
    def not_found(cls) -> Self:
        """404: there is no such thing."""
        return cls.error(404, "Not found")

    @classmethod
    def no_json(cls) -> Self:
        """200, carried out, and a body that is no JSON."""
        return cls.answer(200, "<html><body>OK</body></html>", after=True)

    @classmethod
    def no_rule(cls) -> Self:
        """200, carried out, and JSON that is no rule."""
        return cls.answer(200, '{"ok": true}', after=True)

    @classmethod
    def cut(cls, *, after: bool = False) -> Self:
        """Cut the connection."""
        return cls(kind=Kind.CUT, after=after)

    @classmethod
    def cut_halfway(cls) -> Self:
        """Carry it out, and cut the connection in the middle of the answer."""
        return cls(kind=Kind.CUT_HALFWAY, after=True)

    @classmethod
    def hang(cls, *, after: bool = False) -> Self:
        """Never answer."""
        return cls(kind=Kind.HANG, after=after)

    @classmethod
    def trickle(cls) -> Self:
        """Carry it out, and answer so slowly that it never ends."""
        return cls(kind=Kind.TRICKLE, after=True)

    @classmethod
    def garbled(cls, *, after: bool = False) -> Self:
        """Answer with something that is no HTTP."""
        return cls(kind=Kind.GARBLED, after=after)


def error_body(message: str, *, code: str | None = None, errors: list[dict[str, str]] | None = None) -> str:
    """Write an error in the shape that Dintero documents for all its answers."""
    error = {"message": message, "code": code, "errors": errors}
    return json.dumps(
        {"error": {name: value for name, value in error.items() if value is not None}}, ensure_ascii=False
    )


class Faults:
    """What goes wrong, call by call: first whatever is lined up, then whatever goes on until it is cleared."""

    def __init__(self) -> None:
        self._next: defaultdict[Operation, deque[Fault | None]] = defaultdict(deque)
        self._always: dict[Operation, Fault] = {}

    def next(self, *faults: Fault | None, on: Operation = Operation.ADD) -> None:
        """Line up faults for the next calls of an operation, one each; None lets one call pass."""
        self._next[on].extend(faults)

    def always(self, fault: Fault, *, on: Operation = Operation.ADD) -> None:
        """Let every call of an operation go wrong until it is cleared, once what is lined up is used up."""
        self._always[on] = fault

    def clear(self) -> None:
        """Let everything go well from now on."""
        self._next.clear()
        self._always.clear()

    def lined_up(self, operation: Operation) -> int:
        """Say for how many calls of an operation, yet to come, something is lined up."""
        return len(self._next[operation])

    def take(self, operation: Operation) -> Fault | None:
        """Say what goes wrong with the call that has come; None where nothing does."""
        lined_up = self._next[operation]
        return lined_up.popleft() if lined_up else self._always.get(operation)
