"""Webhook endpoints, as `/api/schema/` tells of them: the same calls for a tenant's and for the platform's."""

from collections.abc import Callable
from typing import Any

from rest_framework import serializers

from accounts.describing import Done, Page, Said, call, filters
from accounts.pagination import PageQuery
from notifications.filters import WebhookDeliveryFilter
from notifications.serializers.webhooks import (
    ChangeWebhookSerializer,
    ReplaySerializer,
    RotateSerializer,
    WebhookDeliverySerializer,
    WebhookSerializer,
    WriteWebhookSerializer,
)

TAG = "Webhooks"
DELIVERY = "01961f12-90b3-7c1d-8f42-2b7d6e5a4c31"
SECRET = "whsec_6wq1bqmZ0T9vWnY0l2b7F3u8cJx5Rk1o4Pz8aQdEh2s="  # noqa: S105 (nobody's)
WEBHOOK: dict[str, Any] = {
    "id": "01961f12-7a11-7d2e-9b63-5c1f8e0a7d42",
    "url": "https://hooks.example.com/bellwether",
    "description": "Our own dashboard",
    "categories": ["system", "sms_credit"],
    "owner": "owner@example.com",
    "is_active": True,
    "failures": 0,
    "failing_since": None,
    "resting_until": None,
    "disabled_at": None,
    "disabled_reason": "",
    "previous_secret_until": None,
    "created_at": "2026-03-10T12:00:00.000Z",
    "updated_at": "2026-03-10T12:00:00.000Z",
}
GIVEN = {name: WEBHOOK[name] for name in ("url", "description", "categories")}
SENT: dict[str, Any] = {
    "id": DELIVERY,
    "type": "incident.opened",
    "priority": "high",
    "state": "sent",
    "rule": "An active endpoint is told of every event of its categories.",
    "reason": "",
    "attempts": 2,
    "due_at": "2026-03-10T12:00:05.000Z",
    "created_at": "2026-03-10T12:00:00.000Z",
    "finished_at": "2026-03-10T12:00:05.300Z",
    "tries": [
        {
            "number": 1,
            "at": "2026-03-10T12:00:00.200Z",
            "seconds": 0.1,
            "outcome": "try_again",
            "reason": "HTTP 500 Internal Server Error.",
        },
        {"number": 2, "at": "2026-03-10T12:00:05.300Z", "seconds": 0.1, "outcome": "accepted", "reason": ""},
    ],
}
TEST = SENT | {"type": "webhook.test", "priority": "low", "state": "waiting", "rule": "A test that was asked for."}
TEST |= {"attempts": 0, "due_at": SENT["created_at"], "finished_at": None, "tries": []}


class WebhooksReply(Done):
    webhooks = WebhookSerializer(many=True)


class WebhookReply(Said):
    webhook = WebhookSerializer()


class SecretReply(WebhookReply):
    secret = serializers.CharField(help_text="It is in no other reply.")


class WebhookTestReply(Said):
    delivery = WebhookDeliverySerializer()


class WebhookDeliveryPage(Page):
    results = WebhookDeliverySerializer(many=True)


class ReplayReply(Said):
    replayed_count = serializers.IntegerField(min_value=0)
    would_replay_count = serializers.IntegerField(min_value=0, help_text="In a dry run.")
    dry_run = serializers.BooleanField()


DISABLED = {409: ("The webhook is disabled: enable it first.", "webhook_disabled")}

#: By the name of the view's method.
Calls = dict[str, Callable[..., Any]]


def _calls(word: str, whose: str) -> Calls:
    """`word` stands in the operations' names."""
    return _of_endpoints(word, whose) | _change(word, whose) | _rotate(word, whose) | _of_deliveries(word, whose)


def _of_endpoints(word: str, whose: str) -> Calls:
    return {
        "list": call(
            f"list{word}s",
            f"All of {whose}",
            tag=TAG,
            reply=WebhooksReply,
            example={"success": True, "webhooks": [WEBHOOK]},
        ),
        "create": call(
            f"create{word}",
            f"Make one more of {whose}",
            more="The address is https and leads to the public internet. What is sent there is in docs/webhooks.md. "
            "Keep `secret`: it verifies what arrives, and is shown here alone.",
            tag=TAG,
            body=WriteWebhookSerializer,
            given=GIVEN,
            reply=SecretReply,
            status=201,
            example={"success": True, "message": "Webhook created", "webhook": WEBHOOK, "secret": SECRET},
            refusals={409: ("There are as many as are allowed.", "too_many_webhooks")},
        ),
        "retrieve": call(
            f"show{word}",
            f"One of {whose}",
            tag=TAG,
            reply=WebhookReply,
            example={"success": True, "message": "Webhook", "webhook": WEBHOOK},
        ),
        "destroy": call(
            f"delete{word}",
            f"Delete one of {whose} and the record of what it was sent",
            tag=TAG,
            reply=Said,
            example={"success": True, "message": "Webhook deleted"},
        ),
    }


def _change(word: str, whose: str) -> Calls:
    change = call(
        f"change{word}",
        f"Change, enable or disable {whose}",
        more="PUT and PATCH are the same: what is not sent keeps its value. Enabled again, it begins without "
        "failures; what it missed is sent by a replay.",
        tag=TAG,
        body=ChangeWebhookSerializer(partial=True),
        given={"is_active": False},
        reply=WebhookReply,
        example={
            "success": True,
            "message": "Webhook updated",
            "webhook": WEBHOOK
            | {"is_active": False, "disabled_at": "2026-03-10T13:00:00.000Z", "disabled_reason": "By hand."},
        },
        same_by_put=f"replace{word}",
    )
    return {"update": change, "partial_update": change}


def _rotate(word: str, whose: str) -> Calls:
    return {
        "rotate": call(
            f"rotate{word}Secret",
            f"Change the secret of one of {whose}",
            more="The present one signs as well for the overlap, so that receivers can change over. Within it another "
            "change is refused, except with an overlap of 0, which ends both at once. Send an Idempotency-Key: "
            "whoever lost the reply gets the same secret again.",
            tag=TAG,
            body=RotateSerializer,
            given={"overlap_hours": 48},
            reply=SecretReply,
            example={
                "success": True,
                "message": "Secret changed",
                "webhook": WEBHOOK | {"previous_secret_until": "2026-03-12T12:00:00.000Z"},
                "secret": SECRET,
            },
            refusals={409: ("It was changed lately, and the one before still signs.", "secret_still_changing")},
        ),
    }


def _of_deliveries(word: str, whose: str) -> Calls:
    return {
        "test": call(
            f"test{word}",
            f"Send a test to one of {whose}",
            more="It goes the way of every other message; what came of it is in the webhook's deliveries.",
            tag=TAG,
            reply=WebhookTestReply,
            status=202,
            example={"success": True, "message": "A test is on its way", "delivery": TEST},
            refusals=DISABLED,
        ),
        "deliveries": call(
            f"list{word}Deliveries",
            f"What one of {whose} was sent, newest first, with every attempt",
            tag=TAG,
            query=[PageQuery, *filters(WebhookDeliveryFilter)],
            reply=WebhookDeliveryPage,
            example={"next": None, "previous": None, "results": [SENT]},
        ),
        "replay": call(
            f"replay{word}",
            f"Send again what one of {whose} was sent, or missed",
            more="One `delivery`, or all from `since` until `until`, under the ids of then. What is on its way is "
            "left alone. Ask with `dry_run` first: it says how many.",
            tag=TAG,
            body=ReplaySerializer,
            given={"since": "2026-03-10T12:00:00Z", "until": "2026-03-10T14:00:00Z", "dry_run": True},
            reply=ReplayReply,
            example={
                "success": True,
                "message": "Would send 12 messages again",
                "replayed_count": 0,
                "would_replay_count": 12,
                "dry_run": True,
            },
            refusals=DISABLED,
        ),
    }


OF_TENANTS = _calls("Webhook", "my tenant's webhooks")
OF_PLATFORM = _calls("SystemWebhook", "the platform's webhooks")
