"""How often somebody may call.

Each limit is a token bucket: it holds a minute's worth of calls and fills up evenly. A window that is counted from
zero each minute lets through twice its limit around its edge, and a log of every call costs memory by the call; a
bucket has no edge, is one number in Redis (the moment at which it will be full again), and knows exactly when the next
call is welcome. What is refused is not counted, so that moment stays true however often somebody asks before it.

All limits of a call are judged together in one round trip: it is counted in each of them or, when one is used up, in
none. Without Redis everybody is let through: answering during an outage matters more.
"""

import hashlib
import ipaddress
import math
import time
from collections.abc import Mapping

import structlog
from django.conf import settings
from django.views import View
from redis import RedisError
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from accounts.callers import address_of
from accounts.redis_link import Resting, link

log = structlog.get_logger(__name__)
#: Refused attempts to sign in that are written down, of one address in a minute: the others would say nothing new, and
#: whoever hammers must not fill a table.
RECORDED_REFUSALS = 60
#: On a request: whether CallThrottle has counted it.
COUNTED = "throttle.counted"

# In microseconds, by the caller's clock. Whole ones, so that a bucket of 7,000 calls still holds exactly 7,000.
TAKE = """
local now, minute, wait, full = tonumber(ARGV[1]), 60000000, 0, {}
for i, bucket in ipairs(KEYS) do
    local each = math.floor(minute / tonumber(ARGV[i + 1]))
    full[i] = math.max(tonumber(redis.call('GET', bucket) or now), now) + each
    if full[i] > now + 2 * minute then full[i] = now + each end -- no bucket is that empty: a clock was set back
    wait = math.max(wait, full[i] - now - minute)
end
if wait > 0 then return wait end
for i, bucket in ipairs(KEYS) do
    redis.call('SET', bucket, string.format('%.0f', full[i]), 'PX', math.ceil((full[i] - now) / 1000) + 1)
end
return 0
"""


def seconds_to_wait(limits: Mapping[str, int]) -> float:
    """0 when a call may be made now, and then it is counted; else the seconds until it may be.

    `limits` are names and what they allow in a minute; 0 allows everything.
    """
    limited = {name: most for name, most in limits.items() if most > 0}
    if not limited:
        return 0.0
    try:
        wait = link().run(TAKE, keys=list(limited), args=[int(time.time() * 1e6), *limited.values()])
    except Resting:
        return 0.0
    except RedisError as error:
        log.warning("throttles are off", error=type(error).__name__)
        return 0.0
    return float(wait) / 1e6


class CallThrottle(BaseThrottle):
    """Every call of the API: by person, reads and writes apart, or by address where nobody is signed in; and, more
    loosely, by address whoever calls."""

    def allow_request(self, request: Request, view: View) -> bool:
        request.META[COUNTED] = True
        self.seconds = seconds_to_wait(_limits(request, view))
        return self.seconds == 0

    def wait(self) -> float:
        return self.seconds


def seconds_to_wait_after_refusal(request: Request, view: View) -> float:
    """The same for a call that was refused before DRF asked the throttles: who guesses at tokens, or hammers at what
    is not theirs, is counted too. 0 for one that was counted already, and for views with limits of their own."""
    if COUNTED in request.META or CallThrottle not in getattr(view, "throttle_classes", ()):
        return 0.0
    throttle = CallThrottle()
    return 0.0 if throttle.allow_request(request, view) else throttle.wait()


class SignInThrottle(BaseThrottle):
    """An attempt to sign in, with limits of its own."""

    def allow_request(self, request: Request, view: View) -> bool:
        self.seconds = sign_in_wait(address=address_of(request), email=typed_email(request))
        return self.seconds == 0

    def wait(self) -> float:
        return self.seconds


def sign_in_wait(*, address: str | None, email: str) -> float:
    """Counts an attempt; the seconds until the next one is welcome when there were too many.

    By address and e-mail, and by address. Not by e-mail alone: anybody could lock somebody else out.
    """
    name = hashlib.sha256(email.strip().lower().encode(errors="replace")).hexdigest()[:32]
    where = _network(address)
    return seconds_to_wait(
        {
            f"sign-in:{where}:{name}": settings.SIGN_IN_ATTEMPTS_PER_MINUTE,
            f"sign-in:{where}": settings.SIGN_IN_ATTEMPTS_PER_MINUTE_AND_ADDRESS,
        }
    )


def is_worth_recording(*, address: str | None) -> bool:
    """Whether an attempt that was not let as far as the password is to be written down; counts it if so."""
    return seconds_to_wait({f"sign-in:recorded:{_network(address)}": RECORDED_REFUSALS}) == 0


def typed_email(request: Request) -> str:
    """The e-mail of a sign-in attempt as it was typed, lower-case; "" where there is none."""
    given = request.data.get("email", "") if isinstance(request.data, dict) else ""
    return str(given).strip().lower()[:254]


def retry_after(seconds: float) -> int:
    """Whole seconds, never too few."""
    return max(math.ceil(seconds), 1)


def _limits(request: Request, view: View) -> dict[str, int]:
    """A view whose calls take seconds says in `counts_as` how many writes one is worth, and has a bucket besides."""
    where = _network(address_of(request))
    everybody = {f"calls:all:{where}": settings.CALLS_PER_MINUTE_AND_ADDRESS}
    if not request.user.is_authenticated:
        return everybody | {f"calls:anonymous:{where}": settings.ANONYMOUS_CALLS_PER_MINUTE}
    if request.method in SAFE_METHODS:
        return everybody | {f"calls:read:{request.user.pk}": settings.READS_PER_MINUTE}
    writes = settings.WRITES_PER_MINUTE
    costly = max(writes // view.counts_as, 1) if writes and hasattr(view, "counts_as") else 0
    return everybody | {f"calls:write:{request.user.pk}": writes, f"calls:costly:{request.user.pk}": costly}


def _network(address: str | None) -> str:
    """An address, or the /64 that an IPv6 customer is given whole."""
    if address is None or ":" not in address:
        return str(address)
    return str(ipaddress.ip_network((address, 64), strict=False))
