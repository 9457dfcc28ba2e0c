"""Every route of the API as the URLconf has it, and something real for each of its parameters."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver
from rest_framework.test import APIClient

from accounts.models import User
from notifications import announcements, texts
from notifications.tests.helpers import tell
from sms.tests.helpers import make_message
from tenants.models import Tenant

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


def address(route: str, things: Mapping[str, Any]) -> str:
    """The route with its parameters filled in, by name."""
    return "/" + PARAMETER.sub(lambda match: str(things[match[1]]), route)


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
    job = announcements.announce(author=user, title="Hi", message="You", audience={"emails": [user.email]})
    return {
        "notification_id": tell(user).pk,
        "tenant_id": tenant.pk,
        "message_id": make_message(tenant).pk,
        "template_id": texts.create_template(fields=words).pk,
        "job_id": job.pk,
        "provider": "simulator",
    }
