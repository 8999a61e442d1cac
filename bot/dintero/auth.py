"""The access token: fetched with the API client's ID and secret, cached and renewed."""

import asyncio
import base64
import math
import time
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field
from typing import Annotated, Final

import httpx
from pydantic import BaseModel, Field, ValidationError

from bot.dintero.error_mapping import token_error_for
from bot.errors import TokenUnavailable

RENEWAL_MARGIN_SECONDS: Final = 600.0
"""How long before a token expires, as in Dintero's SDK; a short-lived one is renewed at half its life."""
AUDIENCE: Final = "https://api.dintero.com/v1/accounts/{account}"
"""A name, not an address: Dintero documents this one for test and production, whatever the API's base URL."""
SENT: Final = "discount_bot_sent"
"""The extension that marks a request as sent, and so perhaps carried out. A 401 clears it."""


class TokenResponse(BaseModel):
    """Dintero's answer with a token; it goes into a header, so only printable characters are valid."""

    access_token: Annotated[str, Field(strict=True, pattern=r"^[!-~]+$")]
    expires_in: Annotated[float, Field(allow_inf_nan=False)] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Token:
    """A token, and when to renew it by the injected clock."""

    text: str = field(repr=False)
    renew_at: float


class ClientCredentials(httpx.Auth):
    """Adds a token to every request; concurrent requests share one fetch.

    The token is renewed before it expires and once after a 401. A 403 discards it too: scopes are fixed when
    it is issued, so a scope added in Backoffice works from the next call on.
    """

    def __init__(
        self,
        base_url: str,
        account: str,
        client_id: str,
        client_secret: str,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._url = f"{base_url.rstrip('/')}/accounts/{account}/auth/token"
        self._audience = AUDIENCE.format(account=account)
        self._basic = "Basic " + base64.b64encode(f"{client_id}:{client_secret}".encode()).decode()
        self._clock = clock
        self._lock = asyncio.Lock()
        self._cached: Token | None = None

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """Send the request with a token, and after a 401 once more with a new one.

        Raises:
            TokenRefused, ScopeMissing: Dintero issues no token.
            RateLimitedError, TokenUnavailable: no token now; the request itself was not sent.
        """
        refused: Token | None = None
        for _ in range(2):
            async with self._lock:
                token = self._cached
                if token is None or token is refused or token.renew_at <= self._clock():
                    requested_at = self._clock()
                    answer = yield self._token_request(request)
                    await answer.aread()
                    token = self._cached = _read_token(answer, requested_at)
            request.headers["Authorization"] = f"Bearer {token.text}"
            request.extensions[SENT] = True
            response = yield request
            if response.status_code != httpx.codes.UNAUTHORIZED:
                break
            refused = token
            request.extensions[SENT] = False
        if response.status_code == httpx.codes.FORBIDDEN and self._cached is token:
            self._cached = None

    def _token_request(self, request: httpx.Request) -> httpx.Request:
        """Build the token request, with the request's own identifying headers and timeouts."""
        headers = {
            name: value
            for name, value in request.headers.items()
            if name.startswith("dintero-") or name in {"accept", "user-agent"}
        }
        return httpx.Request(
            "POST",
            self._url,
            headers={**headers, "Authorization": self._basic},
            json={"grant_type": "client_credentials", "audience": self._audience},
            extensions=request.extensions,
        )


def _read_token(answer: httpx.Response, requested_at: float) -> Token:
    """Read a token; one without a lifetime is kept until Dintero refuses it."""
    if answer.status_code != httpx.codes.OK:
        raise token_error_for(answer)
    try:
        issued = TokenResponse.model_validate_json(answer.content)
    except ValidationError:
        raise TokenUnavailable("unreadable answer from Dintero") from None
    lifetime = math.inf if issued.expires_in is None else issued.expires_in
    return Token(issued.access_token, requested_at + lifetime - min(RENEWAL_MARGIN_SECONDS, lifetime / 2))
