"""Pages for people: they show nothing by themselves, and call the API as any front end does."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe


@login_required
@require_safe
def inbox_page(request: HttpRequest) -> HttpResponse:
    return render(request, "notifications/inbox.html", {"section": "inbox"})
