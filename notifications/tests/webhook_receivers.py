"""Receivers of webhooks on this machine, which verify what they get with the library that receivers use."""

import time
from collections.abc import Iterator
from ipaddress import ip_network
from typing import Any

import pytest
from standardwebhooks import Webhook as Verifier
from standardwebhooks import WebhookVerificationError
from uuid_utils.compat import uuid7

from accounts.models import User
from notifications import webhooks
from notifications.channels.base import Parcel
from notifications.channels.webhook import Webhook
from notifications.models import WebhookEndpoint
from sms.tests.gateway import Call, Gateway, Handler, answer, running
from tenants.models import Tenant

WHEN = "2026-03-10T12:00:00.250000+00:00"
CONTENT = {
    "type": "incident.opened",
    "notification_id": None,
    "kind": "problem_opened",
    "category": "system",
    "priority": "high",
    "title": "SMS Service: the success rate is low",
    "message": "69.6 % of 56 messages were delivered. Größe: 5 €.",
    "action_text": "",
    "action_url": "",
    "data": {"b": 1, "a": [1.5, None]},
    "incident": str(uuid7()),
    "event": "opened",
    "created_at": WHEN,
}


@pytest.fixture
def receiver(settings: Any) -> Iterator[Gateway]:
    """One that may be called although it is on this machine, and takes everything."""
    allow_loopback(settings)
    with running() as one:
        one.will(answer(204))
        yield one


@pytest.fixture
def endpoint(receiver: Gateway, owner: User, tenant: Tenant) -> WebhookEndpoint:
    """A tenant's, which leads to the receiver."""
    return webhooks.create(tenant_id=tenant.pk, owner=owner, url=f"{receiver.url}/hook?token=tenants-own")


def allow_loopback(settings: Any) -> None:
    settings.WEBHOOK_ALLOW_HTTP = True
    settings.WEBHOOK_ALLOWED_NETWORKS = [ip_network("127.0.0.0/8")]


def verified(call: Call, secret: str) -> Any:
    """The body of a call, if this secret signed it. Raises WebhookVerificationError."""
    return Verifier(secret).verify(call.body, dict(call.headers))


def is_signed_by(call: Call, secret: str) -> bool:
    try:
        verified(call, secret)
    except WebhookVerificationError:
        return False
    return True


def parcel(endpoint: WebhookEndpoint, **fields: Any) -> Parcel:
    plain: dict[str, Any] = {"id": uuid7(), "content": CONTENT, "address": "", "endpoint": endpoint.pk}
    return Parcel(**plain | fields)


def send(endpoint: WebhookEndpoint, **fields: Any) -> str:
    return Webhook().send(parcel(endpoint, **fields))


def endless(handler: Handler) -> None:
    """Takes the request, says 200 and never stops talking."""
    _without_end(handler, b"HTTP/1.1 200 OK")


def endless_redirection(handler: Handler) -> None:
    """Takes the request, leads elsewhere and never stops talking."""
    _without_end(handler, b"HTTP/1.1 302 Found\r\nLocation: /elsewhere")


def _without_end(handler: Handler, beginning: bytes) -> None:
    handler.take()
    handler.wfile.write(beginning + b"\r\nTransfer-Encoding: chunked\r\n\r\n")
    piece = b"2000\r\n" + b"x" * 0x2000 + b"\r\n"
    try:
        for _ in range(100_000):
            handler.wfile.write(piece)
    except OSError:
        pass
    handler.close_connection = True


def drip_headers(handler: Handler) -> None:
    """Takes the request and says 200 in headers that never end."""
    handler.take()
    try:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nX: ")
        for _ in range(240):
            handler.wfile.write(b"x")
            time.sleep(0.25)
    except OSError:
        pass
    handler.close_connection = True
