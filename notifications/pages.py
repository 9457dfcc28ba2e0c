"""Pages for people: they show nothing by themselves, and call the API as any front end does."""

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from accounts.callers import caller
from notifications.models.priority import Priority
from notifications.preferences.matrix import CATEGORIES

#: Stands for an incident's id in the address that the page is given; the page puts the real one in.
ANY_ID = UUID(int=0)


@login_required
@require_safe
def inbox_page(request: HttpRequest) -> HttpResponse:
    """Everything that one person does with what they are told. What it shows comes from the API."""
    context = {
        "section": "inbox",
        "types": [(category.value, title) for category, (title, _) in CATEGORIES.items()],
        "priorities": list(reversed(Priority.choices)),
    }
    if caller(request).is_platform_admin:
        context["incident_url"] = reverse("admin:notifications_incident_change", args=[ANY_ID])
    return render(request, "notifications/inbox.html", context)
