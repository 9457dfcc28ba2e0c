"""Where a webhook may lead. A tenant enters the address and this service calls it, from inside its own network:
without these rules it would call databases, metadata services and admin pages for whoever asks (SSRF)."""

import ipaddress
from urllib.parse import urlsplit

from django.conf import settings

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
LONGEST = 500  # characters that a row holds
#: IPv6 addresses that are given out to be reached (RFC 4291, section 2.4). What lies outside is for something else:
#: local ones, multicast, IPv4 in another dress (::ffff:0:0/96, ::/96, 64:ff9b::/96), segment routing.
UNICAST = ipaddress.ip_network("2000::/3")
#: Of the IANA registries of special addresses, what `is_global` of some supported Python leaves out, or what is
#: reached through somebody's relay: the relay leads to an IPv4 address that is hidden in it.
SPECIAL = tuple(map(ipaddress.ip_network, ("192.0.0.0/24", "192.88.99.0/24", "2001::/23", "2002::/16", "3fff::/20")))
#: Names that stand for this machine or its network wherever one looks them up (RFC 6761, RFC 6762, RFC 8375).
LOCAL_NAMES = ("localhost", "local", "internal", "home.arpa")


class UrlRefused(ValueError):
    """An address that can be none of a webhook; says why, for whoever entered it."""


def is_allowed(address: Address) -> bool:
    """Whether a webhook may be called there: on the public internet, or where WEBHOOK_ALLOWED_NETWORKS says so."""
    if any(address in network for network in settings.WEBHOOK_ALLOWED_NETWORKS):
        return True
    if address.version == 6 and address not in UNICAST:
        return False
    if any(address in network for network in SPECIAL):
        return False
    return address.is_global and not (address.is_multicast or address.is_reserved)


def check_url(url: str) -> None:
    """Raises UrlRefused. What a name leads to is not looked up here: it is judged each time it is connected to."""
    if len(url) > LONGEST or not url.isascii() or not url.isprintable() or any(sign in url for sign in '\\ "<>^`{|}'):
        raise UrlRefused(
            f"Use an address of at most {LONGEST} characters, without spaces; write those as %20 or xn--."
        )
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise UrlRefused("This is not a whole address.") from None
    schemes = ("https", "http") if settings.WEBHOOK_ALLOW_HTTP else ("https",)
    if parts.scheme not in schemes or not host or port == 0:
        raise UrlRefused(f"Use an address that begins with {' or '.join(f'{name}://' for name in schemes)}.")
    if "@" in parts.netloc:
        raise UrlRefused("Leave user and password out: the signature says who calls.")
    if "#" in url:
        raise UrlRefused("Leave out what follows the #: no server is ever told it.")
    _check_host(host)


def _check_host(host: str) -> None:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        is_local = any(host.rstrip(".") == name or host.rstrip(".").endswith(f".{name}") for name in LOCAL_NAMES)
        if is_local and not settings.WEBHOOK_ALLOWED_NETWORKS:
            raise UrlRefused("This name is a local one. Use one that leads to a public address.") from None
        return
    if not is_allowed(address):
        raise UrlRefused("This is no public address.")
