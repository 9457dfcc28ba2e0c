# ruff: noqa: ARG005 (each maker is given the cast and a number, whether it needs them or not)
"""A row of every model that the admin shows, with somebody and something of its own, and where its pages are."""

import datetime
import itertools
from collections.abc import Callable
from typing import Any
from uuid import uuid4

from django.db import models
from django.urls import reverse

from accounts.models import SignIn, SignInCount, User
from notifications import models as told
from sms import models as sent
from tenants.models import Membership, Tenant

NOW = datetime.datetime(2026, 3, 10, 12, tzinfo=datetime.UTC)
Row = dict[str, Any]


class Cast:
    """What the n-th row refers to: somebody and something of its own, so that whatever is asked a row shows."""

    def __init__(self) -> None:
        self.n = itertools.count()

    def user(self) -> User:
        return User.objects.create_user(f"person{next(self.n)}@acme.test")

    def tenant(self) -> Tenant:
        n = next(self.n)
        return Tenant.objects.create(name=f"Tenant {n}", slug=f"tenant-{n}")

    def make(self, model: type[models.Model]) -> Any:
        return model._default_manager.create(**MAKES[model](self, next(self.n)))


def hour(n: int) -> datetime.datetime:
    return NOW + datetime.timedelta(hours=n)


def message(cast: Cast, n: int) -> Row:
    return {"tenant": cast.tenant(), "recipient": "+255754123456", "sender_id": "ACME", "text": "Hi", "segments": 1}


def of_message(cast: Cast, n: int) -> Row:
    mine = cast.make(sent.Message)
    return {"tenant": mine.tenant, "message": mine, "number": 1, "provider": "p", "outcome": "accepted"} | {
        "started_at": NOW
    }


def member_of_group(cast: Cast, n: int) -> Row:
    group = cast.make(sent.ContactGroup)
    contact = sent.Contact.objects.create(tenant=group.tenant, phone_number=f"+25575{n:07}", raw_phone_number="x")
    return {"tenant": group.tenant, "group": group, "contact": contact}


def counted(n: int, **at: Any) -> Row:
    return {**at, "tenant_id": uuid4(), "provider": f"p{n}"}


MAKES: dict[type[models.Model], Callable[[Cast, int], Row]] = {
    User: lambda cast, n: {"email": f"somebody{n}@acme.test"},
    SignIn: lambda cast, n: {"user": cast.user(), "email": f"p{n}@acme.test", "method": "page", "outcome": "success"},
    SignInCount: lambda cast, n: {"hour": hour(n), "outcome": "success", "attempts": 1},
    Tenant: lambda cast, n: {"name": f"T{n}", "slug": f"t-{n}"},
    Membership: lambda cast, n: {"user": cast.user(), "tenant": cast.tenant()},
    sent.Message: message,
    sent.Batch: lambda cast, n: {
        "tenant": cast.tenant(),
        "author": cast.user(),
        "text": "Hi",
        "sender_id": "ACME",
        "accepted": 1,
        "segments": 1,
        "credits": 1,
    },
    sent.Attempt: of_message,
    sent.Receipt: lambda cast, n: {
        "provider": "p",
        "provider_message_id": str(n),
        "status": "delivered",
        "occurred_at": NOW,
    },
    sent.CreditAccount: lambda cast, n: {"tenant": cast.tenant(), "available": n, "balance_after_last_top_up": n % 2},
    sent.CreditEntry: lambda cast, n: {
        "tenant": cast.tenant(),
        "kind": "top_up",
        "reference": str(n),
        "available_delta": 1,
        "actor": cast.user(),
    },
    sent.CreditGrant: lambda cast, n: {"tenant": cast.tenant(), "amount": 2, "remaining": 1},
    sent.CreditFall: lambda cast, n: {
        "tenant": cast.tenant(),
        "top_up": n,
        "percent_before": 30,
        "percent": 20,
        "available": 1,
        "balance_after_top_up": 5,
    },
    sent.Contact: lambda cast, n: {
        "tenant": cast.tenant(),
        "phone_number": f"+25575{n:07}",
        "raw_phone_number": "x",
    },
    sent.ContactGroup: lambda cast, n: {"tenant": cast.tenant(), "name": f"Group {n}"},
    sent.GroupMember: member_of_group,
    sent.MessageTemplate: lambda cast, n: {"tenant": cast.tenant(), "name": f"Template {n}", "text": "Hi"},
    sent.NumberReview: lambda cast, n: {
        "run_id": uuid4(),
        "subject": "contact",
        "subject_id": uuid4(),
        "raw": "x",
        "outcome": "refused",
    },
    sent.Route: lambda cast, n: {"tenant": cast.tenant(), "provider": "simulator"},
    sent.ProviderState: lambda cast, n: {"provider": f"p{n}"},
    sent.RouteMove: lambda cast, n: {
        "provider": "p",
        "share_before": 100,
        "share_after": 0,
        "reason": "It is silent.",
    },
    sent.MessageCount: lambda cast, n: counted(n, minute=NOW) | {"status": "sent", "failure_reason": "", "delta": 1},
    sent.PlatformCount: lambda cast, n: {
        "span": "hour",
        "at": hour(n),
        "provider": "p",
        "status": "sent",
        "failure_reason": "",
        "messages": 1,
    },
    sent.TenantCount: lambda cast, n: counted(n, hour=NOW) | {"status": "sent", "failure_reason": "", "messages": 1},
    sent.TenantTally: lambda cast, n: {"slot": NOW, "tenant_id": uuid4(), "delivered": 1},
    sent.DeliveryTime: lambda cast, n: counted(n, minute=NOW) | {"bucket": 1, "delta": 1},
    sent.PlatformDeliveryTime: lambda cast, n: {
        "span": "hour",
        "at": hour(n),
        "provider": "p",
        "bucket": 1,
        "messages": 1,
    },
    sent.TenantDeliveryTime: lambda cast, n: counted(n, hour=NOW) | {"bucket": 1, "messages": 1},
    told.Notification: lambda cast, n: {
        "recipient": cast.user(),
        "tenant": cast.tenant(),
        "kind": "note",
        "notification_type": "info",
        "title": "Hello",
        "message": "",
    },
    told.Announcement: lambda cast, n: {
        "author": cast.user(),
        "audience": "admins",
        "title": "Hello",
        "message": "",
        "target_count": 1,
        "notification_type": "info",
        "priority": "low",
    },
    told.Incident: lambda cast, n: {
        "kind": "sms_service",
        "scope": str(n),
        "priority": "high",
        "title": "It is bad",
        "summary": "Very.",
        "assignee": cast.user(),
    },
    told.IncidentEvent: lambda cast, n: {
        "incident": cast.make(told.Incident),
        "kind": "opened",
        "actor": cast.user(),
    },
    told.IncidentAudience: lambda cast, n: {
        "incident": cast.make(told.Incident),
        "user": cast.user(),
        "was_told": True,
    },
    told.Suspicion: lambda cast, n: {"tenant": cast.tenant(), "kind": "sms_service", "scope": str(n), "since": NOW},
    told.MaintenanceWindow: lambda cast, n: {
        "title": "Upgrade",
        "starts_at": NOW,
        "minutes": 5,
        "tenant": cast.tenant(),
        "author": cast.user(),
    },
    told.MaintenanceOccurrence: lambda cast, n: {
        "window": cast.make(told.MaintenanceWindow),
        "starts_at": hour(n),
        "ends_at": hour(n + 1),
    },
    told.MonitorRun: lambda cast, n: {"started_at": NOW, "finished_at": NOW, "state": "ok", "report": {}},
    told.MonitorLease: lambda cast, n: {"name": f"lease{n}", "token": n, "holder": "me", "expires_at": NOW},
    told.CheckResult: lambda cast, n: {"check_slug": "database", "span": "hour", "at": hour(n), "ok": 60},
    told.Threshold: lambda cast, n: {
        "tenant": cast.tenant(),
        "check_slug": "sms_credits",
        "name": "low",
        "value": 1,
    },
    told.ThresholdChange: lambda cast, n: {
        "tenant": cast.tenant(),
        "check_slug": "sms_credits",
        "name": "low",
        "version": 1,
        "actor": cast.user(),
    },
    told.Delivery: lambda cast, n: {
        "key": str(n),
        "channel": "email",
        "recipient": cast.user(),
        "priority": "low",
        "content": {},
    },
    told.DeliveryAttempt: lambda cast, n: {
        "delivery": cast.make(told.Delivery),
        "number": 1,
        "outcome": "accepted",
    },
    told.SmsSpending: lambda cast, n: {"day": (NOW + datetime.timedelta(days=n)).date(), "credits": 1},
    told.WebhookEndpoint: lambda cast, n: {
        "tenant": cast.tenant(),
        "owner": cast.user(),
        "url": "https://hooks.example.com/",
        "secret": "whsec_x",
    },
    told.NotificationTemplate: lambda cast, n: {
        "name": f"Words {n}",
        "kind": f"kind{n}",
        "title": "Hi",
        "message": "",
        "priority": "low",
        "notification_type": "info",
    },
    told.NotificationSettings: lambda cast, n: {"user": cast.user()},
    told.ChannelChoice: lambda cast, n: {
        "user": cast.user(),
        "category": "info",
        "channel": "email",
        "when": "off",
    },
}


def address(model: type[models.Model], page: str = "changelist", *args: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)
