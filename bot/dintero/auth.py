"""The access token: fetched with the API client's id and secret, kept, renewed; knows nothing of what it is used for."""

import asyncio
import base64
import math
import time
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field
from typing import Annotated, Final

import httpx
from pydantic import BaseModel, Field, ValidationError

from bot.dintero.error_mapping import token_refusal
from bot.errors import TokenUnavailable

RENEWED_BEFORE: Final = 600.0
"""Seconds before its end that a token is renewed, as Dintero's Python SDK does; a short-lived one at half its life."""

AUDIENCE: Final = "https://api.dintero.com/v1/accounts/{account}"
"""What the token is for. It is a name, not an address: documented as this one for test and production alike, at whichever host the API is
reached, so that the configured base URL (Dintero's other host, a proxy, a stand-in) does not go into it."""


OUT: Final = "discount_bot_out"
"""Among a request's extensions: whether it went out itself, and may have been carried out. A 401 says that it was not."""


class TokenResponse(BaseModel):
    """What Dintero answers with a token. Printable only: it goes into a header."""

    access_token: Annotated[str, Field(strict=True, pattern=r"^[!-~]+$")]
    expires_in: Annotated[float, Field(allow_inf_nan=False)] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Token:
    """A token, and when to renew it by the clock that was handed in."""

    text: str = field(repr=False)
    renew_at: float


class ClientCredentials(httpx.Auth):
    """Puts a token on every request: one fetch for all who wait for it, again before it ends, and once more after a 401.

    A 403 lets go of the token as well: scopes are fixed when it is issued, so that one widened in Backoffice counts at the next call.
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
        self._held: Token | None = None

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """Send the request with a token; after a 401 once more with a new one.

        Raises:
            TokenRefused, ScopeMissing: there is no token to be had.
            RateLimitedError, TokenUnavailable: there is none now; the request itself did not go out.
        """
        refused: Token | None = None
        for _ in range(2):
            async with self._lock:
                if self._held is None or self._held is refused or self._held.renew_at <= self._clock():
                    asked_at = self._clock()
                    answer = yield self._ask(like=request)
                    await answer.aread()
                    self._held = _token(answer, asked_at)
                token = self._held
            request.headers["Authorization"] = f"Bearer {token.text}"
            request.extensions[OUT] = True
            response = yield request
            if response.status_code != httpx.codes.UNAUTHORIZED:
                break
            refused = token
            request.extensions[OUT] = False
        if response.status_code == httpx.codes.FORBIDDEN and self._held is token:
            self._held = None

    def _ask(self, *, like: httpx.Request) -> httpx.Request:
        """Ask for a token, with the headers that name us and the time limits of the request that needs it."""
        headers = {
            name: value
            for name, value in like.headers.items()
            if name.startswith("dintero-") or name in {"accept", "user-agent"}
        }
        return httpx.Request(
            "POST",
            self._url,
            headers={**headers, "Authorization": self._basic},
            json={"grant_type": "client_credentials", "audience": self._audience},
            extensions=like.extensions,
        )


def went_out(request: httpx.Request) -> bool:
    """Say of a request that got no answer whether it went out itself, or failed while there was no token for it."""
    return bool(request.extensions.get(OUT))


def _token(answer: httpx.Response, asked_at: float) -> Token:
    """Read a token; one that does not say how long it lives is kept until it is refused."""
    if answer.status_code != httpx.codes.OK:
        raise token_refusal(answer)
    try:
        issued = TokenResponse.model_validate_json(answer.content)
    except ValidationError:
        raise TokenUnavailable("Dintero's answer to the question for a token could not be read") from None
    life = math.inf if issued.expires_in is None else issued.expires_in
    return Token(issued.access_token, asked_at + life - min(RENEWED_BEFORE, life / 2))
