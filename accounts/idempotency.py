"""`Idempotency-Key`: a POST that is sent again does not do its work again.

The key is written in the transaction of the work, so both happen or neither does. Of two at once the second waits at
the unique index until the first is through, and then gets its reply. What failed is not remembered.
"""

import functools
import hashlib
import json
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.db import transaction
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.encoding import force_str
from rest_framework import status
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.callers import caller
from accounts.models import IdempotentReply

HEADER, REPLAYED = "Idempotency-Key", "Idempotency-Replayed"
LONGEST_KEY = 200
Handler = Callable[..., Response]


class KeyReused(APIException):
    status_code = status.HTTP_422_UNPROCESSABLE_ENTITY
    default_detail = "This Idempotency-Key was used for another request. Make a new one for new content."
    default_code = "idempotency_key_reused"


def idempotent(handler: Handler) -> Callable[..., HttpResponseBase]:
    """Decorates a view's method that creates something. Without the header it changes nothing."""

    @functools.wraps(handler)
    def once(view: Any, request: Request, *args: Any, **kwargs: Any) -> HttpResponseBase:
        key = request.headers.get(HEADER)
        if key is None:
            return handler(view, request, *args, **kwargs)
        if not (0 < len(key) <= LONGEST_KEY and key.isascii() and key.isprintable()):
            raise ValidationError({HEADER: [f"From 1 to {LONGEST_KEY} printable ASCII characters."]})
        return _once(key, request, lambda: handler(view, request, *args, **kwargs))

    once.is_idempotent = True  # type: ignore[attr-defined] # read by config.openapi
    return once


def _once(key: str, request: Request, work: Callable[[], Response]) -> HttpResponseBase:
    now = timezone.now()
    row = IdempotentReply(user=caller(request), key=key, fingerprint=_fingerprint(request), created_at=now)
    same = IdempotentReply.objects.filter(user=row.user, key=key)
    with transaction.atomic():
        same.filter(created_at__lt=now - settings.IDEMPOTENCY_KEPT).delete()
        IdempotentReply.objects.bulk_create([row], ignore_conflicts=True)
        found = same.get()
        if found.pk != row.pk:
            return _replayed(found, row.fingerprint)
        response = work()
        body = request.accepted_renderer.render(response.data, request.accepted_media_type or "", {})
        same.update(status=response.status_code, body=force_str(body))
    return response


def _replayed(found: IdempotentReply, fingerprint: str) -> HttpResponse:
    if found.fingerprint != fingerprint:
        raise KeyReused
    response = HttpResponse(found.body, status=found.status, content_type="application/json")
    response[REPLAYED] = "true"
    return response


def _fingerprint(request: Request) -> str:
    """What the request asks for: its path, whose data it is about, and its content, however its keys are ordered."""
    content = json.dumps(request.data, sort_keys=True, default=str)
    tenant_id = caller(request).current_tenant_id
    return hashlib.sha256(f"{request.method} {request.path} {tenant_id}\n{content}".encode()).hexdigest()
