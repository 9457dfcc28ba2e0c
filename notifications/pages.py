"""Pages for people. The inbox shows nothing by itself, and calls the API as any front end does."""

import functools
import hashlib
from uuid import UUID

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.callers import caller
from accounts.middleware import UNATTENDED
from notifications import status_page as public
from notifications.categories import CATEGORIES
from notifications.models.priority import Priority
from tenants.models import Membership

#: Stands for an incident's id in the address that the page is given; the page puts the real one in.
ANY_ID = UUID(int=0)
#: How long others may keep the status page, and how long while Postgres does not answer.
MOST_SECONDS, FEW_SECONDS = 15, 5


@never_cache
@login_required
@require_safe
def inbox_page(request: HttpRequest) -> HttpResponse:
    """Everything that one person does with what they are told. What it shows comes from the API. No browser keeps it:
    whoever goes back after a sign-out finds the sign-in."""
    user = caller(request)
    memberships = list(Membership.objects.in_use().filter(user=user).select_related("tenant"))
    context = {
        "section": "inbox",
        "memberships": memberships,
        "working": next((one for one in memberships if one.tenant_id == user.current_tenant_id), None),
        "types": [(category.value, title) for category, (title, _) in CATEGORIES.items()],
        "priorities": list(reversed(Priority.choices)),
    }
    if user.is_platform_admin:
        context["incident_url"] = reverse("admin:notifications_incident_change", args=[ANY_ID])
    return render(request, "notifications/inbox.html", context)


@require_safe
def status_page(request: HttpRequest) -> HttpResponse:
    """How the platform is, for everybody: no session is looked at, so that it is the same for all and needs no table.

    200 while there is something to say, also where that is old because Postgres does not answer, so that nobody's
    proxy puts a page of its own in its place; 503 only where nothing was ever read.
    """
    if not settings.STATUS_PAGE:
        raise Http404
    request.META[UNATTENDED] = True  # whoever is signed in need not be looked up for this
    told = public.current()
    body, etag = _written(told)
    response = HttpResponse(body, status=200 if told.knows_anything else 503)
    response["Cache-Control"] = f"public, max-age={MOST_SECONDS if told.is_current else FEW_SECONDS}"
    if response.status_code == 503:
        response["Retry-After"] = str(FEW_SECONDS)
        return response
    response["ETag"] = etag
    return get_conditional_response(request, etag=etag, response=response) or response


@functools.lru_cache(maxsize=2)
def _written(told: public.Told) -> tuple[bytes, str]:
    """The page and its ETag: written once for each reading, since writing takes longer than all the rest."""
    body = render_to_string("notifications/status.html", {"told": told, "picture": told.picture}).encode()
    return body, quote_etag(hashlib.sha256(body).hexdigest()[:32])
