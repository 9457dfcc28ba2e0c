"""The way to the event stream, which another process serves (notifications.stream)."""

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from rest_framework import status
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.permissions import BasePermission, IsAuthenticated
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.callers import caller
from accounts.middleware import UNATTENDED
from accounts.standing import credential_of
from notifications.openapi import stream as openapi
from notifications.stream import notes
from notifications.stream.address import address_of_stream


class _AsEvents(BaseRenderer):
    """Says that there are events to be had; the stream writes them."""

    media_type = "text/event-stream"


class AcceptsEvents(DefaultContentNegotiation):
    """Browsers ask for `text/event-stream` alone; a refusal is JSON all the same."""

    def select_renderer(self, request: Request, renderers: Iterable[Any], format_suffix: str | None = None) -> Any:
        renderer, *others = renderers
        super().select_renderer(request, [renderer, *others, _AsEvents()], format_suffix)
        return renderer, renderer.media_type


class BringsTicket(BasePermission):
    """Whether the ticket is good is for the stream to say: looking would use it up."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return request.method == "GET" and bool(request.query_params.get("ticket"))


class StreamView(APIView):
    """Sends on to the stream's own address, where no proxy has done so already. Browsers follow by themselves."""

    permission_classes = [IsAuthenticated | BringsTicket]
    content_negotiation_class = AcceptsEvents

    @openapi.WATCH
    def get(self, request: Request) -> HttpResponse:
        query = request.META.get("QUERY_STRING", "")
        target = f"{address_of_stream(request)}?{query}" if query else address_of_stream(request)
        return HttpResponse(
            status=status.HTTP_307_TEMPORARY_REDIRECT, headers={"Location": target, "Cache-Control": "no-store"}
        )


class TicketView(APIView):
    """One stream for whoever cannot send a header or a cookie along, as browsers across origins cannot."""

    permission_classes = [IsAuthenticated]

    @openapi.ISSUE_TICKET
    def post(self, request: Request) -> Response:
        request.META[UNATTENDED] = True
        ticket = notes.issue_ticket(user=caller(request), credential=credential_of(request))
        if ticket is None:
            raise AuthenticationFailed("This session has ended. Sign in again.", code="session_ended")
        path = f"{request.path.removesuffix('ticket/')}?ticket={ticket}"
        return Response({"success": True, "ticket": ticket, "url": path, "expires_in": settings.STREAM_TICKET_SECONDS})
