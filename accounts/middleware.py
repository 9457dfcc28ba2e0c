from collections.abc import Callable

from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.auth.models import AnonymousUser
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.utils.functional import SimpleLazyObject

from accounts import services
from accounts.pages import user_of

#: On a request: a program sent it by itself, whether anybody looks or not.
UNATTENDED = "last_seen.unattended"
READS = frozenset({"GET", "HEAD", "OPTIONS"})


class PageSessionMiddleware(AuthenticationMiddleware):
    """Django's, whose sessions end with their record."""

    def process_request(self, request: HttpRequest) -> None:
        super().process_request(request)
        request.user = SimpleLazyObject(lambda: user_of(request) or AnonymousUser())  # type: ignore[assignment]


class LastSeenMiddleware:
    """Moves `last_seen_at` by what people do: every write, and every page. Reads of the API are polls, mostly by
    tabs that nobody looks at, and move nothing; nor does what is UNATTENDED.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        acted = request.method not in READS or not request.path.startswith("/api/")
        acted = acted and UNATTENDED not in request.META
        # DRF puts whom it authenticated on the request; a page's user is only looked up where a session exists.
        if acted and response.status_code < 400 and _has_credentials(request) and request.user.is_authenticated:
            self._touch(request)
        return response

    @staticmethod
    def _touch(request: HttpRequest) -> None:
        try:
            services.touch_last_seen(user=request.user)  # type: ignore[arg-type]
        except DatabaseError:
            return  # an answer that is already made is worth more than this note


def _has_credentials(request: HttpRequest) -> bool:
    return "Authorization" in request.headers or bool(request.COOKIES.get("sessionid"))
