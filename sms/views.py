from uuid import UUID

from django.http import Http404
from rest_framework import status
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.callers import caller
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
            queued = services.queue_messages(
                tenant_id=self.membership.tenant_id,
                addressees=[services.Addressee(number, wanted["text"]) for number in wanted["to"]],
                sender_id=wanted["sender_id"],
                author=caller(request),
            )
        except services.NotEnoughCredits as poor:
            raise PaymentRequired(str(poor)) from None
        body = {
            "success": True,
            "message": f"Accepted {queued.batch.accepted} message{'' if queued.batch.accepted == 1 else 's'}",
            "batch_id": queued.batch.pk,
            "accepted": queued.batch.accepted,
            "credits": queued.batch.credits,
            "message_ids": queued.ids,
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
