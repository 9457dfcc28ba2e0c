"""What makes the simulated carrier post its receipts."""

import functools
import json
import time
from http import HTTPStatus
from urllib.parse import urlsplit

from django.conf import settings

from sms.providers.base import ProviderError
from sms.providers.calling import JSON, Line
from sms.providers.simulator.gateway import SIGNATURE_HEADER, Simulator, sign
from sms.providers.simulator.memory import client

LARGEST_BATCH = 200
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


@functools.cache
def _line() -> Line:
    return Line(connections=1)


def post_due_receipts() -> int:
    """One turn of the engine: posts what is due to our webhook, and forgets it once that answered 200.

    Returns how many were posted. What the webhook did not take is offered again in a second: at least once, as real
    carriers do.
    """
    target = urlsplit(settings.PUBLIC_URL)
    if target.hostname not in LOOPBACK:
        raise ValueError(f"The simulator posts to this machine only; PUBLIC_URL is {settings.PUBLIC_URL}.")
    store = client()
    now = time.time()
    due: list[tuple[str, float]] = store.zrangebyscore("simulator:due", 0, now, 0, LARGEST_BATCH, withscores=True)  # type: ignore[assignment]
    if not due:
        return 0
    items = [json.loads(text) | {"at": score} for text, score in due]
    texts = [text for text, _ in due]
    if _post(json.dumps({"receipts": items}).encode()):
        store.zrem("simulator:due", *texts)
        return len(texts)
    store.zadd("simulator:due", dict.fromkeys(texts, now + 1), xx=True)
    return 0


def _post(body: bytes) -> bool:
    headers = {SIGNATURE_HEADER: sign(body, at=int(time.time())), "Content-Type": JSON}
    url = f"{settings.PUBLIC_URL}/api/sms/receipts/{Simulator.slug}/"
    try:
        return _line().post(url, headers=headers, body=body).status == HTTPStatus.OK
    except ProviderError:
        return False
