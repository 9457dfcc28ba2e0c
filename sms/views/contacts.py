"""Whom my tenant writes to. Members manage them; what destroys or takes data out is for owners and admins."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, Prefetch, QuerySet
from django.http import Http404, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from rest_framework import status, viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.filters import narrowed
from accounts.idempotency import idempotent
from accounts.pagination import paged
from accounts.reading import query_of, read_body
from accounts.refusals import Conflict, by_field
from sms.filters import ContactFilter
from sms.models import Contact, GroupMember
from sms.openapi import contacts as openapi
from sms.openapi import files
from sms.serializers.contacts import ContactSerializer, ImportQuery, WriteContactSerializer
from sms.serializers.credits import moment
from sms.services import contacts as services
from sms.services.composing import Refused
from sms.services.importing import LONGEST_RAW, import_contacts
from sms.sheets import Unreadable, neutralised, read
from sms.views.files import AnyAccept, CsvParser, FileParser, csv_reply
from tenants.permissions import TenantView
from tenants.scope import tenant_scope

EXPORTED = 2000  # rows read at a time


def _shown_rows() -> QuerySet[Contact]:
    members = GroupMember.objects.select_related("group").order_by("group__name")
    rows: QuerySet[Contact] = Contact.objects.prefetch_related(Prefetch("groups", members))
    return rows


class ContactViewSet(viewsets.ViewSetMixin, TenantView):
    """Whom my tenant writes to."""

    lookup_field = "contact_id"
    lookup_value_converter = "uuid"

    @openapi.LIST
    def list(self, request: Request) -> Response:
        return paged(narrowed(ContactFilter, request, _shown_rows()), request, ContactSerializer)

    @openapi.CREATE
    @idempotent
    def create(self, request: Request) -> Response:
        given = read_body(request, WriteContactSerializer)
        try:
            contact = services.create_contact(tenant_id=self.membership.tenant_id, **_with_raw(request, given))
        except Refused as refused:
            raise by_field(refused.errors) from None
        return _shown(contact.pk, "Contact created", status=status.HTTP_201_CREATED)

    @openapi.SHOW
    def retrieve(self, request: Request, contact_id: UUID) -> Response:
        return _shown(contact_id, "Contact")

    @openapi.CHANGE
    def update(self, request: Request, contact_id: UUID) -> Response:
        """PUT and PATCH are the same: a field that is missing keeps its value."""
        _found(contact_id)
        given = read_body(request, WriteContactSerializer, partial=True)
        try:
            services.change_contact(contact_id=contact_id, changes=_with_raw(request, given))
        except services.OptedOut:
            raise Conflict("They opted out under this number, so it stays.", code="opted_out") from None
        except Refused as refused:
            raise by_field(refused.errors) from None
        return _shown(contact_id, "Contact updated")

    partial_update = update

    @openapi.DELETE
    def destroy(self, request: Request, contact_id: UUID) -> Response:
        self.require_manager()
        try:
            if not services.delete_contact(contact_id=contact_id):
                raise Http404
        except services.OptedOut:
            raise Conflict(
                "They opted out, and are kept so that nobody adds them again by mistake.", code="opted_out"
            ) from None
        return Response({"success": True, "message": "Contact deleted"})

    @openapi.OPT_OUT
    @action(detail=True, methods=["post"], url_path="opt-out")
    def opt_out(self, request: Request, contact_id: UUID) -> Response:
        """What is queued for them is called off; repeating it is fine."""
        done = services.opt_out(contact_id=contact_id)
        if done is None:
            raise Http404
        contact, count = done
        return _shown(contact.pk, "Opted out", cancelled_count=count)

    @openapi.OPT_IN
    @action(detail=True, methods=["post"], url_path="opt-in")
    def opt_in(self, request: Request, contact_id: UUID) -> Response:
        """It overrides what a person asked for, so it is for owners and admins."""
        self.require_manager()
        contact = services.opt_in(contact_id=contact_id)
        if contact is None:
            raise Http404
        return _shown(contact.pk, "Opted in")


class ContactImportView(TenantView):
    """POST a CSV file, as the body or as the form's `file`; `dry_run` writes nothing and reports the same."""

    parser_classes = [FileParser, CsvParser]
    counts_as = 20  # a full file takes a process two to three seconds

    @files.IMPORT
    def post(self, request: Request) -> Response:
        form: dict[str, Any] = dict(request.data.items())  # type: ignore[union-attr] # our parsers give no lists
        asked = ImportQuery(data=query_of(request) | form)
        asked.is_valid(raise_exception=True)
        try:
            sheet = read(_bytes(form.get("file")))
        except Unreadable as reason:
            raise ValidationError({"file": [str(reason)]}) from None
        report = import_contacts(
            tenant_id=self.membership.tenant_id, sheet=sheet, dry_run=asked.validated_data["dry_run"]
        )
        verb = "Would import" if report.dry_run else "Imported"
        message = f"{verb} {report.created} new contacts, {report.rejected} of {report.rows} rows rejected"
        return Response({"success": True, "message": message, "report": report.as_dict()})


class ContactExportView(TenantView):
    """GET: all contacts as CSV, for owners and admins."""

    content_negotiation_class = AnyAccept

    @files.EXPORT
    def get(self, request: Request) -> StreamingHttpResponse:
        self.require_manager()
        return csv_reply("contacts.csv", _exported(self.membership.tenant_id))


def _exported(tenant_id: UUID) -> Iterator[list[object]]:
    """It is read while it is sent, after the request's own scope has ended: each portion enters it anew."""
    yield ["phone", "name", "groups", "opted_out_at"]
    after = UUID(int=0)
    while True:
        with tenant_scope(tenant_id):
            names = GroupMember.objects.filter(contact=OuterRef("pk")).order_by("group__name").values("group__name")
            rows = Contact.objects.filter(pk__gt=after).order_by("pk").annotate(names=ArraySubquery(names))
            columns = ("pk", "phone_number", "raw_phone_number", "name", "names", "opted_out_at")
            portion = list(rows.values_list(*columns)[:EXPORTED])
        for _, number, raw, name, groups, out_at in portion:
            written = "|".join(map(neutralised, groups))
            yield [number or neutralised(raw), neutralised(name), written, moment(out_at) if out_at else ""]
        if len(portion) < EXPORTED:
            return
        after = portion[-1][0]


def _bytes(given: Any) -> bytes:
    if given is None:
        raise ValidationError({"file": ["This field is required."]})
    if isinstance(given, bytes):
        return given
    if not hasattr(given, "read"):
        raise ValidationError({"file": ["Not a file."]})
    return bytes(given.read())


def _with_raw(request: Request, given: dict[str, Any]) -> dict[str, Any]:
    """Besides what was read, the number as it was written."""
    if "phone_number" not in given:
        return given
    written = dict(request.data)["phone_number"]
    return given | {"raw_phone_number": str(written).strip()[:LONGEST_RAW]}


def _found(contact_id: UUID) -> Contact:
    return get_object_or_404(_shown_rows(), pk=contact_id)


def _shown(contact_id: UUID, message: str, *, status: int = status.HTTP_200_OK, **more: object) -> Response:
    contact = ContactSerializer(_found(contact_id)).data
    return Response({"success": True, "message": message, "contact": contact, **more}, status=status)
