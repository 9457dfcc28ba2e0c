"""What is read of a request, and who may read the reply: HTTP, as far as a stream needs it."""

import re
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qs

from django.conf import settings
from django.http.request import validate_host
from uuid_utils.compat import uuid7

Headers = list[tuple[bytes, bytes]]
ACCEPTABLE_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
KNOWN_QUERY = ("ticket", "last_event_id")


@dataclass(frozen=True, slots=True)
class Asked:
    """One request. Everything that is not there is ""."""

    method: str
    path: str
    host: str
    origin: str
    request_id: str
    ticket: str
    session_key: str
    last_event_id: str
    twice: str
    """A parameter that was given more than once."""

    @property
    def has_known_host(self) -> bool:
        return validate_host(_hostname(self.host), settings.ALLOWED_HOSTS)

    @property
    def is_ours(self) -> bool:
        """From a page of this very host, on whichever port: cookies know no ports either."""
        scheme, _, host = self.origin.partition("://")
        return scheme in ("http", "https") and _hostname(host) == _hostname(self.host)

    def cors(self) -> Headers:
        """Lets a page read the reply: one of this host with its cookie, one of CORS_ALLOWED_ORIGINS by its ticket."""
        headers: Headers = [(b"vary", b"Origin, Cookie")]
        if self.origin and (self.is_ours or self.origin in settings.CORS_ALLOWED_ORIGINS):
            headers.append((b"access-control-allow-origin", self.origin.encode("latin-1")))
            headers.append((b"access-control-expose-headers", b"Retry-After, X-Request-ID"))
            if self.is_ours:
                headers.append((b"access-control-allow-credentials", b"true"))
        return headers


def read(scope: dict[str, Any]) -> Asked:
    """Whatever was sent: bytes that are no text read as some."""
    headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
    query = parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True)
    offered = headers.get(b"x-request-id", "")
    return Asked(
        method=scope["method"],
        path=scope["path"],
        host=headers.get(b"host", ""),
        origin=headers.get(b"origin", ""),
        request_id=offered if ACCEPTABLE_ID.fullmatch(offered) else str(uuid7()),
        ticket=query.get("ticket", [""])[0],
        session_key=_session_key(headers.get(b"cookie", "")),
        last_event_id=headers.get(b"last-event-id", "") or query.get("last_event_id", [""])[0],
        twice=next((name for name in KNOWN_QUERY if len(query.get(name, ())) > 1), ""),
    )


def _session_key(cookies: str) -> str:
    try:
        found = SimpleCookie(cookies).get(settings.SESSION_COOKIE_NAME)
    except CookieError:
        return ""
    return found.value if found else ""


def _hostname(host: str) -> str:
    """Lower-case and without its port; an IPv6 address keeps its brackets."""
    name, _, port = host.lower().rpartition(":")
    return name if port.isdecimal() and name else host.lower()
