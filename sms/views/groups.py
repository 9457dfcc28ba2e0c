"""Contacts under one name. Members fill and empty groups; deleting one is for owners and admins."""

from uuid import UUID

from django.db.models import Count, QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404
from rest_framework import status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.idempotency import idempotent
from accounts.pagination import paged
from accounts.reading import read_body
from accounts.refusals import by_field
from sms.models import ContactGroup
from sms.openapi import groups as openapi
from sms.serializers.contacts import ContactGroupSerializer, GroupMembersSerializer, WriteContactGroupSerializer
from sms.services import contacts as services
from sms.services.composing import Refused
from tenants.permissions import TenantView


def _counted() -> QuerySet[ContactGroup]:
    groups: QuerySet[ContactGroup] = ContactGroup.objects.annotate(member_count=Count("members"))
    return groups


class GroupViewSet(viewsets.ViewSetMixin, TenantView):
    """Contacts under one name; who is in one is `contacts/?group=`."""

    lookup_field = "group_id"
    lookup_value_converter = "uuid"

    @openapi.LIST
    def list(self, request: Request) -> Response:
        return paged(_counted(), request, ContactGroupSerializer)

    @openapi.CREATE
    @idempotent
    def create(self, request: Request) -> Response:
        given = read_body(request, WriteContactGroupSerializer)
        try:
            group = services.create_group(tenant_id=self.membership.tenant_id, **given)
        except Refused as refused:
            raise by_field(refused.errors) from None
        return _shown(group.pk, "Group created", status=status.HTTP_201_CREATED)

    @openapi.SHOW
    def retrieve(self, request: Request, group_id: UUID) -> Response:
        return _shown(group_id, "Group")

    @openapi.RENAME
    def update(self, request: Request, group_id: UUID) -> Response:
        _require(group_id)
        given = read_body(request, WriteContactGroupSerializer)
        try:
            services.rename_group(group_id=group_id, **given)
        except Refused as refused:
            raise by_field(refused.errors) from None
        return _shown(group_id, "Group renamed")

    partial_update = update

    @openapi.DELETE
    def destroy(self, request: Request, group_id: UUID) -> Response:
        """The contacts in it stay."""
        self.require_manager()
        if not services.delete(ContactGroup, key=group_id):
            raise Http404
        return Response({"success": True, "message": "Group deleted"})

    @openapi.ADD
    @action(detail=True, methods=["post"])
    def add(self, request: Request, group_id: UUID) -> Response:
        contacts = _members(request, group_id)
        try:
            count = services.add_members(group_id=group_id, contacts=contacts)
        except Refused as refused:
            raise by_field(refused.errors) from None
        return _shown(group_id, f"Added {count} contacts", added_count=count)

    @openapi.REMOVE
    @action(detail=True, methods=["post"])
    def remove(self, request: Request, group_id: UUID) -> Response:
        count = services.remove_members(group_id=group_id, contacts=_members(request, group_id))
        return _shown(group_id, f"Removed {count} contacts", removed_count=count)


def _members(request: Request, group_id: UUID) -> list[UUID]:
    _require(group_id)
    return list(read_body(request, GroupMembersSerializer)["contacts"])


def _require(group_id: UUID) -> None:
    """What is not mine does not exist, whatever else is wrong with the call."""
    if not ContactGroup.objects.filter(pk=group_id).exists():
        raise Http404


def _shown(group_id: UUID, message: str, *, status: int = status.HTTP_200_OK, **more: object) -> Response:
    group = get_object_or_404(_counted(), pk=group_id)
    body = {"success": True, "message": message, "group": ContactGroupSerializer(group).data, **more}
    return Response(body, status=status)
