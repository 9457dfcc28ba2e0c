"""Who calls, and from where."""

import ipaddress
from typing import Any

from django.http import HttpRequest
from rest_framework.exceptions import NotAuthenticated
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from accounts.models import User


def caller(request: HttpRequest | Request) -> User:
    """The user behind an authenticated request. Raises NotAuthenticated, should a view have let somebody else in."""
    if not isinstance(request.user, User):
        raise NotAuthenticated
    return request.user


def address_of(request: HttpRequest | Request) -> str | None:
    """The caller's IP address, seen through TRUSTED_PROXIES proxies of ours.

    None for what is no address: a proxy may forward "unknown" (RFC 7239), and nobody is kept out for that.
    """
    text = BaseThrottle().get_ident(request) or ""  # type: ignore[arg-type] # reads META alone
    host, _, port = text.rpartition(":")
    for candidate in (text, host.strip("[]") if port.isdecimal() else ""):  # some proxies forward the port too
        try:
            return str(ipaddress.ip_address(candidate))
        except ValueError:
            continue
    return None


def origin_of(request: HttpRequest | Request) -> dict[str, Any]:
    """Whence a sign-in comes, as its record keeps it: `address` and `user_agent`."""
    return {"address": address_of(request), "user_agent": request.headers.get("User-Agent", "")}
