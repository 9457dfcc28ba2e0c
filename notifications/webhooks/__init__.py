"""Webhook endpoints: where they may lead, who writes them, how calls are signed, and how they stand.

What is sent to them is written by notifications.delivery, and handed over by notifications.channels.webhook.
"""

from notifications.webhooks.addresses import UrlRefused, check_url
from notifications.webhooks.endpoints import (
    SecretStillChanging,
    TooMany,
    change,
    create,
    delete,
    disable,
    enable,
    endpoints_for,
    rotate,
    wake,
)
from notifications.webhooks.standing import endpoint_disabled

__all__ = [
    "SecretStillChanging",
    "TooMany",
    "UrlRefused",
    "change",
    "check_url",
    "create",
    "delete",
    "disable",
    "enable",
    "endpoint_disabled",
    "endpoints_for",
    "rotate",
    "wake",
]
