"""Calling a gateway over HTTP, and telling from how the call ended whether the gateway may have the message.

The rule: as long as no byte of the message was handed to the connection, nothing can have been taken; from then on
only the gateway's own answer can say so.
"""

import base64
import datetime
import email.utils
import io
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

import requests
import urllib3
from django.conf import settings
from django.utils import timezone
from requests.adapters import HTTPAdapter

from accounts import outgoing
from sms.providers.base import Permanent, ProviderError, RateLimited, Temporary, Uncertain

#: Seconds until a connection stands; how long an answer may take is SMS_GATEWAY_TIMEOUT_SECONDS.
CONNECT_SECONDS = 3.0
#: Of an answer no more than this is read, in bytes: the largest one looked for is a page of a hundred messages.
LARGEST_ANSWER = 1_000_000
FORM = "application/x-www-form-urlencoded"
JSON = "application/json"


@dataclass(frozen=True)
class Answer:
    """What a gateway said. `body` is cut short when it was too long or came too slowly."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def is_success(self) -> bool:
        return HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES

    def json(self) -> Any:
        """None when it is no JSON."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None


class Line:
    """The connections to one gateway, kept open and shared by all threads of a process."""

    def __init__(self, *, connections: int) -> None:
        # No retries: whether a message is handed over once more is not for a library to say.
        adapter = HTTPAdapter(pool_connections=2, pool_maxsize=connections, max_retries=0)
        self.session = outgoing.session(adapter=adapter)

    def post(self, url: str, *, headers: Mapping[str, str], body: bytes) -> Answer:
        """Hands a message over. Raises Temporary when nothing of it can have arrived, else Uncertain."""
        handed = outgoing.Body(body)
        try:
            return self._call("POST", url, headers=headers, body=handed)
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            if not handed.begun:
                raise Temporary("gateway_unreachable") from None
            if isinstance(error, requests.Timeout):
                raise Uncertain("gateway_not_answering") from None
            raise Uncertain("gateway_broke_off") from None

    def get(self, url: str, *, headers: Mapping[str, str], query: Mapping[str, str] | None = None) -> Answer:
        """Asks something that changes nothing. Raises Temporary."""
        try:
            return self._call("GET", f"{url}?{urlencode(query)}" if query else url, headers=headers)
        except requests.ReadTimeout:
            raise Temporary("gateway_not_answering") from None
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError):
            raise Temporary("gateway_unreachable") from None

    def _call(self, method: str, url: str, *, headers: Mapping[str, str], body: io.BytesIO | None = None) -> Answer:
        seconds = settings.SMS_GATEWAY_TIMEOUT_SECONDS
        with self.session.request(
            method,
            url,
            data=body,
            headers={"Accept": JSON, "Accept-Encoding": "identity"} | dict(headers),
            timeout=(min(CONNECT_SECONDS, seconds), seconds),
            allow_redirects=False,
            stream=True,
        ) as answer:
            return Answer(answer.status_code, answer.headers, _read(answer, until=time.monotonic() + seconds))


def _read(answer: requests.Response, *, until: float) -> bytes:
    """The body, as far as it came: the status line has said already what became of the message."""
    body = b""
    try:
        while len(body) <= LARGEST_ANSWER and time.monotonic() < until:
            piece = answer.raw.read1(65536)
            if not piece:
                return body
            body += piece
    except (urllib3.exceptions.HTTPError, OSError):
        pass
    answer.close()
    return body


def basic(user: str, password: str) -> str:
    """The value of an Authorization header (RFC 7617)."""
    return f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"


#: What an HTTP status says of a message where the gateway's own words say nothing (RFC 9110, section 15). A
#: redirection that asks for the same request elsewhere took nothing; the other ones are how some gateways answer what
#: they took. What is about us and not about the message is temporary: another provider may take it meanwhile.
BY_STATUS: Mapping[int, tuple[type[ProviderError], str]] = {
    301: (Temporary, "gateway_misconfigured"),
    307: (Temporary, "gateway_misconfigured"),
    308: (Temporary, "gateway_misconfigured"),
    401: (Temporary, "gateway_credentials_refused"),
    402: (Temporary, "gateway_out_of_credit"),
    403: (Temporary, "gateway_credentials_refused"),
    404: (Temporary, "gateway_misconfigured"),
    405: (Temporary, "gateway_misconfigured"),
    407: (Temporary, "gateway_misconfigured"),
    408: (Temporary, "gateway_not_answering"),
    410: (Temporary, "gateway_misconfigured"),
    421: (Temporary, "gateway_misconfigured"),
    425: (Temporary, "gateway_unavailable"),
    503: (Temporary, "gateway_unavailable"),
}


def refusal(answer: Answer, *, code: str = "") -> ProviderError:
    """What an answer without a message id means, by its HTTP status alone; to be raised."""
    if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
        return RateLimited(code=code, wait=retry_after(answer.headers))
    code = code or str(answer.status)
    if known := BY_STATUS.get(answer.status):
        kind, reason = known
        return kind(reason, code=code)
    if HTTPStatus.BAD_REQUEST <= answer.status < HTTPStatus.INTERNAL_SERVER_ERROR:
        return Permanent("refused_by_gateway", code=code)
    return Uncertain("gateway_answered_garbage" if answer.is_success else "gateway_failed", code=code)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds, from a number of them or a date (RFC 9110, section 10.2.3); None where it does not say."""
    text = headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        at = email.utils.parsedate_to_datetime(text)
    except ValueError:
        return None
    if at.tzinfo is None:
        at = at.replace(tzinfo=datetime.UTC)
    return max(0.0, (at - timezone.now()).total_seconds())
