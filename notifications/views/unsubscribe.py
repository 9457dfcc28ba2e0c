"""The page behind a mail's "No more mail of this kind", and what mail programs post to it by themselves (RFC 8058)."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from notifications import unsubscribing


# The link itself is the permission, and mail programs have no cookie to forge.
@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """GET only asks: programs that look at every link of a mail must not end anything."""
    try:
        wish = unsubscribing.read(token)
    except unsubscribing.BadLink:
        return render(request, "notifications/unsubscribe.html", {"bad": True}, status=404)
    if request.method == "POST":
        unsubscribing.follow(wish)
    return render(request, "notifications/unsubscribe.html", {"wish": wish, "done": request.method == "POST"})
