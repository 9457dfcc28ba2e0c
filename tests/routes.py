"""Every route of the API as the URLconf has it, and something real for each of its parameters."""

import datetime
import re
from collections.abc import Iterator, Mapping
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import User
from notifications import announcements, maintenance, texts, webhooks
from notifications.delivery import to_endpoints
from notifications.models.priority import Priority
from notifications.tests.helpers import problem, see, tell
from sms.models import Batch, Contact, ContactGroup, MessageTemplate
from sms.tests.helpers import make_message, number
from tenants.models import Tenant
from tenants.scope import tenant_scope

HOUR = datetime.timedelta(hours=1)
PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>")
ALWAYS = {"head", "options"}


def _routes(patterns: Any = None, prefix: str = "") -> Iterator[str]:
    for pattern in patterns if patterns is not None else get_resolver().url_patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _routes(pattern.url_patterns, route)
        elif isinstance(pattern, URLPattern) and route.startswith("api/"):
            yield route


ROUTES = sorted(set(_routes()))
#: What everybody may read, because it holds no data: the description of the API.
PUBLIC = {"api/schema/", "api/docs/"}
#: What there is to be careful about.
WITH_DATA = [route for route in ROUTES if route not in PUBLIC]


#: Parameters that two rooms call alike: which of the things this one means, by route and parameter.
ALIKE = {
    ("api/sms/templates/", "template_id"): "message_template_id",
    ("api/notifications/system/webhooks/", "endpoint_id"): "system_endpoint_id",
}


#: Parameters that are words of ours, the same for everybody.
WORDS = {"provider": "simulator", "check": "sms_credits", "name": "warning"}


def thing_of(route: str, parameter: str = "") -> str:
    """Which of the things stands for a parameter of a route, its first if none is named."""
    name = parameter or PARAMETER.findall(route)[0]
    return ALIKE.get((route.partition("<")[0], name), str(name))


def address(route: str, things: Mapping[str, Any]) -> str:
    """The route with its parameters filled in."""
    return "/" + PARAMETER.sub(lambda one: str(things[thing_of(route, one[1])]), route)


def methods(client: APIClient, route: str, things: Mapping[str, Any]) -> set[str]:
    """What the route itself says it takes, HEAD and OPTIONS left out."""
    allowed = client.options(address(route, things))["Allow"]
    return {method.lower() for method in allowed.split(", ")} - ALWAYS


def real_things(*, user: User, tenant: Tenant) -> dict[str, Any]:
    """One of each object that a route can name, by the name of its parameter; all this person's or their tenant's."""
    words = {
        "kind": "announcement",
        "name": "There already",
        "title": "$title",
        "message": "$message",
        "is_active": False,
    }
    with tenant_scope(tenant.pk):
        batch = Batch.objects.create(
            tenant=tenant, author=user, text="Hello", sender_id="Acme", accepted=1, segments=1, credits=1
        )
        contact = Contact.objects.create(tenant=tenant, phone_number=number(2), raw_phone_number=number(2), name="Ada")
        group = ContactGroup.objects.create(tenant=tenant, name="Friends")
        group.members.create(tenant=tenant, contact=contact)
        text = MessageTemplate.objects.create(tenant=tenant, name="Greeting", text="Hi $name, your code is $code")
    ours, platforms = (
        webhooks.create(tenant_id=key, owner=user, url="https://hooks.example.com/") for key in (tenant.pk, None)
    )
    job = announcements.announce(author=user, title="Hi", message="You", audience={"emails": [user.email]})
    window = {"title": "Upgrade", "starts_at": timezone.now() + HOUR, "minutes": 60, "weekdays": [*range(7)]}
    return {
        "notification_id": tell(user).pk,
        "tenant_id": tenant.pk,
        "message_id": make_message(tenant, batch=batch).pk,
        "batch_id": batch.pk,
        "contact_id": contact.pk,
        "group_id": group.pk,
        "message_template_id": text.pk,
        "template_id": texts.create_template(fields=words).pk,
        "job_id": job.pk,
        **WORDS,
        "window_id": maintenance.create_window(author=user, fields=window).pk,
        "incident_id": see(problem(Priority.HIGH, kind="database")).pk,
        "endpoint_id": ours.pk,
        "system_endpoint_id": platforms.pk,
        "webhook_delivery_id": to_endpoints.ping(endpoint=ours).pk,
        "provider": "simulator",
    }
