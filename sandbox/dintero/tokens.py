"""Access tokens: issuing, scopes and expiry."""

import binascii
import secrets
from base64 import b64decode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

AUDIENCE: Final = "https://api.dintero.com/v1/accounts/{account}"


class Refused(Exception):
    """A call answered with an error."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: str | None = None,
        errors: list[dict[str, str]] | None = None,
    ) -> None:
        super().__init__(message)
        self.status, self.message, self.code, self.errors = status, message, code, errors


@dataclass(frozen=True, slots=True)
class Issued:
    """A token's grant. Scopes are fixed at issue, as in any JWT."""

    scopes: frozenset[str]
    ends_at: datetime


class Tokens:
    """Issues tokens to the one API client and checks those it presents."""

    def __init__(
        self,
        *,
        account: str,
        client_id: str,
        client_secret: str,
        scopes: frozenset[str],
        clock: Callable[[], datetime],
    ) -> None:
        self.account, self.client_id, self.client_secret = account, client_id, client_secret
        self.scopes = scopes
        self.expires_in = 14_400
        """Seconds: four hours, as in Dintero's guides."""
        self.issued = 0
        self._clock = clock
        self._alive: dict[str, Issued] = {}

    def issue(self, account: str, authorization: str, asked: object) -> dict[str, str | int]:
        """Answer a token request.

        Raises:
            Refused: the client, secret or audience is wrong.
        """
        if account != self.account or _basic(authorization) != (self.client_id, self.client_secret):
            raise Refused(401, "Access forbidden, invalid client credentials", code="UNAUTHORIZED")
        grant = an_object(asked)
        if grant.get("grant_type") != "client_credentials":
            raise Refused(400, "grant_type must be client_credentials")
        if grant.get("audience") != AUDIENCE.format(account=account):
            raise Refused(403, "The client has no grant for this audience")
        token = secrets.token_urlsafe(24)
        self._alive[token] = Issued(self.scopes, self._clock() + timedelta(seconds=self.expires_in))
        self.issued += 1
        return {"access_token": token, "token_type": "Bearer", "expires_in": self.expires_in}

    def look_at(self, account: str, authorization: str, *, needs: frozenset[str]) -> None:
        """Check that a call carries a valid token with one of the scopes.

        Raises:
            Refused: it does not.
        """
        kind, _, token = authorization.partition(" ")
        issued = self._alive.get(token)
        if kind != "Bearer" or issued is None or issued.ends_at <= self._clock():
            raise Refused(401, "Access forbidden, invalid JWT token was used", code="UNAUTHORIZED")
        if account != self.account or needs.isdisjoint(issued.scopes):
            raise Refused(403, "Forbidden", code="FORBIDDEN")

    def revoke_all(self) -> None:
        """Revoke all tokens issued so far."""
        self._alive.clear()


def _basic(authorization: str) -> tuple[str, str]:
    kind, _, coded = authorization.partition(" ")
    try:
        user, _, password = b64decode(coded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return (user, password) if kind == "Basic" else ("", "")


def an_object(asked: object) -> Mapping[str, object]:
    """Require a JSON object.

    Raises:
        Refused: it is something else.
    """
    if not isinstance(asked, dict):
        raise Refused(400, "The body is no JSON object")
    return asked
