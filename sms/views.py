from uuid import UUID

from django.http import Http404
from rest_framework import status
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.idempotency import idempotent
from sms import openapi, services
from sms.models import Message
from sms.serializers import MessageSerializer, SendSerializer
from tenants.permissions import TenantView


class PaymentRequired(APIException):
    status_code = status.HTTP_402_PAYMENT_REQUIRED
    default_code = "not_enough_credits"


class MessagesView(TenantView):
    """POST `{to, text, sender_id}`: accepts a batch; sending begins at once and goes on after the reply."""

    @openapi.SEND
    @idempotent
    def post(self, request: Request) -> Response:
        given = SendSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        wanted = given.validated_data
        try:
            batch = services.queue_messages(
                tenant_id=self.membership.tenant_id,
                recipients=wanted["to"],
                text=wanted["text"],
                sender_id=wanted["sender_id"],
            )
        except services.NotEnoughCredits as poor:
            raise PaymentRequired(str(poor)) from None
        body = {
            "success": True,
            "message": f"Accepted {len(batch.messages)} message{'' if len(batch.messages) == 1 else 's'}",
            "batch_id": batch.id,
            "accepted": len(batch.messages),
            "credits": batch.credits,
            "message_ids": [message.pk for message in batch.messages],
        }
        return Response(body, status=status.HTTP_202_ACCEPTED)


class MessageView(TenantView):
    """GET: one message of my tenant."""

    @openapi.SHOW_MESSAGE
    def get(self, request: Request, message_id: UUID) -> Response:
        message = Message.objects.filter(pk=message_id).first()
        if message is None:
            raise Http404
        return Response({"success": True, "data": MessageSerializer(message).data})
