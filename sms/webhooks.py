"""Where carriers post delivery receipts."""

from typing import Any

import structlog
from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from rest_framework import status
from rest_framework.exceptions import APIException, NotFound, ParseError, PermissionDenied
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from sms import services
from sms.openapi import carriers as openapi
from sms.providers import UnknownProvider, get_provider
from sms.providers.base import BadReceipt, BadSignature, Webhook
from tenants.scope import all_tenants

log = structlog.get_logger(__name__)
#: Bytes of one call: a receipt has some hundreds, and the largest calls carry hundreds of receipts. Anybody may post
#: here, so it is less than what those may who signed in.
LARGEST_CALL = 512 * 1024


class ReceiptsOff(APIException):
    status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    default_detail = "Receipts are switched off (SMS_RECEIPTS_ENABLED)."
    default_code = "receipts_off"
    wait = 60


class ReceiptsView(APIView):
    """POST, signed by the carrier over the raw body. 200 only after the commit, so that a carrier offers it again
    when anything went wrong before. Not throttled: receipts come in bursts, and a signature says whose they are."""

    permission_classes = [AllowAny]
    authentication_classes: list[Any] = []
    throttle_classes: list[Any] = []
    parser_classes: list[Any] = []

    @openapi.RECEIVE_RECEIPTS
    def post(self, request: Request, provider: str) -> Response:
        if not settings.SMS_RECEIPTS_ENABLED:
            raise ReceiptsOff
        try:
            adapter = get_provider(provider)
            receipts = adapter.read_receipts(_call(request))
        except UnknownProvider:
            raise NotFound("No such provider.") from None
        except BadSignature as refused:
            log.warning("receipt refused", provider=provider, reason=str(refused))
            raise PermissionDenied(str(refused), code="bad_signature") from None
        except BadReceipt as refused:
            raise ParseError(str(refused)) from None
        with all_tenants(because="a carrier's call carries receipts of any tenant, and is signed"):
            new = services.apply_together(provider=provider, receipts=receipts)
        return Response({"success": True, "received": len(receipts), "new": new})


def _call(request: Request) -> Webhook:
    body = request._request.body
    if len(body) > LARGEST_CALL:
        raise RequestDataTooBig
    return Webhook(request.get_full_path(), request.headers, body)
