"""The client of Dintero's discounts API, with its access token; it makes each call once, without retries."""

import asyncio
import base64
import math
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Annotated, Final, TypeVar
from urllib.parse import quote

import aiohttp
import httpx
from pydantic import BaseModel, Field, ValidationError
from pydantic_core import PydanticSerializationError, to_json

from bot.dintero.error_mapping import error_for, token_error_for
from bot.dintero.parsing import id_of, read_list, read_refs, read_rule, read_rules
from bot.domain.ids import CustomerId, OnceKey, RuleId
from bot.domain.rules.rule import HOLDERS_PAGE, Holder, Rule
from bot.errors import (
    AccessDenied,
    BatchRejectedError,
    DinteroError,
    OutcomeUnknownError,
    RateLimitedError,
    RuleNotFound,
    TokenUnavailable,
    TransientError,
)
from bot.outages import Outage, Refusal, why_unreachable

RENEWAL_MARGIN_SECONDS: Final = 600.0
"""How long before a token expires, as in Dintero's SDK; a short-lived one is renewed at half its life."""
AUDIENCE: Final = "https://api.dintero.com/v1/accounts/{account}"
"""A name, not an address: Dintero documents this one for test and production, whatever the API's base URL."""
SENT: Final = "discount_bot_sent"
"""The extension that marks a request as sent, and so perhaps carried out. A 401 clears it."""
RULES_PER_PAGE: Final = 100
"""The most that Dintero documents."""
TIMEOUT_SECONDS: Final = 30.0
UNREADABLE: Final = "unreadable answer from Dintero"
CLIENT: Final = "the API client"
REFUSED_METHODS: Final = {"GET": "reading rules", "POST": "giving discounts"}
"""A scope may be missing for one and not for the other."""
FIXED_BY: Final = (
    "Requests stop until DINTERO_CLIENT_ID, DINTERO_CLIENT_SECRET and the scopes in Backoffice are right."
    " Run discount-bot check."
)

Read = TypeVar("Read")


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
        raise TokenUnavailable(UNREADABLE) from None
    lifetime = math.inf if issued.expires_in is None else issued.expires_in
    return Token(issued.access_token, requested_at + lifetime - min(RENEWAL_MARGIN_SECONDS, lifetime / 2))


class DinteroClient:
    """Dintero's discounts API, implementing `bot.domain.ports.DinteroApi`.

    Takes an open client whose base URL is the API's and whose `auth` is `ClientCredentials`, and never closes
    it. `timeout` limits a whole call in seconds, including the token, even if the server keeps sending bytes.
    """

    def __init__(self, http: httpx.AsyncClient, *, account: str, timeout: float = TIMEOUT_SECONDS) -> None:
        self._http = http
        self.account = account
        self._rules = f"{str(http.base_url).rstrip('/')}/accounts/{quote(account, safe='')}/discounts/rules"
        self._timeout = timeout
        self._post_headers = httpx.Headers({**http.headers, "Content-Type": "application/json"})
        self._url = lru_cache(maxsize=RULES_PER_PAGE)(self._build_url)
        self._last_read: tuple[bytes, Rule] | None = None
        self._outage = Outage("Dintero", "Requests wait, and continue when it is back.")
        self._refusal = Refusal("Dintero", FIXED_BY)

    async def rules(self) -> tuple[Rule, ...]:
        """Read all rules, including expired, inactive and deleted ones.

        Our reading of the documentation is that `starting_after` takes the last rule's id and that
        `state=all` omits nothing. The end is a page without new ids: a server may allow shorter pages, and
        one that repeats itself must not keep us reading.
        """
        found: dict[RuleId, Rule] = {}
        seen: set[str] = set()
        params: dict[str, str | int] = {"limit": RULES_PER_PAGE, "state": "all"}
        while True:
            try:
                page = _read(await self._get(self._rules, params), read_list)
            except (BatchRejectedError, RuleNotFound) as error:
                raise DinteroError(f"Dintero did not list its rules: {error}") from None
            ids = [known for known in map(id_of, page) if known is not None]
            if page and not ids:
                raise OutcomeUnknownError(UNREADABLE)
            if seen.issuperset(ids):
                return tuple(found.values())
            seen.update(ids)
            found.update((rule.id, rule) for rule in read_rules(page))
            params["starting_after"] = ids[-1]

    async def rule(self, rule: RuleId) -> Rule:
        """Read one rule; a text that cannot be a rule's id (400) is not found either."""
        try:
            return self._rule(await self._get(self._url(rule)))
        except BatchRejectedError:
            raise RuleNotFound("not a rule id") from None

    async def refs(self, rule: RuleId, *, after: str | None = None) -> tuple[Holder, ...]:
        """Read a page of a rule's holders, in all states; a deleted ref names no customer."""
        params: dict[str, str | int] = {"limit": HOLDERS_PAGE, "state": "all"}
        if after:
            params["starting_after"] = after
        try:
            answer = await self._get(self._url(rule, "/customers"), params)
        except BatchRejectedError:
            raise RuleNotFound("Dintero lists nobody for this rule") from None
        return _read(answer, read_refs)

    async def add_customers(self, rule: RuleId, customers: Sequence[CustomerId], *, once: OnceKey) -> Rule:
        """Give the discount to these customers. As documented, only a 200 with a rule counts as given."""
        try:
            body = to_json({"customers": customers, "offering_constraint_id": once})
        except PydanticSerializationError:
            raise BatchRejectedError("an id contains a broken character") from None
        # `build_request` would merge the same headers again: 0.1 ms, in which other batches wait
        url = self._url(rule, "/customers")
        return self._rule(
            await self._send(httpx.Request("POST", url, headers=self._post_headers, content=body))
        )

    def _rule(self, answer: httpx.Response) -> Rule:
        """Read the rule in a 200; all batches return the same one, so it is parsed only if it changed."""
        if self._last_read is None or self._last_read[0] != answer.content:
            self._last_read = answer.content, _read(answer, read_rule)
        return self._last_read[1]

    def _build_url(self, rule: RuleId, below: str = "") -> httpx.URL:
        """Build a rule's URL, in which a typed id is always one segment. Parsing takes 0.1 ms."""
        try:
            segment = quote(rule, safe="")
        except UnicodeEncodeError:
            segment = ""
        if not segment.strip("."):
            raise RuleNotFound("Dintero has no such rule")
        return httpx.URL(f"{self._rules}/{segment}{below}")

    async def _get(self, url: httpx.URL | str, params: dict[str, str | int] | None = None) -> httpx.Response:
        return await self._send(self._http.build_request("GET", url, params=params))

    async def _send(self, request: httpx.Request) -> httpx.Response:
        """Send one request; any answer other than 200 becomes one of our errors."""
        try:
            answer = await self._answer(request)
        except TransientError as error:
            if isinstance(error, RateLimitedError):
                self._outage.answered()
            else:
                self._outage.failed(str(error).replace("Dintero ", "it ", 1))
            raise
        except DinteroError as error:
            self._outage.answered()
            if isinstance(error, AccessDenied):
                what = REFUSED_METHODS[request.method] if request.extensions.get(SENT) else CLIENT
                self._refusal.refused(what, str(error).replace("Dintero ", "it ", 1))
            raise
        self._outage.answered()
        self._refusal.accepted(CLIENT, REFUSED_METHODS[request.method])
        return answer

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        try:
            async with asyncio.timeout(self._timeout):
                answer = await self._http.send(request)
        except DinteroError:
            raise
        except Exception as failure:  # noqa: BLE001 - of httpx, aiohttp, the system: each may leave the outcome open
            unanswered = OutcomeUnknownError if request.extensions.get(SENT) else TokenUnavailable
            raise unanswered(self._what_happened(failure)) from None
        if answer.status_code != httpx.codes.OK:
            raise error_for(answer)
        return answer

    def _what_happened(self, failure: Exception) -> str:
        """Describe a failure by aiohttp's own error: for a cut connection httpx raises `ConnectTimeout`."""
        cause = failure.__cause__ if isinstance(failure, httpx.HTTPError) else failure
        match cause:
            case aiohttp.ClientConnectorError() | httpx.ConnectError():
                return f"can't reach Dintero ({why_unreachable(cause)})"
            case aiohttp.ClientResponseError() | httpx.DecodingError() | httpx.RemoteProtocolError():
                return UNREADABLE
            case aiohttp.ClientError() | httpx.NetworkError() | ConnectionError():
                return "connection lost"
            case TimeoutError() | httpx.TimeoutException():
                return f"no answer after {self._timeout:g} s"
            case _:
                return "the call failed"


def _read(answer: httpx.Response, reader: Callable[[object], Read]) -> Read:
    try:
        return reader(answer.json())
    except (ValueError, RecursionError):  # not JSON, or a SchemaError
        raise OutcomeUnknownError(UNREADABLE) from None
