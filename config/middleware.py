"""What every request gets: an id, a line in the log, and its last slash; and what only pages get."""

import re
import time
from collections.abc import Callable
from typing import Any

import structlog
from csp.middleware import CSPMiddleware, PolicyParts
from django.contrib.messages.middleware import MessageMiddleware
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponsePermanentRedirect
from django.middleware.common import CommonMiddleware
from django.utils.deprecation import MiddlewareMixin
from uuid_utils.compat import uuid7

from notifications.stream.address import origin_of_stream

log = structlog.get_logger(__name__)
ACCEPTABLE_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
QUIET_PATHS = frozenset({"/healthz", "/readyz", "/metrics"})


class RequestContextMiddleware:
    """Binds a request id to every log line of the request and returns it as `X-Request-ID`.

    A caller's own id is kept when it is short and plain, so that a trace can cross services.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        offered = request.headers.get("X-Request-ID", "")
        request_id = offered if ACCEPTABLE_ID.fullmatch(offered) else str(uuid7())
        request.META["request_id"] = request_id
        started = time.perf_counter()
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            response = self.get_response(request)
            if request.path not in QUIET_PATHS:
                milliseconds = round((time.perf_counter() - started) * 1000, 1)
                log.info(
                    "request",
                    method=request.method,
                    path=request.path,  # never the query string: it may carry what a person typed
                    status=response.status_code,
                    milliseconds=milliseconds,
                )
        response["X-Request-ID"] = request_id
        return response


class KeepNothingMiddleware:
    """Answers of the API are one person's, and hold tokens and secrets: no cache on the way and no disk keeps them.
    The poll says for itself what may be kept."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.path.startswith("/api/"):
            response.headers.setdefault("Cache-Control", "no-store")
        return response


class SlashMiddleware(CommonMiddleware):
    """Leads an address without its last slash to the one with it, by a 308: after Django's 301 clients send a POST as
    a GET and without its body."""

    class response_redirect_class(HttpResponsePermanentRedirect):  # noqa: N801 (Django's name)
        status_code = 308


class ForPages(MiddlewareMixin):
    """Passes by whatever is no page, such as the answers of the API."""

    def __call__(self, request: HttpRequest) -> Any:
        is_page = not request.path.startswith("/api/") or request.path == "/api/docs/"
        return super().__call__(request) if is_page else self.get_response(request)


class PageMessageMiddleware(ForPages, MessageMiddleware):
    """Messages are for pages: preparing their storage takes as long as the rest of a poll's middleware."""


class PagePolicyMiddleware(ForPages, CSPMiddleware):
    """The policy of every page, which may watch the event stream too."""

    def get_policy_parts(
        self, request: HttpRequest, response: HttpResponseBase, report_only: bool = False
    ) -> PolicyParts:
        parts = super().get_policy_parts(request, response, report_only)
        if not report_only:
            parts.update = {"connect-src": origin_of_stream(request)}
        return parts
