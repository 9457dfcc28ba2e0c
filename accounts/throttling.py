"""How often one address may try to sign in."""

import hashlib
import time

import structlog
from django.conf import settings
from django.core.cache import cache
from redis import RedisError
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

log = structlog.get_logger(__name__)
WINDOW_SECONDS = 60


class SignInThrottle(BaseThrottle):
    """Counts attempts per minute, from one address for one e-mail and from one address for all.

    Per e-mail only together with the address: otherwise anybody could lock somebody else out.
    Without Redis it lets everybody through: being able to sign in during an outage matters more.
    """

    def allow_request(self, request: Request, view: APIView) -> bool:
        address = self.get_ident(request)
        email = hashlib.sha256(typed_email(request).encode(errors="replace")).hexdigest()[:32]
        limits = {
            f"sign-in:{address}:{email}": settings.SIGN_IN_ATTEMPTS_PER_MINUTE,
            f"sign-in:{address}": settings.SIGN_IN_ATTEMPTS_PER_MINUTE_AND_ADDRESS,
        }
        try:
            counted = {key: _count(key) for key in limits}  # both, also when the first is already over
        except RedisError as error:
            log.warning("sign-in throttle is off", error=type(error).__name__)
            return True
        return all(counted[key] <= limit for key, limit in limits.items())

    def wait(self) -> float:
        return WINDOW_SECONDS - time.time() % WINDOW_SECONDS


def typed_email(request: Request) -> str:
    """The e-mail of a sign-in attempt as it was typed, lower-case; "" where there is none."""
    given = request.data.get("email", "") if isinstance(request.data, dict) else ""
    return str(given).strip().lower()[:254]


def _count(key: str) -> int:
    window = f"{key}:{int(time.time() // WINDOW_SECONDS)}"
    cache.add(window, 0, timeout=WINDOW_SECONDS * 2)
    return cache.incr(window)
