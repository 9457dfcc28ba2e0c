"""What a webhook call holds, and how it is signed: Standard Webhooks 1.0 (https://www.standardwebhooks.com/)."""

import base64
import datetime
import json
import secrets
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from standardwebhooks import Webhook

from notifications.models import WebhookEndpoint

#: The specification asks for 24 to 64.
SECRET_BYTES = 32
#: The type of a message that was only asked for to see whether it arrives.
TEST = "webhook.test"
#: Of a delivery's content: its type and time stand outside of the data, and the row of one person's inbox is theirs.
NOT_DATA = frozenset({"type", "created_at", "notification_id"})


def new_secret() -> str:
    return f"whsec_{base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()}"


def body_of(content: Mapping[str, Any]) -> bytes:
    """`{type, timestamp, data}` as JSON: the same bytes at each attempt. The timestamp is when it happened."""
    data = {name: value for name, value in content.items() if name not in NOT_DATA}
    body = {"type": content["type"], "timestamp": _written(content["created_at"]), "data": data}
    return json.dumps(body, separators=(",", ":"), sort_keys=True).encode()


def _written(moment: str) -> str:
    """As the API writes times."""
    at = datetime.datetime.fromisoformat(moment).astimezone(datetime.UTC)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def headers_of(endpoint: WebhookEndpoint, *, message_id: UUID, body: bytes, now: datetime.datetime) -> dict[str, str]:
    """The three headers of the specification. While a secret is being changed the previous one signs too, so that a
    receiver may change over at any moment of the overlap. `now` is the attempt's, which receivers bound."""
    keys = [endpoint.secret]
    if endpoint.previous_secret_until is not None and now < endpoint.previous_secret_until:
        keys.append(endpoint.previous_secret)
    at = now.astimezone(datetime.UTC)
    return {
        "webhook-id": str(message_id),
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(Webhook(key).sign(str(message_id), at, body.decode()) for key in keys),
    }
