"""Problems, for the platform's admins."""

from uuid import UUID

from django.conf import settings
from django.shortcuts import get_object_or_404
from rest_framework import viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from accounts.callers import caller
from accounts.filters import narrowed
from accounts.idempotency import idempotent
from accounts.models import User
from accounts.pagination import OLDER, paged
from accounts.permissions import IsPlatformAdmin
from accounts.reading import read_body
from accounts.refusals import Conflict
from notifications import incidents
from notifications.filters import IncidentFilter
from notifications.incidents.story import story
from notifications.models import Incident
from notifications.openapi import incidents as openapi
from notifications.serializers.incidents import (
    AcknowledgeSerializer,
    AssignSerializer,
    CommentSerializer,
    IncidentDetailSerializer,
    IncidentSerializer,
    LineSerializer,
    OtherIncidentSerializer,
    ReopenSerializer,
    ResolveSerializer,
)
from notifications.serializers.people import PersonSerializer


class IncidentViewSet(viewsets.ViewSet):
    """Problems, those that the monitor found and those that people reported, for the platform's admins."""

    permission_classes = [IsAuthenticated, IsPlatformAdmin]
    lookup_field = "incident_id"
    lookup_value_converter = "uuid"

    @openapi.LIST
    def list(self, request: Request) -> Response:
        found = narrowed(IncidentFilter, request, Incident.objects.with_people())
        response = paged(found, request, IncidentSerializer)
        in_any_state = narrowed(IncidentFilter, request, Incident.objects.all(), without=("state", "open"))
        response.data["counts"] = in_any_state.count_by_state(cap=settings.UNREAD_COUNT_CAP)
        return response

    @openapi.SHOW
    def retrieve(self, request: Request, incident_id: UUID) -> Response:
        return _shown(request, _found(incident_id))

    @openapi.TIMELINE
    @action(detail=True)
    def timeline(self, request: Request, incident_id: UUID) -> Response:
        """Its lines in pages, newest first."""
        lines = _found(incident_id).timeline.select_related("actor")
        return paged(lines, request, LineSerializer)

    @openapi.ACKNOWLEDGE
    @action(detail=True, methods=["post"])
    @idempotent
    def acknowledge(self, request: Request, incident_id: UUID) -> Response:
        given = read_body(request, AcknowledgeSerializer)
        try:
            incidents.acknowledge(incident=_found(incident_id), actor=caller(request), **given)
        except incidents.IncidentOver as over:
            raise Conflict(over, code="incident_over") from None
        return _shown(request, _found(incident_id), "Incident acknowledged")

    @openapi.ASSIGN
    @action(detail=True, methods=["post"])
    def assign(self, request: Request, incident_id: UUID) -> Response:
        incident, me = _found(incident_id), caller(request)
        key = read_body(request, AssignSerializer)["assignee"]
        assignee = None if key is None else me if key == "me" else _person(key)
        try:
            incidents.assign(incident=incident, actor=me, assignee=assignee)
        except incidents.NotAnAdmin as not_one:
            raise ValidationError({"assignee": [str(not_one)]}) from None
        except incidents.IncidentOver as over:
            raise Conflict(over, code="incident_over") from None
        message = f"Incident assigned to {assignee.full_name or assignee.email}" if assignee else "Incident unassigned"
        return _shown(request, _found(incident_id), message)

    @openapi.COMMENT
    @action(detail=True, methods=["post"])
    @idempotent
    def comment(self, request: Request, incident_id: UUID) -> Response:
        """Also on what is over."""
        incident = _found(incident_id)
        incidents.comment(incident=incident, actor=caller(request), **read_body(request, CommentSerializer))
        return _shown(request, incident, "Comment added")

    @openapi.RESOLVE
    @action(detail=True, methods=["post"])
    def resolve(self, request: Request, incident_id: UUID) -> Response:
        """Repeating it is fine: who came first ended it, and those who were told of it are told once."""
        incident, given = _found(incident_id), read_body(request, ResolveSerializer)
        me = caller(request)
        done = incidents.close(incident=incident, actor=me, **given)
        is_mine = (done.resolved_by_id, done.resolution) == (me.pk, given["resolution"])
        return _shown(request, _found(incident_id), "Incident resolved" if is_mine else "It was resolved before")

    @openapi.REOPEN
    @action(detail=True, methods=["post"])
    def reopen(self, request: Request, incident_id: UUID) -> Response:
        incident, given = _found(incident_id), read_body(request, ReopenSerializer)
        try:
            incidents.reopen(incident=incident, actor=caller(request), **given)
        except incidents.AlreadyOpen as newer:
            raise Conflict(newer, code="already_open") from None
        return _shown(request, _found(incident_id), "Incident reopened")


def _found(incident_id: UUID) -> Incident:
    return get_object_or_404(Incident.objects.with_people(), pk=incident_id)


def _person(key: UUID) -> User:
    person: User | None = User.objects.filter(pk=key).first()
    if person is None:
        raise ValidationError({"assignee": ["There is no such person."]})
    return person


def _shown(request: Request, incident: Incident, message: str = "Incident found") -> Response:
    known = story(incident)
    address = reverse("incident-timeline", kwargs={"incident_id": incident.pk}, request=request)
    whole = {
        **IncidentDetailSerializer(incident).data,
        "recurred_as": OtherIncidentSerializer(known.recurred_as).data if known.recurred_as else None,
        "told": {"count": known.told_count, "people": PersonSerializer(known.told, many=True).data},
        "timeline": LineSerializer(known.timeline, many=True).data,
        "timeline_next": f"{address}?{OLDER}={known.older_than}" if known.older_than else None,
    }
    return Response({"success": True, "message": message, "incident": whole})
