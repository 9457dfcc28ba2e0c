"""How often one address may try to sign in."""

import hashlib
import math
import time

import structlog
from django.conf import settings
from django.core.cache import cache
from redis import RedisError
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from accounts.callers import address_of

log = structlog.get_logger(__name__)
WINDOW_SECONDS = 60


def too_many_attempts(*, address: str | None, email: str) -> bool:
    """Counts an attempt; True when there were too many in this minute.

    Counted per address and e-mail, and per address. Not per e-mail alone: anybody could lock somebody else out.
    Without Redis everybody is let through: being able to sign in during an outage matters more.
    """
    name = hashlib.sha256(email.strip().lower().encode(errors="replace")).hexdigest()[:32]
    limits = {
        f"sign-in:{address}:{name}": settings.SIGN_IN_ATTEMPTS_PER_MINUTE,
        f"sign-in:{address}": settings.SIGN_IN_ATTEMPTS_PER_MINUTE_AND_ADDRESS,
    }
    try:
        counted = {key: _count(key) for key in limits}  # both, also when the first is already over
    except RedisError as error:
        log.warning("sign-in throttle is off", error=type(error).__name__)
        return False
    return any(counted[key] > limit for key, limit in limits.items())


def seconds_to_wait() -> int:
    """Until the present minute is over."""
    return math.ceil(WINDOW_SECONDS - time.time() % WINDOW_SECONDS)


class SignInThrottle(BaseThrottle):
    """`too_many_attempts`, as DRF asks for it."""

    def allow_request(self, request: Request, view: APIView) -> bool:
        return not too_many_attempts(address=address_of(request), email=typed_email(request))

    def wait(self) -> float:
        return seconds_to_wait()


def typed_email(request: Request) -> str:
    """The e-mail of a sign-in attempt as it was typed, lower-case; "" where there is none."""
    given = request.data.get("email", "") if isinstance(request.data, dict) else ""
    return str(given).strip().lower()[:254]


def _count(key: str) -> int:
    window = f"{key}:{int(time.time() // WINDOW_SECONDS)}"
    cache.add(window, 0, timeout=WINDOW_SECONDS * 2)
    return cache.incr(window)
