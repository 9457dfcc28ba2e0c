"""What my tenant sends."""

from typing import Any
from uuid import UUID

from django.shortcuts import get_object_or_404
from django.utils import timezone
from rest_framework import status, viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.callers import caller
from accounts.filters import narrowed
from accounts.idempotency import idempotent
from accounts.pagination import paged
from accounts.reading import read_body
from accounts.refusals import Conflict, by_field
from sms import services, timeline
from sms.filters import MessageFilter
from sms.models import Message, Status
from sms.openapi import sending as openapi
from sms.serializers.messages import MessageSerializer
from sms.serializers.sending import SendSerializer
from sms.services.composing import Draft, Refused, compose
from sms.services.previewing import preview
from sms.services.scheduling import BadTime, Schedule, schedule
from sms.views.errors import PaymentRequired
from tenants.permissions import TenantView


class MessageViewSet(viewsets.ViewSetMixin, TenantView):
    """What my tenant sends; every member may."""

    lookup_field = "message_id"
    lookup_value_converter = "uuid"

    @openapi.SEND
    @idempotent
    def create(self, request: Request) -> Response:
        """Accepts a batch; sending begins at once, or when it is due, and goes on after the reply."""
        wanted = read_body(request, SendSerializer)
        draft, when = _drafted(wanted)
        try:
            draft.require_all()
            queued = services.queue_messages(
                tenant_id=self.membership.tenant_id,
                addressees=draft.addressees,
                sender_id=wanted["sender_id"],
                text=draft.text,
                traffic=wanted["traffic"],
                author=caller(request),
                send_at=when.send_at,
                valid_until=when.valid_until,
                group_name=draft.group_name,
                template_name=draft.template_name,
                duplicates=draft.duplicates,
            )
        except Refused as refused:
            raise by_field(refused.errors) from None
        except services.NobodyLeft as nobody:
            raise ValidationError({"to" if "to" in wanted else "group": [str(nobody)]}) from None
        except services.NotEnoughCredits as poor:
            raise PaymentRequired(str(poor)) from None
        return Response(_accepted(queued), status=status.HTTP_202_ACCEPTED)

    @openapi.PREVIEW
    @action(detail=False, methods=["post"])
    def preview(self, request: Request) -> Response:
        """The same body; nothing is spent and nothing is written."""
        draft, when = _drafted(read_body(request, SendSerializer))
        found = preview(draft, tenant_id=self.membership.tenant_id)
        return Response({"success": True, "preview": found | {"scheduled_for": when.send_at}})

    @openapi.LIST
    def list(self, request: Request) -> Response:
        return paged(narrowed(MessageFilter, request, Message.objects.all()), request, MessageSerializer)

    @openapi.SHOW
    def retrieve(self, request: Request, message_id: UUID) -> Response:
        return Response({"success": True, "data": _detail(_found(message_id))})

    @openapi.CANCEL
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, message_id: UUID) -> Response:
        """Repeating it is fine."""
        services.cancel_message(message_id=message_id)
        message = _found(message_id)
        if message.status != Status.CANCELLED:
            raise Conflict(f"It is {message.status}: only what is still queued can be cancelled.", code="too_late")
        return Response({"success": True, "message": "Message cancelled", "data": _detail(message)})


def _drafted(wanted: dict[str, Any]) -> tuple[Draft, Schedule]:
    try:
        when = schedule(send_at=wanted.get("send_at"), valid_for=wanted.get("valid_for"), now=timezone.now())
    except BadTime as bad:
        raise ValidationError({"send_at": [str(bad)]}) from None
    chosen = {name: wanted.get(name) for name in ("to", "group", "text", "template", "variables")}
    try:
        return compose(**chosen), when
    except Refused as refused:
        raise by_field(refused.errors) from None


def _accepted(queued: services.Queued) -> dict[str, Any]:
    batch = queued.batch
    return {
        "success": True,
        "message": f"Accepted {batch.accepted} message{'' if batch.accepted == 1 else 's'}",
        "batch_id": batch.pk,
        "accepted": batch.accepted,
        "credits": batch.credits,
        "message_ids": [str(key) for key in queued.ids],  # the encoder would ask for each what it is
        "duplicates": batch.duplicates,
        "opted_out": batch.opted_out,
        "segments": batch.segments,
        "scheduled_for": batch.send_at,
        "valid_until": batch.valid_until,
    }


def _found(message_id: UUID) -> Message:
    return get_object_or_404(Message.objects, pk=message_id)


def _detail(message: Message) -> dict[str, Any]:
    shown = dict(MessageSerializer(message).data)
    return shown | {"explanation": timeline.explanation(message), "timeline": timeline.of(message)}
